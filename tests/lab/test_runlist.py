"""Rows of runs from the ends of their files; damaged ones keep their place."""

import json
import os
import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.support import new_run, small_spec, train_here
from tui.lab.errors import LabError
from tui.lab.events import Epoch, encode
from tui.lab.marks import Marks, change_note, change_tags, read_marks, write_marks
from tui.lab.metrics import csv_lines
from tui.lab.processes import host_name
from tui.lab.runinfo import describe
from tui.lab.runlist import find_run, find_runs, list_runs, read_row
from tui.lab.runs import RUN_FORMAT, RunFolder
from tui.lab.spec import SpecError
from tui.lab.tail import WHOLE_BYTES, course, read_tail


def epoch_line(epoch: int, loss: float = 0.5) -> bytes:
    event = Epoch(
        epoch=epoch,
        train_loss=2 * loss,
        train_accuracy=0.5,
        val_loss=loss,
        val_accuracy=0.5,
        last_batch_loss=None,
        lr=0.1,
        seconds=0.0,
        validation_seconds=0.0,
        samples_per_second=1.0,
        best_epoch=1,
    )
    return encode(event)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> RunFolder:
    folder = new_run(small_spec("training.epochs=12", "training.lr=0.02", "seed=7"), tmp_path_factory.mktemp("a"), "tp")
    train_here(folder)
    return folder


@pytest.fixture
def run(trained, tmp_path) -> RunFolder:
    """A copy of a finished run, to be damaged."""
    return RunFolder(shutil.copytree(trained.path, tmp_path / "runs" / trained.name))


def test_a_row_says_what_the_run_is_and_what_came_of_it(run) -> None:
    (row,) = list_runs(run.path.parent)
    assert (row.name, row.state, row.epochs, row.total) == (run.name, "finished", 12, 12)
    assert (row.data, row.hidden, row.loss, row.lr, row.seed) == ("moons", (8,), "cross_entropy", 0.02, 7)
    assert (row.optimizer, row.activation, row.dropout, row.batch_size) == ("adam", "relu", 0.3, 10)
    assert None not in (row.train_loss, row.val_loss, row.test_loss, row.test_accuracy, row.seconds)
    assert row.message == "all 12 epochs done"
    assert row.problem == ""
    assert (row.host, row.here, row.silent, row.live) == (host_name(), True, None, False)
    assert abs(row.created - time.time()) < 300
    spark = row.spark()
    assert len(spark) == 12
    assert spark[-1] == row.val_loss


def test_the_newest_come_first_and_a_run_without_a_trainer_is_queued(run, tmp_path) -> None:
    later = new_run(small_spec(), tmp_path, "later")
    assert [row.path for row in list_runs(run.path.parent)] == [later.path, run.path]
    assert read_row(later).state == "queued"
    assert (read_row(later).epochs, read_row(later).total, read_row(later).spark()) == (0, 100, [])


def test_no_folder_holds_no_runs_and_other_folders_are_none(tmp_path) -> None:
    assert list_runs(tmp_path / "nothing") == []
    (tmp_path / ".making-1").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "a file").write_text("")
    assert list_runs(tmp_path) == []
    with pytest.raises(LabError, match="a file"):
        list_runs(tmp_path / "a file")


def test_a_torn_line_and_garbage_are_counted(run) -> None:
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    run.events_path.write_bytes(b"".join(lines)[:-5])
    row = read_row(run)
    assert row.problem == f"torn: {len(lines) - 1} of {len(lines)} lines read"
    assert row.epochs == 12
    run.events_path.write_bytes(b"".join([*lines[:-1], b"\x00\xff garbage\n", lines[-1]]))
    assert read_row(run).problem == f"torn: {len(lines)} of {len(lines) + 1} lines read"
    # A word of a later version is no damage.
    run.events_path.write_bytes(b"".join(lines) + b'{"event":"praised","seq":99,"time":1.0}\n')
    assert read_row(run).problem == ""


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("spec.toml", None, "no spec.toml"),
        ("spec.toml", b"", ""),
        ("spec.toml", b"\xff\x00", "spec.toml is damaged"),
        ("spec.toml", b"[model", "spec.toml is damaged"),
        ("spec.toml", b'model = 3\nseed = "x"\n[training]\nepochs = "many"\n', ""),
        ("status.json", None, ""),
        ("status.json", b"{", ""),
        ("status.json", b'{"host": 3}', ""),
        ("events.jsonl", None, ""),
        ("events.jsonl", b"\x00" * 100_000, "torn: 0 of 1 lines read"),
        ("marks.json", b"[]", ""),
    ],
)
def test_missing_and_garbage_files_are_a_row_with_words(run, file, content, words) -> None:
    path = run.path / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    (row,) = list_runs(run.path.parent)
    assert row.problem == words
    assert (row.state == "unreadable") == (words in ("no spec.toml", "spec.toml is damaged"))
    row.spark()


NESTED = [b"a = " + b"[" * 50_000, b'{"event":"epoch","x":' + b"[" * 50_000 + b"\n", b"[" * 50_000]
FILES = ("spec.toml", "events.jsonl", "status.json", "marks.json", "trainer.lock", "checkpoints/last.safetensors")


@given(
    name=st.sampled_from(FILES),
    garbage=st.one_of(st.binary(max_size=200), st.sampled_from(NESTED)),
    at=st.floats(0, 1),
    whole=st.booleans(),
)
def test_whatever_the_files_hold_it_is_a_row_and_never_a_traceback(trained, tmp_path_factory, name, garbage, at, whole):
    run = RunFolder(shutil.copytree(trained.path, tmp_path_factory.mktemp("garbage") / trained.name))
    path = run.path / name
    before = path.read_bytes() if path.exists() and not whole else b""
    path.write_bytes(before[: int(at * len(before))] + garbage)
    (row,) = list_runs(run.path.parent)
    row.spark()
    describe(run)
    list(csv_lines(run))
    words = ""
    try:
        train_here(run)
    except (LabError, SpecError) as error:
        words = str(error)
    assert "\n" not in words
    shutil.rmtree(run.path.parent)


def test_a_folder_in_the_place_of_a_file_is_a_row_with_words(run) -> None:
    for name in ("events.jsonl", "status.json", "marks.json"):
        (run.path / name).unlink(missing_ok=True)
        (run.path / name).mkdir()
    (row,) = list_runs(run.path.parent)
    assert "Is a directory" in row.problem
    assert row.spark() == []


def test_a_run_of_a_newer_version_is_said_to_be_one(run) -> None:
    text = run.spec_path.read_text().replace(f"format = {RUN_FORMAT}", f"format = {RUN_FORMAT + 1}")
    run.spec_path.write_text("brand_new = 1\n" + text)
    row = read_row(run)
    assert row.state == "unreadable"
    assert f"run format {RUN_FORMAT + 1}, this one reads up to {RUN_FORMAT}" in row.problem
    for read in (run.read_spec, run.read_record):
        with pytest.raises(LabError, match="install a newer one"):
            read()


def test_a_trainer_that_gives_no_sign_is_said_to_be_silent(run) -> None:
    said = json.loads(run.status_path.read_text())
    run.status_path.write_text(
        json.dumps({**said, "state": "running", "host": "lab-03", "heartbeat": time.time() - 30})
    )
    os.utime(run.status_path, (1, time.time() - 30))
    row = read_row(run)
    assert (row.state, row.host, row.here) == ("running", "lab-03", False)
    assert 29 < row.silent < 40


def test_the_tail_of_a_long_file_and_its_course(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(epoch_line(epoch, 1 / epoch) for epoch in range(1, 5001)))
    assert path.stat().st_size > WHOLE_BYTES
    assert read_tail(path).epoch.epoch == 5000
    spark = course(path)
    assert 20 <= len(spark) <= 30
    assert spark == sorted(spark, reverse=True)
    with open(path, "ab") as file:
        file.write(b'{"event":"step","epoch":1,"batch":1,"batches":1,"loss":1,"lr":1}\n' * 1000)
    assert read_tail(path).epoch.epoch == 5000


def test_a_course_leaves_out_what_a_resume_took_back(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(epoch_line(epoch, loss) for epoch, loss in [(1, 3.0), (2, 2.0), (3, 9.0), (2, 1.0)]))
    assert course(path) == [3.0, 1.0]


def test_finding_the_run_that_is_meant(run, tmp_path, monkeypatch) -> None:
    runs = run.path.parent
    other = RunFolder(shutil.copytree(run.path, runs / "1120-0000-tp4"))
    third = RunFolder(shutil.copytree(run.path, runs / "1120-0000-tp4-2"))
    assert find_run(other.name, runs) == other  # a whole name counts for more than a beginning
    assert find_run("1120-0000-tp4-", runs) == third
    assert find_run(str(third.path), tmp_path / "elsewhere") == third
    monkeypatch.chdir(third.path)
    assert find_run(".", tmp_path / "elsewhere") == third
    assert find_run("tp4", runs) == other
    assert find_run("tp4-", runs) == third
    with pytest.raises(LabError, match="t: the beginning of 3 runs"):
        find_run("t", runs)
    with pytest.raises(LabError, match="1120-0000: the beginning of 2 runs: 1120-0000-tp4, 1120-0000-tp4-2"):
        find_run("1120-0000", runs)
    with pytest.raises(LabError, match=f"no such run in .*{run.name}"):
        find_run("nothing", runs)
    with pytest.raises(LabError, match="none yet"):
        find_run("nothing", tmp_path / "elsewhere")
    with pytest.raises(LabError, match="no runs there yet"):
        find_run("last", tmp_path / "elsewhere")
    said = json.loads(other.status_path.read_text())
    other.status_path.write_text(json.dumps({**said, "started": said["started"] + 9}))
    assert find_run("last", runs) == other
    assert find_runs(["last", other.name, third.name], runs) == [other, third]


def test_marks(run) -> None:
    assert read_marks(run.path) == Marks()
    assert change_tags(run.path, ["good", "for-class", "good"]).tags == ("good", "for-class")
    assert change_tags(run.path, ["-good", "-never"]).tags == ("for-class",)
    change_note(run.path, "second try,\n lr from the finder ")
    row = read_row(run)
    assert (row.tags, row.note) == (("for-class",), "second try, lr from the finder")
    write_marks(run.path, Marks(group="seeds"))
    assert read_row(run).group == "seeds"
    for wrong in ("two words", "", "-", "x" * 41):
        with pytest.raises(LabError, match="is no tag"):
            change_tags(run.path, [wrong])
    with pytest.raises(LabError, match="2,000"):
        change_note(run.path, "x" * 2001)
