"""What the search for near-duplicates finds and what it costs, beside looking at a frame every two seconds.

    python benchmarks/near_duplicates.py [VIDEO ...] [--cost FILE] [--seconds S] [--repeat N]

Of each VIDEO, which must show different things, a clip of up to ten seconds is excluded; every fourth gives what stands
around it in long videos. Copies of the clips are made: encoded again, cut, scaled, put into long videos. Each is
compared twice: with all clips, of which its own must be named, and with the others, of which none may be. Then come
videos that are no copies but have pictures in common or look alike. Two ways are compared: a frame every two seconds,
which decodes everything, and `LookAlikes.match`, key frames first. For the cost decoding alone, what the machine can
do, takes turns with them: CPU seconds with one thread, medians of N rounds, on 720p videos (FILE; without any, one is
rendered) repeated to S seconds. Without VIDEO scenes of the miniature world are used, which look alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from store_vs_decode import render
from whole_videos import decode, lengthen

from hdvila.corpus.choice.frame_hashes import hashes_of, steady_times, step_of
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.media import open_video, resize
from hdvila.miniature import render as render_world
from hdvila.processes import Died, in_order
from hdvila.types import Pixels

HEIGHT, CLIP, LONGEST = 144, 10.0, 20.0  # pixels; seconds of an excluded clip, and that are read of a video
WAYS = ("every 2 s", "key frames first")
ENDLESS = 100_000  # frames


class Scene(NamedTuple):
    """Pictures (T, H, W, 3) and how many of them there are in a second."""

    rgb: Pixels
    fps: float

    def part(self, begin: float, end: float) -> Scene:
        return Scene(self.rgb[round(begin * self.fps) : round(end * self.fps)], self.fps)

    def at(self, fps: float, height: int, width: int) -> Iterator[Pixels]:
        """Its pictures at another rate and size."""
        for number in range(round(len(self.rgb) / self.fps * fps)):
            picture = self.rgb[min(len(self.rgb) - 1, int(number * self.fps / fps))]
            yield picture if picture.shape[:2] == (height, width) else resize(picture[None], height, width)[0]

    @property
    def seconds(self) -> float:
        return len(self.rgb) / self.fps


class Encoding(NamedTuple):
    codec: str = "libx264"
    gop: float = 10.0  # seconds from key frame to key frame
    size: float = 1.0
    options: dict[str, str] = {"crf": "30", "preset": "veryfast"}  # noqa: RUF012
    ending: str = ".mp4"
    uneven: bool = False  # a third of the frames is left out at random


def read(path: Path) -> Scene:
    with open_video(path, threads=1) as video:
        info, width = video.info, 2 * round(HEIGHT * video.info.width / video.info.height / 2)
        fps = len(video.pts_seconds) / info.duration
        indices = range(min(len(video.pts_seconds), round(LONGEST * fps)))
        return Scene(np.stack([picture.sized(HEIGHT, width) for picture in video.only(indices)]), fps)


def write(path: Path, frames: Iterable[Pixels], fps: float, how: Encoding) -> Path:
    path = path.with_suffix(how.ending)
    keep = np.random.default_rng(0).random(1 << 16) > (1 / 3 if how.uneven else -1)
    with av.open(str(path), "w") as container:
        stream = None
        for number, rgb in enumerate(frames):
            if not keep[number]:
                continue
            height, width = (2 * round(side * how.size / 2) for side in rgb.shape[:2])
            if stream is None:
                rate = Fraction(fps).limit_denominator(1001)
                stream = container.add_stream(how.codec, rate=rate, options=how.options)
                stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
                stream.codec_context.gop_size = max(1, round(how.gop * fps))
                stream.codec_context.thread_count = 1
                stream.codec_context.time_base = 1 / rate
            frame = av.VideoFrame.from_ndarray(resize(rgb[None], height, width)[0] if how.size != 1 else rgb, "rgb24")
            frame.pts, frame.time_base = number, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode(None))
    return path


# Copies: of a clip in the whole it was cut from, among other things, at `fps`.


def long_one(clip: Scene, others: list[Scene], fade: bool = False) -> Iterator[Pixels]:
    """Half a minute or so of other things, the clip, and other things again."""
    height, width = clip.rgb.shape[1:3]
    around = [scene.at(clip.fps, height, width) for scene in others]
    before, after = around[: len(around) // 2], around[len(around) // 2 :]
    inner: Iterable[Pixels] = faded(clip) if fade else clip.rgb
    yield from chain(*before, inner, *after)


def faded(clip: Scene) -> Iterator[Pixels]:
    """From black within a second and to black again."""
    for number, picture in enumerate(clip.rgb):
        yield (picture * min(1.0, number / clip.fps, (len(clip.rgb) - number) / clip.fps)).astype(np.uint8)


def letterboxed(clip: Scene) -> Iterator[Pixels]:
    for picture in clip.rgb:
        edge = HEIGHT // 8
        yield np.pad(picture[edge:-edge], ((edge, edge), (0, 0), (0, 0)))


def framed(clip: Scene) -> Iterator[Pixels]:
    """The whole picture, smaller, between bars above and below, as it is fitted into an upright screen."""
    edge = HEIGHT // 8
    for picture in clip.rgb:
        small = resize(picture[None], HEIGHT - 2 * edge, picture.shape[1])[0]
        yield np.pad(small, ((edge, edge), (0, 0), (0, 0)))


def copies(clip: Scene, others: list[Scene]) -> dict[str, tuple[Iterable[Pixels], float, Encoding]]:
    """Frames, their rate, and how they are encoded, by kind."""
    rgb, fps, third, tenth = clip.rgb, clip.fps, len(clip.rgb) // 3, HEIGHT // 20
    plain, fixed = Encoding(), {**Encoding().options, "sc_threshold": "0"}  # key frames at equal distances only
    hevc = {"crf": "34", "preset": "ultrafast", "x265-params": "log-level=none"}
    vp9 = {"crf": "40", "b": "0", "cpu-used": "8", "deadline": "realtime"}
    mpeg = {"qscale": "12", "flags": "+qscale"}
    return {
        "encoded again (crf 40, half the size)": (rgb, fps, Encoding(size=0.5, options={"crf": "40"})),
        "HEVC, key frames every 2 s": (rgb, fps, Encoding("libx265", 2, options=hevc)),
        "VP9, key frames every 5 s": (rgb, fps, Encoding("libvpx-vp9", 5, options=vp9, ending=".webm")),
        "MPEG-4 in AVI": (rgb, fps, Encoding("mpeg4", 0.5, options=mpeg, ending=".avi")),
        "MPEG-2 transport stream": (rgb, 25, Encoding("mpeg2video", 0.5, options=mpeg, ending=".ts")),
        "a quarter of the size": (rgb, fps, Encoding(size=0.25)),
        "every frame a key frame": (rgb, fps, Encoding(gop=0)),
        "one key frame": (rgb, fps, Encoding(gop=ENDLESS, options=fixed)),
        "uneven frame rate": (rgb, fps, Encoding(uneven=True)),
        "the first third cut off": (rgb[third:], fps, plain),
        "its middle half": (rgb[len(rgb) // 4 : -(len(rgb) // 4)], fps, plain),
        "a quarter faster": (rgb, 1.25 * fps, plain),
        "faded in and out": (faded(clip), fps, plain),
        "in a long video": (long_one(clip, others), fps, plain),
        "in a long video, key frames every 5 s": (long_one(clip, others), fps, Encoding(gop=5, options=fixed)),
        "in a long video, key frames every 10 s": (long_one(clip, others), fps, Encoding(options=fixed)),
        "in a long video, one key frame": (long_one(clip, others), fps, Encoding(gop=ENDLESS, options=fixed)),
        "in a long video, faded in and out": (long_one(clip, others, fade=True), fps, plain),
        "mirrored": (rgb[:, :, ::-1].copy(), fps, plain),
        "cropped by a tenth": (rgb[:, tenth:-tenth, 2 * tenth : -2 * tenth].copy(), fps, plain),
        "letterboxed (an eighth black above and below)": (letterboxed(clip), fps, plain),
        "made smaller between bars": (framed(clip), fps, plain),
    }


# No copies: each kind gives videos that are excluded, and others.


def slides(seed: int, seconds: float = 4.0) -> Scene:
    """Six pages of dark lines on white."""
    draw, pages = np.random.default_rng(seed), []
    for _ in range(6):
        page = Image.new("RGB", (256, HEIGHT), "white")
        pen = ImageDraw.Draw(page)
        for line in range(int(draw.integers(3, 8))):
            words = " ".join("x" * int(draw.integers(2, 9)) for _ in range(int(draw.integers(1, 6))))
            pen.text((20, 12 + 18 * line), words, fill=(20, 20, 60))
        pages += [np.asarray(page)] * round(10 * seconds)
    return Scene(np.stack(pages), 10)


def card(seed: int, seconds: float) -> Scene:
    """One page that stays."""
    return slides(seed, seconds).part(0, seconds)


def joined(parts: list[Scene]) -> Scene:
    fps = parts[-1].fps
    size = parts[-1].rgb.shape[1:3]
    return Scene(np.stack(list(chain(*(part.at(fps, *size) for part in parts)))), fps)


def strangers(scenes: list[Scene], world: list[Scene]) -> dict[str, tuple[list[Scene], list[Scene]]]:
    """By kind: what is excluded, and what is no copy of it."""
    half = len(scenes) // 2
    clips = [scene.part(0, CLIP) for scene in scenes]
    black = Scene(np.zeros((30, HEIGHT, 256, 3), np.uint8), 10)
    with_black = [joined([black, clip]) for clip in clips]
    with_card = [joined([card(9, 2.5), clip]) for clip in clips]
    return {
        "the same black beginning of 3 s": (with_black[:half], with_black[half:]),
        "the same title of 2.5 s": (with_card[:half], with_card[half:]),
        "slides": ([slides(seed) for seed in range(4)], [slides(seed) for seed in range(10, 18)]),
        "one page that stays": ([card(seed, 12) for seed in range(4)], [card(seed, 12) for seed in range(10, 18)]),
        "scenes of one drawn world": (world[: len(world) // 2], world[len(world) // 2 :]),
    }


class Task(NamedTuple):
    """A video to be compared with two sets; `kind`, and the name that is right in the first."""

    kind: str
    name: str
    video: Path
    whole: LookAlikes
    rest: LookAlikes


def every_two_seconds(path: Path, sets: list[LookAlikes]) -> list[str | None]:
    """The way that decodes everything."""
    with open_video(path, threads=1) as video:
        step = step_of(video.info.duration)
        times = steady_times(video.info.duration, step)
        hashes = hashes_of(rgb for _, rgb in video.pick(np.unique(video.indices_at(times)).tolist()))
    return [look_alikes.match_hashes(hashes, step) for look_alikes in sets]


def compared(task: Task) -> NDArray[np.bool_]:
    """(2 ways, 2) whether it is found under the right name, and whether it is taken for another."""
    plain = every_two_seconds(task.video, [task.whole, task.rest])
    keys = [task.whole.match(task.video), task.rest.match(task.video)]
    return np.array([[found[0] == task.name, found[1] is not None] for found in (plain, keys)])


def without(look_alikes: LookAlikes, number: int) -> LookAlikes:
    sizes = np.diff(look_alikes.ends, prepend=0)
    kept = np.repeat(np.arange(len(sizes)) != number, sizes)
    names = tuple(name for k, name in enumerate(look_alikes.names) if k != number)
    ends = np.cumsum(np.delete(sizes, number))
    return LookAlikes(names, look_alikes.hashes[kept], ends, look_alikes.times[kept])


def excluded(scenes: list[Scene], folder: Path) -> LookAlikes:
    folder.mkdir()
    for number, scene in enumerate(scenes):
        write(folder / f"{number:03d}", scene.rgb, scene.fps, Encoding(options={"crf": "20"}))
    return LookAlikes.of([folder])


def made(clip: Scene, others: list[Scene], number: int, look_alikes: LookAlikes, folder: Path) -> list[Task]:
    rest, tasks = without(look_alikes, number), []
    for k, (kind, (frames, fps, how)) in enumerate(copies(clip, others).items()):
        video = write(folder / f"{number}-{k}", frames, fps, how)
        tasks.append(Task(kind, look_alikes.names[number], video, look_alikes, rest))
    return tasks


def found_in(job: tuple[Scene, list[Scene], int, LookAlikes], folder: Path) -> dict[str, NDArray[np.bool_]]:
    return {task.kind: compared(task) for task in made(*job, folder)}


def clip_of(scene: Scene) -> Scene:
    begin = max(0.0, scene.seconds - CLIP) / 2
    return scene.part(begin, begin + CLIP)


def quality(scenes: list[Scene], world: list[Scene], folder: Path) -> None:
    around = [scene.part(0, CLIP) for scene in scenes[::4]]
    clips = [clip_of(scene) for number, scene in enumerate(scenes) if number % 4]
    whole = excluded(clips, folder / "excluded")
    jobs = [(clip, around, number, whole) for number, clip in enumerate(clips)]
    total: dict[str, list[NDArray[np.bool_]]] = defaultdict(list)
    for _, result in in_order(partial(found_in, folder=folder), jobs, 2):
        assert not isinstance(result, Died)
        for kind, each in result.items():
            total[kind].append(each)
    print(f"{len(clips)} clips, {sum(clip.seconds for clip in clips):.0f} s; of each kind of copy, how many are found")
    print(f"  {'':46}" + "".join(f"{way:>20}" for way in WAYS))
    for kind, each in total.items():
        print(f"  {kind:46}" + "".join(f"{np.sum(each, axis=0)[way, 0]:>17}/{len(each)}" for way in (0, 1)))
    every = np.concatenate(list(total.values()))
    wrong = every.sum(axis=0)[:, 1]
    print(f"  {'taken for a copy of another clip':46}" + "".join(f"{n:>16}/{len(every)}" for n in wrong))
    print("no copies, but taken for one")
    for number, (kind, (theirs, mine)) in enumerate(strangers(scenes, world).items()):
        look_alikes = excluded(theirs, folder / f"strangers{number}")
        wrong = np.zeros(2, int)
        for k, scene in enumerate(mine):
            video = write(folder / f"stranger{number}-{k}", scene.rgb, scene.fps, Encoding())
            wrong += [every_two_seconds(video, [look_alikes])[0] is not None, look_alikes.match(video) is not None]
        print(f"  {kind:46}" + "".join(f"{n:>17}/{len(mine)}" for n in wrong))


def costs(source: Path, seconds: float, repeat: int, folder: Path) -> None:
    video, copy = folder / "long.mkv", folder / "copy"
    shown = lengthen(source, video, seconds)
    copy.mkdir()
    other, same = excluded([slides(1)], folder / "other"), LookAlikes.of([source])
    jobs: dict[str, Callable[[], object]] = {
        "decoding alone": lambda: decode(video),
        "every 2 s": lambda: every_two_seconds(video, [other]),
        "key frames first": lambda: other.match(video),
        "key frames first, a copy": lambda: same.match(video),
    }
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(repeat):
        for name in (list(jobs), list(jobs)[::-1])[turn % 2]:
            begin = time.process_time()
            jobs[name]()
            taken[name].append(time.process_time() - begin)
    base = statistics.median(taken["decoding alone"])
    print(f"{shown:.0f} s of 720p, medians of {repeat} [least, most], CPU s an hour of video")
    for name, each in taken.items():
        middle, low, high = (3600 * value / shown for value in (statistics.median(each), min(each), max(each)))
        times = f"{middle * shown / 3600 / base:.3f} times decoding alone"
        print(f"  {name:26} {middle:8.1f} [{low:.1f}, {high:.1f}]  {times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="files that show different things (default: rendered)")
    parser.add_argument("--cost", type=Path, nargs="*", help="720p files for the cost (default: one is rendered)")
    parser.add_argument("--seconds", type=float, default=60.0, help="to which these are repeated")
    parser.add_argument("--repeat", type=int, default=5, help="rounds of which the median counts")
    parser.add_argument("--skip", choices=("quality", "cost"), help="one of both parts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.skip != "quality":
            render_world(folder / "world", 16, workers=2)
            world = [read(path) for path in sorted((folder / "world" / "videos").glob("*.mp4"))]
            quality([read(path) for path in given.videos] or world, world, folder)
        if given.skip != "cost":
            for number, source in enumerate(given.cost or [render(folder / "rendered.mp4")]):
                (folder / str(number)).mkdir()
                print(source.name)
                costs(source, given.seconds, given.repeat, folder / str(number))


if __name__ == "__main__":
    main()
