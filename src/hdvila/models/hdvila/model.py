"""HD-VILA: hybrid high/low-resolution video and text (Xue et al., CVPR 2022, arXiv 2111.10337).

Legend: B videos, S segments of a video, N = B*S segments, F frames of a segment (2N LR neighbours and one HR middle
frame), L text tokens, D width, V vocabulary, h w rows and columns of the grid (H/64 x W/64).
Pixels are RGB 0..255, uint8 or float; the model normalises them itself. Parameter names are those of the
official files.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.models.hdvila.config import OPTIONS_PER_QUESTION, HDVILAConfig
from hdvila.models.hdvila.hybrid import HybridTransformer
from hdvila.models.hdvila.joint import Language
from hdvila.models.hdvila.vision import build_vision, check_pictures, normalise
from hdvila.nn.attention import padding_bias
from hdvila.nn.bert import check_text, init_bert_weights
from hdvila.nn.checkpoint import without_initial_weights
from hdvila.nn.consensus import aggregate, check_consensus
from hdvila.nn.pretrained import PretrainedModel
from hdvila.nn.resnet import ResNet
from hdvila.types import Over


class HDVILA(PretrainedModel):
    """The model in one of its four variants (`HDVILAConfig.variant`).

    BatchNorm always uses its stored statistics, in training too; see `hdvila.nn.calibrate` for a model that
    starts from random weights.
    """

    system = "hdvila"
    config: HDVILAConfig

    cnn: ResNet
    cnn_low: ResNet
    grid_encoder: nn.Sequential
    grid_encoder_low: nn.Sequential
    grid_encoder_combine: nn.Sequential
    timesformer: HybridTransformer

    def __init__(self, config: HDVILAConfig, *, initialise: bool = True) -> None:
        """
        Args:
            config: its sizes.
            initialise: draw initial weights. Otherwise they hold arbitrary values, and all must be filled.
        """
        super().__init__(config)
        with nullcontext() if initialise else without_initial_weights():
            for name, module in build_vision(config).items():
                self.add_module(name, module)
            self.transformer = Language(config)
        if initialise:
            self._init_weights()

    def _init_weights(self) -> None:
        std = self.config.initializer_range
        init_bert_weights(self.transformer, std)
        self.timesformer.init_weights(std, self.config.time_initializer_range)
        if self.config.variant == "stage2":
            heads, words = self.transformer.cls.predictions, self.transformer.bert.embeddings.word_embeddings
            with torch.no_grad():
                heads.decoder.weight.copy_(words.weight)

    # ---- pictures

    def segment_grids(self, high: Tensor | None, low: Tensor | None) -> Tensor:
        """The fused feature map of every segment: (B, S, ...) pictures -> (B*S, D, h, w), row b*S + s.

        With `high` None it is the hybrid transformer's output at the middle LR frame, with `low` None the HR branch.
        """
        check_pictures(high, low)
        if low is None:
            assert high is not None
            grid: Tensor = self.grid_encoder(self.cnn(self._pixels(high.flatten(0, 1)))[-1])
            return grid
        neighbours = low.shape[2]
        low_maps = self.grid_encoder_low(self.cnn_low(self._pixels(low.flatten(0, 2)))[-1])
        low_NFDhw = low_maps.reshape(-1, neighbours, *low_maps.shape[1:])
        middle = neighbours // 2
        if high is None:
            alone: Tensor = self.timesformer(low_NFDhw, frame=middle)[:, 0]
            return alone
        *_, stage3, stage4 = self.cnn(self._pixels(high.flatten(0, 1)))
        detail = self.grid_encoder(stage4)
        shrunk = self.grid_encoder_low(stage3[:, :, ::4, ::4])  # nearest, from 1/16 to 1/64 of the pixels
        frames_NFDhw = torch.cat([low_NFDhw[:, :middle], shrunk[:, None], low_NFDhw[:, middle:]], 1)
        motion = self.timesformer(frames_NFDhw, frame=middle)[:, 0]
        fused: Tensor = self.grid_encoder_combine(torch.cat([detail, motion], 1))
        return fused

    def _pixels(self, rgb_N3HW: Tensor) -> Tensor:
        return normalise(rgb_N3HW, self.cnn.conv1.weight.dtype)

    def encode_video(self, high: Tensor | None, low: Tensor | None) -> Tensor:
        """Videos to unit vectors.

        Args:
            high: (B, S, 3, H, W) middle frames, H and W multiples of 64; or None.
            low: (B, S, 2N, 3, H/4, W/4) neighbours in order of time; or None.

        Returns:
            (B, D) float32, each of length 1.

        Raises:
            UsageError: shapes that do not fit, or a question-answering variant (it has no video projection).
        """
        self._needs("encode_video", "stage1", "stage2")
        grids_NDhw = self.segment_grids(high, low)
        segments = check_pictures(high, low)[1]
        mean_BD = grids_NDhw.float().mean((2, 3)).reshape(-1, segments, self.config.hidden_size).mean(1)
        weight = self.transformer.v_proj.weight
        return F.normalize(self.transformer.v_proj(mean_BD.to(weight.dtype)).float(), dim=-1)

    # ---- text

    def text_states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Token outputs of the text encoder: (B, L) ids and mask -> (B, L, D)."""
        check_text(input_ids, attention_mask, self.config)
        bert = self.transformer.bert
        states: Tensor = bert.encoder(
            bert.embeddings(input_ids), padding_bias(attention_mask), end=self.config.text_layers
        )
        return states

    def pool_text(self, states_BLD: Tensor, attention_mask: Tensor) -> Tensor:
        """Token outputs to unit vectors (B, D), float32."""
        states = states_BLD.float()
        if self.config.text_pooling == "mean":
            mask = attention_mask.float()[..., None]
            pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        else:
            pooled = states[:, 0]
        pooled = self.transformer.bert.pooler1(pooled.to(self.transformer.t_proj.weight.dtype))
        return F.normalize(self.transformer.t_proj(pooled).float(), dim=-1)

    def encode_text(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Texts to unit vectors: (B, L) ids and mask (1 = real token) -> (B, D) float32.

        Raises:
            UsageError: shapes that do not fit, or a question-answering variant (it has no text projection).
        """
        self._needs("encode_text", "stage1", "stage2")
        return self.pool_text(self.text_states(input_ids, attention_mask), attention_mask)

    # ---- text and pictures together

    def visual_tokens(self, high: Tensor | None, low: Tensor | None) -> Tensor:
        """What the joint transformer reads of the pictures, segment by segment: -> (S, B, h*w, D), row by row.

        Raises:
            UsageError: shapes that do not fit, or a variant without joint transformer.
        """
        self._needs("the joint transformer", "stage2", "open_ended", "multiple_choice")
        videos, segments = check_pictures(high, low)
        tokens_NPD: Tensor = self.transformer.bert.visual_embeddings(self.segment_grids(high, low))
        return tokens_NPD.reshape(videos, segments, *tokens_NPD.shape[1:]).transpose(0, 1)

    def joint_states(
        self, high: Tensor | None, low: Tensor | None, input_ids: Tensor, attention_mask: Tensor
    ) -> Tensor:
        """Outputs of the joint transformer, segment by segment.

        Args:
            input_ids, attention_mask: (B*n, L), n texts a video, the texts of one video together.

        Returns:
            (S, B*n, L + h*w, D): the text tokens, then the grid row by row.
        """
        return self._read_together(self.visual_tokens(high, low), input_ids, attention_mask)

    def _read_together(self, visual_SBPD: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """`joint_states` of pictures that are `visual_tokens` already."""
        segments, videos = visual_SBPD.shape[:2]
        texts, length = input_ids.shape[0], input_ids.shape[-1]
        if texts % videos:
            raise UsageError(f"{texts} texts for {videos} videos: give every video the same number of texts")
        bert = self.transformer.bert
        visual_SBPD = visual_SBPD.repeat_interleave(texts // videos, 1)
        text_SBLD = self.text_states(input_ids, attention_mask).expand(segments, -1, -1, -1)
        tokens_NTD = torch.cat([text_SBLD, visual_SBPD.to(text_SBLD.dtype)], 2).flatten(0, 1)
        mask_NT = F.pad(attention_mask.long(), (0, tokens_NTD.shape[1] - length), value=1).repeat(segments, 1)
        out: Tensor = bert.encoder(tokens_NTD, padding_bias(mask_NT), first=self.config.text_layers)
        return out.reshape(segments, texts, *out.shape[1:])

    def masked_states(
        self,
        high: Tensor | None,
        low: Tensor | None,
        input_ids: Tensor,
        attention_mask: Tensor,
        consensus: str = "logsumexp",
    ) -> Tensor:
        """What the masked-word head reads: text outputs after the consensus over segments, (B, L, D).

        The consensus is over hidden states, as in the released code; `masked_language_logits` has the paper's as well.
        """
        check_consensus(consensus)
        states_SBTD = self.joint_states(high, low, input_ids, attention_mask)
        return aggregate(states_SBTD[:, :, : input_ids.shape[1]].float(), consensus)

    def word_logits(self, states: Tensor) -> Tensor:
        """The masked-word head: (..., D) -> (..., V), float32. Training calls it at the masked positions only."""
        self._needs("word_logits", "stage2")
        head = self.transformer.cls.predictions
        logits: Tensor = head(states.to(head.decoder.weight.dtype))
        return logits.float()

    def masked_language_logits(
        self,
        high: Tensor | None,
        low: Tensor | None,
        input_ids: Tensor,
        attention_mask: Tensor,
        consensus: str = "logsumexp",
        over: Over = "hidden",
        at: Tensor | tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Scores of every word at every text position: -> (B, L, V), float32.

        Args:
            consensus: over segments: mean, max or logsumexp.
            over: what it joins: ``"hidden"`` states before the head, as the released code, or each segment's
                ``"logits"``, as the paper.
            at: (B, L) bool, or rows and columns (M,) each, only these positions: -> (M, V), in their order.

        Raises:
            UsageError: shapes that do not fit, an unknown consensus, or a variant other than stage2.
        """
        self._needs("masked_language_logits", "stage2")
        check_consensus(consensus, over)
        if over == "hidden":
            states_BLD = self.masked_states(high, low, input_ids, attention_mask, consensus)
            return self.word_logits(states_BLD if at is None else states_BLD[at])
        states_SBLD = self.joint_states(high, low, input_ids, attention_mask)[:, :, : input_ids.shape[1]].float()
        if at is not None:
            places = at if isinstance(at, tuple) else (at,)
            states_SBLD = states_SBLD[(slice(None), *places)]
        return aggregate(self.word_logits(states_SBLD), consensus)

    def matching_logits(
        self,
        high: Tensor | None,
        low: Tensor | None,
        input_ids: Tensor,
        attention_mask: Tensor,
        consensus: str = "logsumexp",
    ) -> Tensor:
        """Scores of "does not match" and "matches": -> (B, 2), float32. No recipe of the paper trains this head.

        Raises:
            UsageError: as `masked_language_logits`.
        """
        self._needs("matching_logits", "stage2")
        check_consensus(consensus)
        states_SBTD = self.joint_states(high, low, input_ids, attention_mask)
        pooled_BD = aggregate(self.transformer.bert.pooler2(states_SBTD[:, :, 0]).float(), consensus)
        head = self.transformer.cls.seq_relationship
        logits: Tensor = head(pooled_BD.to(head.weight.dtype))
        return logits.float()

    def answer_logits(
        self, high: Tensor | None, low: Tensor | None, input_ids: Tensor, attention_mask: Tensor
    ) -> Tensor:
        """Scores of answers, a segment each; `aggregate` makes one score of them.

        Args:
            input_ids, attention_mask: open ended: (B, L), a question a video. Multiple choice: (B*5, L), the five
                sequences "question option" of one video together.

        Returns:
            (S, B, answers), or (S, B, 5) for multiple choice; float32.

        Raises:
            UsageError: shapes that do not fit, or a variant without an answer head.
        """
        self._needs("answer_logits", "open_ended", "multiple_choice")
        return self.answers_about(self.visual_tokens(high, low), input_ids, attention_mask)

    def answers_about(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """`answer_logits` of pictures that were looked at before, so that many questions share one look at a video.

        Args:
            visual: (S, B, h*w, D) of `visual_tokens`; B counts questions, ``visual[:, [0, 0, 1]]`` puts two about the
                first video and one about the second.
            input_ids, attention_mask: as in `answer_logits`, for these B.

        Returns, raises: as `answer_logits`.
        """
        self._needs("answers_about", "open_ended", "multiple_choice")
        options = OPTIONS_PER_QUESTION if self.config.variant == "multiple_choice" else 1
        videos = visual.shape[1]
        if input_ids.shape[0] != videos * options:
            raise UsageError(
                f"{input_ids.shape[0]} texts for {videos} videos: the variant {self.config.variant} needs "
                f"{options} a video, those of one video together"
            )
        states_SBTD = self._read_together(visual, input_ids, attention_mask)
        head = self.transformer
        logits_SBA: Tensor = head.classifier(head.dropout(head.bert.pooler2(states_SBTD[:, :, 0]))).float()
        return logits_SBA.reshape(-1, videos, options) if options > 1 else logits_SBA

    def aggregate(self, logits: Tensor, how: str) -> Tensor:
        """Consensus over segments: (S, ...) -> (...); `how`: mean, max or logsumexp.

        Raises:
            UsageError: an unknown `how`.
        """
        return aggregate(logits, how)

    # ---- for training

    def frozen_for_words(self) -> list[nn.Module]:
        """What the training of masked words leaves as stage one made it."""
        return self.stage_one_modules()

    def unreached_by_words(self) -> list[nn.Module]:
        """Parts beside them that the loss of masked words does not reach: the matching head and its pooler."""
        return [self.transformer.bert.pooler2, self.transformer.cls.seq_relationship]

    def stage_one_modules(self) -> list[nn.Module]:
        """Everything that stage one trains and stage two keeps frozen."""
        language, bert = self.transformer, self.transformer.bert
        parts: list[nn.Module] = [self.cnn, self.cnn_low, self.grid_encoder, self.grid_encoder_low]
        parts += [self.grid_encoder_combine, self.timesformer, bert.embeddings]
        parts += list(bert.encoder.layer[: self.config.text_layers])
        if not self.config.answers_questions:
            parts += [bert.pooler1, language.t_proj, language.v_proj]
        return parts

    def stage_one_names(self) -> set[str]:
        """The names, in `state_dict`, of all that `stage_one_modules` holds."""
        own = {id(tensor) for part in self.stage_one_modules() for tensor in part.state_dict(keep_vars=True).values()}
        return {name for name, tensor in self.state_dict(keep_vars=True).items() if id(tensor) in own}

    def stages(self) -> list[nn.Module]:
        """The stages of both ResNets, the blocks of the hybrid transformer, the layers of the text and joint ones."""
        return [*self.recomputed_stages(), *self.timesformer.blocks, *self.transformer.bert.encoder.layer]

    def recomputed_stages(self) -> list[nn.Module]:
        """The stages of both ResNets."""
        return [
            stage
            for net in (self.cnn, self.cnn_low)
            for name, stage in net.named_children()
            if name.startswith("layer")
        ]

    def checkpoint_activations(self, enabled: bool = True) -> None:
        """Recompute each ResNet stage in the backward pass: much less memory, the same gradients."""
        self.cnn.checkpoint_stages = self.cnn_low.checkpoint_stages = enabled
