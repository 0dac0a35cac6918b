"""One training sample from the hybrid store against decoding it from its video file, in the same run, on one core.

    python benchmarks/store_vs_decode.py [VIDEO ...] [--rounds N]

A sample is two segments of one 640x1024 frame and six 160x256 neighbours 0.4 s apart. Of the video the rows decode the
sample's 14 frames to RGB and do no more with them, each by one thread: PyAV (seek to the key frame before a segment,
decode up to its last frame), decord, and torchcodec; one that is not installed says so (``pip install decord
torchcodec``). The last row is PyAV with what the released code does besides: crop, stack, shrink the neighbours four
times by bicubic. The store gives the whole sample, check values compared; below it are its JPEGs alone. All rows
take turns, so that whatever else the machine does hits each. Printed are medians of N (5) rounds and how many times the
store's.

VIDEO: 720p files, each taken as one clip. Without any, one clip of 13.4 s (the mean of HD-VILA-100M) is rendered.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from zlib import crc32

import av
import numpy as np
import simplejpeg
import torch

from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.media import clip_streams, open_video, probe, resize, write_video
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip, HybridSampling, hybrid_indices
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Pixels

HEIGHT, WIDTH, SECONDS_APART = 640, 1024, 0.4
PREPROCESS = Preprocess(HEIGHT, WIDTH, segments=2, neighbours=3, rate=4)


def from_video(path: Path, rng: np.random.Generator) -> HybridClip:
    """The plain way, with one decoder thread."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        fps = float(stream.average_rate)
        frames = stream.frames or int(fps * (container.duration or 0) / av.time_base)  # WebM does not count them
        middle, others = hybrid_indices(frames, HybridSampling(2, 3, round(SECONDS_APART * fps)), rng)
        top, left = (int(rng.integers(0, room + 1)) for room in (stream.height - HEIGHT, stream.width - WIDTH))
        segments = []
        for wanted in np.sort(np.concatenate([middle[:, None], others], axis=1), axis=1):
            segments.append(np.stack(list(decode_segment(container, stream, wanted.tolist(), fps))))
    crops = np.stack(segments)[:, :, top : top + HEIGHT, left : left + WIDTH].transpose(0, 1, 4, 2, 3)
    neighbours = np.delete(crops, 3, axis=1)
    shrunk = torch.nn.functional.interpolate(
        torch.from_numpy(neighbours.reshape(-1, 3, HEIGHT, WIDTH)).float(), scale_factor=0.25, mode="bicubic"
    )
    low = shrunk.round().clamp(0, 255).to(torch.uint8).numpy().reshape(2, 6, 3, HEIGHT // 4, WIDTH // 4)
    return HybridClip(np.ascontiguousarray(crops[:, 3]), low, middle / fps, others / fps)


def decode_segment(
    container: av.container.InputContainer, stream: av.VideoStream, wanted: list[int], fps: float
) -> Iterator[Pixels]:
    """The frames with these numbers, in one stretch from the key frame before the first."""
    assert stream.time_base is not None
    container.seek(round(wanted[0] / fps / stream.time_base), stream=stream)
    left = list(wanted)
    for frame in container.decode(stream):
        if frame.time is not None and round(frame.time * fps) >= left[0]:
            yield frame.to_ndarray(format="rgb24")
            left.pop(0)
            if not left:
                return
    raise RuntimeError(f"{container.name}: frames {left} are missing")


def render(path: Path) -> Path:
    """13.4 s of 720p at 30 frames a second: a large texture that drifts, with fine grain that changes every frame."""
    rng = np.random.default_rng(0)
    coarse = resize(rng.integers(0, 256, (60, 100, 3)).astype(np.uint8), 1440, 2400).astype(np.int16)
    fine = rng.integers(-4, 5, (1440, 2400, 1))
    texture = np.clip(coarse + fine, 0, 255).astype(np.uint8)

    def frames() -> Iterator[Pixels]:
        for k in range(402):
            y, x = round(300 + 250 * np.sin(k / 40)), 2 * k
            view = texture[y : y + 720, x : x + 1280].astype(np.int16)
            yield np.clip(view + rng.integers(-1, 2, (720, 1280, 1), dtype=np.int16), 0, 255).astype(np.uint8)

    write_video(path, frames(), 30)
    return path


def store(videos: list[Path], root: Path) -> Corpus:
    with CorpusWriter(root, stored_streams(CorpusOptions().streams)) as writer:
        for number, path in enumerate(videos):
            info = probe(path)
            if (info.height, info.width) != (720, 1280):
                raise SystemExit(f"{path}: is {info.width}x{info.height}; this comparison is about 1280x720")
            (frames, _), *_ = clip_streams(path, [(0.0, info.duration)], CorpusOptions().streams)
            writer.add(Clip(f"c{number}", f"c{number}", 0, info.duration, ""), frames)
    return Corpus(root)


def check_same(corpus: Corpus, videos: list[Path]) -> None:
    """The stored pictures are those of the video at their times, or the comparison means nothing."""
    for i, path in enumerate(videos):
        stored = corpus.frames(i, "hr", [corpus.num_frames(i, "hr") // 2])
        with open_video(path) as video:
            decoded = video.at(stored.pts_seconds)
        error = np.abs(stored.rgb.astype(int) - decoded.rgb).mean()
        rate = path.stat().st_size * 8e-6 / corpus.clips[i].duration
        print(f"  {path.name}, {rate:.1f} Mbit/s: stored and decoded HR frame differ by {error:.1f} of 255 grey levels")
        assert decoded.pts_seconds[0] == stored.pts_seconds[0]
        assert error < 8, "the store holds other pictures than the video"


def check_share(corpus: Corpus, rng: np.random.Generator) -> float:
    """Part of a sample's CPU time that its CRC-32s take: 2 HR and 12 LR files of the first clip."""
    files = corpus.clip(0).files([("hr", range(2)), ("lr", range(12))])
    begin = time.process_time()
    for _ in range(50):
        corpus.sample(0, PREPROCESS, rng)
    between = time.process_time()
    for data in files * 1000:
        crc32(data)
    return (time.process_time() - between) / 1000 / ((between - begin) / 50)


def needed(path: Path, rng: np.random.Generator) -> list[list[int]]:
    """The frame numbers of each segment of a sample, in order of time."""
    info = probe(path)
    total, rate = int(info.duration * info.fps), round(SECONDS_APART * info.fps)
    middle, others = hybrid_indices(total, HybridSampling(2, 3, rate), rng)
    return np.sort(np.concatenate([middle[:, None], others], axis=1), axis=1).tolist()  # type: ignore[no-any-return]


def by_pyav(path: Path, rng: np.random.Generator) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for wanted in needed(path, rng):
            assert len(list(decode_segment(container, stream, wanted, float(stream.average_rate)))) == len(wanted)


def by_decord(path: Path, rng: np.random.Generator) -> None:
    import decord

    numbers = list(chain(*needed(path, rng)))
    assert decord.VideoReader(str(path), num_threads=1).get_batch(numbers).asnumpy().shape[0] == len(numbers)


def by_torchcodec(path: Path, rng: np.random.Generator) -> None:
    from torchcodec.decoders import VideoDecoder

    numbers = list(chain(*needed(path, rng)))
    decoder = VideoDecoder(str(path), num_ffmpeg_threads=1, seek_mode="approximate")
    assert len(decoder.get_frames_at(numbers).data) == len(numbers)


def jpegs_of(corpus: Corpus, i: int, rng: np.random.Generator) -> list[bytes]:
    """What is stored of the pictures of one sample."""
    middle, others = hybrid_indices(corpus.num_frames(i), PREPROCESS.sampling, rng, PREPROCESS.hr_every)
    return corpus.clip(i).files([("hr", middle // PREPROCESS.hr_every), ("lr", others.ravel())])


def decode_all(files: list[bytes], memory: np.ndarray) -> None:
    for data in files:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        simplejpeg.decode_jpeg(data, colorspace="RGB", buffer=memory[: height * width * 3])


def seconds_of(job: Callable[[], object], times: int = 1) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        job()
    return (time.perf_counter() - begin) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="720p clips (default: one is rendered)")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    ways = {"PyAV": by_pyav, "decord": by_decord, "torchcodec": by_torchcodec, "PyAV, as released": from_video}
    missing = [name for name in ("decord", "torchcodec") if importlib.util.find_spec(name) is None]
    with tempfile.TemporaryDirectory() as folder:
        videos = given.videos or [render(Path(folder) / "rendered.mp4")]
        corpus = store(videos, Path(folder) / "corpus")
        check_same(corpus, videos)
        taken: dict[str, list[float]] = {name: [] for name in (*ways, "the hybrid store", "its JPEGs alone")}
        memory = np.empty(1280 * 720 * 3, np.uint8)
        for turn in range(given.rounds + 1):
            i = turn % len(videos)
            files = [jpegs_of(corpus, i, rng) for _ in range(10)]
            row = {name: seconds_of(partial(way, videos[i], rng)) for name, way in ways.items() if name not in missing}
            row["the hybrid store"] = seconds_of(partial(corpus.sample, i, PREPROCESS, rng), 10)
            row["its JPEGs alone"] = seconds_of(partial(decode_all, list(chain(*files)), memory)) / len(files)
            if turn:  # the first one warms up
                for name, seconds in row.items():
                    taken[name].append(seconds)
        share = check_share(corpus, rng)
    base = statistics.median(taken["the hybrid store"])
    for name, seconds in taken.items():
        if not seconds:
            print(f"  {name:18} not installed")
            continue
        middle = statistics.median(seconds)
        print(f"  {name:18} {1000 * middle:8.2f} ms a sample, {middle / base:6.2f} times the store's")
    print(f"  check values take {share:.1%} of the store's time")


if __name__ == "__main__":
    main()
