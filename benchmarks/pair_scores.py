"""Scoring every text with every video by ClipBERT: ours against the plain way and the released code's loop, in one run.

    python benchmarks/pair_scores.py [--layers N] [--size L] [--clips N] [--frames T] [--videos V] [--texts Q] ...

Plain: a pair at a time through the whole model, the visual side of the video computed again for each text. Released:
one video a batch, its clips one after the other, texts in mini-batches padded to the full length, the visual side
computed once a mini-batch and clip. Ours: `hdvila.evaluate.pair_scoring.score_pairs`, the visual side once a video, and
batches of like length across videos. All begin with the same frames in memory and have random weights of the paper's
widths; a round runs each. Medians over the rounds are compared as seconds a pair: on a CPU seconds of its one thread,
so that other work on the machine counts little. The plain way is timed on a few of the pairs. How far the scores of the
three are apart is printed too.

The limit is a matrix product of the transformer's shapes in the same rounds; compared with it are the operations of all
pairs, each at its own length without padding, in the time that `match_pairs` takes for them.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from evaluate_retrieval import medians
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from hdvila.evaluate.pair_scoring import score_pairs
from hdvila.hub import Processor, computing, fast_precision, pick_device
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.inputs import SparseClips, SparseFrames
from hdvila.models.clipbert.model import ClipBERT
from hdvila.nn.pair_batches import match_pairs
from hdvila.text.tokenizer import Tokenizer

WORDS = [first + second for first in "bdfgklmn" for second in ("a", "e", "i", "o", "u")]
HOW = "logsumexp"


class InMemory:
    """Videos of noise."""

    def __init__(self, videos: int, inputs: SparseClips) -> None:
        frames = np.random.default_rng(0).integers(0, 256, (videos, *inputs.shapes[0]), dtype=np.uint8)
        times = np.zeros((inputs.clips, inputs.frames))
        self.read = [SparseFrames(one, times) for one in frames]

    def sample(self, number: int, inputs: SparseClips) -> SparseFrames:
        return self.read[number]


def captions(count: int) -> list[str]:
    """As long as those of MSR-VTT: 3 to 18 words, 9.5 on average."""
    rng = np.random.default_rng(1)
    lengths = np.clip(rng.normal(9.5, 3.5, count).round(), 3, 18).astype(int)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


class Ways:
    """The ways to score, on the same model, videos and texts."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.inputs = SparseClips(chosen.size, chosen.clips, chosen.frames)
        self.texts, self.mini_batch = captions(chosen.texts), chosen.mini_batch
        torch.manual_seed(0)
        self.model = ClipBERT(ClipBERTConfig(layers=chosen.layers)).eval().to(pick_device())
        self.model.precision = fast_precision()  # as `hdvila evaluate` has it
        tokenizer = Tokenizer.train([" ".join(WORDS)] * 3, 200)
        self.model.processor = Processor(self.inputs, tokenizer, chosen.text_length)
        self.ids, self.mask = self.model.processor.tokenize(self.texts)
        self.source = InMemory(chosen.videos, self.inputs)
        self.pairs = [(video, text) for video in range(chosen.videos) for text in range(chosen.texts)]
        self.few = self.pairs[:: max(1, len(self.pairs) // chosen.plain)][: chosen.plain]

    def frames(self, video: int) -> Tensor:
        return torch.from_numpy(self.source.read[video].rgb)[None].to(self.model.device)

    def words(self, some: slice) -> tuple[Tensor, Tensor]:
        return self.ids[some].to(self.model.device), self.mask[some].to(self.model.device)

    def plain(self) -> Tensor:
        """(few,)"""
        found = []
        for video, text in self.few:
            visual = self.model.visual_tokens(self.frames(video))
            found.append(self.model.match_scores(visual, *self.words(slice(text, text + 1)), HOW))
        return torch.cat(found).cpu()

    def released(self) -> Tensor:
        """(V * Q,)"""
        found = []
        for video in range(len(self.source.read)):
            for first in range(0, len(self.texts), self.mini_batch):
                words = self.words(slice(first, first + self.mini_batch))
                clips = self.frames(video).split(1, dim=1)
                logits = torch.cat([self.model.match_logits(clip, *words) for clip in clips])
                found.append(self.model.aggregate(logits, HOW).softmax(-1)[:, 1])
        return torch.cat(found).cpu()

    def ours(self) -> Tensor:
        """(V * Q,)"""
        videos = range(len(self.source.read))
        about = [range(len(self.texts))] * len(videos)
        found = score_pairs(self.model, self.source, videos, self.texts, about, consensus=HOW)
        return torch.from_numpy(np.concatenate(found))

    def visual(self) -> Tensor:
        """(S, V, P, D)"""
        parts = [self.model.visual_tokens(self.frames(video)) for video in range(len(self.source.read))]
        return torch.cat(parts, 1)

    def operations(self, visual: Tensor) -> float:
        """Floating-point operations of the transformer on all pairs without padding."""
        total = 0.0
        for length, count in zip(*torch.unique(self.mask.sum(1), return_counts=True), strict=True):
            whole = torch.ones(1, int(length), dtype=torch.long, device=self.model.device)
            with FlopCounterMode(display=False) as counter:
                self.model.match_scores(visual[:, :1], whole, whole, HOW)
            total += counter.get_total_flops() * int(count)
        return total * len(self.source.read)


@torch.inference_mode()
def run(chosen: argparse.Namespace) -> None:
    ways = Ways(chosen)
    device, config = ways.model.device, ways.model.config
    dtype = getattr(torch, ways.model.precision)
    rows, width, inner = 1024, config.hidden_size, config.intermediate_size
    a, b = (torch.randn(*shape, device=device, dtype=dtype) for shape in ((rows, width), (width, inner)))
    video, text = (torch.tensor(some) for some in zip(*ways.pairs, strict=True))
    with computing(ways.model):
        visual = ways.visual()
        found: dict[str, Tensor] = {}

        def keep(name: str, scores: Tensor) -> None:
            found[name] = scores.cpu()

        seconds = medians(
            chosen.rounds,
            lambda: keep("plain", ways.plain()),
            lambda: keep("released", ways.released()),
            lambda: keep("ours", ways.ours()),
            lambda: match_pairs(ways.model, visual, video, text, ways.ids, ways.mask, HOW),
            lambda: keep("product", torch.stack([(a @ b)[0, 0] for _ in range(4)])),
            clock=time.perf_counter if device.type == "cuda" else time.process_time,
        )
        operations = ways.operations(visual)
    few = [ways.pairs.index(pair) for pair in ways.few]
    apart = max(
        float((some - ours).abs().max())
        for some, ours in ((found["plain"], found["ours"][few]), (found["released"], found["ours"]))
    )
    least, most = (float(some) for some in found["ours"].aminmax())
    print(f"scores of {least:.4f} to {most:.4f}; the ways are at most {apart:.1e} apart")
    count = len(ways.pairs)
    one_plain, one_released, one_ours = seconds[0] / len(ways.few), seconds[1] / count, seconds[2] / count
    places = visual.shape[2]
    print(
        f"{chosen.videos} videos of {chosen.clips}x{chosen.frames} frames of {chosen.size} ({places} tokens) and "
        f"{chosen.texts} texts of {float(ways.mask.sum(1).float().mean()):.1f} tokens, {config.layers} layers, "
        f"{ways.model.precision} on {device}, {torch.get_num_threads()} threads; medians of {chosen.rounds}, ms a pair:"
    )
    for name, one in (("plain", one_plain), ("released", one_released), ("ours", one_ours)):
        print(f"  {name:<9} {1e3 * one:9.1f}  {one_plain / one:6.2f}x plain  {one_released / one:6.2f}x released")
    limit, reached = 4 * 2 * rows * width * inner / seconds[4], operations / seconds[3]
    print(
        f"  transformer of ours: {reached / 1e9:.0f} GFLOP/s without padding, {reached / limit:.2f} of a matrix "
        f"product ({limit / 1e9:.0f}); visual side {1 - seconds[3] / seconds[2]:.0%} of the time"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, default, what in (
        ("layers", 4, "of the transformer; 12 in the paper"),
        ("size", 128, "pixels of the square, L; 448 in the paper"),
        ("clips", 1, "N_test"),
        ("frames", 2, "of a clip, T"),
        ("videos", 2, ""),
        ("texts", 16, ""),
        ("text-length", 20, "tokens to which texts are padded"),
        ("mini-batch", 256, "texts of the released loop"),
        ("plain", 2, "pairs of the plain way that are timed"),
        ("rounds", 3, ""),
        ("threads", 1, "of a CPU"),
    ):
        parser.add_argument(f"--{option}", type=int, default=default, help=what)
    began = time.perf_counter()
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    run(given)
    print(f"{time.perf_counter() - began:.0f} s in all")
