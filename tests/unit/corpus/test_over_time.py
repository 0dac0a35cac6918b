"""A corpus that is built more than once: what it says of itself stays true, and a video stays the one it was."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.corpus import BuildReport, CorpusOptions, build_corpus
from hdvila.corpus.ledger import Ledger
from hdvila.errors import StoreError, UsageError
from hdvila.media import write_video
from hdvila.store import Corpus

FILES = ("build.json", "failures.parquet", "stats.json", "DATASHEET.md", "README.md", "croissant.json", "report.html")


def build(source: Path, into: Path, retry_failed: bool = False, **changes: object) -> BuildReport:
    options = CorpusOptions(**{"min_height": 64, "workers": 1, "language": "any", "target_seconds": 0, **changes})
    return build_corpus(source, into, options=options, retry_failed=retry_failed)


def ids(root: Path) -> list[str]:
    return sorted(set(Corpus(root).table["video_id"].to_pylist()))


def rows(root: Path) -> dict[str, dict[str, Any]]:
    return {row["video"]: row for row in pq.read_table(root / "failures.parquet").to_pylist()}


def stats(root: Path) -> dict[str, Any]:
    return json.loads((root / "stats.json").read_text(encoding="utf-8"))


def checkered(file: Path, seed: int) -> None:
    """A video of 15 s that shows something, with the captions of the others."""
    rng = np.random.default_rng(seed)
    scenes = rng.integers(0, 256, (15, 8, 12, 3), np.uint8)
    write_video(file, (scenes[at // 10].repeat(16, 0).repeat(16, 1) for at in range(150)), 10.0)


def test_ids_that_are_excluded_later_are_all_named_for_good(make, tmp_path: Path) -> None:
    source, root = make(*(f"v{number}.mp4" for number in range(5))), tmp_path / "corpus"
    build(source, root)
    (tmp_path / "ids.txt").write_text("v0\nv1\nv2\nv3\n")
    for changes in ({"exclude": (tmp_path / "ids.txt",)}, {}):
        report = build(source, root, **changes)
        assert [found.video for found in report.contaminated] == ["v0", "v1", "v2", "v3"]
        assert stats(root)["contaminated"] == [
            {"video": f"v{number}", "reason": f"its id v{number} is listed in ids.txt"} for number in range(4)
        ]
        for file in ("DATASHEET.md", "report.html"):
            said = (root / file).read_text(encoding="utf-8")
            assert all(f"v{number}" in said for number in range(4)), file
    assert (report.unchanged, report.failures) == (5, ())


def test_look_alikes_that_are_excluded_later_are_found_by_the_stored_pictures(make, tmp_path: Path) -> None:
    source, root = make("a.mp4", "b.mp4", "c.mp4"), tmp_path / "corpus"
    for seed, name in enumerate("abc"):
        checkered(source / f"{name}.mp4", seed)
    build(source, root)
    (tmp_path / "test").mkdir()
    checkered(tmp_path / "test" / "query.mp4", 1)
    shutil.rmtree(source)
    other = make("d.mp4")
    checkered(other / "d.mp4", 1)
    report = build(other, root, exclude_like=(tmp_path / "test",))
    assert [(found.video, "query.mp4" in found.reason) for found in report.contaminated] == [("b", True)]
    assert [(failure.video, failure.step) for failure in report.failures] == [("d", "exclude")]


def test_what_was_removed_is_contaminated_no_more(make, tmp_path: Path) -> None:
    source, root = make("a.mp4", "b.mp4"), tmp_path / "corpus"
    build(source, root, clips_per_shard=1)
    (tmp_path / "ids.txt").write_text("b\n")
    assert build(source, root, exclude=(tmp_path / "ids.txt",)).contaminated
    shard = dict(zip(*(Corpus(root).table[name].to_pylist() for name in ("video_id", "shard")), strict=True))["b"]
    for file in (f"shards/{shard}", "clips.parquet"):
        (root / file).unlink()
    report = build(source, root, exclude=(tmp_path / "ids.txt",))
    assert (report.contaminated, ids(root)) == ((), ["a"])
    assert stats(root)["contaminated"] == []


@pytest.mark.parametrize(
    ("name", "value"), [("hr_height", 32), ("quality", 50), ("max_seconds", 9.0), ("padding", 0.1), ("min_words", 1)]
)
def test_what_shapes_clips_is_fixed_by_the_first_build(make, tmp_path: Path, name: str, value: float) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    first = getattr(CorpusOptions(), name)
    build(source, root)
    make("b.mp4")
    with pytest.raises(StoreError, match=f"{name}={first}, not {value}"):
        build(source, root, **{name: value})
    assert ids(root) == ["a"]


@pytest.mark.parametrize("begun", [{}, {"target_seconds": 3.0}, {"target_seconds": 0}])
def test_targets_that_are_not_given_are_those_the_corpus_began_with(
    make, tmp_path: Path, begun: dict[str, float]
) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    clips = build(source, root, **{"target_seconds": None, **begun}).clips
    assert clips == (3 if begun else 2), "the third line is too far off"
    make("b.mp4")
    assert build(source, root, target_seconds=None).clips == 2 * clips
    settings = json.loads((root / "build.json").read_text())["settings"]
    assert (settings["target_seconds"], settings["target_words"]) == CorpusOptions(**begun).targets
    with pytest.raises(StoreError, match="--target-words"):
        build(source, root, target_seconds=None, target_words=7)


def test_a_corpus_of_a_version_without_targets_has_none(make, tmp_path: Path) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    build(source, root)
    ledger = json.loads((root / "build.json").read_text())
    for name in ("target_seconds", "target_words"):
        del ledger["settings"][name]
    (root / "build.json").write_text(json.dumps(ledger))
    make("b.mp4")
    assert build(source, root, target_seconds=None).clips == 6
    with pytest.raises(StoreError, match=r"target_seconds=0.0, not 13.4"):
        build(source, root, target_seconds=13.4)


def test_an_empty_corpus_takes_other_settings_and_form_and_rates_are_named(make, tmp_path: Path) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    assert build(source, root, min_height=2000).clips == 0
    assert build(source, root, quality=50).clips == 3
    with pytest.raises(StoreError, match=r"stored as jpeg, not .*stored as h264") as caught:
        build(source, root, quality=50, form="h264")
    assert "Rates(" not in str(caught.value)


def test_every_run_is_told(make, tmp_path: Path) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    build(source, root)
    make("b.mp4")
    (source / "c.mp4").write_bytes(b"broken")
    for _ in range(2):
        build(source, root, seed=3)
    runs = stats(root)["runs"]
    assert [(run["options"]["seed"], run["steps"][0]["in"]) for run in runs] == [(0, 1), (3, 3)]
    sheet = (root / "DATASHEET.md").read_text(encoding="utf-8")
    assert "built in 2 runs" in sheet
    assert "`seed` 0" in sheet
    assert "`seed` 3" in sheet


def test_failures_of_another_source_stay_until_they_are_looked_at(make, tmp_path: Path) -> None:
    first, root = make("a.mp4", "bad.mp4", "late.mp4"), tmp_path / "corpus"
    for name in ("bad", "late"):
        (first / f"{name}.mp4").write_bytes(b"broken")
    build(first, root)
    second = tmp_path / "second"
    shutil.copytree(first, second)
    (second / "bad.mp4").rename(second / "worse.mp4")
    shutil.copy(second / "a.mp4", second / "late.mp4")
    report = build(second, root)
    assert [failure.video for failure in report.failures] == ["worse"]
    assert sorted(rows(root)) == ["bad", "worse"]
    assert stats(root)["failed"] == 2
    assert build(first, root, retry_failed=True).videos == 3
    assert sorted(rows(root)) == ["bad", "late", "worse"]


def test_a_video_keeps_its_name_when_another_ending_comes_and_goes(make, tmp_path: Path) -> None:
    source, root = make("d1.mp4"), tmp_path / "corpus"
    build(source, root)
    checkered(source / "d1.webm.mp4", 1)
    (source / "d1.webm.mp4").rename(source / "d1.mkv")
    report = build(source, root)
    assert (report.added, report.unchanged, ids(root)) == (1, 1, ["d1", "d1.mkv"])
    (source / "d1.mp4").unlink()
    report = build(source, root)
    assert (report.added, report.unchanged, report.failures, ids(root)) == (0, 1, (), ["d1", "d1.mkv"])


def test_a_file_that_took_the_place_of_another_is_told(make, tmp_path: Path) -> None:
    source, root = make("a.mp4", "b.mp4"), tmp_path / "corpus"
    build(source, root)
    checkered(source / "a.mp4", 1)
    (source / "b.vtt").unlink()
    for _ in range(2):
        report = build(source, root)
        assert (report.added, report.unchanged, report.changed, report.failed) == (0, 1, 1, 1)
        assert "a.mp4: its file" in rows(root)["a"]["reason"]
        assert "delete shards/000000.tar" in rows(root)["a"]["reason"]
    for file in ("shards/000000.tar", "clips.parquet"):
        (root / file).unlink()
    report = build(source, root)
    assert (report.added, report.changed, ids(root)) == (1, 0, ["a"])


def test_nothing_published_names_a_place_on_this_machine(make, tmp_path: Path) -> None:
    names = ["sub/mute.mp4", "silent.mp4", "broken.mp4", "small.mp4", "good.mp4", "none.mp4", "like.mp4", "x\ny.mp4"]
    source, root = make(*names), tmp_path / "corpus"
    (source / "sub/mute.vtt").unlink()
    (source / "silent.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n")
    (source / "broken.mp4").write_bytes(b"no video" * 99)
    (source / "none.mp4").write_bytes(b"")
    checkered(source / "like.mp4", 2)
    shutil.copy(source / "like.mp4", tmp_path / "query.mp4")
    write_video(source / "small.mp4", (np.full((32, 32, 3), at, np.uint8) for at in range(100)), 10.0)
    manifest = tmp_path / "list.jsonl"
    listed = [{"id": name, "path": f"source/{name}"} for name in names if "\n" not in name]
    manifest.write_text("\n".join(json.dumps(row) for row in [*listed, {"id": "out", "path": "../x.mp4"}]))
    (tmp_path / "ids.txt").write_text("good\n")
    more = {"exclude": (tmp_path / "ids.txt",), "exclude_like": (tmp_path / "query.mp4",), "punctuation": None}
    for given in (source, manifest):
        build(given, root, **more)
        reasons = {row["video"]: row["reason"] for row in rows(root).values()}
        assert len(reasons) >= 6
        for file in FILES:
            said = str(rows(root)) if file.endswith(".parquet") else (root / file).read_text(encoding="utf-8")
            assert str(tmp_path) not in said, file
    assert "sub/mute.mp4: " in reasons["sub/mute"]
    assert "silent.vtt: " in reasons["silent"]
    assert "source/silent.vtt: " in reasons["silent.mp4"]


def test_kinds_group_and_keep_the_limits(make, tmp_path: Path) -> None:
    source = make("srv1.mp4", "srv2.mp4", "a_1.mp4", "a_2.mp4", "m.mp4", "n.mp4")
    for name, size in (("a_1", 32), ("a_2", 48)):
        write_video(source / f"{name}.mp4", (np.full((size, 96, 3), at, np.uint8) for at in range(100)), 10.0)
    for name in ("srv1", "srv2"):
        (source / f"{name}.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "[Music]\n" * int(name[-1]))
    for name in "mn":
        (source / f"{name}.mp4").write_bytes(b"")
    report = build(source, tmp_path / "corpus")
    found = {step.step: step.reasons for step in report.steps if step.reasons}
    assert found == {
        "transcript": {"has no timed words": 2},
        "filter": {"the short side is below the 64 asked for": 2, "the file is empty": 2},
    }


def test_values_that_are_no_text_are_refused_with_their_row(make, tmp_path: Path) -> None:
    make("a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4", "f.mp4")
    odd = [{"category": {"a": 1}}, {"category": True}, {"id": "two\nlines"}, {"clip": []}, {"category": 7}, {}]
    listed = [{"path": f"source/{name}.mp4"} | more for name, more in zip("abcdef", odd, strict=True)]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, listed)))
    report = build(tmp_path / "list.jsonl", tmp_path / "corpus")
    assert {failure.step for failure in report.failures} == {"collect"}
    assert ids(tmp_path / "corpus") == ["source/e", "source/f"]
    reasons = {failure.video: failure.reason for failure in report.failures}
    assert reasons["source/a"].startswith("line 1: category {'a': 1}")
    assert reasons["source/b"].startswith("line 2: category True")
    assert reasons["two\\nlines"].startswith("line 3: id 'two\\nlines'")
    assert "names no clip" in reasons["source/d"]


def test_a_missing_or_empty_video_has_its_own_reason(make, tmp_path: Path) -> None:
    source = make("a.mp4", "b.mp4")
    (source / "a.mp4").write_bytes(b"")
    (tmp_path / "list.csv").write_text("path\na.mp4\nb.mp4\nz.mp4\n")
    report = build(tmp_path / "list.csv", tmp_path / "corpus", root=source)
    found = {failure.video: (failure.step, failure.reason.split(";")[0]) for failure in report.failures}
    assert found == {
        "a": ("filter", "a.mp4: the file is empty (0 bytes)"),
        "z": ("filter", "z.mp4: there is no such file"),
    }


INDEXES = ["corpus.json", "index/000000.arrow", "clips/000000.arrow", "shards.arrow", "clips.parquet"]
KILLS = [
    *[("build.json", time) for time in (1, 2)],
    *[("corpus.json", time) for time in (1, 2)],
    *[(name, 1) for name in ("000000.arrow", "000000.tar", "shards.arrow", "clips.parquet", "failures.parquet")],
]


@pytest.mark.parametrize(("file", "time"), [*KILLS, ("README.md", 1), ("croissant.json", 1)])
def test_a_kill_after_any_file_ends_with_the_files_of_an_unbroken_run(
    make, tmp_path: Path, file: str, time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make("a.mp4", "b.mp4")
    (source / "c.mp4").write_bytes(b"broken")
    whole, killed = tmp_path / "1" / "corpus", tmp_path / "2" / "corpus"
    build(source, whole)
    left, move = [time], os.replace

    def move_and_die(old: Path, new: Path) -> None:
        move(old, new)
        left[0] -= Path(new).name == file
        if not left[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", move_and_die)
        with pytest.raises(KeyboardInterrupt):
            build(source, killed)
    build(source, killed)
    for name in (*FILES, *INDEXES, "shards/000000.tar"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_run_without_news_leaves_the_journal_as_it_is(make, tmp_path: Path) -> None:
    source, journal = make("a.mp4"), tmp_path / "corpus" / ".filtered.jsonl"
    build(source, tmp_path / "corpus")
    before = journal.read_bytes()
    build(source, tmp_path / "corpus")
    assert journal.read_bytes() == before
    journal.write_bytes(before + b'{"id": "ha')
    make("b.mp4")
    build(source, tmp_path / "corpus")
    assert [line[:10] for line in journal.read_text().splitlines()] == ['{"id": "a"', '{"id": "ha', '{"id": "b"']


def test_half_a_line_of_a_killed_run_costs_no_later_video(make, tmp_path: Path) -> None:
    source, root = make("a.mp4"), tmp_path / "corpus"
    build(source, root)
    with (root / ".sentences.jsonl").open("a") as stream:
        stream.write('{"video": "b", "fou')
    make("b.mp4")
    assert build(source, root).sentences.in_clips == 6
    assert set(pq.read_table(root / "left_out.parquet")["video"].to_pylist()) == {"a", "b"}


@pytest.mark.parametrize(
    "wrong",
    [{"hr_height": 0}, {"lr_height": -1}, {"clips_per_shard": 0}, {"quality": 101}, {"form": "png"}, {"lr_fps": 3.0}],
)
def test_options_without_meaning_are_refused_before_any_video(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=str(next(iter(wrong)))):
        CorpusOptions(**wrong)


@pytest.mark.parametrize(
    ("began", "later", "advice"),
    [
        (None, "own", r"leave out punctuation \(--punctuation\)"),
        ("own", None, r"give punctuation, the folder of the model own \(--punctuation FOLDER/own\)"),
    ],
)
def test_another_punctuation_model_is_refused_with_the_option_to_type(
    tmp_path: Path, began: str | None, later: str | None, advice: str
) -> None:
    first, second = (CorpusOptions(punctuation=name and tmp_path / name) for name in (began, later))
    ledger = Ledger(tmp_path)
    ledger.fix_settings(first, empty=True)
    with pytest.raises(StoreError, match=advice):
        ledger.fix_settings(second, empty=False)
    ledger.fix_settings(first, empty=False)
