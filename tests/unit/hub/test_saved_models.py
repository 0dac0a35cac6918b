"""What stands with weights (config.json, header, a run's recipe) goes with them: no file of ours loads as another."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from hdvila.errors import CheckpointError, UsageError
from hdvila.evaluate.evaluation import evaluate_checkpoint
from hdvila.hub import Processor, answers_of, file_hashes, load_model, read_note
from hdvila.models.hdvila.inherit import load_shared, load_stage_one
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.recipes import get_recipe
from hdvila.settings import flatten
from hdvila.text.answers import AnswerVocabulary
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.checkpoint import Checkpoint, Checkpoints
from hdvila.train.recipe import Recipe
from tests.unit.models.small_hdvila import tiny_inputs, tiny_model

WORDS = Tokenizer.train(["a dog catches a frisbee"], 60)
SEEN = Preprocess(64, 128, segments=1, neighbours=2)


def vectors(model: HDVILA) -> tuple[Tensor, Tensor]:
    high, low, ids, mask = tiny_inputs()
    with torch.no_grad():
        return model.encode_video(high, low), model.encode_text(ids, mask)


def same_vectors(a: HDVILA, b: HDVILA) -> bool:
    return all(map(torch.equal, vectors(a), vectors(b)))


def run_with(recipe: Recipe, model: HDVILA, run: Path) -> Path:
    """A checkpoint of a run, and the run's words beside it; -> the checkpoint."""
    WORDS.save(run / "tokenizer")
    state = Checkpoint(
        7, dict(model.state_dict()), {"optimizer": {"state": {}, "param_groups": []}}, flatten(recipe), {"clips": 3}
    )
    return Checkpoints(run / "checkpoints").save(state)


@pytest.fixture
def stage1(tmp_path: Path) -> tuple[HDVILA, Path]:
    model = tiny_model()
    recipe = get_recipe("miniature-stage1")
    data = replace(recipe.data, preprocess=SEEN, text_length=9)
    return model, run_with(replace(recipe, model=model.config, data=data), model, tmp_path / "run")


def test_a_query_waits_for_torch_and_for_nothing_else_that_is_large(tmp_path: Path) -> None:
    model = tiny_model()
    model.processor = Processor(SEEN, WORDS, 9)
    model.save_pretrained(tmp_path / "model")
    code = (
        "import sys, hdvila, hdvila.search.library; model = hdvila.load_model(sys.argv[1]); model.embed_text('a dog'); "
        "found = {'torch._dynamo', 'sympy', 'transformers', 'lightning_fabric', 'pandas', 'pyarrow',"
        " 'hdvila.text.transcript', 'hdvila.search.embed'} & sys.modules.keys(); sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "model"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_checkpoint_of_a_run_is_the_runs_model(stage1: tuple[HDVILA, Path], tmp_path: Path) -> None:
    model, file = stage1
    loaded = load_model(file)
    assert loaded.config == model.config
    assert same_vectors(loaded, model)
    assert not same_vectors(load_model(model.state_dict(), grid=(1, 2)), model), "other heads, other vectors"
    model.processor = Processor(SEEN, WORDS, 9)
    assert loaded.describe() == model.describe()
    assert read_note(file, "recipe.json")["model.num_attention_heads"] == 2
    content = torch.load(file, weights_only=True)
    assert same_vectors(load_model(content), model)
    moved = Path(shutil.copy(file, tmp_path / "moved.pt"))
    assert same_vectors(load_model(moved), model)
    assert load_model(moved).processor is None
    target = tiny_model(seed=4, variant="stage2")
    load_stage_one(target, file)
    assert same_vectors(target, model)


def test_a_checkpoint_of_questions_knows_its_answers_and_its_history(tmp_path: Path) -> None:
    model = tiny_model(variant="open_ended", num_answers=3)
    model.processor = Processor(SEEN, WORDS, 9, AnswerVocabulary(("a", "b", "c")))
    recipe = get_recipe("msrvtt-qa")
    assert recipe.data.benchmark is not None
    benchmark = replace(recipe.data.benchmark, segments=1)
    data = replace(recipe.data, preprocess=replace(SEEN, segments=2, flip=0.3), text_length=9, benchmark=benchmark)
    # the recipe asks for two answers and the data has three
    settings = replace(model.config, num_answers=2)
    file = run_with(replace(recipe, model=settings, data=data), model, tmp_path)
    with pytest.raises(
        CheckpointError, match=r"fine-tuned on msrvtt-qa, but only the models .* record on which .* wait for one"
    ):
        read_note(file, "trained_on.json")
    model.save_pretrained(tmp_path / "best", {"trained_on.json": [{"protocol": "msrvtt-qa"}]})
    assert read_note(file, "trained_on.json") == [{"protocol": "msrvtt-qa"}]
    loaded = load_model(file)
    assert loaded.config == model.config
    assert answers_of(file) == AnswerVocabulary(("a", "b", "c"))
    assert loaded.describe() == model.describe()
    load_shared(tiny_model(seed=4, variant="open_ended", num_answers=3), file, same_answers=True)


def test_a_checkpoint_of_another_version_is_refused_by_name(stage1: tuple[HDVILA, Path]) -> None:
    content = torch.load(stage1[1], weights_only=True)
    content["recipe"]["model.sparkle"] = 3
    with pytest.raises(CheckpointError, match=r"does not know the model of the run .*'sparkle'.* the model folder"):
        load_model(content)


def test_a_checkpoint_whose_weights_are_no_numbers_is_refused(stage1: tuple[HDVILA, Path]) -> None:
    content = torch.load(stage1[1], weights_only=True)
    content["model"]["transformer.t_proj.bias"][3] = float("nan")
    with pytest.raises(CheckpointError, match=r"not finite .*transformer\.t_proj\.bias \(1 of 32\)"):
        load_model(content)


def test_our_weights_know_their_heads_without_their_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path / "m")
    alone = Path(shutil.copy(tmp_path / "m" / "model.safetensors", tmp_path / "alone.bin"))
    assert same_vectors(load_model(alone), model)
    assert not caplog.records
    with pytest.raises(CheckpointError, match="num_attention_heads is 2, the model to fill has 4: give the recipe"):
        load_stage_one(tiny_model(num_attention_heads=4), alone)


def test_heads_that_nothing_tells_are_said_to_be_assumed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_file(dict(tiny_model().state_dict()), tmp_path / "m.safetensors")
    with caplog.at_level(logging.WARNING, "hdvila"):
        load_model(tmp_path / "m.safetensors", grid=(1, 2))
    assert "does not tell its num_attention_heads and hybrid_attention_heads, taken as 1" in caplog.text
    caplog.clear()
    load_model(tmp_path / "m.safetensors", grid=(1, 2), num_attention_heads=2, hybrid_attention_heads=2)
    assert not caplog.records


def test_a_folder_with_renamed_weights_or_weights_in_parts_is_the_same_model(tmp_path: Path) -> None:
    model = tiny_model()
    model.processor = Processor(SEEN, WORDS, 9)
    model.save_pretrained(tmp_path / "m")
    before = file_hashes(tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    renamed = file.rename(tmp_path / "m" / "epoch_3.safetensors")
    for source in (tmp_path / "m", renamed):
        assert load_model(source).describe() == model.describe()
        assert same_vectors(load_model(source), model)
    assert file_hashes(tmp_path / "m") == before
    weights = load_file(renamed)
    renamed.unlink()
    torch.save(weights, tmp_path / "m" / "pytorch_model-00001-of-00001.bin")
    index = tmp_path / "m" / "pytorch_model.bin.index.json"
    listed = ", ".join(f'"{key}": "pytorch_model-00001-of-00001.bin"' for key in weights)
    index.write_text(f'{{"weight_map": {{{listed}}}}}')
    for source in (tmp_path / "m", index):
        assert same_vectors(load_model(source), model)
    assert file_hashes(tmp_path / "m")["identity"] != before["identity"]


def test_a_folder_that_is_no_model_says_what_to_give_instead(stage1: tuple[HDVILA, Path], tmp_path: Path) -> None:
    model, file = stage1
    model.save_pretrained(tmp_path / "run" / "model")
    with pytest.raises(CheckpointError, match=r"no config\.json.* it is the folder of a run: give .*run/model"):
        load_model(tmp_path / "run")
    with pytest.raises(CheckpointError, match=rf"no config\.json.*give the file itself, {file}"):
        load_model(file.parent)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"devise": "cpu"}, "load_model has no keyword 'devise': did you mean 'device'"),
        ({"strct": False}, "did you mean 'strict'"),
        ({"strict": "False"}, "strict='False': give True or False"),
        ({"dtype": "bfloat16"}, "give torch.float32 or torch.bfloat16"),
        ({"dtype": torch.int64}, "give torch.float32 or torch.bfloat16"),
        ({"num_attention_head": 2}, "did you mean 'num_attention_heads'"),
    ],
)
def test_keywords_that_mean_nothing_are_refused_before_anything_is_read(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_model("nowhere/model.pt", **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=said):
        evaluate_checkpoint("nowhere/model.pt", "msrvtt-1ka", Path("nowhere"), **wrong)  # type: ignore[arg-type]


def test_weights_beside_those_of_another_module_are_named() -> None:
    weights = {f"model.{key}": tensor for key, tensor in tiny_model().state_dict().items()} | {"loss.w": torch.ones(2)}
    with pytest.raises(CheckpointError, match=r"1 do not begin with 'model\.' as HD-VILA's do: loss\.w: leave them"):
        load_model(weights)
