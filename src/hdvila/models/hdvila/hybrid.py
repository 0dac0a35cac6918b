"""The hybrid transformer: divided space-time attention over LR frames and the shrunken HR frame, as in the paper.

Legend: N segments, F frames, D width, H W rows and columns of the grid.
Blocks are pre-norm: attention over time at each position, attention over space in each frame, feed-forward
(TimeSformer, Bertasius et al. 2021), without a class token and without a final norm.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.nn.attention import attend

EPS = 1e-6
_TIMES = 0.5  # spread of a time table that does not start with zeros


class _FusedAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x_NLD: Tensor, token: int | None = None) -> Tensor:
        """(N, L, D) -> (N, L, D); with `token` only the output of that one, (N, 1, D)."""
        if token is None:
            q, k, v = self.qkv(x_NLD).chunk(3, dim=-1)
        else:
            width = x_NLD.shape[-1]
            weight, bias = self.qkv.weight, self.qkv.bias
            q = F.linear(x_NLD[:, token : token + 1], weight[:width], bias[:width])
            k, v = F.linear(x_NLD, weight[width:], bias[width:]).chunk(2, dim=-1)
        out: Tensor = self.proj(attend(q, k, v, self.heads))
        return out


class _FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class DividedBlock(nn.Module):
    """Time, then space, then feed-forward, each on a residual that training drops per sample with chance `drop`."""

    def __init__(self, width: int, heads: int, hidden: int, drop: float) -> None:
        super().__init__()
        self.drop = drop
        self.temporal_norm1 = nn.LayerNorm(width, EPS)
        self.temporal_attn = _FusedAttention(width, heads)
        self.temporal_fc = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, EPS)
        self.attn = _FusedAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, EPS)
        self.mlp = _FeedForward(width, hidden)

    def forward(self, x_NPFD: Tensor, frame: int | None = None) -> Tensor:
        """(N, positions, F, D) -> the same; with `frame` only the output of that one, (N, positions, 1, D)."""
        n, p, f, _ = x_NPFD.shape
        time = self.temporal_fc(self.temporal_attn(self.temporal_norm1(x_NPFD.flatten(0, 1)), frame))
        if frame is not None:
            x_NPFD, f = x_NPFD[:, :, frame : frame + 1], 1
        x_NPFD = x_NPFD + self._drop_path(time.unflatten(0, (n, p)))
        x_NFPD = x_NPFD.transpose(1, 2)
        space = self.attn(self.norm1(x_NFPD.flatten(0, 1))).unflatten(0, (n, f))
        x_NFPD = x_NFPD + self._drop_path(space)
        x_NFPD = x_NFPD + self._drop_path(self.mlp(self.norm2(x_NFPD)))
        return x_NFPD.transpose(1, 2)

    def _drop_path(self, x: Tensor) -> Tensor:
        if not self.training or self.drop == 0.0:
            return x
        kept = 1.0 - self.drop
        mask = torch.rand(len(x), *[1] * (x.ndim - 1), device=x.device) < kept
        return x * (mask / kept).to(x.dtype)


class HybridTransformer(nn.Module):
    """(N, F, D, H, W) -> (N, F, D, H, W), any F, H and W: the learned tables are resized to fit."""

    def __init__(
        self, width: int, layers: int, heads: int, hidden: int, drop: float, grid: tuple[int, int], frames: int
    ) -> None:
        super().__init__()
        self.grid = grid
        self.pos_embed = nn.Parameter(torch.empty(1, grid[0] * grid[1], width))
        self.time_embed = nn.Parameter(torch.zeros(1, frames, width))
        drops = [drop * i / max(layers - 1, 1) for i in range(layers)]
        self.blocks = nn.ModuleList(DividedBlock(width, heads, hidden, drop) for drop in drops)

    def init_weights(self, std: float, time_std: float) -> None:
        """Truncated normal for linears and positions.

        Time starts with zeros in its table and in the last linear of each time attention, or, with `time_std` above 0,
        with normal values there and in all of time attention: a random mixture of frames in which their order shows.
        """
        nn.init.trunc_normal_(self.pos_embed, std=std, a=-2.0, b=2.0)
        if time_std:
            nn.init.normal_(self.time_embed, std=_TIMES)
        else:
            nn.init.zeros_(self.time_embed)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=std, a=-2.0, b=2.0)
                nn.init.zeros_(module.bias)
        for block in self.blocks:
            assert isinstance(block, DividedBlock)
            if time_std:
                for linear in (block.temporal_attn.qkv, block.temporal_attn.proj, block.temporal_fc):
                    nn.init.normal_(linear.weight, std=time_std)
            else:
                nn.init.zeros_(block.temporal_fc.weight)

    def positions(self, height: int, width: int) -> Tensor:
        """The position table for a grid of this size, (height*width, D), row-major."""
        table = self.pos_embed[0]
        if (height, width) == self.grid:
            return table
        image = table.T.reshape(1, -1, *self.grid).float()
        resized = F.interpolate(image, (height, width), mode="bilinear", align_corners=False)
        return resized[0].flatten(1).T.to(table.dtype)

    def times(self, frames: int) -> Tensor:
        """The time table for this number of frames, (frames, D)."""
        table = self.time_embed[0]
        if frames == len(table):
            return table
        resized = F.interpolate(table.T[None].float(), frames, mode="linear", align_corners=False)
        return resized[0].T.to(table.dtype)

    def forward(self, x_NFDHW: Tensor, frame: int | None = None) -> Tensor:
        """With `frame` only the output of that one, (N, 1, D, H, W): the last block leaves out the others."""
        n, f, _, h, w = x_NFDHW.shape
        x_NPFD = x_NFDHW.permute(0, 3, 4, 1, 2).flatten(1, 2)
        x_NPFD = x_NPFD + self.positions(h, w)[:, None, :] + self.times(f)
        last = len(self.blocks) - 1
        for i, block in enumerate(self.blocks):
            x_NPFD = block(x_NPFD, frame if i == last else None)
        return x_NPFD.reshape(n, h, w, x_NPFD.shape[2], -1).permute(0, 3, 4, 1, 2)
