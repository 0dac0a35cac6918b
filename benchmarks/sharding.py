"""What a process keeps of a model that is cut over two, and what a step of it costs, beside every process holding all.

python benchmarks/sharding.py [small|miniature] [--steps N]

Two gloo processes of one thread on this machine; steps of stage one on noise. Printed: bytes of weights, gradients and
moments that each process has for itself, the median step of both, and how far their losses are apart.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.multiprocessing
from torch.distributed.tensor import DTensor

from hdvila.data.batch import batch_of
from hdvila.hub import build_model
from hdvila.models.registry import system_of
from hdvila.recipes.hdvila.miniature import miniature_model
from hdvila.recipes.hdvila.small import HEIGHT, WIDTH, small_model
from hdvila.tasks import PretrainStage1
from hdvila.train.engine import Engine, seed_random_numbers
from hdvila.train.optim import Optim
from hdvila.train.optimizer import build_optimizer
from hdvila.train.step import compute_gradients

CLIPS = 4
SIZES = {"miniature": (miniature_model, 128, 192), "small": (small_model, HEIGHT, WIDTH)}


def bytes_of(tensor: torch.Tensor) -> int:
    local = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return local.numel() * local.element_size()


def one_of_two(rank: int, port: int, size: str, steps: int, sharded: bool, file: str) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "benchmark"}
    torch.set_num_threads(1)
    config, height, width = SIZES[size]
    engine, task = Engine("float32", sharded=sharded), PretrainStage1()
    seed_random_numbers(0)
    model = build_model(config("stage1"))
    engine.place(model)
    task.start(model)
    task.train_mode(model)
    optimizer = build_optimizer(model, Optim(), system_of(model))
    engine.adopt(optimizer)
    noise = np.random.default_rng(rank)
    high = noise.integers(0, 255, (CLIPS, 1, 3, height, width), np.uint8)
    low = noise.integers(0, 255, (CLIPS, 1, 6, 3, height // 4, width // 4), np.uint8)
    ids = torch.randint(5, 400, (CLIPS, 16), generator=torch.Generator().manual_seed(rank))
    batch = batch_of((high, low), ids, torch.ones_like(ids), list(range(CLIPS)))
    seconds, losses, kept = [], [], 0
    for step in range(steps):
        began = time.perf_counter()
        losses.append(compute_gradients(engine, task, [batch], 0, (0, step, rank))["loss"])
        kept = sum(bytes_of(p) + (0 if p.grad is None else bytes_of(p.grad)) for p in model.parameters())
        engine.clip(5.0)
        engine.update()
        seconds.append(time.perf_counter() - began)
    moments = [v for state in optimizer.state.values() for v in state.values() if isinstance(v, torch.Tensor)]
    kept += sum(map(bytes_of, moments))
    if rank == 0:
        torch.save({"seconds": statistics.median(seconds[1:]), "losses": losses, "bytes": kept}, file)


def measured(size: str, steps: int, sharded: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        file = str(Path(folder) / "result.pt")
        torch.multiprocessing.spawn(one_of_two, (port, size, steps, sharded, file), nprocs=2)
        result: dict[str, Any] = torch.load(file, weights_only=True)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", default="small", choices=SIZES)
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args()
    whole, cut = (measured(options.size, options.steps, sharded) for sharded in (False, True))
    for name, one in (("whole", whole), ("cut", cut)):
        print(f"{name:<6} {one['bytes'] / 1e6:8.1f} MB a process for itself   {one['seconds']:.3f} s a step")
    apart = max(abs(a - b) / abs(b) for a, b in zip(cut["losses"], whole["losses"], strict=True))
    kept, time_taken = (cut[name] / whole[name] for name in ("bytes", "seconds"))
    print(f"cut / whole: {kept:.2f} of the bytes, {time_taken:.2f} of the time")
    print(f"losses of {options.steps} steps: {apart:.1e} apart")


if __name__ == "__main__":
    main()
