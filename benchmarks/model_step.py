"""The model's arithmetic in one stage-one step: ours against the plainest correct one, in the same run.

    python benchmarks/model_step.py [small] [paper] [--steps N] [--threads N]

Both train the same weights on the same batch, each with its own optimiser; their steps alternate, so that whatever else
the machine does hits both. Printed are medians, clips per second, and the ratio of the medians. Before that, the losses
and gradients of the two are compared in float32. On a CUDA device both run there, and the share of the device's
measured matrix-multiplication peak is printed as well.

`small` is the model and batch that `hdvila demo` trains: 64 clips, 1 segment of 128x192 and 6 frames of 32x48.
`paper` is the full model: 2 clips, 1 segment of 640x1024 and 6 frames of 160x256 (some 12 GiB of memory).
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from plain_hdvila import contrastive_loss as plain_loss
from torch import Tensor

from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.calibrate import calibrate_batch_norm
from hdvila.recipes import get_recipe
from hdvila.tasks.contrastive import contrastive_loss

DEMO = get_recipe("miniature-stage1")
SIZES: dict[str, tuple[HDVILAConfig, tuple[int, int, int, int]]] = {
    "small": (DEMO.model, (DEMO.batch_size, 128, 192, DEMO.data.text_length)),  # clips, height, width, tokens
    "paper": (HDVILAConfig(), (2, 640, 1024, 50)),
}
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def make_batch(clips: int, height: int, width: int, length: int, vocab: int, device: str) -> Batch:
    torch.manual_seed(0)
    high = torch.randint(0, 256, (clips, 1, 3, height, width), dtype=torch.uint8)
    low = torch.randint(0, 256, (clips, 1, 6, 3, height // 4, width // 4), dtype=torch.uint8)
    ids = torch.randint(5, vocab, (clips, length))
    lengths = torch.randint(length // 2, length + 1, (clips, 1))
    mask = (torch.arange(length) < lengths).long()
    return high.to(device), low.to(device), ids.to(device), mask.to(device)


def ours(model: HDVILA, batch: Batch, reduced: bool) -> Tensor:
    high, low, ids, mask = batch
    with torch.autocast(high.device.type, torch.bfloat16, enabled=reduced):
        texts, videos = model.encode_text(ids, mask), model.encode_video(high, low)
    return contrastive_loss(texts, videos, 0.05)


def step(loss: Callable[[], Tensor], optimizer: torch.optim.Optimizer, device: str) -> float:
    """Seconds of one step."""
    _finish(device)
    begin = time.perf_counter()
    loss().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    _finish(device)
    return time.perf_counter() - begin


def check_same(model: HDVILA, batch: Batch) -> None:
    """Both compute the same loss and gradients, or the comparison of their times means nothing."""
    results = []
    for loss in (lambda: plain_loss(model, *batch), lambda: ours(model, batch, reduced=False)):
        value = loss()
        value.backward()
        results.append((value.item(), torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None])))
        model.zero_grad(set_to_none=True)
    (a, norms), (b, other) = results
    off = ((norms - other).norm() / norms.norm()).item()
    print(f"  same function: losses {a:.6f} and {b:.6f}, gradient norms differ by {off:.1e}")
    assert abs(a - b) < 1e-4 * max(1.0, abs(a)), "the two implementations disagree"
    assert off < 1e-2, "the gradients of the two implementations disagree"


def matmul_peak(device: str) -> float:
    """Measured bfloat16 FLOP/s of a large matrix product."""
    a = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    times = []
    for _ in range(20):
        _finish(device)
        begin = time.perf_counter()
        a @ a
        _finish(device)
        times.append(time.perf_counter() - begin)
    return 2 * 8192**3 / min(times)


def work(model: HDVILA, batch: Batch) -> float:
    """Floating-point operations of one step, counted on the plain implementation."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        plain_loss(model, *batch).backward()
    model.zero_grad(set_to_none=True)
    return float(counter.get_total_flops())


def run(size: str, steps: int, device: str) -> None:
    config, (clips, height, width, length) = SIZES[size]
    config = replace(config, dropout=0.0, hybrid_stochastic_depth=0.0)
    batch = make_batch(clips, height, width, length, config.vocab_size, device)
    torch.manual_seed(0)
    model = HDVILA(config).to(device)
    calibrate_batch_norm(model, model.segment_grids, [(batch[0][:16], batch[1][:16])])
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{size}: {millions:.1f} M weights, {clips} clips of {height}x{width} and 6 x {height // 4}x{width // 4}")
    model.train()
    check_same(model, batch)
    model.fold_batch_norm()
    flops = work(model, batch) if device == "cuda" else 0.0
    peak = matmul_peak(device) if device == "cuda" else 1.0
    plain_update = torch.optim.AdamW(model.parameters(), 1e-5, foreach=False)
    our_update = torch.optim.AdamW(model.parameters(), 1e-5, fused=True)
    runners = {
        "plain float32": lambda: step(lambda: plain_loss(model, *batch), plain_update, device),
        "ours float32": lambda: step(lambda: ours(model, batch, False), our_update, device),
        "ours bfloat16": lambda: step(lambda: ours(model, batch, True), our_update, device),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runners}
    for i in range(steps + 1):
        for name, runner in runners.items():
            taken = runner()
            if i:  # the first one warms up
                seconds[name].append(taken)
    base = statistics.median(seconds["plain float32"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        rate = flops / middle
        note = f", {rate / 1e12:.0f} TFLOP/s, {rate / peak:.0%} of the measured peak" if flops else ""
        print(f"  {name:14} {middle:7.3f} s a step, {clips / middle:8.2f} clips/s, {base / middle:5.2f}x{note}")


def _finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["small", "paper"], help="small, paper (default: both)")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__} on {device}, {given.threads} threads")
    for size in given.sizes:
        run(size, given.steps, device)
        gc.collect()


if __name__ == "__main__":
    main()
