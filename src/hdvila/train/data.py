"""The training data of a run: a corpus or a benchmark's training split, with tokenizer and answer vocabulary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.data.dataset import ClipDataset
from hdvila.data.provenance import Training
from hdvila.data.settings import DataSettings
from hdvila.data.source import ClipSource, open_corpus, stored
from hdvila.errors import UsageError
from hdvila.evaluate.clip_test import ClipTest
from hdvila.hub import place_of_words
from hdvila.progress import SILENT, Reporter
from hdvila.tasks.masked_words import Vocabulary
from hdvila.text.answers import AnswerVocabulary
from hdvila.text.coverage import truncation_report, unknown_words_report
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.tokenizer_files import FILES
from hdvila.train.benchmark import BenchmarkData, open_benchmark, open_benchmark_also
from hdvila.train.held_out import CorpusExamples, HeldOutClips, hold_out
from hdvila.train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A data set and everything that belongs to it."""

    dataset: ClipDataset
    tokenizer: Tokenizer
    fingerprint: Mapping[str, Any]
    """`corpus_fingerprint` or `example_fingerprint`: a run recognises its data by it, wherever they are stored."""
    answers: AnswerVocabulary | None = None
    """The answer vocabulary of an open-ended model."""
    held_out: ClipTest | HeldOutClips | None = None
    """The validation data; None for a run without validation."""
    training: Training | None = None
    """The benchmark and videos that the run trains on; None for a corpus."""

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.tokenizer.vocab_size, self.tokenizer.mask_id, self.tokenizer.special_ids)


def open_data(
    recipe: Recipe,
    corpus: str | Path | None = None,
    tokenizer: Tokenizer | None = None,
    reporter: Reporter = SILENT,
) -> TrainingData:
    """Open the training data that the recipe names.

    Args:
        corpus: the corpus for a recipe that does not name one.
        tokenizer: that of a run that continues; None for a new run.
        reporter: receives notes about what was left out.

    Raises:
        UsageError: no corpus is named, the benchmark cannot be trained on, or the tokenizer has more entries than the
            model.
        StoreError: the corpus or store cannot be read.
    """
    if recipe.data.benchmark is not None:
        return _from_benchmark(recipe, tokenizer, reporter)
    path = recipe.data.corpus or corpus
    if not path:
        raise UsageError(
            f"the recipe {recipe.name} needs a corpus and data.corpus is empty: build one with hdvila corpus build, "
            "then add --set data.corpus=FOLDER"
        )
    source = open_corpus(path)
    examples, held_out = None, None
    if recipe.validate is not None:
        examples, held_out = hold_out(source)
        reporter.note(held_out.note)
    texts = (clip.text for clip in source.clips) if examples is None else (one.wordings[0][0] for one in examples)
    tokenizer = tokenizer or tokenizer_of(recipe, texts)
    _check_size(recipe, tokenizer)
    _check_words(recipe.data, (clip.text for clip in source.clips), tokenizer, reporter)
    dataset = ClipDataset(source, recipe.data, tokenizer, recipe.seed, examples)
    return TrainingData(dataset, tokenizer, corpus_fingerprint(source), held_out=held_out)


def open_also(recipe: Recipe, number: int, first: TrainingData, reporter: Reporter = SILENT) -> TrainingData:
    """What else a run learns from: with the words and answers of its own data, without the videos it is measured on.

    Args:
        number: in `Recipe.also`.
        first: the run's own data.

    Raises:
        UsageError, StoreError: as `open_data`; or answers that are not those of the run's own data.
    """
    data, away = recipe.also[number].data, _held_out_videos(first.held_out)
    if data.benchmark is not None:
        benchmark = open_benchmark_also(recipe, number, first.answers, away, reporter)
        return _of_benchmark(recipe, data, benchmark, first.tokenizer, reporter)
    if not data.corpus:
        raise UsageError(
            f"the recipe {recipe.name} names no corpus for also.{number}: add --set also.{number}.data.corpus=FOLDER"
        )
    source = open_corpus(data.corpus)
    examples = None
    if away:
        clips = source.clips
        kept = np.array([i for i in range(len(clips)) if clips[i].video_id not in away], np.int64)
        if len(kept) < len(clips):
            reporter.note(
                f"{data.corpus}: {len(clips) - len(kept):,} of {len(clips):,} clips are of videos that the run is "
                "measured on, and are not learned from"
            )
            examples = CorpusExamples(clips, kept)
    _check_words(recipe.data, (clip.text for clip in source.clips), first.tokenizer, reporter)
    dataset = ClipDataset(source, data, first.tokenizer, recipe.seed, examples)
    return TrainingData(dataset, first.tokenizer, corpus_fingerprint(source))


def _held_out_videos(held_out: ClipTest | HeldOutClips | None) -> set[str]:
    if held_out is None:
        return set()
    if isinstance(held_out, HeldOutClips):
        return {held_out.source.clips[number].video_id for number in held_out.numbers}
    return {video.video_id for video in held_out.annotations.videos}


def _from_benchmark(recipe: Recipe, tokenizer: Tokenizer | None, reporter: Reporter) -> TrainingData:
    return _of_benchmark(recipe, recipe.data, open_benchmark(recipe, reporter), tokenizer, reporter)


def _of_benchmark(
    recipe: Recipe, data: DataSettings, benchmark: BenchmarkData, tokenizer: Tokenizer | None, reporter: Reporter
) -> TrainingData:
    texts = [text for example in benchmark.examples for wording in example.wordings for text in wording]
    tokenizer = tokenizer or tokenizer_of(recipe, texts)
    _check_size(recipe, tokenizer)
    _check_words(recipe.data, texts, tokenizer, reporter)
    wordings = (wording for example in benchmark.examples for wording in example.wordings)
    if cut := truncation_report(wordings, tokenizer, data.text_length):
        reporter.note(cut)
    dataset = ClipDataset(benchmark.prepared.source, data, tokenizer, recipe.seed, benchmark.examples)
    fingerprint = example_fingerprint(benchmark.prepared.source, dataset)
    return TrainingData(dataset, tokenizer, fingerprint, benchmark.answers, benchmark.held_out, benchmark.training)


def corpus_fingerprint(source: ClipSource) -> dict[str, Any]:
    """The number of clips and, in their order, a hash of their ids and texts and a hash of their stored frames.

    Batches and vocabulary follow from the first; the second notices clips that were cut or stored again.
    """
    return _fingerprint([clip.clip_id, clip.text] for clip in source.clips) | {
        "frames": _fingerprint(stored(source))["sha256"]
    }


def example_fingerprint(source: ClipSource, dataset: ClipDataset) -> dict[str, Any]:
    """As `corpus_fingerprint`, of examples: their clips, texts and answers."""
    examples = [dataset[number] for number in range(len(dataset))]
    frames = list(stored(source))
    texts = _fingerprint(
        [source.clips[one.clip].clip_id, one.wordings, one.answer, *filter(None, [one.soft_answers])]
        for one in examples
    )
    return texts | {"frames": _fingerprint(frames[one.clip] for one in examples)["sha256"]}


def _fingerprint(rows: Iterable[list[Any]]) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(json.dumps(row).encode())
        count += 1
    return {"clips": count, "sha256": digest.hexdigest()}


def _check_size(recipe: Recipe, tokenizer: Tokenizer) -> None:
    if tokenizer.vocab_size > recipe.model.vocab_size:
        raise UsageError(
            f"the tokenizer has {tokenizer.vocab_size} entries, model.vocab_size is {recipe.model.vocab_size}: "
            f"set model.vocab_size={tokenizer.vocab_size}, or name another data.tokenizer"
        )


def _check_words(data: DataSettings, texts: Iterable[str], tokenizer: Tokenizer, reporter: Reporter) -> None:
    """Note a vocabulary that does not fit the texts; the miniature's own raises an error there."""
    if not (unknown := unknown_words_report(texts, tokenizer)):
        return
    if data.tokenizer == "miniature":
        raise UsageError(
            f"data.tokenizer=miniature is the vocabulary of the miniature world, and these are other texts: {unknown}; "
            "add --set data.tokenizer= (to nothing), so that one is learned from them, or name another"
        )
    reporter.note(f"{unknown}, so the model sees them letter by letter or not at all: name another data.tokenizer")


def tokenizer_of(recipe: Recipe, texts: Iterable[str]) -> Tokenizer:
    """The one that is named, or the initial weights', or one learned from `texts` (always the same from the same).

    Raises:
        UsageError: initial weights whose words nobody knows, or are others: their rows would mean other words.
    """
    starts = {key: start for key in ("model", "bert") if (start := getattr(recipe.start, key))}
    named = Tokenizer.load(recipe.data.tokenizer) if recipe.data.tokenizer else None
    chosen = named
    for key, start in starts.items():
        folder = place_of_words(start)
        known = folder.is_dir() and any((folder / name).is_file() for name in FILES)
        if not known and chosen is not None:  # weights without words beside them: those that are named count
            continue
        if not known and folder.is_dir():
            raise UsageError(
                f"start.{key}={start}: {folder} holds no tokenizer.json or vocab.txt, and only the tokenizer that "
                "these weights were trained with gives their words the right meaning: name it with data.tokenizer"
            )
        own = Tokenizer.load(folder)
        if chosen is None:
            chosen = own
        elif not own.same_words(chosen):
            other = f"data.tokenizer={recipe.data.tokenizer}" if named else f"start.model={recipe.start.model}"
            raise UsageError(
                f"start.{key}={start} was trained with other words than those of {other}, so each row of its weights "
                f"would mean another word: {_way_out(key, named is not None)}"
            )
    return chosen or Tokenizer.train(texts, recipe.model.vocab_size)


def _way_out(key: str, named: bool) -> str:
    if key == "model":
        return "add --set data.tokenizer= (to nothing), so that its own are taken"
    return "name weights that were trained with them" if named else "start from weights of one vocabulary"
