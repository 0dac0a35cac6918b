"""What is known of a corpus is found again where its manifest or the index of a track is lost."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import StoreError
from hdvila.store import Corpus, CorpusWriter, TrackWriter
from tests.unit.store.derived import forget
from tests.unit.store.test_tracks import CLIPS, SAID, SLOW, TIMED, add, assert_tracks, fill, rows


def fill_late(root: Path) -> None:
    """A corpus whose first clips, three shards of them, have no features; those of the last shards do."""
    fill(root)
    with CorpusWriter(root, clips_per_shard=2, tracks={"late": SLOW}) as writer:
        for i in range(CLIPS, CLIPS + 4):
            clip = replace(Corpus(root).clips[0], clip_id=f"c{i}", video_id=f"v{i}")
            data = {} if i == CLIPS else {"late": rows(i)}
            writer.add(clip, Corpus(root).packed(0), {"number": i}, tracks=data)


@pytest.mark.parametrize("lost", ["the manifest", "the manifest and tracks", "all but the shards"])
def test_a_track_that_the_first_clips_lack_outlives_its_manifest(tmp_path: Path, lost: str) -> None:
    fill_late(tmp_path)
    whole = (tmp_path / "corpus.json").read_bytes()
    if lost == "all but the shards":
        forget(tmp_path)
        shutil.rmtree(tmp_path / "tracks")
    else:
        (tmp_path / "corpus.json").unlink()
    if lost == "the manifest and tracks":
        shutil.rmtree(tmp_path / "tracks")
        shutil.rmtree(tmp_path / "index")
    assert Corpus(tmp_path).tracks.keys() == {"late"}
    CorpusWriter(tmp_path).close()
    assert (tmp_path / "corpus.json").read_bytes() == whole
    assert Corpus(tmp_path).features(0, "late") is None
    found = Corpus(tmp_path).features(CLIPS + 1, "late")
    assert found is not None
    assert found.rows.tolist() == rows(CLIPS + 1).tolist()


@pytest.mark.parametrize("lost", ["the manifest", "all that can be made again"])
def test_tracks_that_were_added_later_outlive_their_manifest(tmp_path: Path, lost: str) -> None:
    fill(tmp_path)
    for name, track in (("slow", SLOW), ("timed", TIMED), ("said", SAID)):
        add(tmp_path, name, track)
    (tmp_path / "corpus.json").unlink() if lost == "the manifest" else forget(tmp_path)
    assert_tracks(Corpus(tmp_path))
    CorpusWriter(tmp_path).close()
    assert_tracks(Corpus(tmp_path))
    with TrackWriter(tmp_path, "slow", SLOW) as writer:
        assert list(writer.missing()) == []


def test_a_track_writer_brings_back_all_of_a_lost_manifest(tmp_path: Path) -> None:
    fill_late(tmp_path)
    (tmp_path / "corpus.json").unlink()
    TrackWriter(tmp_path, "slow", SLOW).close()
    assert Corpus(tmp_path).tracks.keys() == {"late", "slow"}
    assert '"number": "int64"' in (tmp_path / "corpus.json").read_text()


def test_a_lost_manifest_does_not_let_models_mix(tmp_path: Path) -> None:
    fill(tmp_path)
    add(tmp_path, "slow", SLOW)
    other = tmp_path / "other"
    fill(other)
    add(other, "slow", replace(SLOW, fingerprint="slow-2"))
    shutil.copy(other / "tracks/slow/000001.arrow", tmp_path / "tracks/slow/000001.arrow")
    (tmp_path / "corpus.json").unlink()
    with pytest.raises(StoreError, match=r"000001\.arrow: track 'slow' holds .*slow-1.*slow-2.*delete the files of"):
        Corpus(tmp_path)
