"""Weights come out of every layout in which people save them; what cannot be read is named, with what to do."""

from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from hdvila.errors import CheckpointError
from hdvila.nn.checkpoint import LoadReport, put_weights
from hdvila.nn.weight_files import files_of, find_weights, read_weights, unwrap

PLAIN = {"cnn.conv.weight": torch.arange(6.0).reshape(2, 3), "text.bias": torch.ones(2), "scale": torch.tensor(3.0)}
WRAPS = ("module.", "_orig_mod.", "model.", "net.", "_fsdp_wrapped_module.", "student.")
BOXES = ("state_dict", "module", "model", "model_state_dict")


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@given(prefixes=st.lists(st.sampled_from(WRAPS), max_size=4), boxes=st.lists(st.sampled_from(BOXES), max_size=3))
def test_wrappers_and_prefixes_come_off_in_any_nesting(prefixes: list[str], boxes: list[str]) -> None:
    content: dict[str, Any] = {"".join(prefixes) + key: tensor for key, tensor in PLAIN.items()}
    for box in boxes:
        content = {"epoch": 3, box: content, "optimizer": {"state": {0: {"step": torch.zeros(1)}}}}
    assert same(unwrap(content), PLAIN)


def test_what_torch_puts_into_names_comes_off_at_any_depth() -> None:
    compiled = torch.compile(nn.Linear(2, 3), backend="eager")
    outer = nn.ModuleDict({"a": compiled, "b": nn.Linear(2, 2)})
    assert any("_orig_mod" in key for key in outer.state_dict())
    assert set(unwrap(outer.state_dict())) == {"a.weight", "a.bias", "b.weight", "b.bias"}
    with pytest.raises(CheckpointError, match="holds some weights twice"):
        unwrap({"a._orig_mod.w": torch.ones(1), "a.w": torch.zeros(1), "b": torch.ones(1)})


def test_averaged_weights_come_without_their_counter() -> None:
    averaged = torch.optim.swa_utils.AveragedModel(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)))
    assert "n_averaged" in averaged.state_dict()
    assert set(unwrap(averaged.state_dict())) == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_the_only_dict_of_tensors_is_the_weights_under_any_key() -> None:
    assert same(unwrap({"ema": PLAIN, "epoch": 3, "optimizer": {"state": {}}}), PLAIN)
    with pytest.raises(CheckpointError, match=r"several of them hold weights \(student, teacher\): give one"):
        unwrap({"student": PLAIN, "teacher": PLAIN})
    with pytest.raises(CheckpointError, match=r"it holds other values beside tensors \(epoch is a int\)"):
        unwrap({**PLAIN, "epoch": 3})
    with pytest.raises(CheckpointError, match="give a state dict, tensors by name"):
        unwrap({key: tensor.numpy() for key, tensor in PLAIN.items()})


def test_settings_called_model_do_not_hide_the_weights() -> None:
    assert same(unwrap({"model": {"width": 3}, "state_dict": PLAIN}), PLAIN)


def test_plain_values_of_training_programs_do_not_hinder(tmp_path: Path) -> None:
    beside = {"args": argparse.Namespace(lr=1e-3), "best": np.float64(0.3), "step": np.int64(7), "hyper": {"a": [1]}}
    torch.save({"state_dict": PLAIN} | beside, tmp_path / "last.ckpt")
    assert same(read_weights(tmp_path / "last.ckpt"), PLAIN)


def test_arrays_are_read_as_tensors_whoever_pickled_them(tmp_path: Path) -> None:
    arrays = {key: tensor.numpy() for key, tensor in PLAIN.items()}
    torch.save({"model": arrays, "iteration": 3}, tmp_path / "R-50.pth")
    assert same(read_weights(tmp_path / "R-50.pth"), PLAIN)
    for protocol in (2, 4):
        with (tmp_path / "R-50.pkl").open("wb") as file:
            pickle.dump({"model": arrays, "__author__": "somebody"}, file, protocol)
        assert same(read_weights(tmp_path / "R-50.pkl"), PLAIN)
    torch.save(PLAIN, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(read_weights(tmp_path / "old.pth"), PLAIN)


def test_a_pickle_runs_nothing(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "run",))

    (tmp_path / "R-50.pkl").write_bytes(pickle.dumps({"model": {"a": Harmful()}}))
    with pytest.raises(CheckpointError, match=r"holds Python objects besides tensors"):
        read_weights(tmp_path / "R-50.pkl")
    assert not (tmp_path / "run").exists()
    (tmp_path / "cut.pkl").write_bytes(pickle.dumps({"a": np.ones(9)})[:-20])
    with pytest.raises(CheckpointError, match="it may be damaged"):
        read_weights(tmp_path / "cut.pkl")


@pytest.mark.parametrize("name", ["m.safetensors", "m.bin", "m.pt", "weights"])
def test_a_safetensors_file_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    save_file(PLAIN, tmp_path / name)
    assert same(read_weights(tmp_path / name), PLAIN)


def in_parts(folder: Path, stem: str = "model", ending: str = "safetensors") -> Path:
    """Two parts and their index."""
    keys, listed = list(PLAIN), {}
    for number, chosen in enumerate((keys[:1], keys[1:]), 1):
        name = f"{stem}-{number:05d}-of-00002.{ending}"
        part = {key: PLAIN[key] for key in chosen}
        if ending == "safetensors":
            save_file(part, folder / name)
        else:
            torch.save(part, folder / name)
        listed |= dict.fromkeys(chosen, name)
    index = folder / f"{stem}.{ending}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 36}, "weight_map": listed}))
    return index


@pytest.mark.parametrize(("stem", "ending"), [("model", "safetensors"), ("pytorch_model", "bin"), ("hdvila", "pt")])
def test_weights_in_parts_are_read_by_their_index(stem: str, ending: str, tmp_path: Path) -> None:
    index = in_parts(tmp_path, stem, ending)
    part = index.with_name(f"{stem}-00001-of-00002.{ending}")
    assert find_weights(tmp_path) == index
    assert all(same(read_weights(file), PLAIN) for file in (index, part))
    assert len(files_of(index)) == 3


def test_parts_that_do_not_make_a_whole_are_named(tmp_path: Path) -> None:
    index = in_parts(tmp_path)
    first, second = sorted(tmp_path.glob("*.safetensors"))
    whole = second.read_bytes()
    save_file({"scale": PLAIN["scale"]}, second)
    with pytest.raises(CheckpointError, match=r"1 of its 3 tensors are in none of its parts \(text.bias\)"):
        read_weights(index)
    second.unlink()
    for use in (read_weights, files_of):
        with pytest.raises(CheckpointError, match=r"1 of its 2 parts are missing \(model-00002-of-00002\.safetensors"):
            use(index)
    second.write_bytes(whole)
    listed = index.read_text()
    for broken in ("{", '{"weight_map": 3}', '{"weight_map": {}}', '{"weight_map": {"a": "../../etc/passwd"}}'):
        index.write_text(broken)
        with pytest.raises(CheckpointError, match=r"index\.json: .*fetch it again"):
            read_weights(index)
    index.unlink()
    for path in (first, tmp_path):
        with pytest.raises(CheckpointError, match=r"one of 2 parts, but their index .*\.safetensors\.index\.json\)"):
            read_weights(path if path.is_file() else find_weights(path))
    assert listed


def test_the_weights_of_a_folder_are_found_under_any_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no weights"):
        find_weights(tmp_path)
    for name in ("optimizer.pt", "training_args.bin", "vocab.txt"):
        (tmp_path / name).touch()
    for name in ("stage1_best.pth", "pytorch_model.bin", "model.safetensors"):
        (tmp_path / name).touch()
        assert find_weights(tmp_path) == tmp_path / name
    for name in ("pytorch_model.bin", "model.safetensors"):
        (tmp_path / name).unlink()
    (tmp_path / "epoch2.ckpt").touch()
    with pytest.raises(CheckpointError, match=r"several weight files \(epoch2\.ckpt, stage1_best\.pth\)"):
        find_weights(tmp_path)


def test_a_pointer_in_place_of_a_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(CheckpointError, match="git lfs pull"):
        read_weights(tmp_path / "m.pt")


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("spoiled", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_values_that_are_not_finite_are_named_by_tensor(strict: bool, spoiled: float) -> None:
    model = nn.Linear(3, 2)
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    weights = {"weight": torch.ones(2, 3, dtype=torch.float64), "bias": torch.zeros(2)}
    weights["weight"][1, 2] = spoiled  # 1e300 is no float32
    with pytest.raises(CheckpointError, match=r"x\.pt: 1 of its tensors .* weight \(1 of 6\)"):
        put_weights(model, weights, LoadReport(), strict=strict, name="x.pt")
    assert same(model.state_dict(), before)
