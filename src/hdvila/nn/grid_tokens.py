"""The cells of a feature grid as tokens of a transformer (Lei et al. 2021): positions, type, LayerNorm.

Legend: N grids, D width, h w rows and columns of a grid, P tokens of a grid.
"""

from __future__ import annotations

from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.nn.bert import EPS


class VisualEmbeddings(nn.Module):
    """Grid to tokens: + row + column (2-D positions) + token type, LayerNorm, dropout."""

    def __init__(self, width: int, rows: int, columns: int, dropout: float) -> None:
        super().__init__()
        self.row_position_embeddings = nn.Embedding(rows, width)
        self.col_position_embeddings = nn.Embedding(columns, width)
        self.token_type_embeddings = nn.Embedding(1, width)
        self.LayerNorm = nn.LayerNorm(width, EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, grid_NDhw: Tensor, kept_P: Tensor | None = None) -> Tensor:
        """(N, D, h, w) -> (N, h*w, D), row by row; or (N, P, D).

        Args:
            kept_P: indices of the tokens to keep; None: all.

        Raises:
            UsageError: more rows or columns than the model has positions for.
        """
        _, _, h, w = grid_NDhw.shape
        rows, columns = self.row_position_embeddings.weight, self.col_position_embeddings.weight
        if h > len(rows) or w > len(columns):
            raise UsageError(
                f"the pictures give a grid of {h}x{w}, the joint transformer has positions for "
                f"{len(rows)}x{len(columns)}: give smaller pictures, 64 pixels a position"
            )
        rows, columns = rows[:h, None], columns[None, :w]
        x_NPD = (grid_NDhw.permute(0, 2, 3, 1) + rows + columns).flatten(1, 2)
        if kept_P is not None:
            x_NPD = x_NPD[:, kept_P]
        tokens: Tensor = self.dropout(self.LayerNorm(x_NPD + self.token_type_embeddings.weight[0]))
        return tokens
