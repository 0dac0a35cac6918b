"""Official files of ClipBERT and initial weights: every key is accounted for, and nothing changes what is computed."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import hdvila
from hdvila.errors import CheckpointError
from hdvila.models.clipbert.adapter import from_official, infer_config, to_official
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.initial_weights import load_bert, load_pretrained, load_resnet
from hdvila.models.clipbert.model import ClipBERT
from hdvila.models.clipbert.vision import normalised
from hdvila.nn.attention import padding_bias
from hdvila.nn.resnet import ResNet
from hdvila.nn.resnet_files import read_resnet
from tests.unit.models.clipbert.small_clipbert import PRETRAINING, SMALL, small_inputs

HEADS = {"num_attention_heads": 2}
DETECTOR = {
    "cnn.feature.proposal_generator.rpn_head.conv.weight": torch.ones(2, 2, 3, 3),
    "cnn.feature.roi_heads.box_head.fc1.bias": torch.ones(2),
}


def random_model(config: ClipBERTConfig, seed: int = 0) -> ClipBERT:
    """Every weight random, so that none hides behind a zero or a one."""
    torch.manual_seed(seed)
    model = ClipBERT(config).eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            noise = torch.randn_like(tensor)
            tensor.copy_(500 + 50 * noise.abs() if name.endswith("running_var") else tensor + 0.1 * noise)
    return model


def official(model: ClipBERT) -> dict[str, Tensor]:
    return {**DETECTOR, **to_official(model.state_dict(), model.config)}


@torch.no_grad()
@pytest.mark.parametrize(
    "config",
    [
        PRETRAINING,
        SMALL,
        replace(SMALL, variant="multiple_choice"),
        replace(SMALL, variant="open_ended", num_answers=7),
        replace(SMALL, variant="count"),
    ],
)
def test_an_official_file_comes_back_bit_by_bit(config: ClipBERTConfig, tmp_path: Path) -> None:
    model = random_model(config)
    torch.save(official(model), tmp_path / "model.pt")
    loaded = hdvila.load_model(tmp_path / "model.pt", **HEADS)
    assert loaded.config == replace(config, initializer_range=0.02)
    assert loaded.load_report is not None
    assert set(DETECTOR) <= loaded.load_report.dropped.keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_a_resume_file_in_half_precision_is_opened(tmp_path: Path) -> None:
    model = random_model(SMALL)
    half = {key: tensor.half() for key, tensor in official(model).items()}
    torch.save({"global_step": 7, "model_state_dict": half, "optim_state_dict": {"state": {}}}, tmp_path / "restore.pt")
    loaded = hdvila.load_model(tmp_path / "restore.pt", **HEADS)
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=1e-2, rtol=1e-2)
    assert loaded.cnn.feature.conv1.weight.dtype == torch.float32


def test_two_names_of_one_tensor_must_agree() -> None:
    weights = official(random_model(PRETRAINING))
    weights["transformer.cls.predictions.decoder.weight"] = weights["transformer.cls.predictions.decoder.weight"] + 1
    with pytest.raises(CheckpointError, match="two names of one tensor, but differ"):
        hdvila.load_model(weights, **HEADS)


def test_a_retrieval_model_out_of_the_pretraining_file_gets_a_new_head() -> None:
    loaded = hdvila.load_model(official(random_model(PRETRAINING)), variant="retrieval", **HEADS)
    assert loaded.load_report is not None
    started = "transformer.classifier.0.weight"
    assert loaded.load_report.started[started] == "the head starts new"
    assert loaded.match_logits(*small_inputs()).isfinite().all()


def test_an_unknown_key_is_an_error() -> None:
    weights = official(random_model(SMALL)) | {"transformer.bert.pooler.dense.wieght": torch.ones(1)}
    with pytest.raises(CheckpointError, match=r"1 unknown: transformer\.bert\.pooler\.dense\.wieght \(nearest"):
        hdvila.load_model(weights, **HEADS)


def test_a_head_of_one_row_is_taken_for_multiple_choice_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    weights = official(random_model(replace(SMALL, variant="ranking")))
    assert hdvila.load_model(weights, **HEADS).config.variant == "multiple_choice"
    assert "give variant='ranking' for the other" in caplog.text
    ranking = hdvila.load_model(weights, variant="ranking", **HEADS)
    assert ranking.match_logits(*small_inputs()).shape == (3, 4, 1)


def test_heads_of_two_kinds_leave_the_choice_to_the_caller() -> None:
    task = {key: one for key, one in random_model(SMALL).state_dict().items() if "classifier" in key}
    weights = official(random_model(PRETRAINING)) | task
    with pytest.raises(CheckpointError, match=r"several kinds \(transformer\.cls\.\*, transformer\.classifier"):
        hdvila.load_model(weights, **HEADS)
    loaded = hdvila.load_model(weights, variant="retrieval", **HEADS)
    assert torch.equal(loaded.state_dict()["transformer.classifier.2.bias"], task["transformer.classifier.2.bias"])


def test_old_names_of_layer_norm_are_read() -> None:
    model = random_model(PRETRAINING)
    old = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): one
        for key, one in official(model).items()
    }
    loaded = hdvila.load_model(old, **HEADS)
    assert all(torch.equal(one, model.state_dict()[name]) for name, one in loaded.state_dict().items())
    old["transformer.bert.embeddings.LayerNorm.weight"] = torch.ones(32)
    with pytest.raises(CheckpointError, match="keep one of the two keys"):
        hdvila.load_model(old, **HEADS)


# ---- initial weights


@torch.no_grad()
def test_a_bert_fills_transformer_pooler_and_heads(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=12,
    )  # fmt: skip
    torch.manual_seed(1)
    bert = transformers.BertForPreTraining(config).eval()
    bert.save_pretrained(tmp_path)
    model = random_model(PRETRAINING)
    assert not load_bert(model, tmp_path).started
    _, ids, mask = small_inputs()
    expected = bert(ids, mask)
    own = model.transformer.bert
    states = own.encoder(own.embeddings(ids), padding_bias(mask))
    torch.testing.assert_close(model.word_logits(states), expected.prediction_logits, atol=1e-4, rtol=1e-4)
    matching = model.transformer.cls.seq_relationship(own.pooler(states[:, 0]))
    torch.testing.assert_close(matching, expected.seq_relationship_logits, atol=1e-5, rtol=1e-4)
    assert "bert.cls" not in "".join(load_bert(random_model(SMALL), tmp_path).loaded)


@torch.no_grad()
def test_a_network_trained_on_imagenet_computes_the_same_of_a_frame(tmp_path: Path) -> None:
    torch.manual_seed(2)
    plain = ResNet((1, 2, 1, 1), 4).eval()
    torch.save(plain.state_dict() | {"fc.weight": torch.ones(2, 2)}, tmp_path / "resnet.pth")
    with pytest.raises(CheckpointError, match=r"--set model\.stride_in=3x3"):
        load_resnet(random_model(SMALL), tmp_path / "resnet.pth")
    model = random_model(replace(SMALL, stride_in="3x3"))
    report = load_resnet(model, tmp_path / "resnet.pth")
    assert report.dropped == {"fc.weight": "the classifier"}
    frames = small_inputs()[0][0, 0].float()
    mean, std = (torch.tensor(v)[:, None, None] for v in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
    ours = model.cnn.feature(normalised(frames, torch.float32))[-1]
    torch.testing.assert_close(ours, plain((frames - mean) / std)[-1], atol=1e-4, rtol=1e-4)


def test_grid_features_and_mmaction_names_are_read(tmp_path: Path) -> None:
    model = random_model(SMALL)
    prefix = "cnn.feature.backbone."
    grid = {
        f"backbone.{key.removeprefix(prefix)}": tensor
        for key, tensor in to_official(model.state_dict(), SMALL).items()
        if key.startswith(prefix)
    }
    torch.save({"model": grid | {"roi_heads.x": torch.ones(1)}, "iteration": 3}, tmp_path / "R-50.pth")
    other = random_model(SMALL, seed=5)
    report = load_resnet(other, tmp_path / "R-50.pth")
    assert list(report.dropped) == ["roi_heads.x"]
    feature = model.cnn.feature.state_dict()
    assert all(torch.equal(tensor, feature[name]) for name, tensor in other.cnn.feature.state_dict().items())

    def mmaction(name: str) -> str:
        name = name.replace("downsample.0.", "downsample.conv.").replace("downsample.1.", "downsample.bn.")
        for number in "123":
            name = name.replace(f"conv{number}.weight", f"conv{number}.conv.weight").replace(
                f"bn{number}.", f"conv{number}.bn."
            )
        return f"backbone.{name}"

    kinetics = {mmaction(name): tensor for name, tensor in feature.items()}
    torch.save({"state_dict": kinetics | {"cls_head.fc_cls.weight": torch.ones(2, 2)}}, tmp_path / "tsn.pth")
    third = random_model(replace(SMALL, stride_in="3x3"), seed=6)
    load_resnet(third, tmp_path / "tsn.pth")
    assert torch.equal(third.cnn.feature.layer2[1].bn3.running_var, feature["layer2.1.bn3.running_var"])


def test_another_clipbert_gives_all_but_a_head_of_another_kind(tmp_path: Path) -> None:
    source = random_model(PRETRAINING)
    source.save_pretrained(tmp_path / "source")
    model = random_model(replace(SMALL, fusion="conv3d"), seed=1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = load_pretrained(model, str(tmp_path / "source"), same_answers=False)
    now, wanted = model.state_dict(), source.state_dict()
    for name, tensor in now.items():
        kept = name.startswith(("transformer.classifier.", "cnn.fusion."))
        assert torch.equal(tensor, before[name] if kept else wanted[name]), name
    assert report.started["cnn.fusion.weight"] == "the source takes the mean of frames"
    other = ClipBERT(replace(SMALL, num_attention_heads=4))
    with pytest.raises(CheckpointError, match="num_attention_heads is 2, the model to fill has 4"):
        load_pretrained(other, str(tmp_path / "source"), same_answers=False)


def test_a_copy_of_torchvision_in_the_names_of_detectron2_computes_as_torchvision(tmp_path: Path) -> None:
    model, prefix = random_model(SMALL), "cnn.feature.backbone."
    names = to_official(model.state_dict(), SMALL)
    copied = {key.removeprefix(prefix): one.numpy() for key, one in names.items() if key.startswith(prefix)}
    copied["stem.fc.weight"] = np.ones((2, 2), np.float32)
    (tmp_path / "r50.pkl").write_bytes(pickle.dumps({"model": copied, "matching_heuristics": True}))
    read = read_resnet(tmp_path / "r50.pkl")
    assert (read.bgr, read.stride_in, read.report.dropped) == (False, "3x3", {"stem.fc.weight": "the classifier"})
    assert read.weights.keys() == model.cnn.feature.state_dict().keys()


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (SMALL, replace(SMALL, variant="ranking"), "a head of 2 rows; that of a model of variant ranking has 1"),
        (replace(SMALL, variant="open_ended", num_answers=7), SMALL, "a head of 7 rows"),
        (replace(SMALL, variant="ranking"), SMALL, "a head of 1 rows"),
    ],
)
def test_an_official_file_with_another_head_gives_all_but_the_head(
    source: ClipBERTConfig, target: ClipBERTConfig, reason: str, tmp_path: Path
) -> None:
    torch.save(official(random_model(source)), tmp_path / "model.pt")
    model = random_model(target, seed=1)
    head = model.transformer.classifier[2].weight.clone()
    report = load_pretrained(model, str(tmp_path / "model.pt"), same_answers=False)
    assert report.dropped["transformer.classifier.2.weight"].startswith(reason)
    assert report.started["transformer.classifier.0.weight"] == "the head starts new"
    assert torch.equal(model.transformer.classifier[2].weight, head)


def test_a_head_of_one_row_that_nothing_names_is_taken_over_and_said(tmp_path: Path) -> None:
    source = random_model(replace(SMALL, variant="ranking"))
    torch.save(official(source), tmp_path / "model.pt")
    model = random_model(replace(SMALL, variant="multiple_choice"), seed=1)
    report = load_pretrained(model, str(tmp_path / "model.pt"), same_answers=False)
    assert torch.equal(model.transformer.classifier[2].weight, source.transformer.classifier[2].weight)
    assert "--set variant=ranking makes" in str(report)


def test_a_whole_clipbert_is_not_a_resnet(tmp_path: Path) -> None:
    torch.save(official(random_model(SMALL)), tmp_path / "model.pt")
    random_model(SMALL).save_pretrained(tmp_path / "folder")
    for source in ("model.pt", "folder"):
        with pytest.raises(CheckpointError, match=r"a whole ClipBERT, not a ResNet: give it as --set start\.model="):
            load_resnet(random_model(replace(SMALL, stride_in="3x3")), tmp_path / source)


def test_settings_come_from_the_shapes() -> None:
    config = replace(SMALL, fusion="conv2+1d")
    weights = random_model(config).state_dict()
    assert infer_config(weights, HEADS) == replace(config, initializer_range=0.02)
    ours, report = from_official(weights, config)
    assert ours.keys() == weights.keys()
    assert not report.dropped
