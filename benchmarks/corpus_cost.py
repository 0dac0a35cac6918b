"""What it costs to make and to read a corpus, in processor time, and what that means for HD-VILA-100M.

    python benchmarks/corpus_cost.py [VIDEO ...] [--repeat N] [--form jpeg|h264]

Every step of `hdvila corpus build` is run with one thread on whole 720p videos, each repeated to the length of the mean
video of HD-VILA-100M (6.8 minutes) and given as many words an hour as that has, and measured as CPU seconds of this
process, so other work on the machine changes little. Beside them stands decoding alone. Then one training sample from
the store against one decoded from the uncut video (`benchmarks/store_vs_decode.py` says how). From these follow the
core-hours, bytes and network of 371.5 thousand hours, on paper.

VIDEO: 720p files. Without any, one is rendered.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import torch
from store_vs_decode import PREPROCESS, from_video, render

from hdvila.corpus.choice.balance import balance
from hdvila.corpus.choice.languages import unwanted_language
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.clips import clips_of
from hdvila.corpus.describe import describe
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.video import SourceVideo
from hdvila.media import ClipStreams, Form, Packing, clip_streams, probe
from hdvila.media.ending import probe_to_end
from hdvila.store import Corpus, CorpusWriter
from hdvila.text import read_transcript
from hdvila.types import Clip

HOURS, CORES, CLIP = 371_500, 64, 13.4  # of HD-VILA-100M; of the machine on paper; seconds of a mean clip
SECONDS_A_WORD = 13.4 / 32.5
VIDEO = 371_500 * 3600 / 3.3e6  # seconds of its mean video
LINE = 7  # words of a cue
SPOKEN = (Path(__file__).parents[1] / "tools/spoken_english.txt").read_text().split()
Result = TypeVar("Result")


def cpu(job: Callable[[], object], repeat: int) -> float:
    """The least CPU seconds that `job` took."""
    taken = []
    for _ in range(repeat):
        begin = time.process_time()
        job()
        taken.append(time.process_time() - begin)
    return min(taken)


def decode(path: Path) -> None:
    """All frames, with one thread, nothing done with them."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass


def with_words(videos: list[Path], folder: Path) -> list[SourceVideo]:
    """The videos, lengthened, in `folder`, each with a transcript beside it: unmarked speech in short cues."""
    for number, path in enumerate(videos):
        duration = lengthen(path, folder / f"{number}.mkv")
        cues = []
        for first in range(0, int(duration / SECONDS_A_WORD) - LINE, LINE):
            words = [SPOKEN[k % len(SPOKEN)].lower().strip(".,?!") for k in range(first, first + LINE)]
            start, end = (1000 * k * SECONDS_A_WORD for k in (first, first + LINE))
            cues.append(f"{_stamp(start)} --> {_stamp(end)}\n{' '.join(words)}\n")
        (folder / f"{number}.vtt").write_text("WEBVTT\n\n" + "\n".join(cues))
    return collect(folder)[0]


def lengthen(path: Path, target: Path) -> float:
    """Repeat a video, as it is encoded, until it is as long as the mean video; -> seconds."""
    shown = 0.0
    with av.open(str(target), "w") as to:
        stream = None
        while shown < VIDEO:
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                stream = stream or to.add_stream_from_template(source)
                end = shown
                for packet in container.demux(source):
                    if packet.pts is None or packet.dts is None or packet.time_base is None:
                        continue
                    end = max(end, shown + float((packet.pts + (packet.duration or 0)) * packet.time_base))
                    offset = round(shown / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    to.mux(packet)
            shown = end
    return probe(target).duration


def _stamp(milliseconds: float) -> str:
    minutes, rest = divmod(round(milliseconds), 60_000)
    return f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


class Costs:
    """CPU seconds of each step, over all videos."""

    def __init__(self, repeat: int) -> None:
        self.repeat = repeat
        self.of: dict[str, float] = {}

    def add(self, step: str, job: Callable[[], Result], repeat: int | None = None) -> Result:
        """Run `job` so often; the least time counts."""
        least = float("inf")
        for _ in range(repeat or self.repeat):
            begin = time.process_time()
            result = job()
            least = min(least, time.process_time() - begin)
        self.of[step] = self.of.get(step, 0.0) + least
        return result


def choose(videos: list[SourceVideo], options: CorpusOptions, costs: Costs) -> dict[str, tuple[Clip, ...]]:
    """Everything before the cutting; the clips of each video."""
    other = [LookAlikes.of([video.path]) for video in videos]
    plans = {}
    for number, video in enumerate(videos):
        assert video.transcript is not None
        read = partial(read_transcript, video.transcript)
        transcript = costs.add("read the transcript", read)
        costs.add("tell the language", partial(unwanted_language, transcript.text, None, "en"))
        info, _ = costs.add("probe, and read the end", partial(probe_to_end, video.path))
        costs.add("find near-duplicates", partial(other[number - 1].match, video.path))
        plan = costs.add(
            "sentences and alignment", partial(clips_of, transcript, video.video_id, info.duration, options)
        )
        plans[video.video_id] = plan.clips
    timed = [replace(video, duration=probe(video.path).duration) for video in videos]
    costs.add("balance", partial(balance, timed, 1e9))
    return plans


def cut(path: Path, clips: tuple[Clip, ...], packing: Packing) -> Iterator[ClipStreams]:
    return clip_streams(path, [(clip.start, clip.end) for clip in clips], packing=packing)


def store(videos: list[SourceVideo], plans: dict[str, tuple[Clip, ...]], root: Path, packing: Packing) -> float:
    """The CPU seconds of writing the corpus."""
    spent = 0.0
    with CorpusWriter(root, form=packing.form) as writer:
        for video in videos:
            clips = plans[video.video_id]
            for clip, (hr, lr, _) in zip(clips, cut(video.path, clips, packing), strict=True):
                begin = time.process_time()
                writer.add(clip, hr, lr)
                spent += time.process_time() - begin
        begin = time.process_time()
    return spent + time.process_time() - begin


def read_sample(corpus: Corpus, videos: list[SourceVideo], repeat: int) -> tuple[float, float]:
    """Median CPU seconds of a sample (from the store, from the uncut video)."""
    rng = np.random.default_rng(0)
    ways: tuple[list[float], list[float]] = [], []
    first = {video.video_id: video.path for video in videos}
    for k in range(repeat + 1):
        number = int(rng.integers(len(corpus)))
        path = first[corpus.clips[number].video_id]
        plain = cpu(lambda: from_video(path, rng), 1)  # noqa: B023
        stored = [cpu(lambda: corpus.sample(number, PREPROCESS, rng), 1) for _ in range(10)]  # noqa: B023
        if k:
            ways[0].extend(stored)
            ways[1].append(plain)
    return statistics.median(ways[0]), statistics.median(ways[1])


def estimate(hour: float, stored_bytes: float, fetched_bytes: float) -> None:
    """`hour`: CPU seconds an hour of video; bytes a second of video, stored and fetched."""
    core_hours = HOURS * hour / 3600
    seconds = HOURS * 3600
    stored, fetched = (rate * seconds / 1e12 for rate in (stored_bytes, fetched_bytes))
    days = core_hours / CORES / 24
    print(f"on paper, {HOURS:,} h of such video on {CORES} cores:")
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
    parser.add_argument("--repeat", type=int, default=1, help="the least of so many runs counts")
    parser.add_argument("--form", choices=("jpeg", "h264"), default="jpeg")
    given = parser.parse_args()
    form: Form = given.form
    packing, costs = Packing(form), Costs(given.repeat)
    options = CorpusOptions(max_seconds=CLIP)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name) / "source", Path(name) / "corpus"
        folder.mkdir()
        files = given.videos or [render(Path(name) / "rendered.mp4")]
        videos = with_words(files, folder)
        costs.add("collect", lambda: collect(folder))
        plans = choose(videos, options, costs)
        for video in videos:
            costs.add("decoding alone", partial(decode, video.path))
            costs.add("cut", lambda: list(cut(video.path, plans[video.video_id], packing)))  # noqa: B023
        costs.of["store"] = store(videos, plans, root, packing)
        costs.add("describe", lambda: describe(root), 1)
        stored, decoded = read_sample(Corpus(root), videos, 8)
        report(costs.of, videos, root, form, stored, decoded)


def report(
    costs: dict[str, float], videos: list[SourceVideo], root: Path, form: str, stored: float, decoded: float
) -> None:
    """`costs` of each step over all videos, of a sample as `stored` and of one as `decoded`: CPU seconds."""
    seconds = sum(probe(video.path).duration for video in videos)
    shards = sum(file.stat().st_size for file in (root / "shards").iterdir())
    fetched = sum(video.path.stat().st_size for video in videos)
    alone = costs.pop("decoding alone")
    print(f"{len(videos)} files, {seconds:.1f} s of 720p at {8e-6 * fetched / seconds:.1f} Mbit/s; stored as {form}")
    for step, taken in costs.items():
        print(f"  {step:26} {3600 * taken / seconds:9.1f} CPU s an hour of video")
    print(f"  {'(decoding alone)':26} {3600 * alone / seconds:9.1f}")
    print(f"  cutting costs {costs['cut'] / alone:.2f} times decoding alone")
    print(f"  stored: {shards / seconds / 1e3:.0f} kB a second of video ({8e-6 * shards / seconds:.1f} Mbit/s)")
    print(
        f"  a training sample: {1000 * stored:.1f} ms from the store, {1000 * decoded:.0f} ms from the uncut video, "
        f"{decoded / stored:.0f} times as much"
    )
    estimate(3600 * sum(costs.values()) / seconds, shards / seconds, fetched / seconds)


if __name__ == "__main__":
    main()
