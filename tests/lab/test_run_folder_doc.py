"""docs/run-folder.md names everything that stands in a run folder."""

import dataclasses
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from tests.lab.support import new_run, small_spec, train_here
from tui.lab import events
from tui.lab.checkpoints import load
from tui.lab.control import COMMANDS
from tui.lab.keeper import OVERDUE_SECONDS, SNAPSHOT_BYTES
from tui.lab.marks import Marks
from tui.lab.processes import RunLock
from tui.lab.runs import RUN_FORMAT, SILENT_SECONDS, State, Status
from tui.lab.status import HEARTBEAT_SECONDS, SIZE
from tui.lab.steering import LOOK_SECONDS
from tui.lab.tables import TrainingSpec

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "run-folder.md").read_text(encoding="utf-8")
KINDS = get_args(events.AnyEvent)


def section(title: str) -> str:
    """From a heading that names ``title`` to the next one of its rank or above."""
    heading = re.search(rf"^(#+) (?:[^\n]*\W)?{re.escape(title)}\b[^\n]*$", TEXT, re.MULTILINE)
    assert heading, f"no heading names {title}"
    end = re.search(rf"^#{{1,{len(heading[1])}}} ", TEXT[heading.end() :], re.MULTILINE)
    return TEXT[heading.end() :][: end.start() if end else None]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_and_field(kind) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(kind)} - {"seq", "time"}
    words = named(section(kind.__struct_config__.tag))
    if kind is events.Resumed:
        words |= {"epoch", "batch"}  # "the same"
    assert fields <= words, fields - words
    assert {"event", "seq", "time"} <= named(section("events.jsonl"))


def test_what_a_layer_says() -> None:
    assert set(events.LayerHealth.__struct_fields__) <= named(section("probe"))


def test_every_state_and_command() -> None:
    assert set(get_args(State)) <= named(section("status.json"))
    assert {field.name for field in dataclasses.fields(Status)} <= named(section("status.json"))
    rows = re.findall(r"^\| `(\w+)` \| (a number)? ?\| (.+) \|$", section("control"), re.MULTILINE)
    assert {name: words for name, _, words in rows} == COMMANDS
    assert [name for name, number, _ in rows if number] == ["lr", "pace"]


def test_every_file_and_key(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=12"), tmp_path)
    train_here(folder)
    folder.log_path.touch()
    tree = TEXT.partition("```\n")[2].partition("```")[0]
    for path in folder.path.rglob("*"):
        if path.is_file() and not path.name.startswith("epoch-"):
            assert str(path.relative_to(folder.path)) in tree
    assert "epoch-000012.safetensors" in tree
    assert folder.snapshot_path(12).exists()
    state = load(folder.last_path).state
    assert set(state) <= named(section("checkpoints")), set(state)
    assert set(load(folder.best_path).state) <= named(section("checkpoints"))
    assert set(folder.read_record()) - {"mlp-tui"} <= named(section("spec.toml"))
    assert set(Marks.__struct_fields__) <= named(section("marks.json"))
    with RunLock(folder.lock_path):
        keys = re.findall(r'"(\w+)":', folder.lock_path.read_text())
    assert set(keys) <= named(section("trainer.lock"))


def test_the_numbers() -> None:
    assert f"is {RUN_FORMAT}." in section("Versions")
    assert f"{SIZE} bytes" in TEXT
    assert f"{SILENT_SECONDS:.0f} s ago" in TEXT
    assert f"every {LOOK_SECONDS * 1000:.0f} ms" in TEXT
    assert f"{SNAPSHOT_BYTES / 1e6:.0f} MB" in TEXT
    assert (HEARTBEAT_SECONDS, TrainingSpec().checkpoint_seconds, OVERDUE_SECONDS) == (2, 1, 10)
