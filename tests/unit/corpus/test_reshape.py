"""New corpora from whole videos of others: nothing is lost, nothing is encoded again, nothing is on two sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.cli.main import main
from hdvila.corpus import filter_corpus, merge_corpora, split_corpus
from hdvila.corpus.failures import Sentences
from hdvila.corpus.ledger import Ledger
from hdvila.errors import UsageError
from hdvila.media import Form
from hdvila.store import Corpus, CorpusWriter
from tests.hybrid_streams import hybrid_streams
from tests.unit.corpus.corpora import make_corpus

TEXTS = [f"we look at thing number {n} in this video" for n in range(24)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reshape") / "all"
    return make_corpus(root, TEXTS, category=["cooking", "music", None] * 4, license=["CC0"] * 12)


def clips(*roots: Path) -> dict[str, tuple[object, ...]]:
    """Every clip with all that is known of it and all its frames."""
    found: dict[str, tuple[object, ...]] = {}
    for root in roots:
        corpus = Corpus(root)
        for number, clip in enumerate(corpus.clips):
            frames = [corpus.frames(number, stream) for stream in ("hr", "lr")]  # type: ignore[arg-type]
            assert clip.clip_id not in found
            seen = [(one.rgb.tobytes(), one.rgb.shape, one.pts_seconds.tobytes()) for one in frames]
            found[clip.clip_id] = (clip, corpus.attributes(number), *seen)
    return found


def videos(root: Path) -> set[str]:
    return {clip.video_id for clip in Corpus(root).clips}


def test_a_split_loses_nothing_and_parts_whole_videos(corpus: Path, tmp_path: Path) -> None:
    made = split_corpus(corpus, tmp_path, {"train": 0.75, "test": 0.25}, seed=1)
    train, test = tmp_path / "train", tmp_path / "test"
    assert clips(train, test) == clips(corpus)
    assert not videos(train) & videos(test)
    assert [one.videos for one in made] == [len(videos(train)), len(videos(test))]
    assert Ledger(test).read()["runs"][-1]["steps"] == [{"name": "split", "in": 12, "out": len(videos(test))}]
    assert (test / "DATASHEET.md").exists()


def test_a_grown_corpus_splits_as_before(corpus: Path, tmp_path: Path) -> None:
    smaller = make_corpus(tmp_path / "smaller", TEXTS[:16])
    for root, into in ((smaller, "before"), (corpus, "after")):
        split_corpus(root, tmp_path / into, {"train": 0.5, "test": 0.5})
    assert videos(tmp_path / "before" / "test") == videos(tmp_path / "after" / "test") & videos(smaller)


def test_parts_merge_to_the_whole_again_and_a_second_call_adds_nothing(corpus: Path, tmp_path: Path) -> None:
    split_corpus(corpus, tmp_path, {"train": 0.5, "test": 0.5})
    Ledger(tmp_path / "test").note_sentences(min(videos(tmp_path / "test")), Sentences(5, 3, {"no span": 2}))
    noted = []
    for _ in range(2):
        merged = merge_corpora([tmp_path / "train", tmp_path / "test"], tmp_path / "merged")
        assert clips(merged.corpus) == clips(corpus)
        assert (merged.videos, merged.clips) == (12, 24)
        noted.append((merged.corpus / ".sentences.jsonl").read_text())
    assert noted[0] == noted[1]
    assert Ledger(merged.corpus).left_out() == Sentences(5, 3, {"no span": 2})


@pytest.mark.parametrize("form", ["jpeg", "h264"])
def test_frames_are_copied_not_encoded_again(form: Form, tmp_path: Path) -> None:
    source = Corpus(make_corpus(tmp_path / "jpeg", TEXTS[:2]))
    with CorpusWriter(tmp_path / "old", hybrid_streams(form=form), clips_per_shard=3) as writer:
        for number, clip in enumerate(source.clips):
            noise = [source.frames(number, stream) for stream in ("hr", "lr")]  # type: ignore[arg-type]
            writer.add(clip, dict(zip(("hr", "lr"), noise, strict=True)))
    new = filter_corpus(tmp_path / "old", tmp_path / "new").corpus
    shards = [next((root / "shards").glob("*.tar")).read_bytes() for root in (tmp_path / "old", new)]
    assert shards[0] == shards[1]


def test_filter_by_category_height_and_lists(corpus: Path, tmp_path: Path) -> None:
    filter_corpus(corpus, tmp_path / "music", categories=["music"])
    assert videos(tmp_path / "music") == {"v1", "v4", "v7", "v10"}
    (tmp_path / "test.txt").write_text("v1\nv2\n")
    filter_corpus(corpus, tmp_path / "fresh", exclude=[tmp_path / "test.txt"])
    assert videos(tmp_path / "fresh") == videos(corpus) - {"v1", "v2"}
    with pytest.raises(UsageError, match="none of its 12 videos is left"):
        filter_corpus(corpus, tmp_path / "none", min_height=720)
    with pytest.raises(UsageError, match="no video is of jazz; its categories: cooking, music"):
        filter_corpus(corpus, tmp_path / "none", categories=["jazz"])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("size", [(16, 24), (24, 16)])
def test_upright_videos_are_measured_by_their_short_side(size: tuple[int, int], tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "all", TEXTS[:4], size=size)
    assert filter_corpus(corpus, tmp_path / "kept", min_height=64).videos == 2
    with pytest.raises(UsageError, match="none of its 2 videos is left"):
        filter_corpus(corpus, tmp_path / "none", min_height=65)


def test_what_does_not_fit_is_refused_by_name(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="all and all both have v0, v1"):
        merge_corpora([corpus, corpus], tmp_path / "merged")
    other = tmp_path / "other"
    with CorpusWriter(other, hybrid_streams(10.0, 5.0)) as writer:
        assert writer.done_videos == set()
    for root, padding in ((tmp_path / "a", 0.3), (tmp_path / "b", 0.0)):
        make_corpus(root, TEXTS[:2])
        Ledger(root).write({"settings": {"padding": padding}, "runs": [], "contaminated": []})
    with pytest.raises(UsageError, match=r"built with padding=0.3, .*b with 0.0"):
        merge_corpora([tmp_path / "a", tmp_path / "b"], tmp_path / "merged")
    with pytest.raises(UsageError, match=r"shares train=0.9, test=0.2 do not add up to 1"):
        split_corpus(corpus, tmp_path, {"train": 0.9, "test": 0.2})
    with pytest.raises(UsageError, match="holds v0, which does not belong there"):
        filter_corpus(corpus, tmp_path / "a", categories=["music"])


def test_the_commands(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            ["corpus", "split", str(corpus), "--into", str(tmp_path), "--share", "a=0.5", "--share", "b=0.5", "--json"]
        )
        == 0
    )
    parts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(part["corpus"]).name for part in parts] == ["a", "b"]
    assert sum(part["clips"] for part in parts) == 24
    assert main(["corpus", "merge", *(part["corpus"] for part in parts), "--into", str(tmp_path / "c")]) == 0
    assert "24 clips of 12 videos" in capsys.readouterr().out
    assert (
        main(["corpus", "filter", str(corpus), "--into", str(tmp_path / "d"), "--category", "cooking", "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["videos"] == 4
    assert main(["corpus", "filter", str(tmp_path), "--into", str(tmp_path / "l.csv"), "--category", "cooking"]) == 2
    assert "--category: is for a corpus" in capsys.readouterr().err
    assert main(["corpus", "split", str(corpus), "--into", str(tmp_path), "--share", "../x=1"]) == 2
    assert "--share ../x=1: give a name of its own" in capsys.readouterr().err
