"""A disk that is full at any moment: one line, state "failed", and what was kept goes on later."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.support import assert_same_training, new_run, read_events, small_spec, train_here
from tui.cli import main as mlp_tui
from tui.lab import events, keeper, training
from tui.lab.checkpoints import load
from tui.lab.processes import RunLock
from tui.lab.runs import RunFolder
from tui.lab.trainer import main

ROOT = Path(__file__).resolve().parents[2]
SPEC = small_spec("training.epochs=3", "training.optimizer=adam")


class Disk:
    """Counts what is written, and has no room from the ``full_at``-th writing on, for ``lasting`` of them."""

    def __init__(self, full_at: int = 0, lasting: int = 10**9) -> None:
        self.count, self.full_at, self.lasting = 0, full_at, lasting

    def spend(self) -> None:
        self.count += 1
        if 0 < self.full_at <= self.count < self.full_at + self.lasting:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def on(disk: Disk) -> Iterator[None]:
    """Every file that is made, every byte written and every sync goes through ``disk``."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((os, "write"), (os, "fsync"), (tempfile, "mkstemp")):
            real = getattr(module, name)

            def limited(*words, _real=real, **named):
                if _real is REAL_WRITE and len(words[1]) > 1 and disk.count + 1 == disk.full_at:
                    _real(words[0], words[1][: len(words[1]) // 2])  # a part still fits
                disk.spend()
                return _real(*words, **named)

            patch.setattr(module, name, limited)
        yield


REAL_WRITE = os.write


@pytest.fixture(autouse=True)
def _often(monkeypatch) -> Iterator[None]:
    """As many writings as a run can have; the trainer's signal handlers are taken back."""
    monkeypatch.setattr(keeper.Keeper, "old", True)
    monkeypatch.setattr(training, "LIVE_SECONDS", 0)
    monkeypatch.setattr("tui.lab.eventlog.FLUSH_SECONDS", 0)
    monkeypatch.setattr("tui.lab.status.HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr("tui.lab.steering.LOOK_SECONDS", 0)
    kept = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> RunFolder:
    folder = new_run(SPEC, tmp_path_factory.mktemp("straight"))
    train_here(folder)
    return folder


def writings(tmp_path: Path) -> int:
    disk = Disk()
    folder = new_run(SPEC, tmp_path, "counted")
    with on(disk):
        assert main([str(folder.path)]) == 0
    return disk.count


@pytest.mark.parametrize("lasting", [10**9, 1], ids=["full from then on", "full once"])
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_full_at_the_nth_writing_for_every_n(tmp_path, straight, capsys, lasting, every) -> None:
    most = writings(tmp_path)
    assert most > 50
    for nth in (*range(1, 10), *range(10, most + 1, every)):
        folder = new_run(SPEC, tmp_path, f"full-{nth}")
        capsys.readouterr()
        with on(Disk(nth, lasting)):
            status = main([str(folder.path)])
        said = capsys.readouterr().err
        assert status == 1, nth
        assert said.count("\n") == 1, said
        assert "(No space left on device): make room" in said
        assert "goes on from its last checkpoint" in said
        assert folder.state() == "failed", nth
        left = [name for _, _, names in os.walk(folder.path) for name in names if name.startswith(".")]
        assert left == []
        assert not folder.lock_path.exists()
        if folder.last_path.exists():
            load(folder.last_path)
        for line in folder.events_path.read_bytes().splitlines() if folder.events_path.exists() else ():
            assert events.decode(line) is not None, (nth, line)
        # With room again it goes on to the same bits.
        assert main([str(folder.path)]) == 0
        assert_same_training(folder.last_path, straight.last_path)
        assert folder.state() == "finished"


def test_a_lock_that_cannot_be_written_keeps_nobody_out(tmp_path) -> None:
    path = tmp_path / "trainer.lock"
    with on(Disk(1)), pytest.raises(OSError, match="No space"), RunLock(path):
        pass
    with RunLock(path):
        pass


def mounted(folder: Path, size: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 400 KB."""
    folder = tmp_path / "disk"
    if not mounted(folder, "400k"):
        pytest.skip("a small file system can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("hidden", ["8", "64,64"])
def test_a_disk_that_is_really_full(small_disk, tmp_path, hidden) -> None:
    spec = small_spec("training.epochs=2000", f"model.hidden={hidden}")
    folder = new_run(spec, small_disk)
    command = [sys.executable, "-m", "tui.lab.trainer", str(folder.path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    assert folder.state() == "failed"
    assert isinstance(read_events(folder)[-1], events.Failed | events.Epoch | events.Checkpoint | events.Probe)
    completed = load(folder.last_path).state["completed"]
    assert completed >= 1
    # With room again it goes on.
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).returncode == 0
    assert isinstance(read_events(folder)[-1], events.Finished)


def test_a_folder_that_cannot_be_written_is_said_in_one_line(small_disk, capsys) -> None:
    folder = new_run(SPEC, small_disk)
    train_here(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for words, status in (
        (["resume", "last", "--epochs", "9"], 2),
        (["stop", "last"], 0),
        (["note", "last", "x"], 2),
        (["delete", "last", "--yes"], 2),
        (["rename", "last", "x"], 2),
        (["show", "last"], 0),
        (["follow", "last", "--json"], 0),
        (["list"], 0),
    ):
        capsys.readouterr()
        assert mlp_tui(["runs", *words, "--runs-dir", str(folder.path.parent)]) == status, words
        said = capsys.readouterr().err
        assert said.count("\n") == (0 if words[0] in ("show", "follow", "list") else 1), said
        if status:
            assert said.startswith("error: ")
            assert "Read-only file system" in said
