"""The training and validation split of a benchmark, as a run uses them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hdvila.annotations.merge import split_off
from hdvila.annotations.records import Annotations
from hdvila.annotations.tgif_qa import COUNTS
from hdvila.data.examples import (
    Example,
    caption_examples,
    clip_numbers,
    question_examples,
    training_answers,
)
from hdvila.data.provenance import Training
from hdvila.data.settings import Benchmark
from hdvila.data.source import PreparedStore, open_prepared
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.models.config import IN_WORDS, Capability, named
from hdvila.models.registry import default_system
from hdvila.progress import Reporter
from hdvila.text.answers import AnswerVocabulary
from hdvila.train.held_out import HeldOutClips, some_of_clips
from hdvila.train.recipe import Recipe, Validate

SPLIT_OFF_SHARE = 0.1
OPEN = ("open_ended", "count")
"""Tasks that are answered out of a vocabulary."""
FROM_CAPTIONS: tuple[Capability, ...] = ("retrieval", "pair_scores", "masked_words")
"""What can be learned from a set of captions."""


def learned_from(protocol: Protocol, validate: Validate | None) -> int:
    """How many videos, questions or clips (`Protocol.train_size`) of the full training split a run learns from.

    About so many where a validation split is split off them, as that goes by whole videos.
    """
    return (
        round(protocol.train_size * (1 - SPLIT_OFF_SHARE)) if _splits_off(protocol, validate) else protocol.train_size
    )


@dataclass(frozen=True, slots=True)
class BenchmarkData:
    """The training split of a benchmark."""

    prepared: PreparedStore
    examples: list[Example]
    answers: AnswerVocabulary | None
    held_out: ClipTest | HeldOutClips | None
    training: Training | None
    """None for a set of captions: to learn from it is no fine-tuning."""


def open_benchmark(recipe: Recipe, reporter: Reporter) -> BenchmarkData:
    """Read what ``recipe.data.benchmark`` names.

    Raises:
        UsageError: it names nothing, the protocol asks for another kind of model, files or videos are missing, or a
            vocabulary that does not fit.
        StoreError: the store cannot be read.
    """
    chosen = recipe.data.benchmark
    assert chosen is not None
    protocol = _protocol(recipe, chosen, "data.benchmark")
    train, held_out = _splits(recipe, protocol, Path(chosen.folder))
    asks = protocol.task in OPEN
    answers = _answers(recipe, protocol, train, held_out) if asks else None
    return _opened(recipe, chosen, protocol, train, held_out, answers, reporter)


def open_benchmark_also(
    recipe: Recipe, number: int, answers: AnswerVocabulary | None, away: Collection[str], reporter: Reporter
) -> BenchmarkData:
    """Read what ``recipe.also[number].data.benchmark`` names.

    Args:
        answers: those of the run's own data: row i of the answer head means one answer.
        away: videos that are not learned from, because the run is measured on them.

    Raises:
        UsageError, StoreError: as `open_benchmark`; or an answer file that holds other answers.
    """
    chosen, group = recipe.also[number].data.benchmark, f"also.{number}.data.benchmark"
    assert chosen is not None
    protocol = _protocol(recipe, chosen, group)
    asks = protocol.task in OPEN
    if asks and (answers is None or (chosen.answers and AnswerVocabulary.load(chosen.answers) != answers)):
        raise UsageError(
            f"{group}: its questions are learned with the answers of the recipe's own data, which has "
            f"{'others' if answers else 'none'}: leave {group}.answers empty, or make it the recipe's own data"
        )
    train = read_split(protocol, Path(chosen.folder), "train")
    return _opened(recipe, chosen, protocol, train, None, answers if asks else None, reporter, away, group)


def _opened(
    recipe: Recipe,
    chosen: Benchmark,
    protocol: Protocol,
    train: Annotations,
    held_out: Annotations | None,
    answers: AnswerVocabulary | None,
    reporter: Reporter,
    away: Collection[str] = (),
    group: str = "data.benchmark",
) -> BenchmarkData:
    folder = Path(chosen.folder)
    splits = [train] if held_out is None else [train, held_out]
    system = recipe.model.system
    usual = default_system([protocol.name]).name
    prepared = open_prepared(folder, chosen.store, protocol.name, splits, "" if system == usual else system)
    for note in train.notes:
        reporter.note(note)
    videos = [video.video_id for video in train.videos if video.video_id not in away]
    if few := len(train.videos) - len(videos):
        reporter.note(
            f"{folder}: {few:,} of {len(train.videos):,} videos of {protocol.name} are not learned from, because the "
            "run is measured on them"
        )
    allowing = f"--set {group}.allow_missing=true"
    numbers = clip_numbers(prepared, videos, allow_missing=chosen.allow_missing, allowing=allowing)
    if lost := [video for video in videos if video not in numbers]:
        reporter.note(
            f"{prepared.folder}: trained without the {len(lost):,} of {len(videos):,} videos it lacks "
            f"({some_of(lost)}); {prepared.command} names all"
        )
    for image in prepared.damaged:
        reporter.note(image)
    if protocol.task in ("retrieval", "captions"):
        examples = caption_examples(train.captions, numbers)
    else:
        examples, left_out = question_examples(train.questions, numbers, answers)
        if left_out:
            reporter.note(
                f"{left_out} of {left_out + len(examples)} training questions are left out: their answers are not "
                "among those that the model gives"
            )
    seen = [prepared.source.clips[example.clip].video_id for example in examples]
    if not seen:
        raise UsageError(f"{folder}: its training split of {protocol.name} holds nothing to learn from")
    measured: ClipTest | HeldOutClips | None = None
    if held_out is not None and protocol.task == "captions":
        wanted = [video.video_id for video in held_out.videos]
        numbers = clip_numbers(prepared, wanted, allow_missing=chosen.allow_missing, allowing=allowing)
        measured = some_of_clips(prepared.source, numbers.values())
    elif held_out is not None:
        measured = ClipTest.of_benchmark(
            protocol, held_out, prepared, chosen.store, allow_missing=chosen.allow_missing, allowing=allowing
        )
    training = None
    if protocol.task != "captions":
        training = Training.on(protocol.name, protocol.benchmark, "train", seen)
    return BenchmarkData(prepared, examples, answers, measured, training)


def _protocol(recipe: Recipe, chosen: Benchmark, group: str) -> Protocol:
    from hdvila.evaluate.ways import ways_of  # imports torch, which recipes are listed without

    if not chosen.protocol or not chosen.folder:
        raise UsageError(
            f"the recipe {recipe.name} needs a benchmark: prepare it with hdvila prepare, then add --set "
            f"{group}.folder=FOLDER{'' if chosen.protocol else f' --set {group}.protocol=NAME'}"
        )
    protocol = get_protocol(chosen.protocol)
    wanted = [way.capability for way in ways_of(protocol) if not way.by_captions]
    if protocol.task == "captions":
        wanted = [*FROM_CAPTIONS]
    if recipe.model.trained_for not in wanted:
        raise UsageError(
            f"{named(recipe.model)} does not fit the protocol {protocol.name}, whose task is {protocol.task}: it is "
            f"for {IN_WORDS[recipe.model.trained_for]}, and the protocol asks for "
            f"{' or '.join(IN_WORDS[one] for one in wanted)}"
        )
    if "train" not in protocol.files:
        raise UsageError(f"the protocol {protocol.name} has no training split: {protocol.split}")
    return protocol


def _splits(recipe: Recipe, protocol: Protocol, folder: Path) -> tuple[Annotations, Annotations | None]:
    """(training, validation), without common videos; None for a run without validation."""
    train = read_split(protocol, folder, "train")
    if recipe.validate is None:
        return train, None
    if recipe.validate.on == "official-test":
        return train, read_split(protocol, folder, "test")
    if _splits_off(protocol, recipe.validate):
        return split_off(train, SPLIT_OFF_SHARE, 0)
    return train, read_split(protocol, folder, "validation")


def _splits_off(protocol: Protocol, validate: Validate | None) -> bool:
    return validate is not None and validate.on == "validation" and "validation" not in protocol.files


def _answers(recipe: Recipe, protocol: Protocol, train: Annotations, held_out: Annotations | None) -> AnswerVocabulary:
    chosen = recipe.data.benchmark
    assert chosen is not None
    if chosen.answers:
        return AnswerVocabulary.load(chosen.answers)
    if protocol.task == "count":
        return AnswerVocabulary(tuple(map(str, COUNTS)))
    counted = training_answers(train)
    if chosen.answers_from == "train+validation":
        if "validation" in protocol.files:
            counted += training_answers(read_split(protocol, Path(chosen.folder), "validation"))
        elif held_out is not None and _splits_off(protocol, recipe.validate):
            counted += training_answers(held_out)
    return AnswerVocabulary.most_frequent(counted, recipe.model.num_answers)
