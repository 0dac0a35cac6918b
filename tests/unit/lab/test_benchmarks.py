"""The miniature benchmarks: the readers of the real ones give back the truth, and guessing does not help."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hdvila import lab, miniature
from hdvila.annotations.merge import split_off
from hdvila.annotations.records import Annotations, Question, Split
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.lab.benchmarks import BENCHMARKS, write_benchmarks
from hdvila.lab.benchmarks.video_specs import VideoSpec
from hdvila.media import open_video
from hdvila.miniature.script import Event, combination
from hdvila.miniature.world import COUNTS, FPS
from hdvila.recipes import RECIPES, get_recipe

SIZES = {
    "msrvtt": 400,
    "tgif_qa": 700,
    "didemo": 40,
    "activitynet": 40,
    "lsmdc": 60,
    "youcook2": 40,
    "msvd_qa": 60,
}
SPECS: dict[str, list[VideoSpec]] = {}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Annotation files without videos."""
    root = tmp_path_factory.mktemp("benchmarks")
    for name, benchmark in BENCHMARKS.items():
        SPECS[name] = benchmark.video_specs(SIZES[name], 0)
        (root / name / "annotations").mkdir(parents=True)
        for file, text in benchmark.files(SPECS[name], 0).items():
            (root / name / "annotations" / file).write_bytes(text.encode())
    return root


Read = Callable[[str, str, Split], Annotations]


@pytest.fixture(scope="module")
def read(data: Path) -> Read:
    return lambda benchmark, protocol, split: read_split(get_protocol(protocol), data / benchmark, split)


def specs(benchmark: str, *splits: str) -> list[VideoSpec]:
    return [spec for spec in SPECS[benchmark] if spec.split in splits]


def event_of(benchmark: str, video_id: str) -> Event:
    (event,) = next(spec for spec in SPECS[benchmark] if spec.stem == video_id).script.events
    return event


def test_splits_have_their_sizes_and_test_shows_what_no_other_split_shows(data: Path) -> None:
    for name, size in SIZES.items():
        assert Counter(spec.split for spec in SPECS[name]) == {
            "test": size // 5,
            "validation": size // 10,
            "train": size - size // 5 - size // 10,
        }

    def shown(*splits: str) -> set[str]:
        return {
            combination(event.object, event.colour, event.texture, event.action.name)
            for name in SIZES
            for spec in specs(name, *splits)
            for event in spec.script.events
        }

    assert not shown("test") & shown("train", "validation")


def test_the_former_name_still_writes_them() -> None:
    assert miniature.write_benchmarks is lab.write_benchmarks is write_benchmarks
    with pytest.raises(AttributeError, match="no attribute 'benchmarks'"):
        getattr(miniature, "benchmarks")  # noqa: B009


def test_msrvtt_is_read_as_it_was_made(read: Read) -> None:
    test = read("msrvtt", "msrvtt-1ka", "test")
    assert [part.video_id for part in test.videos] == [spec.stem for spec in specs("msrvtt", "test")]
    assert len(test.captions) == len(test.videos)
    train = read("msrvtt", "msrvtt-1ka", "train")
    assert len(train.videos) == len(specs("msrvtt", "train", "validation"))
    assert set(Counter(caption.video_id for caption in train.captions).values()) == {20}
    assert len(read("msrvtt", "msrvtt-1ka-7k", "train").videos) == len(specs("msrvtt", "train"))
    full = read("msrvtt", "msrvtt-full", "validation")
    assert [part.video_id for part in full.videos] == [spec.stem for spec in specs("msrvtt", "validation")]
    assert all("20 captions" not in note for note in full.notes)


def test_captions_of_a_video_are_true_and_say_different_things(read: Read) -> None:
    for video in read("msrvtt", "msrvtt-full", "test").videos[:20]:
        event = event_of("msrvtt", video.video_id)
        said = [c.text for c in read("msrvtt", "msrvtt-full", "test").captions if c.video_id == video.video_id]
        assert len(set(said)) > 10
        assert sum(event.colour in text for text in said) > 10
        assert any(f"at the {event.place}" in text for text in said)
        assert any(event.texture in text for text in said)


def test_msrvtt_qa_is_read_as_it_was_made(read: Read) -> None:
    splits: tuple[Split, ...] = ("train", "validation", "test")
    for split in splits:
        found = read("msrvtt", "msrvtt-qa", split)
        assert {part.video_id for part in found.videos} == {spec.stem for spec in specs("msrvtt", split)}
        for question in found.questions:
            event = event_of("msrvtt", question.video_id)
            if question.question.startswith("what pattern"):
                assert question.answer == event.texture
            if question.question.startswith("where does this"):
                assert question.answer == event.place
        assert {question.kind for question in found.questions} <= {"what", "who", "how", "where", "when"}


def test_each_choice_of_captions_has_one_of_the_video(read: Read) -> None:
    said = defaultdict(set)
    for caption in read("msrvtt", "msrvtt-full", "test").captions:
        said[caption.video_id].add(caption.text)
    choice = read("msrvtt", "msrvtt-mc", "test")
    assert len(choice.questions) == len(choice.videos) == len(specs("msrvtt", "test"))
    for question in choice.questions:
        own = [option in said[question.video_id] for option in question.options]
        assert own.index(True) == question.answer
        assert sum(own) == 1
        assert len(set(question.options)) == 5
    assert len({question.answer for question in choice.questions}) == 5


TASKS = ("tgif-action", "tgif-transition", "tgif-frameqa", "tgif-count")


@pytest.mark.parametrize("task", TASKS)
def test_tgif_is_read_as_it_was_made(read: Read, task: str) -> None:
    for split, parts in (("train", ("train", "validation")), ("test", ("test",))):
        found = read("tgif_qa", task, split)  # type: ignore[arg-type]
        assert {part.video_id for part in found.videos} <= {spec.stem for spec in specs("tgif_qa", *parts)}
        for question in found.questions:
            event = event_of("tgif_qa", question.video_id)
            assert question.answer is not None
            assert answer_of(question) == truth_of(task, question, event)


def answer_of(question: Question) -> str:
    return question.options[int(question.answer or 0)] if question.options else str(question.answer)


def truth_of(task: str, question: Question, event: Event) -> str:
    if task == "tgif-action":
        return event.action.first.removesuffix("s")
    if task == "tgif-transition":
        after = question.question.split(" ")[-3] == "after"
        return (event.action.after if after else event.action.before).removesuffix("s")
    if task == "tgif-count":
        return str(event.action.count)
    fact = {"object": "object", "color": "colour", "location": "place", "pattern": "texture", "badge": "mark"}
    return str(getattr(event, fact[question.kind]))


def test_didemo_is_read_as_it_was_made(data: Path, read: Read) -> None:
    entries = json.loads((data / "didemo/annotations/test_data.json").read_text())
    assert {Path(entry["video"]).suffix for entry in entries} - {".mp4"}, "names have other endings than the files"
    found = read("didemo", "didemo", "test")
    by_stem = {spec.stem: spec for spec in specs("didemo", "test")}
    assert {part.stem for part in found.videos} == set(by_stem)
    assert len(found.captions) == len(by_stem), "one paragraph a video"
    for spec in by_stem.values():
        assert 25 < spec.script.length <= 30
        spans = [e["times"] for e in entries if e["video"].startswith(spec.stem)]
        assert len(spans) == len(spec.script.events)
    for entry in entries:
        assert len(entry["times"]) == 4
        assert all(0 <= first <= last < entry["num_segments"] <= 6 for first, last in entry["times"])


def test_activitynet_is_read_as_it_was_made(data: Path, read: Read) -> None:
    found = read("activitynet", "activitynet-val1", "test")
    assert {part.video_id for part in found.videos} == {spec.stem for spec in specs("activitynet", "test")}
    for caption in found.captions:
        events = next(a for a in SPECS["activitynet"] if a.stem == caption.video_id).script.events
        assert caption.text.count(".") == len(events)
        assert "  " not in caption.text
    one, two = (json.loads((data / f"activitynet/annotations/val_{n}.json").read_text()) for n in (1, 2))
    assert one.keys() == two.keys()
    assert all(one[key]["timestamps"] == two[key]["timestamps"] for key in one)
    assert any(one[key]["sentences"] != two[key]["sentences"] for key in one)


def test_lsmdc_is_read_as_it_was_made(read: Read) -> None:
    test, validation = (read("lsmdc", "lsmdc", split) for split in ("test", "validation"))
    assert [part.video_id for part in test.videos] == [spec.stem for spec in specs("lsmdc", "test")]
    assert len(test.captions) == len(test.videos)
    assert all(re.fullmatch(r"50\d\d_Miniature_\d", part.group) for part in test.videos)
    assert len(validation.captions) > len(validation.videos), "some clips have two sentences"
    said = [event_of("lsmdc", one.video_id).colour in one.text for one in test.captions]
    assert sum(said) > len(said) / 2


def test_youcook2_is_read_as_it_was_made(read: Read) -> None:
    by_stem = {spec.stem: spec for spec in specs("youcook2", "test")}
    found = read("youcook2", "youcook2", "test")
    assert len(found.videos) == len(found.captions) == sum(len(spec.script.events) for spec in by_stem.values())
    places = iter(found.videos)
    for spec in by_stem.values():
        for event in spec.script.events:
            part = next(places)
            assert part.stem == spec.stem
            assert part.start is not None
            assert part.end is not None
            assert event.start - 1 < part.start <= event.start < event.end <= part.end < event.end + 1
    train = {part.stem for part in read("youcook2", "youcook2", "train").videos}
    assert train == {spec.stem for spec in specs("youcook2", "train", "validation")}


def test_msvd_qa_is_read_as_it_was_made(data: Path, read: Read) -> None:
    for split in ("train", "validation", "test"):
        found = read("msvd_qa", "msvd-qa", split)  # type: ignore[arg-type]
        assert {part.stem for part in found.videos} == {spec.stem for spec in specs("msvd_qa", split)}
        stems = {part.video_id: part.stem for part in found.videos}
        for question in found.questions:
            if question.question.startswith("where does this"):
                assert question.answer == event_of("msvd_qa", stems[question.video_id]).place
    with pytest.raises(UsageError, match="looks like MSVD-QA"):
        read_split(get_protocol("msrvtt-qa"), data / "msvd_qa", "test")


LEAST = 160
"""Videos from which on every miniature recipe has a whole batch, as docs/miniature.md says."""


@pytest.mark.parametrize(
    "name", [name for name in RECIPES if name.startswith("miniature-") and get_recipe(name).data.benchmark]
)
def test_every_benchmark_has_a_recipe_and_a_whole_batch(name: str, tmp_path: Path) -> None:
    recipe = get_recipe(name)
    assert recipe.data.benchmark is not None
    protocol = get_protocol(recipe.data.benchmark.protocol)
    folder = next(folder for folder in FOLDERS if protocol.name.startswith(folder))
    benchmark = BENCHMARKS[FOLDERS[folder]]
    made = benchmark.video_specs(LEAST if FOLDERS[folder] in ("msrvtt", "tgif_qa") else LEAST // 4, 0)
    for file, text in benchmark.files(made, 0).items():
        (tmp_path / file).write_bytes(text.encode())
    train = read_split(protocol, tmp_path, "train")
    if "validation" not in protocol.files:
        train, _ = split_off(train, 0.1, 0)
    assert len(train.questions or train.videos) >= recipe.batch_size


FOLDERS = {
    "msrvtt": "msrvtt",
    "tgif": "tgif_qa",
    "didemo": "didemo",
    "activitynet": "activitynet",
    "lsmdc": "lsmdc",
    "youcook2": "youcook2",
    "msvd": "msvd_qa",
}


def prior_accuracy(train: Sequence[Question], test: Sequence[Question], form: Callable[[str], str]) -> float:
    """Of answering with the most frequent answer to the same question; of the options, the most frequent one."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for question in train:
        seen[form(question.question)][answer_of(question)] += 1
    right = 0
    for question in test:
        counts = seen[form(question.question)]
        allowed = list(question.options) or [answer for answer, _ in counts.most_common(1)]
        right += bool(allowed) and max(allowed, key=lambda option: counts[option]) == answer_of(question)
    return right / len(test)


@pytest.mark.parametrize(
    ("task", "kind", "chance"),
    [
        ("tgif-action", "", 1 / 5),
        ("tgif-transition", "", 1 / 5),
        ("tgif-count", "", 1 / len(COUNTS)),
        ("tgif-frameqa", "pattern", 1 / 7),
        ("tgif-frameqa", "badge", 1 / 6),
        ("tgif-frameqa", "color", 1 / 8),
        ("tgif-frameqa", "object", 1 / 45),
        ("tgif-frameqa", "location", 1 / 30),
    ],
)
def test_who_knows_only_the_words_guesses(read: Read, task: str, kind: str, chance: float) -> None:
    train, test = (
        [question for question in read("tgif_qa", task, split).questions if question.kind == kind]
        for split in ("train", "test")
    )
    slack = 3 * (chance * (1 - chance) / len(test)) ** 0.5
    for form in (str, lambda text: " ".join(text.split()[:6]), lambda text: ""):
        assert prior_accuracy(train, test, form) <= chance + slack


@pytest.mark.slow
def test_videos_and_files_are_written_whole_and_a_second_call_finds_them(tmp_path: Path) -> None:
    written = write_benchmarks(tmp_path / "one", 40, seed=3)
    assert (written.videos, written.new) == (130, 130)
    for name in BENCHMARKS:
        truth = [json.loads(line) for line in (tmp_path / "one" / name / "truth.jsonl").read_text().splitlines()]
        files = sorted(path.name for path in (tmp_path / "one" / name / "videos").iterdir())
        assert files == sorted(video["video"] for video in truth)
        with open_video(tmp_path / "one" / name / "videos" / truth[-1]["video"]) as video:
            assert len(video.pts_seconds) == round(truth[-1]["duration"] * FPS)
    before = dict(texts(tmp_path / "one"))
    victim = next((tmp_path / "one/msrvtt/videos").iterdir())
    victim.unlink()
    assert write_benchmarks(tmp_path / "one", 40, seed=3).new == 1
    assert victim.exists()
    assert dict(texts(tmp_path / "one")) == before
    some = write_benchmarks(tmp_path / "some", 40, seed=3, names=["lsmdc"])
    assert (some.videos, {row.benchmark for row in some.contents}) == (10, {"lsmdc"})
    with pytest.raises(UsageError, match="another seed"):
        write_benchmarks(tmp_path / "one", 40, seed=4)
    with pytest.raises(UsageError, match="40"):
        write_benchmarks(tmp_path / "two", 39)


def texts(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.suffix in (".csv", ".json", ".jsonl"):
            yield path.relative_to(root).as_posix(), path.read_bytes()
