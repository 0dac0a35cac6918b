"""A system that scores pairs is evaluated, chooses options and re-ranks hits with no line of the house changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hdvila import load_model
from hdvila.cli.main import main
from hdvila.errors import UsageError
from hdvila.evaluate import evaluate_checkpoint, evaluate_retrieval, write_report
from hdvila.evaluate.clip_test import benchmark_test
from hdvila.evaluate.evaluation import evaluate
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.record import file_name, read_record
from hdvila.hub import Processor
from hdvila.media import open_video, write_video
from hdvila.models import register, registry
from hdvila.nn.pretrained import RECIPE, PretrainedModel
from hdvila.store import Corpus
from hdvila.text.tokenizer import Tokenizer
from tests.e2e.benchmarks import write_msrvtt_mc, write_msrvtt_test
from tests.e2e.training_runs import write_corpus
from tests.systems import frame_mean, frame_pairs
from tests.systems.frame_mean import FrameMean, FrameMeanConfig, Frames
from tests.systems.frame_pairs import FramePairs, FramePairsConfig
from tests.unit.models.small_hdvila import tiny_model


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
    assert done.record.recipe["consensus"] == "logsumexp"
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scorer that knows dark from light, and a video that is dark for two seconds, then light."""
    folder = tmp_path_factory.mktemp("trained")
    levels = np.repeat([20, 230], 20).astype(np.uint8)
    write_video(folder / "both.mp4", np.broadcast_to(levels[:, None, None, None], (40, 64, 64, 3)), 10)
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(["a dark picture", "a light picture"], 60)
    model = FramePairs(FramePairsConfig(vocab_size=60))
    model.processor = Processor(Frames(), tokenizer, 8)
    ids, mask = model.processor.tokenize(["a dark picture", "a light picture"] * 2)
    frames = torch.tensor([20, 20, 230, 230])[:, None, None, None, None].expand(4, 4, 3, 32, 32)
    update = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(30):
        scores = model.match_scores(model.visual_tokens(frames), ids, mask, "mean")
        update.zero_grad()
        torch.nn.functional.binary_cross_entropy(scores, torch.tensor([1.0, 0, 0, 1])).backward()
        update.step()
    model.save_pretrained(folder / "model", {RECIPE: {"name": "toy", "task.consensus": "mean"}})
    return folder


def test_a_video_is_scored_against_texts(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, video = load_model(trained / "model"), trained / "both.mp4"
    texts = ["a dark picture", "a light picture", "a dark picture"]
    dark, light = model.score_texts(video, texts, end=2.0), model.score_texts(video, texts, 2.0)
    assert (dark.shape, dark.dtype) == ((3,), torch.float32)
    assert dark[0] > 0.9 > 0.1 > dark[1]
    assert light[1] > 0.9 > 0.1 > light[0]
    assert dark[0] == dark[2]
    with open_video(video) as opened:
        frames = opened.at(np.arange(20) / 10)
    torch.testing.assert_close(model.score_texts(frames.rgb, texts, fps=10), dark)
    asked: list[str] = []
    monkeypatch.setattr(
        model, "match_scores", lambda visual, ids, mask, how: asked.append(how) or torch.zeros(len(ids))
    )
    model.score_texts(video, "a dark picture")
    model.recipe = None
    model.score_texts(video, "a dark picture")
    assert asked == ["mean", "logsumexp"], "as it was trained; where nothing says how, by logsumexp"


def test_a_dual_encoder_scores_texts_by_cosine_and_others_say_why_not(models: dict[str, Path], trained: Path) -> None:
    finder, scorer, video = load_model(models["finder"]), load_model(models["scorer"]), trained / "both.mp4"
    cosines = finder.embed_text(["red", "blue"]) @ finder.embed_video(video, 0.5, 1.5)
    assert torch.equal(finder.score_texts(video, ["red", "blue"], 0.5, 1.5), cosines)
    for model in (finder, scorer):
        for source, texts, why in (
            (video, [], "an empty list of texts has no scores"),
            (video, ["red", 3], "3 is not a text"),
            ([video], ["red"], "give one video after the other"),
            (7, ["red"], "type int is not a video"),
        ):
            with pytest.raises(UsageError, match=why):
                model.score_texts(source, texts)
        with pytest.raises(UsageError, match=r"ends before it starts|lies outside"):
            model.score_texts(video, "red", 9)
        model.processor = None
        with pytest.raises(UsageError, match="this model has no processor"):
            model.score_texts(video, "red")
    answering = tiny_model(variant="multiple_choice")
    with pytest.raises(UsageError, match="compares no videos with texts, it is for"):
        answering.score_texts(video, "red")


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


def test_both_results_stand_beside_each_other(
    models: dict[str, Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finder, scorer, into = str(models["finder"]), str(models["scorer"]), tmp_path / "record.json"
    plain = evaluate_checkpoint(finder, "msrvtt-1ka", data).record
    words = ["evaluate", finder, "--protocol", "msrvtt-1ka", "--data", str(data), "--rerank", scorer, "--top", "2"]
    assert main([*words, "--into", str(into), "--report", str(tmp_path / "page.html"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    before = record["before_reranking"]
    for way in ("text_to_video", "video_to_text"):
        assert before[way] == json.loads(json.dumps(getattr(plain, way)))
        for name in ("r1", "r5", "r10", "r50", "median_rank", "mean_rank"):
            assert before["difference"][way][name] == record[way][name] - before[way][name]
        least, most = before["difference"][way]["intervals"]["r1"]
        assert least <= before["difference"][way]["r1"] <= most
    assert (before["method"], before["ties"]) == ("finder", plain.ties)
    assert read_record(into).to_dict() == record
    assert record["recipe"]["reranking"]["first"] == 2

    assert main(["results", str(into), "--format", "csv"]) == 0
    ours, theirs = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))[:2]
    assert (ours["method"], theirs["method"]) == ("finder, re-ranked by scorer", "finder")
    assert float(ours["text_to_video_r1"]) == record["text_to_video"]["r1"]
    assert float(theirs["text_to_video_r1"]) == before["text_to_video"]["r1"]
    old, new = (f"{100 * one['text_to_video']['r1']:.1f}" for one in (before, record))
    line = f"first 2 re-ranked: R@1 {old} to {new}, {float(new) - float(old):+.1f} ["
    assert line in ours["setting"]
    assert theirs["setting"].endswith("before re-ranking")
    assert line in (tmp_path / "page.html").read_text()
    assert "R@1, text to video, before re-ranking" in (tmp_path / "page.html").read_text()
    assert main(["results", str(into)]) == 0
    assert line in capsys.readouterr().out


def test_a_corpus_is_re_ranked(models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = write_corpus(tmp_path / "corpus", range(6))
    words = ["evaluate", "--model", str(models["finder"]), "--corpus", str(corpus)]
    assert main([*words, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert "before_reranking" not in plain
    assert main([*words, "--rerank", str(models["scorer"]), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    before = again["before_reranking"]
    assert (again["reranked_by"], again["first"]) == (str(models["scorer"]), 50)
    finder, scorer = load_model(models["finder"]), load_model(models["scorer"])
    in_python = evaluate_retrieval(finder, Corpus(corpus), reranked_by=scorer)
    assert in_python.protocol == again["protocol"], "Python and the command have one default"
    for way in ("text_to_video", "video_to_text"):
        assert before[way]["mean_rank"] == plain[way]["mean_rank"]
        assert before["difference"][way]["mean_rank"] == again[way]["mean_rank"] - plain[way]["mean_rank"]
    assert main(["evaluate", "--model", str(models["scorer"]), "--corpus", str(corpus), "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert again["text_to_video"] == alone["text_to_video"], "all of six clips are among the first 50"
    assert main([*words, "--rerank", str(models["scorer"]), "--top", "3"]) == 0
    text = capsys.readouterr().out
    assert "the first 3 hits re-ranked by FramePairs" in text
    assert text.index("before re-ranking:") < text.index("difference by re-ranking:")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["{finder}", "--protocol", "msrvtt-1ka", "--data", "{data}", "--top", "3"], "give it by --rerank"),
        (
            ["{finder}", "--protocol", "msrvtt-mc", "--data", "{data}", "--rerank", "{scorer}"],
            "only retrieval has hits",
        ),
        (
            ["--protocol", "msrvtt-1ka", "--annotations", "a", "--predictions", "b", "--rerank", "{scorer}"],
            "--rerank: not",
        ),
        (["{scorer}", "--protocol", "msrvtt-1ka", "--data", "{data}", "--rerank", "{finder}"], "text-video pairs"),
        (["{finder}", "--protocol", "msrvtt-1ka", "--data", "{data}", "--rerank", "nowhere"], "there is no such model"),
    ],
)
def test_what_cannot_be_re_ranked_is_refused(
    models: dict[str, Path], data: Path, words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *(word.format(data=data, **models) for word in words)]) == 2
    assert why in capsys.readouterr().err


def test_a_second_model_reads_frames_and_words_by_its_own_settings(models: dict[str, Path], data: Path) -> None:
    finder, scorer = load_model(models["finder"]), load_model(models["scorer"])
    asked: list[Any] = []
    match = scorer.match_scores
    scorer.match_scores = lambda visual, ids, mask, how: (
        asked.append((len(visual), ids.shape[1], how)) or match(visual, ids, mask, how)
    )
    assert finder.processor is not None
    scorer.processor = replace(finder.processor, preprocess=Frames(count=2), text_length=4)
    scorer.recipe = {"task.consensus": "max"}
    test = benchmark_test("msrvtt-1ka", data)
    done = evaluate(finder, test, reranked_by=scorer, first=2)
    assert {segments for segments, _, _ in asked} == {2}
    assert max(length for _, length, _ in asked) == 4
    assert {how for *_, how in asked} == {"max"}
    assert done.record.recipe is not None
    assert done.record.recipe["preprocess"]["count"] == 4
    assert done.record.recipe["reranking"]["preprocess"]["count"] == 2


def test_scores_are_rounded_where_the_recipe_says_so(models: dict[str, Path], data: Path, tmp_path: Path) -> None:
    model = load_model(models["scorer"])
    model.save_pretrained(tmp_path / "rounding", {RECIPE: {"name": "rounding", "compat.rounded_scores": True}})
    test = benchmark_test("msrvtt-1ka", data)
    exact, rounded = (evaluate(str(one), test) for one in (models["scorer"], tmp_path / "rounding"))
    exact_QV, rounded_QV = (scores(one.predicted.predictions) for one in (exact, rounded))
    assert np.array_equal(rounded_QV, exact_QV.round(4))
    assert not np.array_equal(rounded_QV, exact_QV)
    assert (exact.record.recipe or {}).get("rounded_scores") is None
    assert (rounded.record.recipe or {})["rounded_scores"] is True
    again = evaluate(str(models["finder"]), test, reranked_by=str(tmp_path / "rounding"), first=6)
    assert np.array_equal(scores(again.predicted.predictions), rounded_QV)
    in_memory = evaluate(load_model(tmp_path / "rounding"), test)
    assert (in_memory.record.recipe or {})["training"] == {"name": "rounding", "compat.rounded_scores": True}
    assert (in_memory.record.fine_tuned, rounded.record.fine_tuned) == (None, ()), "memory holds no history"
    assert np.array_equal(scores(in_memory.predicted.predictions), rounded_QV)
    near = model.match_scores  # scores that differ in the fifth decimal tie, and the tie rule counts them
    nearly = load_model(tmp_path / "rounding")
    nearly.match_scores = lambda *given: 0.5 + near(*given) * 1e-5
    worst = evaluate(nearly, test).record
    assert (worst.ties, worst.text_to_video and worst.text_to_video["mean_rank"]) == (12, 6.0)


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
