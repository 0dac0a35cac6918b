"""What the corpus gives back is what PyAV shows at those times, for real files of every kind, in both forms.

The tolerance: a stored picture is at most a quarter further from the decoded one than JPEG of the default quality takes
that, on average over its pixels (the compact form: 5 of 255 grey levels), and nearer to it than to the picture half a
second on, where that one is another picture.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.corpus.options import CorpusOptions
from hdvila.media import Form, Packing, clip_streams, open_video, probe, resize
from hdvila.media.codecs import decode_jpeg, encode_jpeg
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Pixels
from tests.hybrid_streams import hybrid_streams
from tests.unit.media.numbered_pictures import number_in
from tests.unit.media.plain_decode import plain_rgb
from tests.unit.store.derived import forget

COMPACT_TOLERANCE = 5.0
FILES: dict[str, Callable[[Pixels], Pixels]] = {
    "sample-videos__book.mkv": lambda rgb: rgb,
    "media__sample_fragmented.mp4": lambda rgb: rgb,  # its header promises hours, its picture starts at 0.067 s
    "media__sample_portrait.mp4": lambda rgb: rgb,
    "media__sample_rotate_and_reflect.mp4": lambda rgb: rgb.swapaxes(0, 1),
    "media__sample_with_srt.mkv": lambda rgb: rgb,
    "learning-area__pig.mp4": lambda rgb: rgb,
    "python-videointelligence__googlework_short.mp4": lambda rgb: rgb,  # starts at 0.834 s
}


def decoded(path: Path) -> tuple[list[float], list[Pixels]]:
    """Times from the container's start and pictures of the first three seconds, by PyAV alone."""
    times, pictures = [], []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        begin = (container.start_time or 0) / 1e6
        for frame in container.decode(stream):
            assert frame.pts is not None
            assert stream.time_base is not None
            times.append(float(frame.pts * stream.time_base) - begin)
            pictures.append(plain_rgb(frame))
            if times[-1] > 3:
                break
    return times, pictures


def stored(path: Path, root: Path, form: Form = "jpeg") -> Corpus:
    """A corpus of one clip: the first 2.3 seconds."""
    end = min(2.3, probe(path).duration)
    with CorpusWriter(root, hybrid_streams(form=form)) as writer:
        ((frames, _),) = clip_streams(path, [(0.0, end)], CorpusOptions().streams, Packing(form))
        writer.add(Clip("clip", "video", 0.0, end, "words"), frames)
    return Corpus(root)


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def assert_round_trip(path: Path, corpus: Corpus, upright: Callable[[Pixels], Pixels]) -> None:
    times, pictures = decoded(path)
    for stream, step in (("hr", 0.5), ("lr", 0.1)):
        back = corpus.frames(0, stream)
        for number, (pts, rgb) in enumerate(back):
            shown = max((k for k, time in enumerate(times) if time <= number * step + 1e-6), default=0)
            assert pts == pytest.approx(times[shown], abs=1e-6)
            expected = resize(np.ascontiguousarray(upright(pictures[shown])), *rgb.shape[:2])
            error = difference(rgb, expected)
            lossy = difference(decode_jpeg(encode_jpeg(expected)), expected)
            bound = 1.25 * lossy + 0.1 if corpus.streams["hr"].form == "jpeg" else COMPACT_TOLERANCE
            assert error < bound, f"{stream} frame {number} differs by {error:.2f}, JPEG alone by {lossy:.2f}"
            later = next((k for k, time in enumerate(times) if time > times[shown] + 0.5), None)
            if later is not None:
                other = resize(np.ascontiguousarray(upright(pictures[later])), *rgb.shape[:2])
                assert error < difference(rgb, other) or difference(expected, other) < 1


@pytest.mark.parametrize("name", FILES)
def test_real_files(real_videos: Path, tmp_path: Path, name: str) -> None:
    assert_round_trip(real_videos / name, stored(real_videos / name, tmp_path), FILES[name])


def test_the_compact_form(real_videos: Path, tmp_path: Path) -> None:
    path = real_videos / "sample-videos__book.mkv"
    compact, plain = stored(path, tmp_path / "h264", "h264"), stored(path, tmp_path / "jpeg")
    assert_round_trip(path, compact, lambda rgb: rgb)
    sizes = [(tmp_path / form / "shards/000000.tar").stat().st_size for form in ("h264", "jpeg")]
    assert sizes[0] < sizes[1] / 2
    for stream in ("hr", "lr"):
        assert compact.pts_seconds(0, stream).tolist() == plain.pts_seconds(0, stream).tolist()
        whole = compact.frames(0, stream).rgb
        chosen = [len(whole) - 1, 0, 2, 0]
        assert np.array_equal(compact.frames(0, stream, chosen).rgb, whole[chosen])
    forget(tmp_path / "h264")
    again = Corpus(tmp_path / "h264")  # from the shard alone
    assert again.streams["hr"].form == "h264"
    assert np.array_equal(again.frames(0, "lr").rgb, compact.frames(0, "lr").rgb)


def test_uneven_times(make_video: Callable[..., Path], tmp_path: Path) -> None:
    """A video whose frames stand 10 to 400 ms apart."""
    steps = np.random.default_rng(3).integers(10, 400, 40)
    path = make_video("uneven.mkv", times=np.cumsum(steps).tolist(), base=Fraction(1, 1000))
    corpus = stored(path, tmp_path)
    assert_round_trip(path, corpus, lambda rgb: rgb)
    shown = [number_in(rgb) for rgb in corpus.frames(0, "hr").rgb]
    assert shown == sorted(shown)
    assert len(set(shown)) > 3


def test_plain_tar_opens_a_shard(make_video: Callable[..., Path], tmp_path: Path) -> None:
    stored(make_video("any.mp4"), tmp_path)
    shard = tmp_path / "shards/000000.tar"
    names = subprocess.run(["tar", "-tf", shard], capture_output=True, text=True, check=True).stdout.split()
    assert names[0] == "clip.hr.000.jpg"
    assert names[-2:] == ["clip.txt", "clip.json"]
    subprocess.run(["tar", "-xf", shard, "-C", tmp_path], check=True)
    assert (tmp_path / "clip.txt").read_text() == "words"
    assert (tmp_path / "clip.lr.000.jpg").read_bytes()[:2] == b"\xff\xd8"


@pytest.fixture(scope="module")
def film(make_video: Callable[..., Path]) -> Path:
    """Frames on which no other is built stand between those that are."""
    return make_video("reordered.mp4", frames=90, b_frames=3, preset="medium")


@settings(max_examples=25, deadline=None)
@given(wanted=st.sets(st.integers(0, 89), min_size=1))
def test_frames_left_out_change_no_other(film: Path, wanted: set[int]) -> None:
    with open_video(film, threads=1) as video:
        some = {picture.index: picture.rgb for picture in video.only(sorted(wanted))}
        assert sorted(some) == sorted(wanted)
        for index, rgb in video.pick(sorted({*wanted, 0, 44, 89})):  # and the video is whole again afterwards
            assert number_in(rgb) == index
            assert index not in some or np.array_equal(rgb, some[index])


def test_frames_are_left_out(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_video(film, threads=1) as video:
        decoding, came = video._decoder, []
        original = decoding._decode
        monkeypatch.setattr(decoding, "_decode", lambda packets: (came.append(one) or one for one in original(packets)))
        decoding.begin(from_start=False)
        assert len(list(video.only([0, 80]))) == 2
    assert len(came) < 70
