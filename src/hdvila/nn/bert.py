"""BERT: embeddings, post-norm transformer layers, pooler and masked-word head.

Legend: N sequences, L tokens, D width, V vocabulary. Names follow the original release (`attention.self.query`), so its
weights load unchanged. Source: Devlin et al. 2019; GELU is the exact erf form, LayerNorm eps 1e-12.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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

    def forward(self, x_NLD: Tensor, bias: Tensor | None) -> Tensor:
        own = self.self
        q, k, v = own.query(x_NLD), own.key(x_NLD), own.value(x_NLD)
        mixed = attend(q, k, v, self.heads, bias, self.dropout if self.training else 0.0)
        out: Tensor = self.output(mixed, x_NLD)
        return out


class _Intermediate(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertLayer(nn.Module):
    """Self-attention and feed-forward, each with a residual and LayerNorm after it: (N, L, D) -> (N, L, D)."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = _Attention(width, heads, dropout)
        self.intermediate = _Intermediate(width, hidden)
        self.output = _Output(hidden, width, dropout)

    def forward(self, x_NLD: Tensor, bias: Tensor | None = None) -> Tensor:
        x_NLD = self.attention(x_NLD, bias)
        out: Tensor = self.output(self.intermediate(x_NLD), x_NLD)
        return out


class BertEncoder(nn.Module):
    """A stack of layers, of which `forward` can run a part."""

    def __init__(self, layers: int, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(BertLayer(width, heads, hidden, dropout) for _ in range(layers))

    def forward(self, x_NLD: Tensor, bias: Tensor | None = None, first: int = 0, end: int | None = None) -> Tensor:
        """Run the layers ``first`` to ``end`` (exclusive). `bias` is added to attention scores (`padding_bias`)."""
        for layer in self.layer[first:end]:
            x_NLD = layer(x_NLD, bias)
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
    """Dense, GELU, LayerNorm, decoder: (..., D) -> (..., V). The decoder is not tied to the word table."""

    def __init__(self, width: int, vocab: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(vocab))
        self.transform = _Transform(width)
        self.decoder = nn.Linear(width, vocab, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.transform(x), self.decoder.weight, self.bias)


def init_bert_weights(module: nn.Module, std: float) -> None:
    """Fill every linear and embedding of `module` with normal(0, std), biases with 0, LayerNorms with 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, 0.0, std)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
