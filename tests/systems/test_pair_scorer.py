"""A system that scores pairs is evaluated, chooses options and re-ranks hits with no line of the house changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from hdvila import load_model
from hdvila.errors import UsageError
from hdvila.evaluate import evaluate_checkpoint, evaluate_retrieval, write_report
from hdvila.evaluate.clip_test import benchmark_test
from hdvila.evaluate.evaluation import evaluate
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.record import file_name
from hdvila.hub import Processor
from hdvila.models import register, registry
from hdvila.nn.pretrained import PretrainedModel
from hdvila.store import Corpus
from hdvila.text.tokenizer import Tokenizer
from tests.e2e.benchmarks import write_msrvtt_mc, write_msrvtt_test
from tests.e2e.training_runs import write_corpus
from tests.systems import frame_mean, frame_pairs
from tests.systems.frame_mean import FrameMean, FrameMeanConfig, Frames
from tests.systems.frame_pairs import FramePairs, FramePairsConfig


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    for one in (frame_mean.SYSTEM, frame_pairs.SYSTEM):
        register(one)
    yield
    for one in (frame_mean.SYSTEM, frame_pairs.SYSTEM):
        registry._SYSTEMS.pop(one.name)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_msrvtt_mc(write_msrvtt_test(tmp_path_factory.mktemp("pairs") / "msrvtt"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of either system, saved; they have learned nothing."""
    root = tmp_path_factory.mktemp("models")
    tokenizer = Tokenizer.train(["a red green blue grey white thing and the s b c d e f"], 80)
    torch.manual_seed(0)
    made: dict[str, PretrainedModel] = {
        "finder": FrameMean(FrameMeanConfig(vocab_size=80, max_text_positions=16)),
        "scorer": FramePairs(FramePairsConfig(vocab_size=80, max_text_positions=16)),
    }
    for name, model in made.items():
        model.processor = Processor(Frames(), tokenizer, 12)
        model.save_pretrained(root / name)
    return {name: root / name for name in made}


def scores(predictions: Similarity | Answers) -> np.ndarray:
    assert isinstance(predictions, Similarity)
    return predictions.similarity


def test_it_is_evaluated(models: dict[str, Path], data: Path, tmp_path: Path) -> None:
    done = evaluate_checkpoint(str(models["scorer"]), "msrvtt-1ka", data)
    found_QV = scores(done.predicted.predictions)
    assert (done.record.queries, done.record.videos) == (6, 6)
    assert found_QV.shape == (6, 6)
    assert len(np.unique(found_QV)) == 36, "a pair has a score of its own"
    assert done.record.recipe is not None
    assert done.record.recipe["consensus"] == "mean"
    write_report(done, tmp_path / "report.html")

    model = load_model(models["scorer"])
    assert isinstance(model, FramePairs)
    report = evaluate_retrieval(model, Corpus(write_corpus(tmp_path / "corpus", range(5))))
    assert (report.queries, report.videos, report.seen) == (5, 5, {"least": 1.0, "mean": 1.0})


def test_it_chooses_options_that_are_captions(models: dict[str, Path], data: Path) -> None:
    done = evaluate_checkpoint(str(models["scorer"]), "msrvtt-mc", data)
    retrieval = evaluate_checkpoint(str(models["finder"]), "msrvtt-mc", data)
    for one in (done, retrieval):
        assert (one.record.queries, len(one.predicted.answers)) == (6, 6)
        for answer in one.predicted.answers:
            assert sum(share for _, share in answer.probabilities) == pytest.approx(1)
    with pytest.raises(
        UsageError, match=r"needs a model for a choice of options, and a model of frame-pairs is for sc"
    ):
        evaluate_checkpoint(str(models["scorer"]), "tgif-action", data.parent / write_action_data(data))


def write_action_data(data: Path) -> str:
    """A folder in which TGIF-QA's action questions are about the videos of `data`."""
    folder = data.parent / "action"
    folder.mkdir()
    (folder / "store").symlink_to(data / "store")
    row = "video0\twhat is it ?\tred\tgreen\tblue\tgrey\twhite\t0\tACTION0\t0"
    header = "gif_name\tquestion\ta1\ta2\ta3\ta4\ta5\tanswer\tvid_id\tkey"
    (folder / "Test_action_question.csv").write_text(f"{header}\n{row}\n")
    return folder.name


def test_it_scores_the_first_hits_of_another(models: dict[str, Path], data: Path) -> None:
    test = benchmark_test("msrvtt-1ka", data)
    finder, scorer = str(models["finder"]), str(models["scorer"])
    found, scored = (evaluate(one, test) for one in (finder, scorer))
    found_QV, scored_QV = (scores(one.predicted.predictions) for one in (found, scored))
    for first in (2, 6):
        both = evaluate(finder, test, reranked_by=scorer, first=first)
        both_QV = scores(both.predicted.predictions)
        of_text, of_video = (np.argsort(np.argsort(-found_QV, axis), axis) < first for axis in (1, 0))
        again = of_text | of_video
        np.testing.assert_allclose(both_QV[again], scored_QV[again], rtol=1e-5)
        assert again.all() == (first == 6)
        for new, old, chosen in zip(both_QV, found_QV, again, strict=True):
            assert np.max(new[~chosen], initial=-np.inf) < np.min(new[chosen]), "what is scored stands first"
            assert np.array_equal(np.argsort(new[~chosen]), np.argsort(old[~chosen])), "the others keep their order"
        assert both.record.recipe is not None
        assert both.record.recipe["reranking"]["first"] == first
        assert both.record.recipe["reranking"]["checkpoint"] == (scored.record.checkpoint or {})
    assert len({file_name(one.record) for one in (found, scored, both)}) == 3


def test_models_in_memory_are_left_as_they_were(models: dict[str, Path], data: Path) -> None:
    test = benchmark_test("msrvtt-1ka", data)
    finder, scorer = (load_model(models[name]) for name in ("finder", "scorer"))
    own = finder.processor
    finder.train()
    done = evaluate(finder, test, reranked_by=scorer, first=1)
    assert finder.processor is own
    assert finder.training
    assert done.record.checkpoint is None
    saved = evaluate(str(models["finder"]), test, reranked_by=str(models["scorer"]), first=1)
    assert np.array_equal(scores(done.predicted.predictions), scores(saved.predicted.predictions))
    itself = evaluate(scorer, test, reranked_by=scorer, first=6)
    alone = evaluate(scorer, test)
    assert np.array_equal(scores(itself.predicted.predictions), scores(alone.predicted.predictions))


def test_only_a_pair_scorer_re_ranks_and_only_retrieval_is_re_ranked(models: dict[str, Path], data: Path) -> None:
    with pytest.raises(UsageError, match="needs a model for scores of text-video pairs, and a model of frame-mean is"):
        evaluate(str(models["scorer"]), benchmark_test("msrvtt-1ka", data), reranked_by=str(models["finder"]))
    with pytest.raises(UsageError, match="only retrieval has hits to re-rank"):
        evaluate(str(models["finder"]), benchmark_test("msrvtt-mc", data), reranked_by=str(models["scorer"]))
