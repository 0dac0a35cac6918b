"""The key lists of the official HD-VILA files, spelled out from their sizes: name -> shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Sizes:
    hidden: int = 1024
    ffn: int = 4096
    layers: int = 24
    vocab: int = 30522
    positions: int = 512
    rows: int = 100
    hybrid_layers: int = 4


SMALL = Sizes(hidden=64, ffn=128, layers=4, vocab=512, positions=64, rows=20, hybrid_layers=2)
LARGE = Sizes()


def official_shapes(variant: str, sizes: Sizes = SMALL, answers: int = 37) -> Shapes:
    """Every key of a file of this variant: 926 (stage1), 1135 (stage2) at the large sizes."""
    d = sizes.hidden
    layers = sizes.layers // 2 if variant == "stage1" else sizes.layers
    shapes: Shapes = dict(_resnet("cnn")) | dict(_resnet("cnn_low")) | dict(_hybrid(sizes)) | dict(_bert(sizes, layers))
    shapes |= {
        "grid_encoder.0.weight": (d, 2048, 1, 1),
        "grid_encoder_low.0.weight": (d, 1024, 1, 1),
        "grid_encoder_combine.0.weight": (d, 2 * d, 1, 1),
    }
    head = "transformer"
    if variant != "stage1":
        visual = f"{head}.bert.visual_embeddings"
        shapes |= _linear(f"{head}.bert.pooler2.dense", d, d) | _norm(f"{visual}.LayerNorm", d)
        shapes |= {f"{visual}.{axis}_position_embeddings.weight": (sizes.rows, d) for axis in ("row", "col")}
        shapes |= {f"{visual}.position_embeddings.weight": (sizes.positions, d)}
        shapes |= {f"{visual}.token_type_embeddings.weight": (1, d)}
    if variant in ("stage1", "stage2"):
        shapes |= _linear(f"{head}.t_proj", d, d) | _linear(f"{head}.v_proj", d, d)
    else:
        last = answers if variant == "open_ended" else 1
        shapes |= _linear(f"{head}.classifier.0", 2 * d, d) | _linear(f"{head}.classifier.2", last, 2 * d)
    if variant == "stage2":
        words = f"{head}.cls.predictions"
        shapes |= {f"{words}.bias": (sizes.vocab,)} | _linear(f"{words}.decoder", sizes.vocab, d)
        shapes |= _linear(f"{words}.transform.dense", d, d) | _norm(f"{words}.transform.LayerNorm", d)
        shapes |= _linear(f"{head}.cls.seq_relationship", 2, d)
    return shapes


def _linear(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _batch_norm(name: str, width: int) -> Shapes:
    shapes = _norm(name, width) | {f"{name}.running_{what}": (width,) for what in ("mean", "var")}
    return shapes | {f"{name}.num_batches_tracked": ()}


def _resnet(net: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{net}.conv1.weight", (64, 3, 7, 7)
    yield from _batch_norm(f"{net}.bn1", 64).items()
    inputs = 64
    for stage, depth in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(depth):
            name = f"{net}.layer{stage + 1}.{block}"
            convs = ((width, inputs, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1))
            for number, shape in enumerate(convs, 1):
                yield f"{name}.conv{number}.weight", shape
                yield from _batch_norm(f"{name}.bn{number}", shape[0]).items()
            if block == 0:
                yield f"{name}.downsample.0.weight", (4 * width, inputs, 1, 1)
                yield from _batch_norm(f"{name}.downsample.1", 4 * width).items()
            inputs = 4 * width


def _hybrid(sizes: Sizes) -> Iterator[tuple[str, tuple[int, ...]]]:
    d = sizes.hidden
    yield "timesformer.pos_embed", (1, 160, d)
    yield "timesformer.time_embed", (1, 7, d)
    for i in range(sizes.hybrid_layers):
        name = f"timesformer.blocks.{i}"
        for norm in ("norm1", "temporal_norm1", "norm2"):
            yield from _norm(f"{name}.{norm}", d).items()
        for attention in ("attn", "temporal_attn"):
            yield from _linear(f"{name}.{attention}.qkv", 3 * d, d).items()
            yield from _linear(f"{name}.{attention}.proj", d, d).items()
        yield from _linear(f"{name}.temporal_fc", d, d).items()
        yield from _linear(f"{name}.mlp.fc1", 4 * d, d).items()
        yield from _linear(f"{name}.mlp.fc2", d, 4 * d).items()
    yield from _norm("timesformer.norm", d).items()


def _bert(sizes: Sizes, layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    d, bert = sizes.hidden, "transformer.bert"
    for table, rows in (("word", sizes.vocab), ("position", sizes.positions), ("token_type", 2)):
        yield f"{bert}.embeddings.{table}_embeddings.weight", (rows, d)
    yield from _norm(f"{bert}.embeddings.LayerNorm", d).items()
    for i in range(layers):
        name = f"{bert}.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            yield from _linear(f"{name}.attention.self.{part}", d, d).items()
        yield from _linear(f"{name}.attention.output.dense", d, d).items()
        yield from _norm(f"{name}.attention.output.LayerNorm", d).items()
        yield from _linear(f"{name}.intermediate.dense", sizes.ffn, d).items()
        yield from _linear(f"{name}.output.dense", d, sizes.ffn).items()
        yield from _norm(f"{name}.output.LayerNorm", d).items()
    yield from _linear(f"{bert}.pooler1.dense", d, d).items()
