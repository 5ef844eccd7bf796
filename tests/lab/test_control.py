import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.lab.control import COMMANDS, Command, Inbox, clear_commands, read_command, send_command
from tui.lab.errors import LabError


def test_commands_come_once_and_in_order(tmp_path) -> None:
    folder = tmp_path / "control"
    send_command(folder, "lr", 0.1)
    for name in ("pause", "step", "epoch", "resume"):
        send_command(folder, name)
    inbox = Inbox(folder)
    names = [command.name for command in inbox.take()[0]]
    assert names == ["lr", "pause", "step", "epoch", "resume"]
    assert inbox.take() == ([], [])
    assert os.listdir(folder) == []


def test_a_shell_can_write_them(tmp_path) -> None:
    (tmp_path / "lr").write_text("0.5\n")
    (tmp_path / "stop").write_text("")
    assert Inbox(tmp_path).take()[0] == [Command("lr", 0.5), Command("stop")]


def test_a_value_that_is_still_being_written_is_waited_for(tmp_path) -> None:
    path = tmp_path / "lr"
    path.write_text("")
    inbox = Inbox(tmp_path)
    assert inbox.take() == ([], [])
    path.write_text("0.25")
    assert inbox.take()[0] == [Command("lr", 0.25)]
    path.write_text("")
    os.utime(path, (1, 1))
    assert "lr takes a number" in inbox.take()[1][0]
    assert not path.exists()


@pytest.mark.parametrize(("name", "text"), [("dance", ""), ("lr", "fast"), ("lr", "-1"), ("lr", "0"), ("pace", "nan")])
def test_what_is_no_command_is_removed_and_said(tmp_path, name, text) -> None:
    (tmp_path / name).write_text(text)
    os.utime(tmp_path / name, (1, 1))
    commands, refused = Inbox(tmp_path).take()
    assert commands == []
    assert len(refused) == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_is_said_once(tmp_path) -> None:
    (tmp_path / "nonsense").mkdir()
    inbox = Inbox(tmp_path)
    assert len(inbox.take()[1]) == 1
    assert inbox.take() == ([], [])


ABOVE_0 = st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False)
VALUES = {"lr": ABOVE_0, "pace": st.just(0.0) | ABOVE_0}


@given(st.data(), st.sampled_from(sorted(COMMANDS)))
def test_what_can_be_sent_can_be_read(tmp_path_factory, data, name) -> None:
    value = data.draw(VALUES[name]) if name in VALUES else None
    folder = tmp_path_factory.mktemp("control")
    send_command(folder, name, value)
    assert Inbox(folder).take() == ([Command(name, value)], [])


@given(st.sampled_from(sorted(VALUES)), st.none() | st.floats(max_value=0, exclude_max=True) | st.just(math.nan))
def test_a_value_that_it_does_not_take_is_refused(name, value) -> None:
    with pytest.raises(LabError, match=f"{name} takes a number"):
        read_command(name, "" if value is None else repr(value))


def test_old_commands_are_cleared(tmp_path) -> None:
    send_command(tmp_path, "stop")
    clear_commands(tmp_path)
    assert Inbox(tmp_path).take() == ([], [])
    clear_commands(tmp_path / "absent")


def test_a_command_that_would_be_refused_is_not_sent(tmp_path) -> None:
    with pytest.raises(LabError, match="lr takes a number above 0"):
        send_command(tmp_path, "lr", -0.1)
    assert os.listdir(tmp_path) == []
