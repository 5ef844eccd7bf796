"""Who listens hears how far a reader is, in his own thread only, and may stop it."""

import contextlib
import gzip
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from datasets import load
from datasets.progress import Stopped, check, listening, tell


def test_without_a_listener_nothing_happens() -> None:
    tell(1, 2)
    check()


def test_shares_lie_between_0_and_1() -> None:
    heard: list[float | None] = []
    with listening(heard.append):
        tell(0, 4)
        tell(1, 4)
        tell(9, 4)
        tell(3, 0)
        check()
    tell(2, 4)
    assert heard == [0.0, 0.25, 1.0, None, None]


def test_a_listener_inside_another_gives_way_to_it_again() -> None:
    outer: list[float | None] = []
    inner: list[float | None] = []
    with listening(outer.append):
        with listening(inner.append):
            tell(1, 2)
        tell(1, 1)
    assert (inner, outer) == ([0.5], [1.0])


def test_another_thread_is_not_heard() -> None:
    heard: list[float | None] = []
    with listening(heard.append):
        thread = threading.Thread(target=tell, args=(1, 2))
        thread.start()
        thread.join()
    assert heard == []


def test_stopping_passes_through_what_catches_errors() -> None:
    def stop(share: float | None) -> None:
        raise Stopped

    def careful() -> None:
        with contextlib.suppress(Exception):
            tell(1, 2)

    with listening(stop), pytest.raises(Stopped):
        careful()
    tell(1, 2)


# Readers


@pytest.fixture(params=["csv", "cr", "utf16", "npy", "idx", "idx.gz"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of some megabytes, of each kind that takes long."""
    X = np.random.default_rng(0).integers(0, 256, (6000, 28, 28), dtype=np.uint8)
    y = (np.arange(6000) % 10).astype(np.uint8)
    if request.param == "npy":
        np.save(tmp_path / "t.npy", np.column_stack([X.reshape(6000, -1)[:, :100], y]).astype(np.float64))
        return tmp_path / "t.npy"
    if request.param.startswith("idx"):
        gz = request.param.endswith(".gz")
        for name, header, values in (
            ("images-idx3", struct.pack(">4I", 2051, 6000, 28, 28), X),
            ("labels-idx1", struct.pack(">2I", 2049, 6000), y),
        ):
            data = header + values.tobytes()
            path = tmp_path / f"train-{name}-ubyte{'.gz' * gz}"
            path.write_bytes(gzip.compress(data, 1) if gz else data)
        return tmp_path
    lines = [",".join(map(str, row)) for row in np.column_stack([X[:3000, 0, :6], y[:3000]]).tolist()]
    end = "\r" if request.param == "cr" else "\n"
    (tmp_path / "t.csv").write_bytes((end.join(lines) + end).encode("utf-16" if request.param == "utf16" else "ascii"))
    return tmp_path / "t.csv"


def test_a_reader_says_how_far_it_is(large: Path) -> None:
    heard: list[float | None] = []
    with listening(heard.append):
        dataset = load(str(large))
    assert dataset.n_samples >= 3000
    shares = [share for share in heard if share is not None]
    assert len(shares) >= 4
    assert max(shares) > 0.8
    assert min(shares) < 0.5


def test_a_reader_stops_at_its_next_word(large: Path) -> None:
    heard: list[float | None] = []

    def stop(share: float | None) -> None:
        heard.append(share)
        if len(heard) == 2:
            raise Stopped

    with listening(stop), pytest.raises(Stopped):
        load(str(large))
    assert len(heard) == 2
    assert load(str(large)).n_samples >= 3000
