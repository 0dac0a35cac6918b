from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.tasks.contrastive import contrastive_loss
from hdvila.tasks.masked_words import masked_word_loss, right_words
from hdvila.tasks.video_qa import answer_loss


def unit(*shape: int, seed: int = 0) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32), dim=-1)


@settings(deadline=None)
@given(rows=st.integers(1, 6), processes=st.integers(1, 4), weight=st.sampled_from([0.5, 1.0]))
def test_processes_together_give_the_loss_and_gradients_of_one(rows: int, processes: int, weight: float) -> None:
    text = unit(rows * processes, 8, seed=rows).requires_grad_()
    video = unit(rows * processes, 8, seed=processes + 10).requires_grad_()
    whole = contrastive_loss(text, video, 0.05, weight=weight)
    wanted = torch.autograd.grad(whole, (text, video))
    parts = [
        contrastive_loss(
            text[i * rows : (i + 1) * rows],
            video[i * rows : (i + 1) * rows],
            0.05,
            all_text_BD=text,
            all_video_BD=video,
            first_row=i * rows,
            weight=weight,
        )
        for i in range(processes)
    ]
    together = torch.stack(parts).mean()
    torch.testing.assert_close(together, whole)
    for ours, golden in zip(torch.autograd.grad(together, (text, video)), wanted, strict=True):
        torch.testing.assert_close(ours, golden, atol=1e-5, rtol=1e-4)


def test_contrastive_loss_of_known_values() -> None:
    """Two orthogonal pairs at temperature 1: each row has scores 1 and 0, so each cross entropy is log(1 + 1/e)."""
    eye = torch.eye(2)
    expected = torch.tensor(1 + 1 / torch.e).log()
    torch.testing.assert_close(contrastive_loss(eye, eye, 1.0), expected)
    torch.testing.assert_close(contrastive_loss(eye, eye, 1.0, weight=1.0), 2 * expected)


def test_contrastive_loss_treats_both_sides_alike() -> None:
    text, video = unit(5, 8), unit(5, 8, seed=1)
    torch.testing.assert_close(contrastive_loss(text, video, 0.1), contrastive_loss(video, text, 0.1))


def test_masked_words_count_the_masked_tokens_of_all_rows() -> None:
    logits = torch.randn(2, 4, 9)
    labels = torch.tensor([[-100, 3, -100, 8], [-100, -100, -100, 0]])
    rows = torch.stack([logits[0, 1], logits[0, 3], logits[1, 2 + 1]])
    right = torch.tensor([3, 8, 0])
    torch.testing.assert_close(masked_word_loss(logits, labels), F.cross_entropy(rows, right))
    torch.testing.assert_close(masked_word_loss(rows, right), F.cross_entropy(rows, right))
    assert right_words(logits, labels) == right_words(rows, right) == (rows.argmax(-1) == right).sum()


def test_nothing_masked_costs_nothing() -> None:
    logits = torch.randn(2, 4, 9, requires_grad=True)
    labels = torch.full((2, 4), -100)
    loss = masked_word_loss(logits, labels)
    loss.backward()
    assert loss == 0
    assert right_words(logits, labels) == 0
    assert logits.grad is not None
    assert logits.grad.abs().max() == 0


@settings(deadline=None)
@given(segments=st.integers(1, 4), how=st.sampled_from(["mean", "max", "logsumexp"]))
def test_segments_that_agree_give_the_loss_of_one(segments: int, how: str) -> None:
    logits = torch.randn(1, 3, 7, generator=torch.Generator().manual_seed(segments))
    answers = torch.tensor([6, 0, 3])
    loss = answer_loss(logits.expand(segments, -1, -1), answers, how)
    torch.testing.assert_close(loss, F.cross_entropy(logits[0], answers))


def test_one_sure_segment_decides_under_logsumexp() -> None:
    logits = torch.zeros(2, 1, 3)
    logits[1, 0, 2] = 50.0
    assert answer_loss(logits, torch.tensor([2]), "logsumexp") < 1e-6
    assert answer_loss(logits, torch.tensor([0]), "logsumexp") > 40


def test_unknown_consensus_is_refused() -> None:
    with pytest.raises(UsageError, match="median"):
        answer_loss(torch.zeros(1, 1, 2), torch.tensor([0]), "median")
