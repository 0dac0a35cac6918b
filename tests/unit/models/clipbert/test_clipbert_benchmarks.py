"""How ClipBERT is shown benchmarks: the paper's clips, the official code's single one, and what a store must hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hdvila.errors import UsageError
from hdvila.evaluate.protocols import get_protocol
from hdvila.media import FrameStream
from hdvila.models.clipbert.benchmarks import SHOWN, fit, streams_of, unsaid
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.models.clipbert.square import fitted_size
from hdvila.models.shown import Sampling

OWN = SparseClips(size=224, frames=1, seconds=1.5)


def fitted(own: SparseClips | None, protocol: str, sampling: Sampling = "standard", **how: Any) -> SparseClips:
    told = {"protocol": protocol, "released_store": "", "fine_tuned": False, **how}
    return fit(own, SHOWN[protocol], sampling, **told)


# name: L, N_train x T of seconds, N_test, text length, consensus, position and L of the official single clip
TABLE = {
    "msrvtt-1ka": (448, 8, 2, 1.0, 16, 20, "logsumexp", "third", 448),
    "msrvtt-1ka-7k": (448, 8, 2, 1.0, 16, 20, "logsumexp", "third", 448),
    "msrvtt-full": (448, 8, 2, 1.0, 16, 20, "logsumexp", "third", 448),
    "didemo": (448, 8, 2, 1.0, 16, 100, "logsumexp", "third", 448),
    "activitynet-val1": (448, 4, 2, 2.0, 20, 100, "logsumexp", "third", 448),
    "msrvtt-qa": (448, 8, 2, 1.0, 16, 100, "logsumexp", "first", 448),
    "msrvtt-mc": (448, 8, 2, 1.0, 16, 20, "logsumexp", "third", 448),
    "tgif-action": (448, 1, 1, 1.0, 16, 25, "logsumexp", "first", 768),
    "tgif-transition": (448, 1, 1, 1.0, 16, 25, "logsumexp", "first", 768),
    "tgif-frameqa": (448, 1, 1, 1.0, 16, 25, "logsumexp", "first", 768),
    "tgif-count": (448, 1, 1, 1.0, 16, 25, "mean", "first", 768),
}


@pytest.mark.parametrize("protocol", TABLE)
def test_settings_are_those_of_paper_and_release(protocol: str) -> None:
    size, clips, frames, seconds, test_clips, length, consensus, position, official_size = TABLE[protocol]
    shown = SHOWN[protocol]
    assert shown.train == SparseClips(size, clips, frames, seconds)
    assert shown.test == SparseClips(size, test_clips, frames, seconds)
    assert shown.official == SparseClips(official_size, 1, frames, seconds, position)  # type: ignore[arg-type]
    assert (shown.text_length, shown.consensus, shown.zero_shot) == (length, consensus, None)
    assert shown.differences


def test_its_benchmarks_are_protocols() -> None:
    assert [get_protocol(name).name for name in TABLE] == list(TABLE)


@pytest.mark.parametrize(
    ("own", "sampling", "fine_tuned", "expected"),
    [
        (None, "standard", False, SHOWN["msrvtt-1ka"].test),
        (None, "official", False, SHOWN["msrvtt-1ka"].official),
        (OWN, "standard", False, replace(OWN, clips=16)),
        (OWN, "standard", True, OWN),
        (OWN, "official", True, replace(OWN, clips=1, position="third")),
    ],
)
def test_a_model_keeps_its_frames_and_takes_the_clips(
    own: SparseClips | None, sampling: Sampling, fine_tuned: bool, expected: SparseClips
) -> None:
    assert fitted(own, "msrvtt-1ka", sampling, fine_tuned=fine_tuned) == expected


@pytest.mark.parametrize(
    ("protocol", "sampling", "store", "message"),
    [
        ("msrvtt-1ka", "zero-shot", "", "--sampling"),
        ("vqa2", "official", "", "--sampling"),
        ("msrvtt-1ka", "standard", "store_official", "--store"),
    ],
)
def test_what_does_not_fit_is_refused(protocol: str, sampling: Sampling, store: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"leave {message} out"):
        fitted(None, protocol, sampling, released_store=store)


def test_a_checkpoint_file_of_two_possible_sizes_is_named() -> None:
    assert "448" in unsaid("tgif-action", "standard")
    assert "768" in unsaid("tgif-action", "standard")
    silent: list[tuple[str, Sampling]] = [
        ("tgif-action", "official"),  # it is asked for
        ("msrvtt-1ka", "standard"),  # both have one size
        ("vqa2", "standard"),
        ("mine", "standard"),
    ]
    assert [unsaid(*one) for one in silent] == [""] * len(silent)


def test_a_store_holds_frames_for_all_inputs() -> None:
    assert streams_of([SparseClips()]) == {"frames": FrameStream(6.0, 336)}
    looks = [SparseClips(size=448, frames=16, seconds=2.0), SparseClips(size=768), SparseClips(stream="hr")]
    assert streams_of(looks) == {"frames": FrameStream(8.0, 576), "hr": FrameStream(6.0, 336)}
    for size in (64, 100, 224, 448, 768, 1000):
        inputs = SparseClips(size=size)
        for across, down in ((4, 3), (16, 9), (9, 16)):  # the stored frame is not enlarged
            longer = inputs.stored_lines * max(across, down) // min(across, down)
            assert longer >= size
            assert min(fitted_size(down * 100, across * 100, size)) <= inputs.stored_lines
