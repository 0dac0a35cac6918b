"""BERT: embeddings, post-norm transformer layers, pooler and masked-word head.

Legend: N sequences, L tokens, D width, V vocabulary. Names follow the original release (`attention.self.query`), so its
weights load unchanged. Source: Devlin et al. 2019; GELU is the exact erf form, LayerNorm eps 1e-12.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.nn.attention import attend

EPS = 1e-12


class BertEmbeddings(nn.Module):
    """Word + position + token type 0, then LayerNorm and dropout: (N, L) ids -> (N, L, D)."""

    def __init__(self, vocab: int, positions: int, token_types: int, width: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, width)
        self.position_embeddings = nn.Embedding(positions, width)
        self.token_type_embeddings = nn.Embedding(token_types, width)
        self.LayerNorm = nn.LayerNorm(width, EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids_NL: Tensor) -> Tensor:
        position = self.position_embeddings.weight[: ids_NL.shape[1]] + self.token_type_embeddings.weight[0]
        out: Tensor = self.dropout(self.LayerNorm(self.word_embeddings(ids_NL) + position))
        return out


class _Projections(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)


class _Output(nn.Module):
    """Dense, dropout, residual, LayerNorm."""

    def __init__(self, inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(self.dropout(self.dense(x)) + residual)
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.self = _Projections(width)
        self.output = _Output(width, width, dropout)

    def forward(self, x_NLD: Tensor, bias: Tensor | None, outputs: int | None = None) -> Tensor:
        own = self.self
        x_NTD = x_NLD if outputs is None else x_NLD[:, :outputs]  # a slice would sum gradients in another order
        q, k, v = own.query(x_NTD), own.key(x_NLD), own.value(x_NLD)
        mixed = attend(q, k, v, self.heads, bias, self.dropout if self.training else 0.0)
        out: Tensor = self.output(mixed, x_NTD)
        return out


class _Intermediate(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertLayer(nn.Module):
    """Self-attention and feed-forward, each with a residual and LayerNorm after it: (N, L, D) -> (N, T, D), where T is
    `outputs`, or L."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = _Attention(width, heads, dropout)
        self.intermediate = _Intermediate(width, hidden)
        self.output = _Output(hidden, width, dropout)

    def forward(self, x_NLD: Tensor, bias: Tensor | None = None, outputs: int | None = None) -> Tensor:
        x_NTD = self.attention(x_NLD, bias, outputs)
        out: Tensor = self.output(self.intermediate(x_NTD), x_NTD)
        return out


class BertEncoder(nn.Module):
    """A stack of layers, of which `forward` can run a part."""

    def __init__(self, layers: int, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(BertLayer(width, heads, hidden, dropout) for _ in range(layers))

    def forward(
        self,
        x_NLD: Tensor,
        bias: Tensor | None = None,
        first: int = 0,
        end: int | None = None,
        outputs: int | None = None,
    ) -> Tensor:
        """Run the layers ``first`` to ``end`` (exclusive).

        Args:
            bias: added to attention scores (`hdvila.nn.attention.padding_bias`).
            outputs: tokens that the last layer computes, from the first on; None: all. The others are read, but nothing
                is computed at their places.
        """
        layers = self.layer[first:end]
        for number, layer in enumerate(layers, start=1):
            x_NLD = layer(x_NLD, bias, outputs if number == len(layers) else None)
        return x_NLD


class BertPooler(nn.Module):
    """tanh(dense(x))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, x_ND: Tensor) -> Tensor:
        return torch.tanh(self.dense(x_ND))


class _Transform(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, EPS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(F.gelu(self.dense(x)))
        return out


class BertWordHead(nn.Module):
    """Dense, GELU, LayerNorm, decoder: (..., D) -> (..., V).

    The decoder has weights of its own, or is `tied`: the caller passes those of the word table.
    """

    def __init__(self, width: int, vocab: int, *, tied: bool = False) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(vocab))
        self.transform = _Transform(width)
        if not tied:
            self.decoder = nn.Linear(width, vocab, bias=False)

    def forward(self, x: Tensor, words_VD: Tensor | None = None) -> Tensor:
        return F.linear(self.transform(x), self.decoder.weight if words_VD is None else words_VD, self.bias)


class PretrainingHeads(nn.Module):
    """Masked words, and whether a text belongs to a video."""

    def __init__(self, width: int, vocab: int, *, tied: bool = False) -> None:
        super().__init__()
        self.predictions = BertWordHead(width, vocab, tied=tied)
        self.seq_relationship = nn.Linear(width, 2)


def init_bert_weights(module: nn.Module, std: float) -> None:
    """Fill every linear and embedding of `module` with normal(0, std), biases with 0, LayerNorms with 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, 0.0, std)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)


class TextSizes(Protocol):
    """The sizes of a model that bound its texts; every configuration has them."""

    @property
    def vocab_size(self) -> int: ...

    @property
    def max_text_positions(self) -> int: ...


def check_text(ids: Tensor, mask: Tensor, sizes: TextSizes) -> None:
    """Check ids and mask of texts, (N, L) each, before a model computes with them.

    Raises:
        UsageError: other shapes or numbers, texts that are too long, or rows without a token.
    """
    if ids.ndim != 2 or ids.shape != mask.shape:
        raise UsageError(f"input_ids {tuple(ids.shape)} and attention_mask {tuple(mask.shape)} must both be (B, L)")
    if 0 in ids.shape:
        raise UsageError(f"input_ids has shape {tuple(ids.shape)}: give at least one text of at least one token")
    if ids.dtype not in (torch.int64, torch.int32):
        raise UsageError(f"input_ids are {ids.dtype}: give whole numbers, torch.int64")
    if ids.shape[1] > sizes.max_text_positions:
        raise UsageError(
            f"texts have {ids.shape[1]} tokens, the model has {sizes.max_text_positions} positions: truncate"
        )
    if type(ids) is not Tensor or ids.device.type != "cpu" or mask.device.type != "cpu":
        return  # to look at values on an accelerator would hold it up
    lowest, highest = (int(one) for one in ids.aminmax())
    if lowest < 0 or highest >= sizes.vocab_size:
        raise UsageError(
            f"input_ids go from {lowest} to {highest}, the model knows 0 to {sizes.vocab_size - 1}: they are "
            "from another tokenizer; use the model's own"
        )
    if not mask.bool().any(1).all():
        raise UsageError("attention_mask has a row of zeros only: every text needs a token, [CLS] at least")
