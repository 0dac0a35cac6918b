"""`hdvila evaluate CHECKPOINT`: one record, predictions that score the same, and pairings that are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdvila.cli.main import main
from hdvila.evaluate.compatibility import fit_processor
from hdvila.evaluate.evaluation import evaluate_checkpoint
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.evaluate.record import file_name, read_record
from hdvila.evaluate.report.results import setting_of
from hdvila.hub import file_hashes, load_model
from hdvila.models.hdvila.benchmarks import SHOWN
from hdvila.models.shown import Sampling
from tests.e2e.benchmarks import write_action, write_msrvtt_mc, write_msrvtt_test, write_qa, write_store
from tests.e2e.test_finetuning import finetune
from tests.e2e.training_runs import command, write_corpus

Capture = pytest.CaptureFixture[str]


def evaluate(capsys: Capture, *words: object) -> tuple[int, dict[str, Any], str]:
    status = main(["evaluate", *map(str, words), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else {}, err


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/{action,qa,msrvtt} and a model of each task that has made a step."""
    root = tmp_path_factory.mktemp("world")
    write_action(root / "action")
    write_qa(root / "qa")
    write_msrvtt_mc(write_msrvtt_test(root / "msrvtt"))
    runs = {
        "action-model": finetune("miniature-tgif-action", root / "action", root / "action-model", steps=1),
        "qa-model": finetune("miniature-msrvtt-qa", root / "qa", root / "qa-model", steps=1),
        "stage1": command(write_corpus(root / "corpus"), root / "stage1", steps=1),
    }
    for name, words in runs.items():
        assert main(words[3:]) == 0, name
    return root


def test_a_record_tells_what_was_measured_and_by_what(world: Path, tmp_path: Path, capsys: Capture) -> None:
    model, data, file = world / "action-model/model", world / "action", tmp_path / "predictions.jsonl"
    words = (model, "--protocol", "tgif-action", "--data", data, "--predictions", file, "--into", tmp_path / "r.json")
    status, record, errors = evaluate(capsys, *words)
    assert status == 0, errors
    assert (record["queries"], record["videos"], record["chance"]) == (10, 10, 0.2)
    weights = (model / "model.safetensors").read_bytes()
    assert record["checkpoint"] == {"path": str(model), **file_hashes(model)}
    assert record["checkpoint"]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert record["recipe"]["training"]["name"] == record["method"] == "miniature-tgif-action"
    assert record["recipe"]["preprocess"]["segments"] == 2
    assert record["fine_tuned"] == ["tgif-action"]
    assert (record["recipe"]["consensus"], record["recipe"]["consensus_from"]) == ("mean", "the checkpoint's recipe")
    assert not any("joined" in note for note in record["notes"])
    assert record["hardware"]["device"] == "cpu"
    assert {"accuracy", "intervals", "versions", "seconds", "published"} <= record.keys()
    assert json.loads((tmp_path / "r.json").read_text()) == record

    given = ("--annotations", data / "Test_action_question.csv", "--predictions", file)
    again = evaluate(capsys, "--protocol", "tgif-action", *given)[1]
    for name in ("accuracy", "accuracy_by_type", "intervals", "queries", "videos"):
        assert again[name] == record[name]


def test_predictions_outlive_a_scoring_that_fails(
    world: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("hdvila.evaluate.evaluation.score", no_memory)
    file = tmp_path / "predictions.npz"
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", world / "msrvtt", "--predictions", file)
    with pytest.raises(MemoryError):
        evaluate(capsys, *words)
    with np.load(file) as arrays:
        assert arrays["similarity"].shape == (6, 6)


def test_open_answers_are_words_and_what_lies_outside_is_counted(world: Path, tmp_path: Path, capsys: Capture) -> None:
    words = (world / "qa-model/model", "--protocol", "msrvtt-qa", "--data", world / "qa")
    status, record, errors = evaluate(capsys, *words, "--predictions", tmp_path / "answers.jsonl")
    assert status == 0, errors
    assert record["out_of_vocabulary"] == {"questions": 1, "answers": 1}
    given = [json.loads(line)["answer"] for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert set(given) <= {"red", "green", "blue", "grey", "white", "oddtrain"}
    (saved,) = (world / "qa" / "results").iterdir()
    assert saved.name == f"msrvtt-qa-standard-{record['checkpoint']['identity'][:12]}.json"


def test_records_that_differ_have_two_names(world: Path, capsys: Capture) -> None:
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", world / "msrvtt")
    records = [evaluate(capsys, *words, *more)[1] for more in ((), ("--ties", "official"), ("--sampling", "zero-shot"))]
    sha = records[0]["checkpoint"]["identity"][:12]
    assert {file.name for file in (world / "msrvtt" / "results").glob("msrvtt-1ka-*")} == {
        f"msrvtt-1ka-standard-{sha}.json",
        f"msrvtt-1ka-standard-ties-official-{sha}.json",
        f"msrvtt-1ka-zero-shot-{sha}.json",
    }
    plain = read_record(world / "msrvtt" / "results" / f"msrvtt-1ka-standard-{sha}.json")
    official = replace(plain, recipe={**(plain.recipe or {}), "store": "store-official"})
    assert file_name(official) == f"msrvtt-1ka-standard-official-{sha}.json"
    assert file_name(replace(plain, missing=("video1", "video2"))) == f"msrvtt-1ka-standard-2-missing-{sha}.json"


def test_a_model_that_looks_otherwise_does_not_write_over_the_record_of_another(
    world: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = Path(shutil.copytree(world / "stage1/model", tmp_path / "other"))
    config = json.loads((other / "config.json").read_text())
    config["preprocess"]["rate"] += 1
    (other / "config.json").write_text(json.dumps(config))
    results = world / "msrvtt" / "results"
    names = []
    for model in (world / "stage1/model", other):
        status, record, errors = evaluate(capsys, model, "--protocol", "msrvtt-1ka", "--data", world / "msrvtt")
        assert status == 0, errors
        names.append(f"msrvtt-1ka-standard-{record['checkpoint']['identity'][:12]}.json")
        assert json.loads((results / names[-1]).read_text()) == record
    assert len(set(names)) == 2


@pytest.mark.parametrize("option", ["--predictions", "--into", "--report"])
def test_places_that_cannot_be_written_are_found_before_the_work(
    option: str, world: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hdvila.evaluate.subject.load_model", lambda *_, **__: pytest.fail("the work has begun"))
    (tmp_path / "file").write_text("")
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", world / "msrvtt", option)
    for place, why in ((tmp_path, "is a folder"), (tmp_path / "file" / "x", "cannot be written")):
        status, _, errors = evaluate(capsys, *words, place)
        assert status == 2
        assert f"{option} {place}: {why}" in errors


def test_a_page_of_secret_answers_is_refused_before_the_work(
    world: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hdvila.evaluate.clip_test.read_split", lambda *of: replace(read_split(*of), hidden=True))
    words = (world / "qa-model/model", "--protocol", "msrvtt-qa", "--data", world / "qa")
    outputs = {"--report": tmp_path / "page.html", "--predictions": tmp_path / "answers.jsonl"}
    status, _, errors = evaluate(capsys, *words, *(word for pair in outputs.items() for word in pair))
    assert status == 2
    assert "page.html: a page shows right and wrong answers, and those of the test of msrvtt-qa are secret" in errors
    assert not any(file.exists() for file in outputs.values())


def test_predictions_are_not_written_over_anything_else(world: Path, tmp_path: Path, capsys: Capture) -> None:
    questions = tmp_path / "questions.json"
    questions.write_text('[{"question": "who?"}]')
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", world / "msrvtt", "--predictions", questions)
    status, _, errors = evaluate(capsys, *words)
    assert status == 2
    assert f"--predictions {questions}: is there and holds something else than this option writes" in errors
    for option in ("--into", "--report"):
        status, _, errors = evaluate(capsys, *words[:-2], option, questions)
        assert status == 2
        assert f"{option} {questions}: is there and holds something else" in errors
    assert questions.read_text() == '[{"question": "who?"}]'


def test_a_strangers_record_says_what_was_assumed_about_the_files(world: Path, tmp_path: Path, capsys: Capture) -> None:
    asked = json.loads((world / "qa" / "test_qa.json").read_text())
    file, said = tmp_path / "questions.json", tmp_path / "theirs.jsonl"
    file.write_text(json.dumps(asked))
    said.write_text("".join(json.dumps({"question_id": one["id"], "answer": one["answer"]}) + "\n" for one in asked))
    words = {one["answer"] for one in asked} | {"nothing"}
    (tmp_path / "my_ans2label.json").write_text(json.dumps({word: row for row, word in enumerate(sorted(words))}))
    (tmp_path / "other_ans2label.json").write_text(json.dumps({"nothing": 0}))
    given = ("--protocol", "msrvtt-qa", "--annotations", file, "--predictions", said)
    status, record, errors = evaluate(capsys, *given)
    assert status == 0, errors
    assert (record["accuracy"], record["split"], record["split_told"]) == (1.0, "test", False)
    assert record["notes"][-2:] == [
        "the name questions.json does not say which split it holds; it is taken for the test: the test of msrvtt-qa is "
        "test_qa.json or test.jsonl or hqga_test.csv",
        "my_ans2label.json, which lies beside the questions, is taken for the vocabulary of these predictions",
    ]
    assert (record["gallery"], record["out_of_vocabulary"]["questions"]) == (len(words), 0)
    (tmp_path / "my_ans2label.json").unlink()
    record = evaluate(capsys, *given)[1]
    assert record["notes"][-1].startswith(
        "the vocabulary of these predictions is unknown: none of other_ans2label.json"
    )
    assert (record["gallery"], record.get("out_of_vocabulary")) == (1500, None)


def test_segments_are_joined_as_in_training_or_as_published_and_said_so(
    world: Path, tmp_path: Path, capsys: Capture
) -> None:
    bare, trained = tmp_path / "bare", world / "qa-model/model"
    load_model(trained).save_pretrained(bare)  # no recipe goes with it
    record, stated, errors = {}, {}, ""
    for model in (trained, bare):
        status, record[model], errors = evaluate(capsys, model, "--protocol", "msrvtt-qa", "--data", world / "qa")
        assert status == 0, errors
        assert record[model].get("fine_tuned") == (["msrvtt-qa"] if model == trained else None)
        stated[model] = record[model]["recipe"]["consensus"], record[model]["recipe"]["consensus_from"]
    assert stated == {trained: ("mean", "the checkpoint's recipe"), bare: ("logsumexp", "the protocol msrvtt-qa")}
    note = record[bare]["notes"][-1]
    assert "they are joined by logsumexp, the published setting for msrvtt-qa" in note
    assert note in errors
    assert not any("joined" in note for note in record[trained]["notes"])


def test_zero_shot_retrieval_has_its_own_setting(world: Path, tmp_path: Path, capsys: Capture) -> None:
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", world / "msrvtt")
    plain = evaluate(capsys, *words, "--predictions", tmp_path / "plain.npz")
    other = evaluate(capsys, *words, "--sampling", "zero-shot", "--predictions", tmp_path / "zero.npz")
    assert (plain[0], other[0]) == (0, 0), plain[2] + other[2]
    papers = {"segments": 4, "neighbours": 5, "enlarged": True, "hr_every": 1}
    assert plain[1]["recipe"]["preprocess"] | papers == other[1]["recipe"]["preprocess"]
    assert other[1]["recipe"]["sampling"] == "zero-shot"
    assert other[1]["recipe"]["stop_words"] == "318 removed (Glasgow Information Retrieval Group)"
    assert "stop_words" not in plain[1]["recipe"]
    assert plain[1]["recipe"]["preprocess"]["fps"] == 6.0  # the store's, though the model was trained at 10
    assert plain[1]["text_to_video"]["gallery"] == 6
    assert "query_expansion" in plain[1]["extra"]
    with np.load(tmp_path / "plain.npz") as one, np.load(tmp_path / "zero.npz") as two:
        assert one["similarity"].shape == (6, 6)
        assert not np.allclose(one["similarity"], two["similarity"])  # without its stop words a caption is another


def test_zero_shot_pictures_are_not_made_from_the_official_ones(world: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "store-official").symlink_to(world / "msrvtt" / "store")
    pairs = (world / "msrvtt" / "MSRVTT_JSFUSION_test.csv").read_bytes()
    (tmp_path / "MSRVTT_JSFUSION_test.csv").write_bytes(pairs)
    words = ("--protocol", "msrvtt-1ka", "--data", tmp_path, "--store", "store-official", "--sampling", "zero-shot")
    status, _, errors = evaluate(capsys, world / "stage1/model", *words)
    assert status == 2
    assert "--store store-official holds the released code's pictures, of which the model sees 160x256 (LR)" in errors
    assert "asks for 224x320" in errors


def test_a_bare_checkpoint_is_tested_with_the_papers_frames_or_the_released_codes(
    world: Path, tmp_path: Path, capsys: Capture
) -> None:
    model = load_model(world / "stage1/model")
    assert model.processor is not None
    model.processor.tokenizer.save(tmp_path)  # type: ignore[attr-defined]
    model.processor = None
    model.save_pretrained(tmp_path / "bare")
    frames, notes = {}, {}
    samplings: tuple[Sampling, ...] = ("standard", "official")
    for sampling in samplings:
        made = evaluate_checkpoint(
            str(tmp_path / "bare"), "msrvtt-1ka", world / "msrvtt", sampling=sampling, segments=1
        ).record
        assert made.recipe is not None
        frames[sampling] = 2 * made.recipe["preprocess"]["neighbours"] + 1
        notes[sampling] = [note for note in made.notes if "how many frames" in note]
        assert ("official sampling" in setting_of(made)) == (sampling == "official")
    assert frames == {"standard": 11, "official": 7}
    assert notes["official"] == []
    assert "it is shown 11, as the paper has it for msrvtt-1ka" in notes["standard"][0]
    assert "the released configuration has 7 (--sampling official)" in notes["standard"][0]


def test_official_sampling_is_refused_where_it_would_change_nothing(world: Path, capsys: Capture) -> None:
    words = ("--protocol", "msrvtt-1ka", "--data", world / "msrvtt", "--sampling")
    status, _, errors = evaluate(capsys, world / "stage1/model", *words, "official")
    assert status == 2
    assert "the model says itself how many frames it looks at (3 a segment)" in errors
    status, _, errors = evaluate(capsys, world / "stage1/model", *words, "paper")
    assert status == 2
    assert "--sampling paper: choose one of standard, zero-shot, official" in errors
    other = ("--protocol", "tgif-action", "--data", world / "action", "--sampling", "official")
    status, _, errors = evaluate(capsys, world / "action-model/model", *other)
    assert status == 2
    assert "tgif-action has no setting of the released code that differs from its own" in errors


def test_multiple_choice_by_retrieval(world: Path, tmp_path: Path, capsys: Capture) -> None:
    words = (world / "stage1/model", "--protocol", "msrvtt-mc", "--data", world / "msrvtt")
    status, record, errors = evaluate(capsys, *words, "--predictions", tmp_path / "mc.jsonl")
    assert status == 0, errors
    assert record["queries"] == 6
    assert record["chance"] == pytest.approx(0.2)
    answers = [json.loads(line)["answer"] for line in (tmp_path / "mc.jsonl").read_text().splitlines()]
    right = [n % 5 for n in range(6)]
    assert record["accuracy"] == np.mean([given == wanted for given, wanted in zip(answers, right, strict=True)])


def test_another_store_of_the_same_videos_is_another_record(world: Path, tmp_path: Path, capsys: Capture) -> None:
    data = world / "msrvtt"
    words = (world / "stage1/model", "--protocol", "msrvtt-1ka", "--data", data, "--store", "store-official")
    status, _, errors = evaluate(capsys, *words)
    assert status == 2
    assert f"make it with hdvila prepare msrvtt-1ka --videos VIDEOS --data {data} --official" in errors
    write_store(data, {f"video{n}": "grey" for n in range(6)}, "store-official")
    plain = evaluate(capsys, *words[:-2], "--predictions", tmp_path / "plain.npz")
    other = evaluate(capsys, *words, "--predictions", tmp_path / "other.npz")
    assert (plain[0], other[0]) == (0, 0), plain[2] + other[2]
    assert [record["recipe"]["store"] for _, record, _ in (plain, other)] == ["store", "store-official"]
    assert plain[1]["fine_tuned"] == []  # it was pre-trained only
    seen = [np.load(tmp_path / name)["similarity"] for name in ("plain.npz", "other.npz")]
    assert np.abs(seen[0] - seen[1]).max() > 1e-3, "other pixels"
    names = {file.name.rpartition("-")[0] for file in (data / "results").iterdir()}
    assert {"msrvtt-1ka-standard", "msrvtt-1ka-standard-official"} <= names


@pytest.mark.parametrize(
    ("model", "protocol", "data", "message"),
    [
        (
            "stage1",
            "tgif-action",
            "action",
            "for a choice of options, and model.variant='stage1'",
        ),
        ("action-model", "msrvtt-1ka", "msrvtt", "needs a model for retrieval"),
        (
            "qa-model",
            "tgif-action",
            "action",
            "for a choice of options, and model.variant='open_ended'",
        ),
        ("stage1", "msrvtt-1ka", "action", "annotations of msrvtt-1ka are missing"),
        ("action-model", "msrvtt-mc", "msrvtt", "fine-tuned to answer tgif-action, and the answers of msrvtt-mc are"),
    ],
)
def test_wrong_pairings_are_refused(
    model: str, protocol: str, data: str, message: str, world: Path, capsys: Capture
) -> None:
    words = (world / model / "model", "--protocol", protocol, "--data", world / data)
    status, _, errors = evaluate(capsys, *words)
    assert status == 2
    assert message in errors


def test_what_was_fine_tuned_is_not_zero_shot(world: Path, capsys: Capture) -> None:
    words = ("--protocol", "msrvtt-1ka", "--data", world / "msrvtt", "--sampling", "zero-shot")
    status, _, errors = evaluate(capsys, world / "action-model/model", *words)
    assert status == 2
    assert "the model was fine-tuned on a benchmark, so no number of it is zero-shot" in errors


def test_videos_that_were_trained_on_are_no_test(world: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "store").symlink_to(world / "action" / "store")
    train = (world / "action" / "Train_action_question.csv").read_bytes()
    (tmp_path / "Test_action_question.csv").write_bytes(train)
    status, _, errors = evaluate(capsys, world / "action-model/model", "--protocol", "tgif-action", "--data", tmp_path)
    assert status == 2
    assert "of the 40 videos of this test" in errors
    assert "in the train split of tgif-action" in errors


@pytest.fixture
def hub(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """alice/actions and alice/answers are models on the hub."""
    folders = {"alice/actions": world / "action-model/model", "alice/answers": world / "qa-model/model"}
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub, "snapshot_download", lambda name: str(folders[name]))


def test_a_model_from_the_hub_brings_its_history_its_recipe_and_its_hash(
    world: Path, capsys: Capture, hub: None
) -> None:
    words = ("--protocol", "msrvtt-qa", "--data", world / "qa")
    (status, fetched, errors), (_, local, _) = (
        evaluate(capsys, model, *words) for model in ("alice/answers", world / "qa-model/model")
    )
    assert status == 0, errors
    assert fetched["checkpoint"] == local["checkpoint"] | {"path": "alice/answers"}
    for key in ("method", "accuracy", "recipe", "notes"):
        assert fetched[key] == local[key], key


def test_a_model_from_the_hub_is_not_tested_on_what_it_has_seen(
    world: Path, tmp_path: Path, capsys: Capture, hub: None
) -> None:
    (tmp_path / "store").symlink_to(world / "action" / "store")
    train = (world / "action" / "Train_action_question.csv").read_bytes()
    (tmp_path / "Test_action_question.csv").write_bytes(train)
    status, _, errors = evaluate(capsys, "alice/actions", "--protocol", "tgif-action", "--data", tmp_path)
    assert status == 2
    assert "in the train split of tgif-action" in errors
    words = ("--protocol", "msrvtt-1ka", "--data", world / "msrvtt", "--sampling", "zero-shot")
    assert "no number of it is zero-shot" in evaluate(capsys, "alice/actions", *words)[2]


@pytest.mark.parametrize(("first", "message"), [(50, "not one of the 10 right answers"), (100, "(video100, ")])
def test_another_vocabulary_and_other_videos_are_refused(
    first: int, message: str, world: Path, tmp_path: Path, capsys: Capture
) -> None:
    asked = {"question": "what?", "category_id": 1}
    rows = [asked | {"answer": f"foreign{n}", "id": n, "video_id": first + n} for n in range(10)]
    (tmp_path / "test_qa.json").write_text(json.dumps(rows))
    (tmp_path / "store").symlink_to(world / "qa" / "store")
    status, _, errors = evaluate(capsys, world / "qa-model/model", "--protocol", "msrvtt-qa", "--data", tmp_path)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1


def test_a_file_without_a_processor_reads_by_the_protocol(world: Path, tmp_path: Path, capsys: Capture) -> None:
    model = load_model(world / "stage1/model")
    assert model.processor is not None
    model.processor.tokenizer.save(tmp_path)  # type: ignore[attr-defined]
    model.processor = None
    file = tmp_path / "model.safetensors"
    protocol = get_protocol("msrvtt-1ka")
    processor = fit_processor(model, file, protocol, {"lr": 6.0, "hr": 2.0}, "zero-shot", fine_tuned=False)
    assert processor.preprocess == SHOWN[protocol.name].zero_shot
    assert processor.text_length == 32  # as many positions as the model has
    slower = fit_processor(model, file, protocol, {"lr": 12.0, "hr": 2.0}, "standard", fine_tuned=False)
    assert (slower.preprocess.fps, slower.preprocess.rate) == (12.0, 2 * SHOWN[protocol.name].test.rate)
