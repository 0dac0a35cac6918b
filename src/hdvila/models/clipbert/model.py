"""ClipBERT: sparse clips of a video and a text, read together end to end (Lei et al., CVPR 2021, arXiv 2102.06183).

Legend: B videos, S clips of a video, T frames of a clip, M texts (several a video, in rows together) or pairs, L text
tokens, P grid tokens, D width, V vocabulary, A answers, H W pixels.
Pixels are RGB 0..255, uint8 or float, whole frames padded with 0; the model normalises them itself. Names of the
transformer's parameters are those of the official files.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.models.clipbert.config import OPTIONS_PER_QUESTION, ClipBERTConfig
from hdvila.models.clipbert.vision import GridFeatures, check_frames
from hdvila.nn.attention import padding_bias
from hdvila.nn.bert import BertEmbeddings, BertEncoder, BertPooler, PretrainingHeads, check_text, init_bert_weights
from hdvila.nn.checkpoint import without_initial_weights
from hdvila.nn.consensus import aggregate, check_consensus
from hdvila.nn.conv_norm import FixedBatchNorm
from hdvila.nn.grid_tokens import VisualEmbeddings
from hdvila.nn.pretrained import PretrainedModel
from hdvila.types import Over

__all__ = ["ClipBERT", "CrossModal"]


class CrossModalBert(nn.Module):
    """One BERT that reads the tokens of a text and of a grid in one sequence."""

    def __init__(self, config: ClipBERTConfig) -> None:
        super().__init__()
        width, dropout = config.hidden_size, config.dropout
        self.embeddings = BertEmbeddings(
            config.vocab_size, config.max_text_positions, config.text_token_types, width, dropout
        )
        self.visual_embeddings = VisualEmbeddings(width, config.visual_rows, config.visual_columns, dropout)
        self.encoder = BertEncoder(config.layers, width, config.num_attention_heads, config.intermediate_size, dropout)
        self.pooler = BertPooler(width)


class CrossModal(nn.Module):
    """The transformer and the heads of a variant; a container, `ClipBERT` says how they are used."""

    def __init__(self, config: ClipBERTConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.bert = CrossModalBert(config)
        self.dropout = nn.Dropout(config.dropout)
        if config.variant == "pretraining":
            self.cls = PretrainingHeads(width, config.vocab_size, tied=True)
        elif config.variant == "count":
            self.regressor = nn.Sequential(
                nn.Linear(width, width),
                nn.ELU(),
                FixedBatchNorm(width),
                nn.Dropout(config.dropout),
                nn.Linear(width, 1),
            )
        else:
            self.classifier = nn.Sequential(
                nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, config.head_rows)
            )


class ClipBERT(PretrainedModel):
    """The model in one of its variants (`ClipBERTConfig.variant`).

    BatchNorm of the ResNet is frozen: its statistics, weight and bias are never trained. That of the head for counts
    has fixed statistics too, but its weight and bias are trained.
    """

    system = "clipbert"
    config: ClipBERTConfig

    def __init__(self, config: ClipBERTConfig, *, initialise: bool = True) -> None:
        """
        Args:
            config: its sizes.
            initialise: draw initial weights. Otherwise they hold arbitrary values, and all must be filled.
        """
        super().__init__(config)
        with nullcontext() if initialise else without_initial_weights():
            self.cnn = GridFeatures(config)
            self.transformer = CrossModal(config)
        if initialise:
            init_bert_weights(self.transformer, config.initializer_range)

    # ---- the picture side, once for all texts of a video

    def visual_tokens(self, frames: Tensor) -> Tensor:
        """What the transformer reads of each clip, row by row of its grid: -> (S, B, P, D).

        In training, a model with `sampled_tokens` keeps that many of them, the same for the whole batch (the paper's
        pixel random sampling).

        Args:
            frames: (B, S, T, 3, H, W).

        Raises:
            UsageError: shapes that do not fit.
        """
        videos, clips = check_frames(frames)
        grid_NDhw = self.cnn(frames.flatten(0, 1))
        tokens_NPD: Tensor = self.transformer.bert.visual_embeddings(grid_NDhw, self._kept_tokens(grid_NDhw))
        return tokens_NPD.reshape(videos, clips, *tokens_NPD.shape[1:]).transpose(0, 1)

    def _kept_tokens(self, grid_NDhw: Tensor) -> Tensor | None:
        tokens, kept = grid_NDhw.shape[2] * grid_NDhw.shape[3], self.config.sampled_tokens
        if not (self.training and 0 < kept < tokens):
            return None
        return torch.randperm(tokens)[:kept].sort().values.to(grid_NDhw.device)

    # ---- text and pictures together

    def read_together(
        self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor, outputs: int | None = None
    ) -> Tensor:
        """The transformer over [text; grid], clip by clip: -> (S, M, outputs, D), the text tokens first.

        Args:
            visual: (S, B, P, D) of `visual_tokens`; each video is read with M / B texts, its rows together.
            input_ids, attention_mask: (M, L).
            outputs: tokens to compute, from the first on; None: all L + P.

        Raises:
            UsageError: shapes that do not fit.
        """
        check_text(input_ids, attention_mask, self.config)
        clips, videos = visual.shape[:2]
        texts, length = input_ids.shape
        if texts % videos:
            raise UsageError(f"{texts} texts for {videos} videos: give every video the same number of texts")
        bert = self.transformer.bert
        visual_SMPD = visual if texts == videos else visual.repeat_interleave(texts // videos, 1)
        text_SMLD = bert.embeddings(input_ids).expand(clips, -1, -1, -1)
        tokens_NTD = torch.cat([text_SMLD, visual_SMPD.to(text_SMLD.dtype)], 2).flatten(0, 1)
        mask_NT = F.pad(attention_mask.long(), (0, tokens_NTD.shape[1] - length), value=1).repeat(clips, 1)
        out: Tensor = bert.encoder(tokens_NTD, padding_bias(mask_NT), outputs=outputs)
        return out.reshape(clips, texts, *out.shape[1:])

    def _pooled(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The pooled output at [CLS], (S, M, D)."""
        pooled: Tensor = self.transformer.bert.pooler(
            self.read_together(visual, input_ids, attention_mask, outputs=1)[:, :, 0]
        )
        return pooled

    # ---- matching

    def match_logits(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """How well texts fit videos, a clip each; `aggregate` makes one score of them.

        Args:
            frames: (B, S, T, 3, H, W).
            input_ids, attention_mask: (B*n, L), n texts a video, the texts of one video together.

        Returns:
            (S, B*n, 2), "does not match" and "matches"; (S, B*n, 1) for a head of one score; float32.

        Raises:
            UsageError: shapes that do not fit, or a head of other than one or two rows.
        """
        return self.matches_about(self.visual_tokens(frames), input_ids, attention_mask)

    def matches_about(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """`match_logits` of `visual_tokens` (S, B, P, D): -> (S, M, 2), or (S, M, 1) for a head of one score.

        Raises:
            UsageError: as `match_logits`.
        """
        if self.config.variant != "pretraining" and self.config.head_rows not in (1, 2):
            self._needs("match_logits", "pretraining", "retrieval", "ranking", "multiple_choice")
        pooled_SMD = self._pooled(visual, input_ids, attention_mask)
        if self.config.variant == "pretraining":
            head = self.transformer.cls.seq_relationship
            logits: Tensor = head(pooled_SMD)
            return logits.float()
        return self._classified(pooled_SMD)

    def matching_logits(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """`match_logits` of a pre-training file: (S, B, 2), class 1 is "matches"."""
        self._needs("matching_logits", "pretraining")
        return self.match_logits(frames, input_ids, attention_mask)

    def match_scores(
        self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor, consensus: str = "logsumexp"
    ) -> Tensor:
        """The probability that a text belongs to a video, of M pairs: -> (M,), float32, 0..1.

        Args:
            visual: (S, M, P, D) of `visual_tokens`, a video a pair.
            input_ids, attention_mask: (M, L).
            consensus: over clips: mean, max or logsumexp.

        Raises:
            UsageError: as `match_logits`, or an unknown `consensus`.
        """
        logits_MC = self.aggregate(self.matches_about(visual, input_ids, attention_mask), consensus)
        if logits_MC.shape[-1] == 1:
            return logits_MC[:, 0].sigmoid()
        return logits_MC.softmax(-1)[:, 1]

    def _classified(self, pooled: Tensor) -> Tensor:
        logits: Tensor = self.transformer.classifier(self.transformer.dropout(pooled))
        return logits.float()

    # ---- answers

    def answer_logits(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Scores of answers, a clip each; `aggregate` makes one score of them.

        Args:
            input_ids, attention_mask: open ended: (B*n, L), n questions a video. Multiple choice: (B*5, L), the five
                sequences "question option" of one video together.

        Returns:
            (S, B*n, answers), or (S, B, 5) for multiple choice; float32.

        Raises:
            UsageError: shapes that do not fit, or a variant without an answer head.
        """
        return self.answers_about(self.visual_tokens(frames), input_ids, attention_mask)

    def answers_about(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """`answer_logits` of `visual_tokens` (S, B, P, D), so that many questions share one look at a video.

        Raises:
            UsageError: as `answer_logits`.
        """
        if self.config.head_rows == 0:
            self._needs("answer_logits", "retrieval", "ranking", "open_ended", "multiple_choice")
        logits_SMA = self._classified(self._pooled(visual, input_ids, attention_mask))
        if logits_SMA.shape[-1] > 1 or self.config.variant == "open_ended":
            return logits_SMA
        if logits_SMA.shape[1] % OPTIONS_PER_QUESTION:
            raise UsageError(
                f"{logits_SMA.shape[1]} texts: multiple choice needs {OPTIONS_PER_QUESTION} a question, those of one "
                "question together"
            )
        return logits_SMA.reshape(len(logits_SMA), -1, OPTIONS_PER_QUESTION)

    def counts_about(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Numbers that answer questions, a clip each: -> (S, M), float32.

        The head is that of the official code, which no released configuration uses. The statistics of its BatchNorm are
        fixed here: with those of the batch, the loss would depend on how the batch is cut.

        Raises:
            UsageError: shapes that do not fit, or a variant other than count.
        """
        self._needs("counts_about", "count")
        pooled_SMD = self._pooled(visual, input_ids, attention_mask)
        numbers_N: Tensor = self.transformer.regressor(pooled_SMD.flatten(0, 1))[:, 0]
        return numbers_N.float().reshape(pooled_SMD.shape[:2])

    # ---- masked words

    def pretraining_states(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the heads of pre-training read, in one pass: text outputs (S, B, L, D), matching logits (S, B, 2)."""
        self._needs("pretraining_states", "pretraining")
        visual = self.visual_tokens(frames)
        states_SBLD = self.read_together(visual, input_ids, attention_mask, outputs=input_ids.shape[1])
        head = self.transformer.cls.seq_relationship
        matching: Tensor = head(self.transformer.bert.pooler(states_SBLD[:, :, 0]))
        return states_SBLD, matching.float()

    def word_logits(self, states: Tensor) -> Tensor:
        """The masked-word head: (..., D) -> (..., V), float32. Its decoder is the word table."""
        self._needs("word_logits", "pretraining")
        words_VD = self.transformer.bert.embeddings.word_embeddings.weight
        logits: Tensor = self.transformer.cls.predictions(states.to(words_VD.dtype), words_VD)
        return logits.float()

    def masked_language_logits(
        self,
        frames: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        consensus: str | None = None,
        over: Over = "logits",
        at: Tensor | tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Scores of every word at every text position, float32: (S, B, L, V), or (B, L, V) with a `consensus`.

        Args:
            consensus: over clips: mean, max or logsumexp; None: each clip for itself.
            over: what it joins: each clip's ``"logits"``, or the ``"hidden"`` states before the head.
            at: (B, L) bool, or rows and columns (K,) each, only these positions: -> (K, V), or (S, K, V).

        Raises:
            UsageError: shapes that do not fit, an unknown consensus, or a variant other than pretraining.
        """
        self._needs("masked_language_logits", "pretraining")
        visual = self.visual_tokens(frames)
        states = self.read_together(visual, input_ids, attention_mask, outputs=input_ids.shape[1])
        if at is not None:
            places = at if isinstance(at, tuple) else (at,)
            states = states[(slice(None), *places)]
        if consensus is None:
            return self.word_logits(states)
        check_consensus(consensus, over)
        if over == "hidden":
            return self.word_logits(aggregate(states.float(), consensus))
        return aggregate(self.word_logits(states), consensus)

    def aggregate(self, logits: Tensor, how: str) -> Tensor:
        """Consensus over clips: (S, ...) -> (...); `how`: mean, max or logsumexp.

        Raises:
            UsageError: an unknown `how`.
        """
        return aggregate(logits, how)

    # ---- for training

    def frozen_parts(self) -> list[nn.Module]:
        """Of the ResNet every BatchNorm, the stem and the first stage (`ClipBERTConfig.frozen_stages`)."""
        return self.cnn.frozen(self.config.frozen_stages)

    def unreached_by_words(self) -> list[nn.Module]:
        """The pooler and the matching head, which the loss of masked words alone does not reach.

        Raises:
            UsageError: a variant other than pretraining.
        """
        self._needs("unreached_by_words", "pretraining")
        return [self.transformer.bert.pooler, self.transformer.cls.seq_relationship]

    def stages(self) -> list[nn.Module]:
        """ResNet stages, grid encoder, layers of the transformer."""
        return [*self.recomputed_stages(), self.cnn.grid_encoder, *self.transformer.bert.encoder.layer]

    def recomputed_stages(self) -> list[nn.Module]:
        """The stages of the ResNet."""
        net = self.cnn.feature
        return [getattr(net, f"layer{number}") for number in range(1, net.stages + 1)]

    def checkpoint_activations(self, enabled: bool = True) -> None:
        """Recompute each ResNet stage in the backward pass: less memory, the same gradients."""
        self.cnn.feature.checkpoint_stages = enabled
