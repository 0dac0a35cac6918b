"""Stage one of HD-VILA as one writes it down first: the yardstick of `model_step.py`.

The same function of the same weights as `hdvila.models.hdvila`, in float32: every convolution followed by its batch
norm, plain memory layout, attention as softmax(q k) v, all frames through all blocks. Nothing here is tuned, and
nothing is slowed down.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.vision import normalise


def contrastive_loss(model: HDVILA, high: Tensor, low: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    texts, videos = _text(model, ids, mask), _video(model, high, low)
    scores = texts @ videos.T / 0.05
    right = torch.arange(len(scores), device=scores.device)
    return 0.5 * (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right))


def _conv(x: Tensor, conv: nn.Module, norm: nn.Module) -> Tensor:
    x = F.conv2d(x, conv.weight, None, conv.stride, conv.padding)
    return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, eps=norm.eps)


def _resnet(net: nn.Module, x: Tensor) -> list[Tensor]:
    x = F.max_pool2d(F.relu(_conv(x, net.conv1, net.bn1)), 3, 2, 1)
    outputs = []
    for stage in range(1, net.stages + 1):
        for block in getattr(net, f"layer{stage}"):
            y = F.relu(_conv(x, block.conv1, block.bn1))
            y = F.relu(_conv(y, block.conv2, block.bn2))
            y = _conv(y, block.conv3, block.bn3)
            x = F.relu(y + (x if block.downsample is None else _conv(x, *block.downsample)))
        outputs.append(x)
    return outputs


def _attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor | float = 0.0) -> Tensor:
    q, k, v = (x.reshape(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5 + bias
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def _fused(attention: nn.Module, x: Tensor) -> Tensor:
    return attention.proj(_attend(*attention.qkv(x).chunk(3, -1), attention.heads))


def _hybrid(net: nn.Module, x: Tensor) -> Tensor:
    n, f, d, h, w = x.shape
    x = x.permute(0, 3, 4, 1, 2).reshape(n, h * w, f, d) + net.positions(h, w)[:, None] + net.times(f)
    for block in net.blocks:
        y = x.reshape(n * h * w, f, d)
        x = x + block.temporal_fc(_fused(block.temporal_attn, block.temporal_norm1(y))).reshape(n, h * w, f, d)
        y = x.transpose(1, 2).reshape(n * f, h * w, d)
        x = x + _fused(block.attn, block.norm1(y)).reshape(n, f, h * w, d).transpose(1, 2)
        x = x + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(x))))
    return x.reshape(n, h, w, f, d).permute(0, 3, 4, 1, 2)


def _video(model: HDVILA, high: Tensor, low: Tensor) -> Tensor:
    videos, segments, neighbours = low.shape[:3]
    *_, stage3, stage4 = _resnet(model.cnn, normalise(high.flatten(0, 1), torch.float32))
    around = _resnet(model.cnn_low, normalise(low.flatten(0, 2), torch.float32))[-1]
    low_maps = model.grid_encoder_low(around).unflatten(0, (-1, neighbours))
    middle = model.grid_encoder_low(F.interpolate(stage3, scale_factor=0.25))[:, None]
    half = neighbours // 2
    motion = _hybrid(model.timesformer, torch.cat([low_maps[:, :half], middle, low_maps[:, half:]], 1))[:, half]
    fused = model.grid_encoder_combine(torch.cat([model.grid_encoder(stage4), motion], 1))
    mean = fused.mean((2, 3)).reshape(videos, segments, -1).mean(1)
    return F.normalize(model.transformer.v_proj(mean), dim=-1)


def _text(model: HDVILA, ids: Tensor, mask: Tensor) -> Tensor:
    bert = model.transformer.bert
    table = bert.embeddings
    x = table.word_embeddings(ids) + table.position_embeddings.weight[: ids.shape[1]]
    x = table.LayerNorm(x + table.token_type_embeddings.weight[0])
    bias = (1.0 - mask[:, None, None].float()) * -10000.0
    for layer in bert.encoder.layer:
        own, out = layer.attention.self, layer.attention.output
        mixed = _attend(own.query(x), own.key(x), own.value(x), layer.attention.heads, bias)
        x = out.LayerNorm(out.dense(mixed) + x)
        x = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(x))) + x)
    pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return F.normalize(model.transformer.t_proj(torch.tanh(bert.pooler1.dense(pooled))), dim=-1)
