"""The examples do what they say, on small things of their own."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hdvila.data.settings import DataSettings
from hdvila.evaluate import evaluate_retrieval, protocols
from hdvila.hub import build_model, load_model
from hdvila.media import write_video
from hdvila.models import registry
from hdvila.store import Corpus
from hdvila.tasks import PretrainStage1
from hdvila.train import Recipe, train
from hdvila.train.log import read_log
from hdvila.train.optim import Optim
from tests.e2e.benchmarks import write_msrvtt_test
from tests.e2e.training_runs import write_corpus

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_run_here_and_named_in_the_docs() -> None:
    here = Path(__file__).read_text()
    words = (EXAMPLES.parent / "CONTRIBUTING.md").read_text() + (EXAMPLES.parent / "README.md").read_text()
    for file in EXAMPLES.glob("*.py"):
        assert f'example("{file.stem}")' in here, file.name
        assert f"examples/{file.name}" in words, file.name


def test_a_folder_is_embedded_and_a_video_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hdvila.hub import Processor
    from hdvila.models import Preprocess
    from hdvila.recipes.hdvila.miniature import miniature_model
    from hdvila.text.tokenizer import Tokenizer

    (tmp_path / "videos").mkdir()
    for name, level in (("dark", 20), ("light", 230)):
        write_video(tmp_path / "videos" / f"{name}.mp4", np.full((20, 64, 96, 3), level, np.uint8), 10)
    model = build_model(miniature_model("stage1"))
    inputs = Preprocess(64, 64, segments=1, neighbours=1)
    model.processor = Processor(inputs, Tokenizer.train(["a dark room"], 60), 8)
    model.save_pretrained(tmp_path / "model")
    ranked = example("embed_folder").main(tmp_path / "model", tmp_path / "videos", "a dark room")
    assert {Path(file).stem for _, file in ranked} == {"dark", "light"}
    assert capsys.readouterr().out.count("\n") == 2
    [(score, text), _] = example("score_video").main(tmp_path / "model", ranked[0][1], "a dark room", "light")
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{score:.3f}  {text}"
    assert len(printed) == 2


def test_a_plain_loop_learns(tmp_path: Path) -> None:
    losses = example("plain_loop").main(write_corpus(tmp_path / "corpus"), steps=6)
    assert len(losses) == 6
    assert np.isfinite(losses).all()


def test_predictions_are_scored(tmp_path: Path) -> None:
    data = write_msrvtt_test(tmp_path / "data")
    np.save(tmp_path / "similarity.npy", np.eye(6))
    record = example("score_predictions").main(data / "MSRVTT_JSFUSION_test.csv", tmp_path / "similarity.npy")
    assert record.text_to_video["r1"] == 1.0


def test_a_benchmark_is_added(tmp_path: Path) -> None:
    try:
        protocol = example("add_benchmark").MY_VIDEOS
        (tmp_path / "test.tsv").write_text("v1\ta dog\nv2\ta cat\nv1\tan old dog\n")
        annotations = protocols.read_split(protocols.get_protocol("my-videos"), tmp_path, "test")
        assert [caption.text for caption in annotations.captions] == ["a dog", "a cat", "an old dog"]
        assert len(annotations.videos) == 2
        assert protocol.task == "retrieval"
    finally:
        protocols.PROTOCOLS.pop("my-videos", None)


def test_a_system_is_added(tmp_path: Path) -> None:
    try:
        module = example("add_system")
        recipe = Recipe(
            name="colours",
            task=PretrainStage1(),
            model=module.ColourConfig(vocab_size=80, max_text_positions=8),
            data=DataSettings(preprocess=module.FewFrames(), text_length=8),
            steps=60,
            batch_size=8,
            optim=Optim(lr=3e-2),
        )
        corpus = write_corpus(tmp_path / "corpus")
        model = load_model(train(recipe, tmp_path / "run", corpus=corpus))
        assert type(model).__name__ == "Colours"
        log = read_log(tmp_path / "run")
        assert log[-1]["loss"] < log[0]["loss"]
        assert evaluate_retrieval(model, Corpus(corpus)).text_to_video.r10 > 10 / 24
    finally:
        registry._SYSTEMS.pop("colours", None)
