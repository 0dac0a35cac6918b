"""Image-text pre-training: which text is read, and the official sum of both losses."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from hdvila.data.batch import Batch
from hdvila.errors import UsageError
from hdvila.tasks.masked_words import IGNORE, Vocabulary
from hdvila.tasks.pretrain_image_text import PretrainImageText
from tests.shared import SHARED, needs
from tests.systems.frame_words import FrameWords, FrameWordsConfig
from tests.unit.tasks.test_matching import batch

GOLDENS = SHARED / "reference" / "goldens"
WORDS = Vocabulary(size=80, mask=4, special=(0, 1, 2, 3, 4))


def test_half_of_the_pairs_have_a_wrong_text_and_all_of_them_masked_words() -> None:
    many = batch(clips=400)
    done = PretrainImageText(mask_share=0.4).prepare(many, WORDS)
    assert done.answers is not None
    assert done.labels is not None
    assert done.input_ids.shape == done.labels.shape == (400, 6)
    assert 160 < int(done.answers.sum()) < 240, "200; one deviation is 10"
    unmasked = torch.where(done.labels == IGNORE, done.input_ids, done.labels)
    read = [int((text == row).all(1).nonzero()[0, 0]) for text, row in zip(many.input_ids, unmasked, strict=True)]
    assert [text == 0 for text in read] == done.answers.bool().tolist()
    assert set(read) == {0, 1, 2}
    for matched in (0, 1):
        assert 0.3 < (done.labels[done.answers == matched] != IGNORE).float().mean() < 0.5
    part = PretrainImageText(mask_share=0.4).prepare(many.rows(3, 9), WORDS)
    assert torch.equal(part.input_ids, done.input_ids[3:9]), "whatever else is in the batch"


def test_each_loss_is_the_mean_of_its_own_terms() -> None:
    torch.manual_seed(0)
    net, task = FrameWords(FrameWordsConfig(vocab_size=80, max_text_positions=16)).eval(), PretrainImageText(0.4)
    done = task.prepare(batch(), WORDS)
    assert done.labels is not None
    counts, sums = task.counts(done), task.loss_sums(task.forward(net, done), done)
    assert counts == {"words_loss": int((done.labels != IGNORE).sum()), "matching_loss": 3}
    states, matching = net.pretraining_states(*done.video, done.input_ids, done.attention_mask)
    words = F.cross_entropy(net.word_logits(states).mean(0).flatten(0, 1), done.labels.flatten(), ignore_index=IGNORE)
    torch.testing.assert_close(sums["words_loss"][0] / counts["words_loss"], words)
    pairs = F.cross_entropy(matching.mean(0), done.answers)
    torch.testing.assert_close(sums["matching_loss"][0] / counts["matching_loss"], pairs)


class Golden(FrameWords):
    """Says what the official model said: the loss of a word as two scores that give it."""

    def __init__(self, loss_BL: torch.Tensor, matching_B2: torch.Tensor) -> None:
        super().__init__(FrameWordsConfig(vocab_size=80))
        self.loss_BL, self.matching_B2 = loss_BL, matching_B2

    def pretraining_states(self, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
        return self.loss_BL[None, ..., None], self.matching_B2[None]

    def word_logits(self, states: torch.Tensor) -> torch.Tensor:
        """Cross entropy of word 0 against word 1 is log(1 + e^x), so x = log(e^loss - 1)."""
        return torch.cat([torch.zeros_like(states), states.expm1().log()], -1)


@needs(GOLDENS)
def test_the_losses_are_the_official_ones() -> None:
    golden = load_file(GOLDENS / "clipbert_pretrain.safetensors")
    labels = torch.where(golden["input.mlm_labels"] == IGNORE, IGNORE, 0)
    ids, mask = golden["input.text_input_ids"], golden["input.text_input_mask"]
    done = Batch((ids,), ids, mask, torch.arange(4), labels, torch.tensor([1, 0, 0, 1]))
    task, net = PretrainImageText(), Golden(golden["mlm_loss"].view(4, 30), golden["itm_scores"])
    counts, sums = task.counts(done), task.loss_sums(task.forward(net, done), done)
    means = {name: sums[name][0] / count for name, count in counts.items()}
    torch.testing.assert_close(means["words_loss"], golden["mlm_loss_mean_masked_only"])
    torch.testing.assert_close(means["matching_loss"], golden["itm_loss"].mean())
    official = sum(sums[name][0] / count for name, count in task.positions(done).items())
    torch.testing.assert_close(official, golden["loss_total_official"])


def test_positions_are_those_of_padded_texts_however_a_batch_is_cut() -> None:
    task, whole = PretrainImageText(mask_share=0.4), batch()._replace(text_length=30)
    assert task.positions(task.prepare(whole, WORDS)) == {"words_loss": 3 * 30, "matching_loss": 3}
    rest = whole.rows(1, 3)
    shorter = rest._replace(input_ids=rest.input_ids[..., :4], attention_mask=rest.attention_mask[..., :4])
    pieces = [whole.rows(0, 1), shorter]
    assert sum(task.positions(task.prepare(piece, WORDS))["words_loss"] for piece in pieces) == 3 * 30


def test_shares_that_mean_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match=r"task\.mask_share=0"):
        PretrainImageText(mask_share=0)
    with pytest.raises(UsageError, match=r"task\.wrong_share=1"):
        PretrainImageText(wrong_share=1)
