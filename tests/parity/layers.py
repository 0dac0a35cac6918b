"""What the layers of a running model see and give, by the names of the goldens."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from hdvila.models.hdvila.model import HDVILA


def watch_layers(model: HDVILA) -> dict[str, Tensor]:
    """A dict that the next runs of a stage-two model fill, layer after layer.

    Rows of the picture side are b*S + s (segment s of video b), rows of the joint transformer s*B + b.
    """
    seen: dict[str, Tensor] = {}
    bert = model.transformer.bert

    def keep(module: nn.Module, **parts: Any) -> None:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
            for name, part in parts.items():
                seen[name] = part(inputs, output).detach()

        module.register_forward_hook(hook)

    keep(model.cnn, hr_stage3=lambda _, y: y[2], hr_stage4=lambda _, y: y[3])
    keep(model.grid_encoder, hr_adapter=lambda _, y: y)
    keep(model.timesformer, hybrid_in=lambda x, _: x[0])
    keep(model.grid_encoder_combine, segment_grid=lambda _, y: y)
    keep(bert.embeddings, text_embed=lambda _, y: y)
    keep(bert.encoder.layer[model.config.text_layers - 1], text_tokens=lambda _, y: y)
    keep(bert.visual_embeddings, visual_tokens=lambda _, y: y)
    keep(bert.encoder.layer[-1], joint_tokens=lambda _, y: y)
    keep(bert.pooler2, joint_pooled=lambda _, y: y.flatten(0, 1))
    return seen


def segment_major(rows: Tensor, segments: int) -> Tensor:
    """Rows b*S + s to rows s*B + b."""
    return rows.reshape(-1, segments, *rows.shape[1:]).transpose(0, 1).flatten(0, 1)
