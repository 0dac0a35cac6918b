"""What a run begins with: BERT first, then stage one over it; what nothing fills is said part by part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from hdvila.data.order import Order
from hdvila.errors import CheckpointError
from hdvila.models.hdvila.model import HDVILA
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.data import TrainingData
from hdvila.train.initial_weights import start_model, start_record
from hdvila.train.recipe import Recipe, Start
from tests.unit.models.small_hdvila import tiny_model

DATA = cast(TrainingData, SimpleNamespace(answers=None, tokenizer=Tokenizer.train(["a dog"], 60)))
ORDER = Order(8, 8, 0)


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.task = SILENT.task

    def note(self, message: str) -> None:
        self.notes.append(message)


def begin(recipe: Recipe, latest: Checkpoint | None = None) -> tuple[HDVILA, list[str]]:
    heard = Heard()
    model = start_model(recipe, DATA, ORDER, latest, cast(Reporter, heard))
    return model, [note for note in heard.notes if "begin at random" in note]


def recipe(name: str, variant: str, **start: object) -> Recipe:
    settings: Any = tiny_model(variant=variant).config
    base = get_recipe(name)
    begins = Start(**{key: str(value) for key, value in start.items()})
    return replace(base, model=settings, data=replace(base.data, text_length=9), start=begins)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of four layers with its heads, as a file."""
    weights: dict[str, Tensor] = {}
    for key, tensor in tiny_model(seed=5, variant="stage2").state_dict().items():
        name = key.removeprefix("transformer.")
        if name.startswith(("bert.embeddings.", "bert.encoder.", "cls.")):
            weights[name] = tensor
    file = tmp_path_factory.mktemp("bert") / "model.safetensors"
    save_file(weights, file)
    return file


@pytest.fixture(scope="module")
def stage1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage1")
    tiny_model(seed=3).save_pretrained(folder)
    return folder


def test_stage_two_is_bert_with_stage_one_over_it(bert: Path, stage1: Path) -> None:
    chosen = recipe("hdvila-stage2", "stage2", bert=bert, model=stage1)
    model, random = begin(chosen)
    berts, ones = tiny_model(seed=5, variant="stage2").state_dict(), tiny_model(seed=3).state_dict()
    new = ("visual_embeddings", "pooler2")
    for key, tensor in model.state_dict().items():
        if not any(part in key for part in new):
            assert torch.equal(tensor, ones[key] if key in ones else berts[key]), key
    assert random == [
        "visual embeddings: 5 tensors (352 weights) begin at random, as in the paper",
        "joint pooler: 2 tensors (1,056 weights) begin at random, as in the paper",
    ]
    record = start_record(chosen, model)
    assert (record["model"], record["bert"], record["resnet"]) == (str(stage1), str(bert), "")
    assert record["tensors_loaded"] == len(model.state_dict()) - 7
    assert [(part["name"], part["tensors"], part["origin"]) for part in record["random"]] == [
        ("visual embeddings", 5, "new"),
        ("joint pooler", 2, "new"),
    ]


def test_stage_two_without_bert_says_that_its_joint_transformer_is_random(stage1: Path) -> None:
    model, random = begin(recipe("hdvila-stage2", "stage2", model=stage1))
    assert [line for line in random if "from BERT: --set start.bert=FOLDER" in line] == [
        "joint transformer, layers 2-3: 32 tensors (17,088 weights) begin at random; the paper starts them from BERT: "
        "--set start.bert=FOLDER",
        "masked-word head: 5 tensors (1,220 weights) begin at random; the paper starts them from BERT: "
        "--set start.bert=FOLDER",
    ]
    words = model.transformer.bert.embeddings.word_embeddings.weight
    assert torch.equal(model.transformer.cls.predictions.decoder.weight, words), "the decoder is a copy, not random"


def test_every_start_tells_all_that_it_leaves_random(bert: Path, stage1: Path, tmp_path: Path) -> None:
    def parts(chosen: Recipe) -> dict[str, str]:
        _, random = begin(chosen)
        return {
            line.partition(":")[0]: line.rpartition("--set ")[2] for line in random if "as in the paper" not in line
        }

    resnet = tmp_path / "resnet.pth"
    torch.save(tiny_model(seed=6).cnn.state_dict(), resnet)
    text = {"text embeddings": "start.bert=FOLDER", "text transformer, layers 0-1": "start.bert=FOLDER"}
    assert parts(recipe("hdvila-stage1", "stage1", resnet=resnet)) == text
    assert parts(recipe("hdvila-stage1", "stage1", resnet=resnet, bert=bert)) == {}
    two = parts(recipe("hdvila-stage2", "stage2", resnet=resnet, bert=bert))
    assert set(two) == {"adapters behind the ResNets", "hybrid transformer", "text pooler and projections"}
    assert set(two.values()) == {"start.model=STAGE1/model"}
    joint = {"joint transformer, layers 2-3", "visual embeddings", "joint pooler"}
    asked = recipe("tgif-action", "multiple_choice", model=stage1)
    assert parts(asked) == dict.fromkeys(joint, "start.model=STAGE2/model")
    _, random = begin(asked)
    assert random[-1].startswith("answer head: 4 tensors")
    assert random[-1].endswith("as in the paper")
    tiny_model(seed=3, variant="stage2").save_pretrained(tmp_path / "stage2")
    assert parts(recipe("tgif-action", "multiple_choice", model=tmp_path / "stage2")) == {}
    assert parts(recipe("msrvtt-retrieval", "stage1", model=stage1)) == {}
    assert begin(recipe("hdvila-stage2", "stage2", model=tmp_path / "stage2"))[1] == []


@pytest.mark.parametrize(
    ("saved", "other", "told"),
    [
        ("stage2", {"num_attention_heads": 4}, "num_attention_heads is 4, the model to fill has 2"),
        ("stage2", {"hybrid_attention_heads": 4}, r"--set model\.hybrid_attention_heads=4"),
        ("stage2", {"text_layers": 1, "joint_layers": 3}, "text_layers is 1, the model to fill has 2"),
        ("stage1", {"text_pooling": "cls"}, "text_pooling is cls"),
        ("stage1", {"grid": (2, 1)}, r"--set model\.grid=2,1"),
    ],
)
def test_weights_of_the_same_shapes_that_mean_another_model_are_refused(
    saved: str, other: dict[str, Any], told: str, tmp_path: Path
) -> None:
    tiny_model(variant=saved, **other).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=told):
        begin(recipe("hdvila-stage2", "stage2", model=tmp_path))


def test_a_run_does_not_go_on_from_weights_that_are_no_numbers() -> None:
    weights = {key: tensor.clone() for key, tensor in tiny_model().state_dict().items()}
    weights["cnn.conv1.weight"][0, 0, 0, 0] = float("inf")
    latest = Checkpoint(4, weights, {}, {}, {})
    with pytest.raises(CheckpointError, match=r"checkpoint of step 4: .*cnn\.conv1\.weight \(1 of 588\)"):
        begin(recipe("hdvila-stage1", "stage1"), latest)
