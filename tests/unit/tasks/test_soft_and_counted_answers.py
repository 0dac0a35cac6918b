"""Questions with several accepted answers, and with a number for an answer."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from hdvila.annotations.records import Question
from hdvila.data.batch import Batch, batch_of
from hdvila.data.examples import question_examples
from hdvila.errors import UsageError
from hdvila.tasks.count_answers import CountAnswers
from hdvila.tasks.soft_answers import SoftAnswers, soft_targets
from hdvila.text.answers import AnswerVocabulary
from tests.shared import SHARED, needs
from tests.unit.train.toy_training import VOCABULARY

GOLDENS = SHARED / "reference" / "goldens"


def asked(**answers: object) -> Batch:
    ids = torch.ones(2, 4, dtype=torch.long)
    return batch_of((), ids, ids, [0, 1], **answers)  # type: ignore[arg-type]


@needs(GOLDENS)
def test_the_loss_of_soft_answers_is_the_official_one() -> None:
    golden = load_file(GOLDENS / "clipbert_vqa.safetensors")
    rows = [((37 * i + 11) % 3129, (97 * i + 5) % 3129, (1001 * i + 300) % 3129) for i in range(4)]
    accepted = [tuple(zip(of, (1.0, 0.6, 0.3), strict=True)) for of in rows]
    ids = golden["input.text_input_ids"]
    batch = batch_of((), ids, ids, range(4), None, accepted)
    loss, metrics = SoftAnswers().loss_sum((golden["logits"][:, None],), batch)
    torch.testing.assert_close(loss / 4, golden["train_loss"], rtol=1e-5, atol=0)
    best = golden["pred"].tolist()
    weights = [dict(of).get(one, 0) for of, one in zip(accepted, best, strict=True)]
    assert float(metrics["accuracy"]) == pytest.approx(sum(weights))


def test_accepted_answers_are_rows_of_the_vocabulary() -> None:
    words = AnswerVocabulary(("yes", "no", "two"))
    questions = [
        Question("0", "v", "is it ?", "yes", soft_answers=(("yes", 1.0), ("no", 0.3))),
        Question("1", "v", "is it ?", "maybe", soft_answers=(("maybe", 1.0), ("two", 0.6), ("no", 0.9))),
        Question("2", "v", "is it ?", "never", soft_answers=(("never", 1.0),)),
        Question("3", "v", "is it ?", "two"),
    ]
    examples, left_out = question_examples(questions, {"v": 5}, words)
    assert [(one.answer, one.soft_answers) for one in examples] == [
        (0, ((0, 1.0), (1, 0.3))), (1, ((2, 0.6), (1, 0.9))), (2, ((2, 1.0),)),
    ]  # fmt: skip
    assert left_out == 1
    plain, _ = question_examples(questions[3:], {"v": 5}, words)
    assert plain[0].soft_answers == ()
    filled = asked(soft_answers=[examples[0].soft_answers, examples[2].soft_answers]).soft_answers
    assert filled is not None
    torch.testing.assert_close(soft_targets(filled, 4), torch.tensor([[1, 0.3, 0, 0], [0, 0, 1, 0]]))


def test_one_right_answer_each_is_another_task() -> None:
    with pytest.raises(UsageError, match="one right answer each: choose the task VideoQA"):
        SoftAnswers().prepare(asked(answers=[0, 1]), VOCABULARY)
    for task in (SoftAnswers, CountAnswers):
        with pytest.raises(UsageError, match=r"task\.consensus='logsumexp'.* mean or max"):
            task(consensus="logsumexp")


def test_a_number_costs_its_squared_error() -> None:
    numbers_BS = torch.tensor([[1.0, 2.2], [7.0, 5.0]])
    loss, metrics = CountAnswers().loss_sum((numbers_BS,), asked(answers=[2, 3]))
    assert float(loss) == pytest.approx(0.4**2 + 3**2)
    assert metrics["accuracy"] == 1
    assert float(CountAnswers("max").loss_sum((numbers_BS,), asked(answers=[2, 3]))[0]) == pytest.approx(0.2**2 + 4**2)
