"""Official layouts, ours, and what is refused. The official key lists need no weight file."""

from __future__ import annotations

import errno
import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import hdvila
from hdvila.errors import CheckpointError, MissingDependency, UsageError
from hdvila.hub import Processor
from hdvila.media.codecs import write_video
from hdvila.models.hdvila.adapter import from_official, infer_config, to_official
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.nn.weight_files import unwrap
from hdvila.text.tokenizer import Tokenizer
from tests.parity import formulas
from tests.parity.official_keys import LARGE, official_shapes
from tests.shared import SHARED, missing

HEADS = {"num_attention_heads": 4, "hybrid_attention_heads": 4}
VARIANTS = ("stage1", "stage2", "open_ended", "multiple_choice")
KEYS = {"stage1": 926, "stage2": 1135, "open_ended": 1126, "multiple_choice": 1126}


@pytest.fixture(scope="module")
def official() -> dict[str, dict[str, Tensor]]:
    return {variant: formulas.state_dict(official_shapes(variant)) for variant in VARIANTS}


def same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("variant", VARIANTS)
def test_key_lists_of_the_real_files(variant: str) -> None:
    """Every key of the large files has its place or its reason, and their shapes give the paper's sizes."""
    shapes = official_shapes(variant, LARGE, answers=1500)
    assert len(shapes) == KEYS[variant]
    weights = {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
    weights.pop("transformer.cls.predictions.decoder.bias", None)  # comparing its values needs values
    config = infer_config(weights, {})
    assert (config.variant, config.text_layers, config.num_attention_heads) == (variant, 12, 16)
    assert (config.hybrid_attention_heads, config.grid, config.frames) == (16, (10, 16), 7)
    assert config.resnet_depths == (3, 4, 6, 3)
    assert config.num_answers == (1500 if variant == "open_ended" else 0)
    with torch.device("meta"):
        model = HDVILA(config)
    ours, report = from_official(weights, config)
    assert {k: t.shape for k, t in ours.items()} == {k: t.shape for k, t in model.state_dict().items()}
    assert len(ours) + len(report.dropped) == len(weights)


def test_key_list_is_that_of_the_official_code() -> None:
    file = SHARED / "reference" / "hdvila_state_dict.json"
    if not file.is_file():
        pytest.skip(missing(file))
    listed = json.loads(file.read_text())
    keys = {key: tuple(entry["shape"]) for key, entry in listed["state_dict"].items()}
    assert official_shapes("stage2", LARGE) == keys
    names = {"stage1": "stage1_and_retrieval", "open_ended": "open_ended_qa_1500_labels"}
    for variant, name in (names | {"multiple_choice": "multiple_choice_qa"}).items():
        difference = listed["variants"][name]
        theirs = {key: shape for key, shape in keys.items() if key not in difference["removed"]}
        theirs |= {key: tuple(entry["shape"]) for key, entry in difference["added"].items()}
        assert official_shapes(variant, LARGE, answers=1500) == theirs


@pytest.mark.parametrize("variant", VARIANTS)
def test_round_trip(variant: str, official: dict[str, dict[str, Tensor]]) -> None:
    """Back to the official layout: the same keys, shapes and types, and the same values wherever they are read."""
    weights = official[variant]
    model = hdvila.load_model(weights, **HEADS)
    assert model.load_report is not None
    back = to_official(model.state_dict(), model.config)
    assert {k: (t.shape, t.dtype) for k, t in back.items()} == {k: (t.shape, t.dtype) for k, t in weights.items()}
    unread = [key for key in weights if not torch.equal(back[key], weights[key])]
    assert set(unread) <= set(model.load_report.dropped)
    assert same(hdvila.load_model(back, **HEADS).state_dict(), model.state_dict())


def test_dropped_keys_are_explained(official: dict[str, dict[str, Tensor]]) -> None:
    report = hdvila.load_model(official["stage2"], **HEADS).load_report
    assert report is not None
    assert not report.started
    assert len(report.loaded) + len(report.dropped) == len(official["stage2"])
    assert "the LR branch stops after stage 3: cnn_low.layer4.0.conv1.weight" in str(report)


@pytest.fixture(scope="module")
def halves(official: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """A stage-one file whose values float16 can hold."""
    return {key: t.half().float() if t.is_floating_point() else t for key, t in official["stage1"].items()}


@pytest.fixture(scope="module")
def halves_loaded(halves: dict[str, Tensor]) -> dict[str, Tensor]:
    return dict(hdvila.load_model(halves, **HEADS).state_dict())


@pytest.mark.parametrize("layout", ["m.pt", "module.pt", "module.safetensors", "state_dict.pt", "half.safetensors"])
def test_layouts_of_files(
    layout: str, halves: dict[str, Tensor], halves_loaded: dict[str, Tensor], tmp_path: Path
) -> None:
    file, content = tmp_path / layout, dict(halves)
    if file.stem == "half":
        content = {key: t.half() if t.is_floating_point() else t for key, t in halves.items()}
    if file.stem in ("module", "state_dict"):
        content = {f"module.{key}": tensor for key, tensor in content.items()}
    if file.suffix == ".safetensors":
        save_file(content, file)
    elif file.stem == "state_dict":
        torch.save({"global_step": 7, file.stem: content, "optim_state_dict": {"state": {0: torch.zeros(2)}}}, file)
    else:
        torch.save(content, file)
    loaded = hdvila.load_model(file, **HEADS).state_dict()
    assert {t.dtype for t in loaded.values()} == {torch.float32}
    assert same(loaded, halves_loaded)


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
def test_wrappers_around_weights(wrapper: str) -> None:
    content = {"epoch": 3, wrapper: {"module.a": torch.ones(2)}, "optimizer": {"state": {}}}
    assert torch.equal(unwrap(content)["a"], torch.ones(2))


def test_keys_that_may_be_missing(official: dict[str, dict[str, Tensor]]) -> None:
    optional = ("num_batches_tracked", "predictions.decoder.bias", "timesformer.norm.weight")
    fewer = {key: t for key, t in official["stage2"].items() if not key.endswith(optional) and ".layer4.2." not in key}
    fewer |= {key: t for key, t in official["stage2"].items() if key.startswith("cnn.layer4.2.")}
    whole = hdvila.load_model(official["stage2"], **HEADS)
    assert same(hdvila.load_model(fewer, **HEADS).state_dict(), whole.state_dict())
    other_name = dict(official["stage2"])
    del other_name["transformer.cls.predictions.bias"]
    assert same(hdvila.load_model(other_name, **HEADS).state_dict(), whole.state_dict())


@pytest.mark.parametrize("variant", ["stage1", "open_ended", "multiple_choice"])
def test_a_stage_two_file_serves_the_other_variants(variant: str, official: dict[str, dict[str, Tensor]]) -> None:
    answers = {"num_answers": 9} if variant == "open_ended" else {}
    model = hdvila.load_model(official["stage2"], variant=variant, **HEADS, **answers)
    assert (model.config.variant, model.config.text_layers) == (variant, 2)
    assert model.load_report is not None
    assert set(model.load_report.started) == {key for key in model.state_dict() if "classifier" in key}
    for key in model.load_report.loaded:
        assert torch.equal(model.state_dict()[key], official["stage2"][key])


def test_sizes_come_from_the_shapes(official: dict[str, dict[str, Tensor]]) -> None:
    config = hdvila.load_model(official["open_ended"], **HEADS, text_pooling="cls").config
    sizes = (config.hidden_size, config.intermediate_size, config.text_layers, config.joint_layers)
    assert sizes == (64, 128, 2, 2)
    assert (config.vocab_size, config.max_text_positions, config.visual_rows, config.num_answers) == (512, 64, 20, 37)
    assert (config.hybrid_layers, config.text_pooling) == (2, "cls")
    assert hdvila.load_model(official["stage1"]).config.num_attention_heads == 1  # width / 64


WRONG = {
    "extra": (
        {"transformer.bert.encoder.layer.0.attention.self.querry.weight": torch.zeros(64, 64)},
        r"1 unknown.*querry",
    ),
    "nearest": ({"transformer.t_project.weight": torch.zeros(1)}, r"nearest: transformer\.t_proj\.weight"),
    "shape": ({"transformer.t_proj.weight": torch.zeros(64, 65)}, "t_proj.weight is 64x65, the model needs 64x64"),
    "bias twice": ({"transformer.cls.predictions.decoder.bias": torch.ones(512)}, "two names of one vector"),
}


@pytest.mark.parametrize("what", WRONG)
def test_unexplained_keys_are_refused_by_name(what: str, official: dict[str, dict[str, Tensor]]) -> None:
    change, said = WRONG[what]
    weights = official["stage2"] | change
    if what == "nearest":
        del weights["transformer.t_proj.weight"]
    with pytest.raises(CheckpointError, match=said) as caught:
        hdvila.load_model(weights, **HEADS)
    if what != "bias twice":
        assert "strict=False" in str(caught.value)
        model = hdvila.load_model(weights, strict=False, **HEADS)
        assert model.load_report is not None
        assert set(change) & set(model.load_report.dropped)


def test_missing_keys_are_refused_by_name(official: dict[str, dict[str, Tensor]]) -> None:
    weights = {key: t for key, t in official["stage1"].items() if "layer.1.output" not in key}
    with pytest.raises(
        CheckpointError, match=r"4 missing: transformer\.bert\.encoder\.layer\.1\.output\.dense\.weight"
    ):
        hdvila.load_model(weights, **HEADS)
    model = hdvila.load_model(weights, strict=False, **HEADS)
    assert model.load_report is not None
    assert len(model.load_report.started) == 4


def test_settings_that_do_not_fit_the_file_are_refused(official: dict[str, dict[str, Tensor]]) -> None:
    with pytest.raises(UsageError, match="num_attention_heads=5 does not divide"):
        hdvila.load_model(official["stage1"], num_attention_heads=5)
    with pytest.raises(UsageError, match="did you mean 'num_attention_heads'"):
        hdvila.load_model(official["stage1"], num_attention_head=4)
    for name, value in (("grid", 5), ("grid", "2,3"), ("text_layers", None), ("hidden_size", 64.0)):
        with pytest.raises(UsageError, match=f"{name}=.* whole number"):
            hdvila.load_model(official["stage1"], **{name: value})
    with pytest.raises(CheckpointError, match="missing"):
        hdvila.load_model(official["stage1"], variant="stage2", **HEADS)
    with pytest.raises(CheckpointError, match="512x64, the model needs 500x64"):
        hdvila.load_model(official["stage1"], vocab_size=500, **HEADS)
    odd = official["stage1"] | {"timesformer.pos_embed": torch.zeros(1, 12, 64)}
    with pytest.raises(UsageError, match=r"12 positions.* such as grid=\(3, 4\) by keyword"):
        hdvila.load_model(odd, **HEADS)
    assert hdvila.load_model(odd, grid=(3, 4), **HEADS).config.grid == (3, 4)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_files_that_cannot_be_used_are_refused(
    official: dict[str, dict[str, Tensor]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": official["stage1"], "hook": Bomb()}, "bomb.pt")
    with pytest.raises(CheckpointError, match=r"bomb\.pt.*executes nothing"):
        hdvila.load_model("bomb.pt", **HEADS)
    assert not Path("exploded").exists()
    save_file(official["stage1"], "cut.safetensors")
    Path("cut.safetensors").write_bytes(Path("cut.safetensors").read_bytes()[:100_000])
    torch.save(official["stage1"], "cut.pt")
    Path("cut.pt").write_bytes(Path("cut.pt").read_bytes()[:100_000])
    Path("text.pt").write_text("not weights")
    Path("empty.pt").touch()
    torch.save({"hello": 3}, "hello.pt")
    torch.save({"w": torch.zeros(3)}, "other.pt")
    Path("folder").mkdir()
    said = {
        "cut.safetensors": "cannot be read as weights",
        "cut.pt": "cannot be read as weights",
        "text.pt": "cannot be read as weights",
        "empty.pt": "cannot be read as weights",
        "hello.pt": "no weights by name",
        "other.pt": "not weights of a known system",
        "folder": r"no config\.json",
        "nowhere.pt": "no such file or folder",
        "./nowhere": "no such file or folder",
    }
    for name, reason in said.items():
        with pytest.raises(CheckpointError, match=reason) as caught:
            hdvila.load_model(name)
        assert name.removeprefix("./") in str(caught.value)


def test_save_and_load(official: dict[str, dict[str, Tensor]], tmp_path: Path) -> None:
    model = hdvila.load_model(official["stage2"], **HEADS)
    texts = ["a dog catches a frisbee", "a frisbee on the grass"]
    processor = Processor(Preprocess(height=64, width=128, segments=1), Tokenizer.train(texts, 60), text_length=9)
    model.processor = processor
    model.save_pretrained(tmp_path / "m")
    loaded = hdvila.load_model(tmp_path / "m")
    assert loaded.config == model.config
    assert same(loaded.state_dict(), model.state_dict())
    assert isinstance(loaded.processor, Processor)
    assert loaded.processor.preprocess == processor.preprocess
    assert torch.equal(loaded.embed_text(texts), model.embed_text(texts))
    assert not loaded.training
    only_text = hdvila.load_model(tmp_path / "m", variant="stage1")
    assert torch.equal(only_text.embed_text(texts[0])[0], model.embed_text(texts[0])[0])


def test_a_video_file_becomes_its_vector(official: dict[str, dict[str, Tensor]], tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (40, 96, 128, 3), dtype=np.uint8)
    write_video(tmp_path / "v.mp4", pictures, 20.0)
    model = hdvila.load_model(official["stage1"], **HEADS)
    model.processor = Processor(Preprocess(height=64, width=128, segments=2), Tokenizer.train(["a dog"], 60))
    model.train()
    model.timesformer.eval()
    vector = model.embed_video(tmp_path / "v.mp4", start=0.5, end=1.5)
    clips = model.processor.read_views(tmp_path / "v.mp4", 0.5, 1.5)
    assert len(clips) == 2
    assert clips[0].high is not None
    assert clips[0].low is not None
    high, low = (torch.from_numpy(np.stack([getattr(clip, name) for clip in clips])) for name in ("high", "low"))
    assert model.training
    assert not model.timesformer.training, "each part is left in its own mode"
    model.eval()
    with torch.no_grad():
        expected = torch.nn.functional.normalize(model.encode_video(high, low).mean(0), dim=0)
    assert torch.allclose(vector, expected, atol=1e-6)
    assert not torch.equal(vector, model.embed_video(tmp_path / "v.mp4"))


def test_a_hub_id_is_fetched(
    official: dict[str, dict[str, Tensor]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    hdvila.load_model(official["stage1"], **HEADS).save_pretrained(tmp_path / "fetched")

    def fetch(name: str) -> str:
        if name != "someone/hdvila-small":
            raise ConnectionError("no network")
        return str(tmp_path / "fetched")

    monkeypatch.setattr(hub, "snapshot_download", fetch)
    assert hdvila.load_model("someone/hdvila-small").config.hidden_size == 64
    with pytest.raises(CheckpointError, match="someone/other: there is no such folder"):
        hdvila.load_model("someone/other")


def test_a_mistyped_folder_is_told_so_where_the_hub_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingDependency, match=r"^runs/modle: there is no such folder; .*hdvila\[hub\]"):
        hdvila.load_model("runs/modle")


def test_an_interrupted_save_is_no_model(official: dict[str, dict[str, Tensor]], tmp_path: Path) -> None:
    model = hdvila.load_model(official["stage1"], **HEADS)
    model.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"system": "hdvila", "form')
    with pytest.raises(CheckpointError, match=r"config\.json.*does not describe"):
        hdvila.load_model(tmp_path)


def test_a_save_that_fails_leaves_the_model_that_was_there(
    official: dict[str, dict[str, Tensor]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hdvila.load_model(official["stage1"], **HEADS)
    model.processor = Processor(Preprocess(height=64, width=128), Tokenizer.train(["a dog"], 60))
    model.save_pretrained(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    model.processor = Processor(Preprocess(height=64, width=64), Tokenizer.train(["two cats"], 60))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for writer in ("save_file", "json.dumps"):
        with monkeypatch.context() as patch:
            patch.setattr(f"hdvila.nn.pretrained.{writer}", full)
            with pytest.raises(OSError, match="No space left"):
                model.save_pretrained(tmp_path)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"model": 3}, "'model' holds no settings"),
        ({"model": {"hidden_size": "x"}}, "hidden_size='x'"),
        ({"model": {"text_layers": None}}, "text_layers=None"),
        ({"model": {"grid": "2,3"}}, "grid='2,3'"),
        ({"text_length": None}, "text_length=None"),
        ({"preprocess": {"height": "x"}}, "damaged"),
        ({"preprocess": 3}, "damaged"),
    ],
)
def test_a_damaged_config_is_named(
    official: dict[str, dict[str, Tensor]], tmp_path: Path, broken: dict[str, object], said: str
) -> None:
    model = hdvila.load_model(official["stage1"], **HEADS)
    model.processor = Processor(Preprocess(height=64, width=128), Tokenizer.train(["a dog"], 60))
    model.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | broken))
    with pytest.raises(CheckpointError, match=rf"config\.json: .*{said}"):
        hdvila.load_model(tmp_path)


def test_a_plain_pickle_is_refused_without_further_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.pt").write_bytes(pickle.dumps({"a": Bomb()}))
    with pytest.raises(CheckpointError, match=r"plain\.pt"):
        hdvila.load_model("plain.pt")
    assert not Path("exploded").exists()
    assert not recwarn.list


def test_what_is_no_source_no_device_and_no_weight_is_said(official: dict[str, dict[str, Tensor]]) -> None:
    for nothing in (None, "", 3):
        with pytest.raises(UsageError, match="give a model folder"):
            hdvila.load_model(nothing)  # type: ignore[arg-type]
    for device in ("cuda:99", "nonsense"):
        with pytest.raises(UsageError, match=f"device='{device}' cannot be used here"):
            hdvila.load_model(official["stage1"], device=device, **HEADS)
    key = "transformer.t_proj.weight"
    whole = official["stage1"] | {key: official["stage1"][key].long()}
    with pytest.raises(CheckpointError, match=f"{key} is 64x64 of int64"):
        hdvila.load_model(whole, **HEADS)


def test_bfloat16_gives_nearly_the_same_vectors(official: dict[str, dict[str, Tensor]]) -> None:
    high = formulas.image("high", (2, 1, 3, 64, 128), 16)
    low = formulas.image("low", (2, 1, 6, 3, 16, 32), 4)
    ids, mask = formulas.text("text", [5, 9], 12, 512)
    exact, rough = (hdvila.load_model(official["stage1"], dtype=d, **HEADS) for d in (torch.float32, torch.bfloat16))
    assert {p.dtype for p in rough.parameters()} == {torch.bfloat16}
    with torch.no_grad():
        for ours, golden in (
            (rough.encode_video(high, low), exact.encode_video(high, low)),
            (rough.encode_text(ids, mask), exact.encode_text(ids, mask)),
        ):
            assert ours.dtype == torch.float32
            assert torch.cosine_similarity(ours, golden).min() > 0.999
            assert not torch.equal(ours, golden)
