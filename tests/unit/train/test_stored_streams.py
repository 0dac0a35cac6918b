"""Which stream of a store a run reads, and what is said where it has none of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdvila.data.settings import Benchmark, DataSettings
from hdvila.data.source import prepare_command
from hdvila.errors import UsageError
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.models.inputs import Inputs
from hdvila.recipes import get_recipe
from hdvila.store import CorpusWriter, Stream
from hdvila.train.recipe import Recipe
from hdvila.train.streams import on_stored_streams
from hdvila.types import Clip, Frames
from tests.unit.watching import Watching

HYBRID = {"hr": Stream(2.0, at="lr"), "lr": Stream(6.0)}


def store(folder: Path, streams: dict[str, Stream]) -> Path:
    """A benchmark's folder whose store has one clip of a second in these streams."""
    with CorpusWriter(folder / "store", streams) as writer:
        frames = {
            name: Frames(np.zeros((int(one.fps), 8, 8, 3), np.uint8), np.arange(int(one.fps)) / one.fps)
            for name, one in streams.items()
        }
        writer.add(Clip("a", "a", 0.0, 1.0, "words"), frames)
    return folder


def recipe_for(folder: Path, inputs: Inputs | None) -> Recipe:
    """A recipe of ClipBERT with these inputs, or HD-VILA's own."""
    found = get_recipe("msrvtt-qa")
    benchmark = Benchmark("msrvtt-qa", str(folder))
    if inputs is None:
        return replace(found, data=replace(found.data, benchmark=benchmark))
    model = ClipBERTConfig("open_ended", num_answers=9)
    return replace(found, model=model, data=DataSettings(benchmark=benchmark, preprocess=inputs))


@pytest.mark.parametrize(
    ("streams", "asked", "read"),
    [
        ({"frames": Stream(6.0)}, "frames", "frames"),
        (HYBRID, "frames", "hr"),
        ({"other": Stream(3.0)}, "frames", "other"),
        (HYBRID, "lr", "lr"),
        ({"one": Stream(3.0), "two": Stream(4.0)}, "frames", ""),
        (HYBRID, "mine", ""),
    ],
)
def test_a_run_reads_what_the_store_has(tmp_path: Path, streams: dict[str, Stream], asked: str, read: str) -> None:
    recipe, notes = recipe_for(store(tmp_path, streams), SparseClips(stream=asked)), Watching()
    if not read:
        with pytest.raises(UsageError) as refused:
            on_stored_streams(recipe, notes)
        said = str(refused.value)
        assert f"reads {asked}: make a store that has it with hdvila prepare msrvtt-qa --videos VIDEOS" in said
        assert "--system clipbert --store store-clipbert, and add --set data.benchmark.store=store-clipbert" in said
        return
    assert on_stored_streams(recipe, notes).data.preprocess == SparseClips(stream=read)
    assert bool(notes.notes) is (read != asked), "another stream is never taken without a word"


def test_hdvila_reads_its_own_streams_alone(tmp_path: Path) -> None:
    fine = recipe_for(store(tmp_path / "hybrid", HYBRID), None)
    assert on_stored_streams(fine) == fine
    with pytest.raises(UsageError, match=r"reads hr and lr: .* --system hdvila --store store-hdvila"):
        on_stored_streams(recipe_for(store(tmp_path / "frames", {"frames": Stream(6.0)}), None))
    missing = recipe_for(tmp_path / "none", None)
    assert on_stored_streams(missing) == missing, "whoever opens the store says that there is none"


def test_the_command_names_store_and_system() -> None:
    begin = "hdvila prepare didemo --videos VIDEOS --data D"
    assert prepare_command("didemo", Path("D")) == begin
    assert prepare_command("didemo", Path("D"), "store-official") == f"{begin} --official"
    assert prepare_command("didemo", Path("D"), "s", "clipbert") == f"{begin} --system clipbert --store s"
