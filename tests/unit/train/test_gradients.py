"""However a batch is cut (processes, micro-batches, gradient cache), loss and gradient stay those of the whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.multiprocessing

from hdvila.data.batch import Batch
from hdvila.data.loader import BatchShare
from hdvila.data.order import Order
from hdvila.models.hdvila.system import SYSTEM
from hdvila.tasks.masked_words import masked_word_loss
from hdvila.tasks.pretrain_image_text import PretrainImageText
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.compat import Compat
from hdvila.train.engine import Engine, seed_random_numbers
from hdvila.train.optim import Optim
from hdvila.train.optimizer import build_optimizer
from hdvila.train.step import compute_gradients
from tests.systems import frame_words
from tests.unit.train.toy_training import LENGTH, VOCABULARY, dataset, model

TASKS = {
    "stage1": PretrainStage1(),
    "stage2": PretrainStage2(mask_share=0.5),
    "open_ended": VideoQA("logsumexp"),
    "multiple_choice": VideoQA("max"),
    "image_text": PretrainImageText(mask_share=0.5),
}
SIZE = 8
Result = tuple[dict[str, float], dict[str, torch.Tensor]]


def gradients(
    variant: str,
    *,
    chunk: int = 0,
    accumulate: int = 1,
    dropout: float = 0.0,
    precision: str = "float32",
    sharded: bool = False,
    compat: Compat | None = None,
) -> Result:
    """Values and gradients of step 1 on this process's share."""
    engine, task = Engine(precision, sharded=sharded), TASKS[variant]  # type: ignore[arg-type]
    net = model(variant, dropout)
    engine.place(net)
    task.start(net)
    task.train_mode(net)
    engine.adopt(build_optimizer(net, Optim(), frame_words.SYSTEM if variant == "image_text" else SYSTEM))
    share = BatchShare(SIZE, engine.rank, engine.world, accumulate)
    data = dataset(variant=variant)
    keys = Order(len(data), SIZE, 0).sample_keys(1)
    micros = [task.prepare(data.batch(part), VOCABULARY) for part in share.split(keys)]
    values = compute_gradients(engine, task, micros, chunk, (0, 1, engine.rank), compat)
    found = {name: engine.whole(p.grad).clone() for name, p in net.named_parameters() if p.grad is not None}
    return values, found


def assert_same(got: Result, wanted: Result, tolerance: float = 1e-5) -> None:
    """Gradients by the norm of the difference: single elements of large sums vary with the order of summing."""
    for name, value in wanted[0].items():
        assert got[0][name] == pytest.approx(value, abs=1e-5), name
    assert got[1].keys() == wanted[1].keys()
    assert wanted[1]
    for name, grad in wanted[1].items():
        error = (got[1][name] - grad).norm().item()
        assert error <= tolerance * (grad.norm().item() + 0.1), f"{name}: off by {error:.1e} of {grad.norm():.1e}"


@pytest.mark.parametrize("variant", TASKS)
@pytest.mark.parametrize("chunk", [3, 4, 8])
def test_gradient_cache_gives_the_gradient_of_the_whole_batch(variant: str, chunk: int) -> None:
    assert_same(gradients(variant, chunk=chunk), gradients(variant))


@pytest.mark.parametrize("variant", ["stage2", "open_ended", "multiple_choice", "image_text"])
def test_words_and_answers_do_not_care_about_micro_batches(variant: str) -> None:
    assert_same(gradients(variant, accumulate=4), gradients(variant))


def test_several_losses_are_the_sum_of_their_means_and_said_each() -> None:
    values, grads = gradients("image_text")
    assert list(values) == ["loss", "words_loss", "accuracy", "matching_loss", "matching_accuracy"]
    assert values["loss"] == pytest.approx(values["words_loss"] + values["matching_loss"])
    net, task = model("image_text"), TASKS["image_text"]
    task.start(net)
    batch = task.prepare(dataset(variant="image_text").batch(Order(24, SIZE, 0).sample_keys(1)), VOCABULARY)
    assert batch.labels is not None
    states, matching = net.pretraining_states(*batch.video, batch.input_ids, batch.attention_mask)
    words = masked_word_loss(net.word_logits(states).mean(0), batch.labels)
    loss = words + torch.nn.functional.cross_entropy(matching.mean(0), batch.answers)
    loss.backward()
    wanted = {n: p.grad for n, p in net.named_parameters() if p.grad is not None}
    assert_same((values, grads), ({"loss": loss.item()}, wanted))


@pytest.mark.parametrize("accumulate", [1, 4])
def test_official_quirks_scale_the_losses(accumulate: int) -> None:
    """Micro-batches that are added make all gradients larger, a mean over all positions that of the words smaller."""
    plain, summed = (
        gradients("image_text", accumulate=accumulate, compat=Compat(summed_accumulation=one)) for one in (False, True)
    )
    assert_same(summed, (plain[0], {name: accumulate * grad for name, grad in plain[1].items()}))
    values, grads = gradients("image_text", accumulate=accumulate, compat=Compat(mean_over_ignored=True))
    net, task = model("image_text"), TASKS["image_text"]
    task.start(net)
    batch = task.prepare(dataset(variant="image_text").batch(Order(24, SIZE, 0).sample_keys(1)), VOCABULARY)
    sums = task.loss_sums(task.forward(net, batch), batch)
    loss = sums["words_loss"][0] / (SIZE * LENGTH) + sums["matching_loss"][0] / SIZE
    loss.backward()
    wanted = {n: p.grad for n, p in net.named_parameters() if p.grad is not None}
    said = {"loss": loss.item(), "accuracy": plain[0]["accuracy"]}
    assert_same((values, grads), (said, wanted))


def test_contrastive_micro_batches_average_their_own_losses() -> None:
    whole = gradients("stage1", accumulate=2)
    net, task, data = model(), PretrainStage1(), dataset()
    keys = Order(len(data), SIZE, 0).sample_keys(1)
    losses = []
    for part in (keys[:4], keys[4:]):
        batch = data.batch(part)
        losses.append(task.loss_sum(task.forward(net, batch), batch)[0] / 4)
    mean = sum(losses) / 2
    mean.backward()
    assert whole[0]["loss"] == pytest.approx(mean.item(), abs=1e-6)
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(whole[1][name], parameter.grad, rtol=1e-4, atol=1e-6)


def test_gradient_cache_repeats_dropout_of_each_chunk() -> None:
    """With dropout, the cache must give the gradient of one graph in which every chunk has its own random numbers."""
    got = gradients("stage1", chunk=4, dropout=0.5)
    net, task, data = model(dropout=0.5).train(), PretrainStage1(), dataset()
    batch = data.batch(Order(len(data), SIZE, 0).sample_keys(1))
    outputs = []
    for number in range(2):
        seed_random_numbers(0, 1, 0, 0, number)
        outputs.append(task.forward(net, batch.rows(4 * number, 4 * number + 4)))
    loss = task.loss_sum(tuple(map(torch.cat, zip(*outputs, strict=True))), batch)[0] / SIZE
    loss.backward()
    assert_same(got, ({"loss": loss.item()}, {n: p.grad for n, p in net.named_parameters() if p.grad is not None}))


def test_dropout_is_a_function_of_the_key() -> None:
    assert_same(gradients("stage1", dropout=0.5), gradients("stage1", dropout=0.5), tolerance=0.0)


def test_bfloat16_is_close_and_keeps_float32_gradients() -> None:
    values, grads = gradients("stage1", precision="bfloat16")
    wanted, _ = gradients("stage1")
    assert values["loss"] == pytest.approx(wanted["loss"], rel=0.02)
    assert {grad.dtype for grad in grads.values()} == {torch.float32}


def _one_of_two(rank: int, folder: str, port: int) -> None:
    import os

    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "test"}
    torch.set_num_threads(1)
    cases = {
        name: gradients(name.split("/")[0], **case)
        for name, case in {
            "stage1": {},
            "stage1/cache": {"chunk": 2},
            "stage2": {},
            "stage2/cut": {"accumulate": 2},
            "multiple_choice/cut": {"accumulate": 2},
            "open_ended/cache": {"chunk": 2},
            "image_text/cut": {"accumulate": 2},
            "image_text/cache": {"chunk": 2},
            "stage1/sharded": {"sharded": True},
            "stage1/sharded and cache": {"sharded": True, "chunk": 2},
            "stage2/sharded and cut": {"sharded": True, "accumulate": 2},
        }.items()
    }
    torch.save(cases, Path(folder) / f"{rank}.pt")


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Result]]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("two")
    torch.multiprocessing.spawn(_one_of_two, (str(folder), port), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize(
    "case",
    [
        "stage1",
        "stage1/cache",
        "stage2",
        "stage2/cut",
        "multiple_choice/cut",
        "open_ended/cache",
        "image_text/cut",
        "image_text/cache",
        "stage1/sharded",
        "stage1/sharded and cache",
        "stage2/sharded and cut",
    ],
)
def test_two_processes_have_the_loss_and_gradient_of_one(two_processes: list[dict[str, Result]], case: str) -> None:
    alone = gradients(case.split("/")[0])
    for process in two_processes:
        assert_same(process[case], alone)


def test_a_batch_is_cut_by_rows() -> None:
    batch = dataset().batch(Order(24, SIZE, 0).sample_keys(1))
    part = batch.rows(2, 5)
    assert isinstance(part, Batch)
    assert part.size == 3
    assert part.input_ids.shape == (3, LENGTH)
    (high, _), (of_part, _) = batch.video, part.video
    assert high is not None
    assert of_part is not None
    assert torch.equal(of_part, high[2:5])
