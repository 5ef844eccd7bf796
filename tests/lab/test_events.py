import itertools
import math
import time

import pytest

from tui.lab import events
from tui.lab.eventlog import EventLog
from tui.lab.events import EventReader, Failed, Paused, decode, encode


def test_round_trip_and_null() -> None:
    event = events.Step(epoch=1, batch=2, batches=3, loss=math.nan, lr=0.1, seq=4, time=5.0)
    line = encode(event)
    assert line.endswith(b"\n")
    assert b'"event":"step"' in line
    assert b'"loss":null' in line
    assert decode(line).loss is None


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"event":"unheard of"}', b'{"event":"step"}', b"\xff\n"])
def test_what_is_no_event_is_none(line) -> None:
    assert decode(line) is None


def test_the_reader_waits_for_a_whole_line(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.poll() == []
    whole = encode(Paused(epoch=1, batch=2))
    path.write_bytes(whole + b"garbage\n" + whole[:10])
    assert [event.epoch for event in reader.poll()] == [1]
    assert reader.unread == 1
    assert reader.poll() == []
    with open(path, "ab") as file:
        file.write(whole[10:])
    assert len(reader.poll()) == 1


def test_the_log_numbers_on_and_cuts_a_torn_line(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for epoch in range(100):
            log.emit(Paused(epoch=epoch, batch=0))
        log.flush()
    with open(path, "ab") as file:
        file.write(b'{"event":"pau' + b"x" * 100_000)
    with EventLog(path) as log:
        assert len(log.history) == 100
        log.emit(Failed(message="no\nmore"), flush=True)
    assert [event.seq for event in EventReader(path).poll()] == list(range(1, 102))


def test_a_file_of_one_torn_line_is_emptied(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event"')
    with EventLog(path) as log:
        assert log.seq == 0
    assert path.read_bytes() == b""


def test_a_line_longer_than_a_chunk_is_passed_over(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    paused = encode(Paused(epoch=1, batch=0))
    path.write_bytes(paused + b"\x00" * 5000 + b"\n" + paused)
    reader = EventReader(path, chunk=300)
    assert len(reader.poll()) == 1
    assert len(reader.poll()) == 1
    assert reader.poll() == []


def test_kinds_that_are_left_out_are_not_read(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    paused, failed = encode(Paused(epoch=1, batch=0)), encode(Failed(message='{"event":"paused",'))
    path.write_bytes(paused * 50 + b"garbage\n" + failed + paused)
    reader = EventReader(path, chunk=200, without=(Paused,))
    assert [type(event) for event in reader.poll()] == [Failed]
    assert reader.poll() == []
    assert reader.unread == 1


def test_skip_passes_over_what_is_there(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    reader.skip()
    assert reader.poll() == []
    path.write_bytes(encode(Paused(epoch=1, batch=0)) * 3000 + b'{"event":"pau')
    reader.skip()
    assert reader.poll() == []
    with open(path, "ab") as file:
        file.write(b'sed","epoch":7,"batch":0}\n')
    assert [event.epoch for event in reader.poll()] == [7]


def test_a_long_history_is_not_kept(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.emit(events.Changed(lr=0.1, epoch=1, batch=0))
        for epoch in range(1, 500):
            log.emit(events.Checkpoint(epoch=epoch, batch=0, best=False))
        log.flush()
    with EventLog(path) as log:
        assert [event.seq for event in log.history] == [1, 500]
        assert log.seq == 500


def test_events_are_written_at_most_twenty_times_a_second(tmp_path, monkeypatch) -> None:
    written = []
    monkeypatch.setattr("tui.lab.eventlog.write_all", lambda file, data: written.append(time.monotonic()))
    with EventLog(tmp_path / "events.jsonl") as log:
        ends = time.monotonic() + 0.3
        while time.monotonic() < ends:
            log.emit(Paused(epoch=1, batch=0))
    assert 2 <= len(written) <= 7
    assert min(after - before for before, after in itertools.pairwise(written)) >= 0.045
