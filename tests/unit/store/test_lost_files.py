"""What is known of a corpus is found again where its manifest or the index of a track is lost."""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from hdvila.errors import StoreError
from hdvila.store import Corpus, CorpusWriter, TrackWriter
from hdvila.store.arrow_files import write_arrow
from tests.unit.corpus.corpora import make_corpus
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


def damage(file: Path, how: str) -> None:
    if how == "cut":
        file.write_bytes(file.read_bytes()[:-200])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "another file's":
        file.write_bytes((file.parent / "000002.arrow").read_bytes())
    elif how == "of other columns":
        file.write_bytes((file.parents[2] / "clips" / file.name).read_bytes())


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("how", ["cut", "empty", "another file's", "of other columns"])
def test_a_damaged_index_of_a_track_comes_back_when_it_is_deleted(tmp_path: Path, inside: bool, how: str) -> None:
    fill(tmp_path, inside=inside)
    tracks = {"slow": SLOW, "timed": TIMED, "said": SAID}
    for name, track in {} if inside else tracks.items():
        add(tmp_path, name, track)
    whole = {file: file.read_bytes() for file in tmp_path.glob("tracks/*/*.arrow")}
    assert len(whole) == 3 * 4
    for name in tracks:
        file = tmp_path / f"tracks/{name}/000001.arrow"
        damage(file, how)
        with pytest.raises(StoreError, match=rf"{file}: .*; delete it: the shards bring it back$"):
            Corpus(tmp_path).track(2, name)
        file.unlink()
    assert_tracks(Corpus(tmp_path))
    CorpusWriter(tmp_path).close()
    assert {file: file.read_bytes() for file in tmp_path.glob("tracks/*/*.arrow")} == whole


def test_rows_that_are_damaged_are_added_again_as_their_error_says(tmp_path: Path) -> None:
    fill(tmp_path)
    add(tmp_path, "slow", SLOW)
    shard, index = tmp_path / "tracks/slow/000001.tar", tmp_path / "tracks/slow/000001.arrow"
    data = bytearray(shard.read_bytes())
    data[512 + 150] ^= 1
    shard.write_bytes(data)
    with pytest.raises(StoreError, match=r"000001\.tar: .* delete it and 000001\.arrow beside it and add its rows"):
        Corpus(tmp_path).features(2, "slow")
    shard.unlink()
    index.unlink()
    with TrackWriter(tmp_path, "slow", SLOW) as writer:
        assert list(writer.missing()) == [2, 3]
        writer.add(2, rows(2))
    found = Corpus(tmp_path).features(2, "slow")
    assert found is not None
    assert found.rows.tolist() == rows(2).tolist()


@pytest.mark.parametrize("how", ["of other clips", "cut", "a header"])
def test_no_index_is_made_of_damaged_rows(tmp_path: Path, how: str) -> None:
    fill(tmp_path)
    add(tmp_path, "timed", TIMED)
    shard = tmp_path / "tracks/timed/000001.tar"
    data = bytearray(shard.read_bytes())
    if how == "of other clips":
        data = bytearray((tmp_path / "tracks/timed/000002.tar").read_bytes())
    elif how == "cut":
        del data[-1024:]
    else:
        data[1024:1030] = b"broken"  # the second member's, which tarfile takes for the end
    shard.write_bytes(data)
    (tmp_path / "tracks/timed/000001.arrow").unlink()
    for use in (lambda: Corpus(tmp_path).features(2, "timed"), lambda: TrackWriter(tmp_path, "timed", TIMED)):
        with pytest.raises(StoreError, match=r"tracks/timed/000001\.tar: is damaged .*; delete it and add its rows"):
            use()
    shard.unlink()
    with TrackWriter(tmp_path, "timed", TIMED) as writer:
        assert list(writer.missing()) == [2, 3]


def test_from_afar_a_lost_index_of_a_track_is_not_taken_for_no_rows(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    fill(tmp_path, inside=True)
    (tmp_path / "tracks/slow/000001.arrow").unlink()
    corpus = Corpus(f"file://{tmp_path}")
    with pytest.raises(StoreError, match=r"tracks/slow/000001\.arrow: is missing; copy the corpus anew"):
        corpus.features(2, "slow")
    assert corpus.features(0, "slow") is not None


def test_the_index_of_a_track_in_shards_of_earlier_versions_comes_back(tmp_path: Path) -> None:
    """Their `clips/NAME.arrow` does not say which tracks the shard holds."""
    fill_late(tmp_path)
    for file in (tmp_path / "clips").iterdir():
        with pa.ipc.open_file(file.read_bytes()) as reader:
            write_arrow(file, reader.get_batch(0).replace_schema_metadata(None))
    lost = next((tmp_path / "tracks/late").glob("*.arrow"))
    whole = lost.read_bytes()
    lost.unlink()
    assert Corpus(tmp_path).features(0, "late") is None
    assert Corpus(tmp_path).features(CLIPS + 1, "late") is not None
    CorpusWriter(tmp_path).close()
    assert lost.read_bytes() == whole
    assert Corpus(tmp_path).features(0, "late") is None


def test_a_damaged_header_in_a_shard_does_not_hide_the_clips_behind_it(tmp_path: Path) -> None:
    """tarfile takes such a header for the end of the file."""
    root = make_corpus(tmp_path / "corpus", ["one", "two", "three"])
    shutil.rmtree(root / "clips")
    shard = next((root / "shards").glob("*.tar"))
    content = bytearray(shard.read_bytes())
    with tarfile.open(shard) as tar:
        second = [member for member in tar if member.name.endswith(".json")][1]
    content[second.offset + 150] ^= 0xFF  # in the checksum
    shard.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged \(it cannot be read beyond byte \d+\)"):
        Corpus(root).clips[0]
