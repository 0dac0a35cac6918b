"""ClipBERT against the official code, at the released size: logits, aggregates, losses, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import hdvila
from hdvila.nn.pretrained import PretrainedModel
from hdvila.tasks.video_qa import answer_loss
from tests.parity.clipbert import KEYS, classifier, frames, official_shapes, official_weights, squared
from tests.parity.compare import assert_near
from tests.shared import missing

pytestmark = pytest.mark.conformance
NEAR = 1e-4
LSE = {"lse": "logsumexp", "mean": "mean", "max": "max"}
Load = Callable[..., PretrainedModel]
Goldens = Callable[[str], dict[str, Tensor]]


@pytest.fixture(scope="module")
def body() -> dict[str, Tensor]:
    if not KEYS.is_file():
        pytest.skip(missing(KEYS))
    return official_weights(official_shapes({}))


@pytest.fixture(scope="module")
def load(body: dict[str, Tensor]) -> Load:
    def loaded(head: dict[str, list[int]], **settings: Any) -> PretrainedModel:
        return hdvila.load_model(body | official_weights(head), **settings)

    return loaded


def clips_of(video: int, clips: int, frames_each: int, side: int = 224, **size: int) -> Tensor:
    """(clips, T, 3, side, side)."""
    return squared(frames(video, clips * frames_each, **size), side).unflatten(0, (clips, frames_each))


def batch_of(videos: tuple[int, ...], clips: int, frames_each: int) -> Tensor:
    return torch.stack([clips_of(video, clips, frames_each) for video in videos])


def texts(golden: dict[str, Tensor], prefix: str = "") -> tuple[Tensor, Tensor]:
    return golden[f"{prefix}input.text_input_ids"], golden[f"{prefix}input.text_input_mask"]


@torch.no_grad()
def test_retrieval(load: Load, large_goldens: Goldens) -> None:
    golden, model = large_goldens("clipbert_retrieval"), load(classifier(2))
    video = batch_of((0, 1), 3, 2)
    ids, mask = texts(golden)
    logits = model.match_logits(video, ids, mask)
    assert_near("logits", logits, golden["clip_logits"], absolute=NEAR)
    labels = torch.tensor([1, 0, 1, 0])
    visual = model.visual_tokens(video)
    for official, ours in LSE.items():
        joined = model.aggregate(logits, ours)
        assert_near(f"agg_{official}", joined, golden[f"agg_{official}"], absolute=NEAR)
        assert_near(f"loss_{official}", answer_loss(logits, labels, ours), golden[f"loss_{official}"], absolute=NEAR)
        scores = model.match_scores(visual.repeat_interleave(2, 1), ids, mask, ours)
        assert_near(f"score_{official}", scores, golden[f"score_{official}"], absolute=NEAR)
    first = model.cnn.grid_encoder(model.cnn.feature(_bgr(video[:, 0].flatten(0, 1)))[-1])
    grid = first.unflatten(0, (2, 2)).permute(0, 1, 3, 4, 2)[..., ::16]
    assert_near("grid features", grid, golden["clip0.grid_features_c16"], absolute=NEAR)
    seen = visual[0].repeat_interleave(2, 0)[..., ::16]
    assert_near("visual embeddings", seen, golden["clip0.visual_embeddings_c16"], absolute=NEAR)
    words = model.transformer.bert.embeddings(ids)[..., ::16]
    assert_near("text embeddings", words, golden["clip0.text_embeddings_c16"], absolute=NEAR)
    pooled = model.transformer.bert.pooler(model.read_together(visual[:1], ids, mask)[0, :, 0])
    assert_near("pooled", pooled, golden["clip0.pooled"], absolute=NEAR)
    large = clips_of(5, 1, 2, 448, height=240, width=320)[None]
    wide = model.match_logits(large, *texts(golden, "l448."))[0]
    assert_near("at 448", wide, golden["l448.logits"], absolute=NEAR)


@torch.no_grad()
def test_ranking_of_a_corpus_and_choice_of_captions(load: Load, large_goldens: Goldens) -> None:
    golden, model = large_goldens("clipbert_retrieval"), load(classifier(2))
    ids, mask = texts(golden, "eval.")
    visual = model.visual_tokens(batch_of((20, 21, 22), 2, 2))
    for official, ours in LSE.items():
        scores = torch.stack([model.match_scores(visual[:, [v] * 3], ids, mask, ours) for v in range(3)], 1)
        golden_scores = golden[f"eval.scores_rounded4_{official}"]
        assert_near(f"scores {official}", scores, golden_scores, absolute=NEAR)
        ranks = [(scores[i] > scores[i, i]).sum() + 1 for i in range(3)]
        r1 = 100 * torch.tensor([rank <= 1 for rank in ranks]).float().mean()
        assert_near(f"R@1 {official}", r1, golden[f"eval.metrics_{official}"][0, 0], absolute=1e-3)
    ids, mask = texts(golden, "mc.")
    chosen = model.match_scores(model.visual_tokens(batch_of((30, 31), 2, 2)).repeat_interleave(5, 1), ids, mask)
    assert_near("options", chosen.reshape(2, 5), golden["mc.probs_lse"], absolute=NEAR)
    assert chosen.reshape(2, 5).argmax(1).tolist() == golden["mc.pred"].tolist()


@torch.no_grad()
def test_margin_ranking(load: Load, large_goldens: Goldens) -> None:
    golden, model = large_goldens("clipbert_retrieval_rank"), load(classifier(1))
    video = batch_of((0, 1), 3, 2)[:, :2]
    logits = model.match_logits(video, *texts(golden))
    assert_near("logits", logits, golden["clip_logits"], absolute=NEAR)
    visual = model.visual_tokens(video).repeat_interleave(3, 1)
    for how in ("mean", "max"):
        scores = model.match_scores(visual, *texts(golden), how)
        assert_near(f"score_{how}", scores, golden[f"score_{how}"], absolute=NEAR)


@torch.no_grad()
@pytest.mark.parametrize(
    ("file", "videos", "count", "rows"), [("multiple_choice", (2, 3), 1, 1), ("open", (0, 1), 2, 1500)]
)
def test_answers(load: Load, large_goldens: Goldens, file: str, videos: tuple[int, ...], count: int, rows: int) -> None:
    golden, model = large_goldens(f"clipbert_qa_{file}"), load(classifier(rows))
    video = batch_of(videos, 3, 2)[:, :2] if file == "open" else batch_of(videos, 2, count)
    logits = model.answer_logits(video, *texts(golden))
    assert_near("logits", logits, golden["clip_logits"], absolute=NEAR)
    right = torch.tensor([17, 1203] if file == "open" else [3, 1])
    for official, ours in LSE.items():
        joined = model.aggregate(logits, ours)
        assert_near(f"agg_{official}", joined, golden[f"agg_{official}"], absolute=NEAR)
        assert joined.argmax(1).tolist() == golden[f"pred_{official}"].tolist()
        assert_near(f"loss_{official}", answer_loss(logits, right, ours), golden[f"loss_{official}"], absolute=NEAR)


@torch.no_grad()
def test_vqa(load: Load, large_goldens: Goldens) -> None:
    golden, model = large_goldens("clipbert_vqa"), load(classifier(3129))
    logits = model.answer_logits(batch_of((6, 7), 1, 1), *texts(golden))[0]
    assert_near("logits", logits, golden["logits"], absolute=NEAR)
    assert logits.argmax(1).tolist() == golden["pred"].tolist()


@torch.no_grad()
def test_pretraining(body: dict[str, Tensor], large_goldens: Goldens) -> None:
    golden = large_goldens("clipbert_pretrain")
    shapes = official_shapes()
    heads = {key: shape for key, shape in shapes.items() if key.startswith("transformer.cls.")}
    words = "transformer.bert.embeddings.word_embeddings.weight"
    model = hdvila.load_model(body | official_weights(heads | {words: shapes[words]}))
    assert model.config.variant == "pretraining"
    video, (ids, mask) = batch_of((6, 7), 1, 1), texts(golden)
    logits = model.masked_language_logits(video, ids, mask)[0]
    _words_are(logits, golden, "")
    assert_near("matching", model.matching_logits(video, ids, mask)[0], golden["itm_scores"], absolute=NEAR)
    states, matching = model.pretraining_states(video, ids, mask)
    assert_near("matching", matching[0], golden["itm_scores"], absolute=NEAR)
    assert_near("words", model.word_logits(states[0]), logits, absolute=NEAR)
    kept = golden["train_sampled.indices"]
    visual = model.transformer.bert.visual_embeddings(model.cnn(video.flatten(0, 1)), kept)[None]
    sampled = model.word_logits(model.read_together(visual, ids, mask)[0, :, : ids.shape[1]])
    _words_are(sampled, golden, "train_sampled.")
    matched = model.matches_about(visual, ids, mask)[0]
    assert_near("sampled matching", matched, golden["train_sampled.itm_scores"], absolute=NEAR)


def _words_are(logits: Tensor, golden: dict[str, Tensor], prefix: str) -> None:
    assert_near("words", logits[..., ::509], golden[f"{prefix}mlm_scores_v509"], absolute=NEAR)
    assert_near("words", logits.logsumexp(-1), golden[f"{prefix}mlm_logsumexp"], absolute=NEAR)
    assert torch.equal(logits.argmax(-1), golden[f"{prefix}mlm_argmax"])
    labels = golden["input.mlm_labels"].flatten()
    loss = F.cross_entropy(
        logits.flatten(0, 1), labels, ignore_index=-1 if (labels == -1).any() else -100, reduction="none"
    )
    assert_near("word loss", loss, golden[f"{prefix}mlm_loss"], absolute=NEAR)


def test_gradients(load: Load, large_goldens: Goldens) -> None:
    golden, model = large_goldens("clipbert_train"), load(classifier(2), dropout=0.0)
    model.train()
    model.requires_grad_(True)
    for part in model.frozen_parts():
        part.requires_grad_(False)
    logits = model.match_logits(batch_of((0, 1), 3, 2), *texts(golden, "grad."))
    loss = answer_loss(logits, torch.tensor([1, 0, 1, 0]), "logsumexp")
    loss.backward()  # type: ignore[no-untyped-call]
    assert_near("loss", loss[None], golden["grad.loss"], absolute=NEAR)
    trained = {name: one.grad for name, one in model.named_parameters() if one.requires_grad}
    norm = torch.stack([grad.double().norm() for grad in trained.values() if grad is not None]).norm()
    assert_near("norm", norm[None].float(), golden["grad.total_norm"], relative=1e-4)
    ours = {"cnn.feature.backbone.res3.0.conv1": "cnn.feature.layer2.0.conv1",
            "cnn.feature.backbone.res3.0.shortcut": "cnn.feature.layer2.0.downsample.0",
            "cnn.feature.backbone.res4.0.conv1": "cnn.feature.layer3.0.conv1",
            "cnn.feature.backbone.res5.2.conv3": "cnn.feature.layer4.2.conv3"}  # fmt: skip
    checked = 0
    for key, wanted in golden.items():
        kind, _, name = key.partition(".")
        if kind not in ("grad", "gradnorm") or name.startswith(("input", "loss", "total")):
            continue
        name, _, part = name.removesuffix("]").partition("[")
        name = next((name.replace(theirs, our) for theirs, our in ours.items() if name.startswith(theirs)), name)
        grad = trained[name]
        assert grad is not None, name
        if kind == "gradnorm":
            grad = grad.norm()[None]
        elif part:
            grad = grad[:4, :4]
        elif wanted.shape != grad.shape:
            grad = grad[: len(wanted)]
        assert_near(key, grad, wanted, absolute=1e-6, relative=1e-3)
        checked += 1
    assert checked > 12


def _bgr(rgb: Tensor) -> Tensor:
    mean = np.array([103.53, 116.28, 123.675], np.float32)
    return rgb.flip(1) - torch.from_numpy(mean)[:, None, None]
