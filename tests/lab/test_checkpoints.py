import errno
import os

import numpy as np
import pytest

from tui.lab import files
from tui.lab.checkpoints import Checkpoint, is_snapshot_epoch, load, save
from tui.lab.errors import LabError
from tui.lab.files import write_atomic


def checkpoint(value: float = 1.0) -> Checkpoint:
    rng = np.random.default_rng(0)
    weights = {
        "0.weight": np.asfortranarray(rng.normal(size=(3, 4))),
        "0.bias": np.full(3, value, np.float32),
    }
    return Checkpoint(
        weights, {"step": np.array(7), "exp_avg.0.bias": np.ones(3)}, {"epoch": 2, "words": ["é", 1e-300]}
    )


def test_round_trip(tmp_path) -> None:
    path = tmp_path / "last.safetensors"
    save(path, checkpoint())
    found = load(path)
    for arrays, expected in (
        (found.weights, checkpoint().weights),
        (found.optimizer, checkpoint().optimizer),
    ):
        assert arrays.keys() == expected.keys()
        for name in expected:
            np.testing.assert_array_equal(arrays[name], expected[name])
            assert arrays[name].dtype == expected[name].dtype
    assert found.state == {"epoch": 2, "words": ["é", 1e-300]}


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_damaged_file_is_said_in_words(tmp_path, keep) -> None:
    path = tmp_path / "last.safetensors"
    save(path, checkpoint())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(LabError, match=r"last\.safetensors") as error:
        load(path)
    assert "\n" not in str(error.value)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / "last.safetensors"
    save(path, checkpoint(1.0))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, checkpoint(2.0))
    assert load(path).weights["0.bias"][0] == 1.0
    assert os.listdir(tmp_path) == [path.name]


def test_others_may_read_what_the_umask_lets_them(tmp_path) -> None:
    write_atomic(tmp_path / "file", b"")
    (tmp_path / "usual").write_bytes(b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_snapshots_thin_out() -> None:
    kept = [epoch for epoch in range(1, 1001) if is_snapshot_epoch(epoch)]
    assert kept[:20] == [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 125, 160]
    assert len(kept) == 28
