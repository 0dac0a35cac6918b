"""Running the demo: render, cut, train, evaluate, index, search, report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from hdvila.errors import require_all
from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import load_model, pick_device
from hdvila.lab.corpora import World, build_world
from hdvila.lab.demo.queries import draw_questions, judge
from hdvila.lab.demo.report import Curve, MaskedWord, Report, Segment, write_page
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.search.library import open_library
from hdvila.store import Corpus
from hdvila.train.cores import train_on_cores
from hdvila.train.log import read_log
from hdvila.train.recipe import Start

TRAIN_VIDEOS, TEST_VIDEOS = 640, 44
"""About seven clips each: 4,700 for training, and more than `GALLERY` held out."""
GALLERY = 256
HITS = 5


def run_demo(into: str | os.PathLike[str], *, seed: int = 0, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Render, cut, train both stages, evaluate, index, search and report, all into one folder, with one process a core.

    Every step skips what is already done, so the same call continues a killed demo.

    Args:
        into: the folder. It gets ``report.html``, ``report.json``, ``model/``, ``library/`` and the data behind them.
        seed: of the world and of training.
        reporter: shows the progress of each step.

    Returns:
        The contents of ``report.json``.

    Raises:
        HdvilaError: whatever a step raises.
    """
    require_all("lightning_fabric", "tensorboard", "matplotlib", "jinja2", extra="train")
    root = Path(into)
    timer = _StepTimer(reporter, steps=7)
    with timer.step("render the world and cut clips by the transcripts"):
        train_world = build_world(root / "train", TRAIN_VIDEOS, seed, "train", reporter=reporter)
        test_world = build_world(root / "test", TEST_VIDEOS, seed, "test", reporter=reporter)
    with timer.step("stage one: texts and videos into one space"):
        one = replace(get_recipe("miniature-stage1"), seed=seed)
        stage1 = train_on_cores(one, root / "stage1", reporter, corpus=train_world.corpus)
    with timer.step("stage two: masked words from text and video"):
        two = replace(get_recipe("miniature-stage2"), seed=seed, start=Start(model=str(stage1)))
        stage2 = train_on_cores(two, root / "stage2", reporter, corpus=train_world.corpus)
    corpus = Corpus(test_world.corpus)
    gallery = range(min(GALLERY, len(corpus)))
    model, joint = (load_model(folder, device=pick_device(), precision="auto") for folder in (stage1, stage2))
    model.save_pretrained(root / "model")
    with timer.step("retrieval on held-out clips"):
        retrieval = evaluate_retrieval(model, corpus, clips=gallery, batch_size=32, as_trained=True, reporter=reporter)
    with timer.step("masked words on held-out clips"):
        masked = evaluate_masked_words(joint, corpus, clips=gallery, reporter=reporter)
    with timer.step("index the held-out videos"):
        library = open_library(root / "library")
        library.index(test_world.videos, str(root / "model"), reporter=reporter)
    with timer.step("six questions"):
        questions = draw_questions(test_world.truth)
        # Not "speech": the words of a question are those of a spoken sentence.
        found = [library.search(question.words, HITS, channels=["picture"]) for question in questions]
        queries = tuple(judge(hits, question, test_world) for hits, question in zip(found, questions, strict=True))

    facts = {
        "seed": seed,
        "retrieval": retrieval.to_dict(),
        "masked_language": masked.to_dict(),
        "corpus": {"train": _corpus_facts(train_world), "test": _corpus_facts(test_world)},
        "training": {"stage1": _training_facts(root / "stage1"), "stage2": _training_facts(root / "stage2")},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "queries": [query.facts() for query in queries],
        "library": str(root / "library"),
        "seconds": timer.seconds(),
    }
    report = Report(
        facts,
        (_curve("stage one: contrastive", root / "stage1"), _curve("stage two: masked words", root / "stage2")),
        queries,
        _segments(model, corpus),
        _masked_words(joint, corpus),
    )
    write_page(report, root / "report.html")
    (root / "report.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


class _StepTimer:
    """Announces each step and measures how long it takes."""

    def __init__(self, reporter: Reporter, steps: int) -> None:
        self._reporter, self._steps, self._spent = reporter, steps, dict[str, float]()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._reporter.note(f"{len(self._spent) + 1} of {self._steps}: {name}")
        began = time.perf_counter()
        yield
        self._spent[name] = time.perf_counter() - began

    def seconds(self) -> dict[str, float]:
        return self._spent | {"total": sum(self._spent.values())}


def _corpus_facts(world: World) -> dict[str, Any]:
    corpus = Corpus(world.corpus)
    return {
        "videos": len(world.truth),
        "clips": len(corpus),
        "hours": sum(clip.duration for clip in corpus.clips) / 3600,
        "unrelated_share": world.unrelated_share,
    }


def _training_facts(run: Path) -> dict[str, Any]:
    log = read_log(run)
    return {
        "steps": len(log),
        "first_loss": log[0]["loss"],
        "last_loss": log[-1]["loss"],
        "samples_per_second": median(line["samples_per_second"] for line in log),
    }


def _curve(title: str, run: Path) -> Curve:
    log = read_log(run)
    return Curve(title, tuple(line["step"] for line in log), tuple(line["loss"] for line in log))


def _segments(model: PretrainedModel, corpus: Corpus) -> tuple[Segment, ...]:
    """The hybrid sequences of two clips: one whose sentence mentions a texture, one a movement."""
    assert model.processor is not None
    chosen = []
    first, last = len(corpus) // 2, len(corpus)
    for word, numbers in (("striped", range(first)), ("quickly to the", range(first, last))):
        number = next((i for i in numbers if word in corpus.clips[i].text), numbers[0])
        chosen.append(Segment(corpus.sample(number, model.processor.preprocess), corpus.clips[number].text))
    return tuple(chosen)


@torch.inference_mode()
def _masked_words(model: PretrainedModel, corpus: Corpus, count: int = 4) -> tuple[MaskedWord, ...]:
    """A few held-out sentences, each with the word hidden whose prediction depends most on the frames."""
    processor: Any = model.processor
    tokenizer = processor.tokenizer
    numbers = list(range(min(64, len(corpus))))
    clips = [corpus.sample(i, processor.preprocess) for i in numbers]
    found = []
    for number, clip in zip(numbers, clips, strict=True):
        ids, mask = processor.tokenize([corpus.clips[number].text])
        words = int(mask.sum()) - 2
        rows = ids.repeat(words, 1)
        rows[range(words), range(1, words + 1)] = tokenizer.mask_id  # one row for each hidden word
        predictions = []
        for seen in (clip, clips[(number + len(clips) // 2) % len(clips)]):
            video = (
                None if x is None else torch.from_numpy(x)[None].expand(words, *x.shape).to(model.device)
                for x in seen.arrays
            )
            texts = rows.to(model.device), mask.repeat(words, 1).to(model.device)
            logits = model.masked_language_logits(*video, *texts).cpu()
            predictions.append(logits[range(words), range(1, words + 1)].softmax(-1))
        truth = ids[0, 1 : words + 1]
        tokens = [tokenizer.decode([token]) for token in truth.tolist()]
        gain = (predictions[0] - predictions[1])[range(words), truth]
        gain[[not token.isalpha() for token in tokens]] = -1.0  # frames do not show punctuation
        best = int(gain.argmax())
        own, other = ([(tokenizer.decode([i]), p) for p, i in _top(prediction[best])] for prediction in predictions)
        before, after = " ".join(tokens[:best]), " ".join(tokens[best + 1 :])
        found.append((float(gain[best]), MaskedWord(before, tokens[best], after, tuple(own), tuple(other))))
    found.sort(key=lambda pair: -pair[0])
    return tuple(item for _, item in found[:: max(1, len(found) // (4 * count))][:count])


def _top(probabilities: torch.Tensor, k: int = 3) -> list[tuple[float, int]]:
    values, ids = probabilities.topk(k)
    return list(zip(values.tolist(), ids.tolist(), strict=True))
