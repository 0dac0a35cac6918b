"""What it costs to make a corpus: all of `hdvila corpus build`, each of its steps, and HD-VILA-100M on paper.

    python benchmarks/corpus_cost.py [VIDEO ...] [--seconds S] [--repeat N] [--form jpeg|h264] [--skip build|steps]

Whole 720p videos are repeated to S seconds, one or more for each core, and given as many words an hour as
HD-VILA-100M has. The command takes turns with decoding the same files on all cores and doing nothing else, which is
what the machine can do at best. It is run on files of half the length too: the difference is what more video costs, the
rest is starting. Then each step, with one thread in this process, takes turns with decoding alone. All figures are
medians of N rounds. From what more video costs in these steps, and each video besides, follow the core-hours, bytes and
network of 371.5 thousand hours in 3.3 million videos, on paper. What reading a sample costs:
`benchmarks/store_vs_decode.py`.

VIDEO: 720p files. Without any, one is rendered.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from store_vs_decode import render
from whole_videos import decode, lengthen

from hdvila.corpus.choice.balance import balance
from hdvila.corpus.choice.filter import unwanted_language
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.clips import clips_of
from hdvila.corpus.describe import describe
from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.corpus.sources.collect import collect
from hdvila.media import Form, Packing, clip_streams, probe, resize, write_video
from hdvila.processes import usable_cores
from hdvila.store import CorpusWriter
from hdvila.text import read_transcript

HOURS, VIDEOS, CLIP = 371_500, 3.3e6, 13.4  # of HD-VILA-100M: hours, videos, seconds of a mean clip
CORES = 64  # of the machine on paper
SECONDS_A_WORD = 13.4 / 32.5
LINE = 7  # words of a cue
SPOKEN = (Path(__file__).parents[1] / "tools/spoken_english.txt").read_text().split()
DECODING = "decoding alone"
OF_THE_CORPUS = "collect", "balance", "describe"  # steps that are done once, not for each video
Rounds = dict[str, list[float]]
Result = TypeVar("Result")


def with_words(videos: list[Path], folder: Path, seconds: float, number: int) -> Path:
    """A folder of so many files, the videos in turn, lengthened; each with unmarked speech in short cues beside it."""
    folder.mkdir()
    for k in range(number):
        path, target = videos[k % len(videos)], folder / f"{k}.mkv"
        if k < len(videos):
            lengthen(path, target, seconds)
        else:
            shutil.copy(folder / f"{k % len(videos)}.mkv", target)
        cues = []
        for first in range(0, int(probe(target).duration / SECONDS_A_WORD) - LINE, LINE):
            words = [SPOKEN[k % len(SPOKEN)].lower().strip(".,?!") for k in range(first, first + LINE)]
            start, end = (1000 * k * SECONDS_A_WORD for k in (first, first + LINE))
            cues.append(f"{_stamp(start)} --> {_stamp(end)}\n{' '.join(words)}\n")
        (folder / f"{k}.vtt").write_text("WEBVTT\n\n" + "\n".join(cues))
    return folder


def test_set(folder: Path) -> Path:
    """Two clips of 20 s that look like nothing else, to be excluded."""
    folder.mkdir()
    for seed in range(2):
        blobs = np.random.default_rng(seed).integers(0, 256, (6, 24, 3)).astype(np.uint8)
        wide = resize(blobs[None], 144, 256 + 500)[0]
        write_video(folder / f"{seed}.mp4", (wide[:, k : k + 256] for k in range(500)), 25)
    return folder


def _stamp(milliseconds: float) -> str:
    minutes, rest = divmod(round(milliseconds), 60_000)
    return f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def timed(job: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of all processors that `job`, which starts processes, takes."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    job()
    taken, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def decode_all(folder: Path, cores: int) -> None:
    """Decode the files of a folder, on each core one after the other."""
    files = [str(path) for path in sorted(folder.glob("*.mkv"))]
    command = [sys.executable, Path(__file__).with_name("whole_videos.py")]
    running = [subprocess.Popen([*command, *files[k::cores]]) for k in range(cores)]
    assert [process.wait() for process in running] == [0] * cores


def build(source: Path, into: Path, form: str, like: Path | None = None) -> None:
    """`hdvila corpus build` into a new folder."""
    shutil.rmtree(into, ignore_errors=True)
    command = [sys.executable, "-m", "hdvila", "corpus", "build", source, "--into", into, "--form", form]
    command += ["--max-seconds", CLIP, *(["--exclude-like", like] if like else [])]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def whole(short: Path, long: Path, like: Path, root: Path, form: str, repeat: int) -> None:
    """Print what the command takes beside decoding."""
    cores = usable_cores()
    durations = [sum(probe(path).duration for path in folder.glob("*.mkv")) for folder in (short, long)]
    ways: dict[str, list[Callable[[], None]]] = {
        DECODING: [partial(decode_all, folder, cores) for folder in (short, long)],
        "corpus build": [partial(build, folder, root, form) for folder in (short, long)],
        "corpus build --exclude-like": [partial(build, folder, root, form, like) for folder in (short, long)],
    }
    taken: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in ways}
    for turn in range(repeat):
        for name in (list(ways), list(ways)[::-1])[turn % 2]:
            taken[name].append([timed(job) for job in ways[name]])
    files = len(list(long.glob("*.mkv")))
    print(f"{files} files, {durations[1]:.0f} s of 720p, {cores} cores, medians of {repeat} rounds")
    print(f"  {'':30}{'all':>8}{'an hour of video more':>26}")
    hour: dict[str, tuple[float, float]] = {}
    for name, rounds in taken.items():
        few, many = np.median(rounds, axis=0)
        wall, cpu = hour[name] = 3600 * (many - few) / (durations[1] - durations[0])
        ratio = f"{wall / hour[DECODING][0]:8.2f} times decoding on all cores"
        print(f"  {name:30}{many[0]:6.1f} s{wall:12.1f} s{cpu:12.1f} CPU s{ratio}")


class Costs:
    """CPU seconds of each step over all videos, a round after another."""

    def __init__(self) -> None:
        self.rounds: Rounds = defaultdict(list)
        self._now: dict[str, float] = defaultdict(float)

    def add(self, step: str, job: Callable[[], Result]) -> Result:
        begin = time.process_time()
        result = job()
        self._now[step] += time.process_time() - begin
        return result

    def end_round(self) -> None:
        for step, taken in self._now.items():
            self.rounds[step].append(taken)
        self._now.clear()


def one_round(folder: Path, root: Path, packing: Packing, look_alikes: LookAlikes, costs: Costs) -> None:
    """Every step for every video of a folder, with one thread."""
    shutil.rmtree(root, ignore_errors=True)
    options = CorpusOptions(max_seconds=CLIP)
    videos, _ = costs.add("collect", lambda: collect(folder))
    with CorpusWriter(root, stored_streams(options.streams, packing.form)) as writer:
        for video in videos:
            assert video.transcript is not None
            transcript = costs.add("read the transcript", partial(read_transcript, video.transcript))
            costs.add("tell the language", partial(unwanted_language, transcript.text, None, "en"))
            info = costs.add("probe, and read the end", partial(probe, video.path, verify_tail=True))
            costs.add("find near-duplicates", partial(look_alikes.match, video.path))
            plan = partial(clips_of, transcript, video.video_id, info.duration, options)
            clips = costs.add("sentences and alignment", plan).clips
            costs.add(DECODING, partial(decode, video.path))
            cut = clip_streams(video.path, [(clip.start, clip.end) for clip in clips], options.streams, packing)
            for clip in clips:
                frames, _ = costs.add("cut", partial(next, cut))
                costs.add("store", partial(writer.add, clip, frames))
            costs.add("cut", lambda: list(cut))  # noqa: B023
    costs.add("balance", partial(balance, videos, 1e9))
    costs.add("describe", partial(describe, root))
    costs.end_round()


def steps(short: Rounds, long: Rounds, lasts: list[float], number: int) -> tuple[float, float]:
    """Print the median of each step for so many videos that last so long in all; -> CPU s an hour, and for each."""
    print("each step with one thread, medians [least, most]")
    print(f"  {'':26}{'CPU s an hour of video more':>30}{'and once':>20}")
    hour, each, base = 0.0, 0.0, 0.0
    for step in sorted(long, key=lambda step: step != DECODING):
        few, many = statistics.median(short[step]), (statistics.median(long[step]), min(long[step]), max(long[step]))
        middle, low, high = (3600 * (value - few) / (lasts[1] - lasts[0]) for value in many)
        once = max(0.0, few - middle * lasts[0] / 3600) / (1 if step in OF_THE_CORPUS else number)
        base = base or middle
        hour += 0.0 if step == DECODING else max(0.0, middle)
        each += 0.0 if step in {DECODING, *OF_THE_CORPUS} else once
        whose = "the corpus" if step in OF_THE_CORPUS else "each video"
        row = f"  {step:26}{middle:10.1f} [{low:.1f}, {high:.1f}]"
        print(f"{row:56}{once:8.2f} s {whose}{middle / base:8.2f} times decoding")
    return hour, each


def estimate(hour: float, each: float, stored_bytes: float, fetched_bytes: float) -> None:
    """`hour`, `each`: CPU seconds an hour of video and a video; bytes a second of video, stored and fetched."""
    core_hours = (HOURS * hour + VIDEOS * each) / 3600
    seconds = HOURS * 3600
    stored, fetched = (rate * seconds / 1e12 for rate in (stored_bytes, fetched_bytes))
    days = core_hours / CORES / 24
    print(f"on paper, {HOURS:,} h of such video on {CORES} cores, near-duplicates left out:")
    print(f"  {core_hours:,.0f} core-hours, {days:.1f} days; {fetched:,.0f} TB fetched, {stored:,.0f} TB stored")
    need = {
        "cores": days,
        "1 Gbit/s in": fetched * 8e12 / 1e9 / 86_400,
        "10 Gbit/s in": fetched * 8e12 / 1e10 / 86_400,
        "500 MB/s to disk": stored * 1e12 / 5e8 / 86_400,
    }
    for name, taken in sorted(need.items(), key=lambda pair: -pair[1]):
        print(f"  {name:18} {taken:8.1f} days")
    print(f"  what takes longest sets the pace: {max(need, key=lambda name: need[name])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="720p files (default: one is rendered)")
    parser.add_argument("--seconds", type=float, default=48.0, help="to which each is repeated")
    parser.add_argument("--repeat", type=int, default=5, help="rounds of which the median counts")
    parser.add_argument("--form", choices=("jpeg", "h264"), default="jpeg")
    parser.add_argument("--skip", choices=("build", "steps"), help="one of both parts")
    given = parser.parse_args()
    form: Form = given.form
    torch.set_num_threads(1)
    os.environ["OMP_WAIT_POLICY"] = "passive"
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name), Path(name) / "corpus"
        files = given.videos or [render(folder / "rendered.mp4")]
        number = len(files) * -(-usable_cores() // len(files))
        short = with_words(files, folder / "short", given.seconds / 2, number)
        long = with_words(files, folder / "long", given.seconds, number)
        like = test_set(folder / "like")
        if given.skip != "build":
            whole(short, long, like, root, form, given.repeat)
        if given.skip == "steps":
            return
        costs, look_alikes = (Costs(), Costs()), LookAlikes.of([like])
        for _ in range(given.repeat):
            for spent, whose in zip(costs, (short, long), strict=True):
                one_round(whose, root, Packing(form), look_alikes, spent)
        lasts = [sum(probe(path).duration for path in whose.glob("*.mkv")) for whose in (short, long)]
        hour, each = steps(costs[0].rounds, costs[1].rounds, lasts, number)
        shards = sum(file.stat().st_size for file in (root / "shards").iterdir()) / lasts[1]
        fetched = sum(path.stat().st_size for path in long.glob("*.mkv")) / lasts[1]
        print(f"the videos have {8e-6 * fetched:.1f} Mbit/s; stored as {form}, {shards / 1e3:.0f} kB a second of video")
        estimate(hour, each, shards, fetched)


if __name__ == "__main__":
    main()
