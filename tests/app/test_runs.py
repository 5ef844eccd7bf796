"""6 Runs: what is on the disk is listed, compared, opened and put away, by keys."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app.support import (
    bench,
    diverged,
    epochs,
    finished,
    keys_of,
    line_of,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    started,
    status_of,
    text_of,
    typed,
    until,
)
from tui.app.app import BenchApp
from tui.app.screens.runs import RunsScreen
from tui.app.services.runs import RunService
from tui.lab import events as ev
from tui.lab.marks import Marks, read_marks, write_marks
from tui.lab.processes import host_name, process_start
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec

pytestmark = pytest.mark.usefixtures("no_maps")

WIDE = (120, 40)
NARROW = (80, 24)


def make_run(
    runs_dir: Path,
    name: str,
    *said: ev.Event,
    spec: Spec | None = None,
    state: str = "finished",
    age: float = 0.0,
    pid: int | None = None,
    marks: Marks | None = None,
) -> RunFolder:
    """A run folder as a trainer would have left it so many seconds ago."""
    folder = RunFolder(runs_dir / name)
    for part in ("control", "checkpoints", "snapshots"):
        (folder.path / part).mkdir(parents=True)
    folder.write_spec(spec or small_spec(), {"format": 1, "created": time.time() - age})
    folder.events_path.write_bytes(b"".join(map(ev.encode, said)))
    pid = pid if pid is not None else os.getpid()
    status = {
        "host": host_name(),
        "pid": pid,
        "process_start": process_start(pid),
        "started": time.time() - age,
        "state": state,
        "heartbeat": time.time(),
        "epoch": 20,
        "format": 1,
    }
    if state != "queued":
        folder.status_path.write_text(json.dumps(status))
    if marks is not None:
        write_marks(folder.path, marks)
    return folder


def whole(count: int = 20, **changes: Any) -> tuple[ev.Event, ...]:
    return (started(count), *epochs(1, count), finished(count, **changes))


@pytest.fixture
def three(runs_dir: Path) -> Path:
    make_run(runs_dir, "1120-1431-moons", *whole(), age=10)
    make_run(
        runs_dir,
        "1120-1402-tp4",
        *whole(test_accuracy=0.7),
        spec=small_spec("training.lr=0.5", "model.dropout=0.2"),
        age=20,
    )
    make_run(runs_dir, "1119-1755-lyon", started(), *epochs(1, 3), diverged(4), state="diverged", age=90)
    return runs_dir


async def at_runs(pilot: Any) -> BenchApp:
    app: BenchApp = pilot.app
    await opened(pilot)
    await on_screen(pilot, "runs")
    await until(pilot, lambda: app.session.runs.looked and not app.session.runs.unread)
    await pilot.pause()
    return app


def names(app: BenchApp) -> list[str]:
    assert isinstance(app.screen, RunsScreen)
    return [entry.name for entry in app.screen._entries]


def under_cursor(app: BenchApp) -> str:
    assert isinstance(app.screen, RunsScreen)
    assert app.screen.current is not None
    return app.screen.current.name


Bench = Callable[..., BenchApp]


# The list


async def test_no_runs_yet(runs_dir: Path) -> None:
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        assert status_of(app).startswith("No runs yet. 4 then space makes one. A run is a folder of plain text")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_runs_are_listed_newest_first_with_words_for_their_states(three: Path, size: tuple[int, int]) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=size) as pilot:
        await at_runs(pilot)
        assert names(app) == ["1120-1431-moons", "1120-1402-tp4", "1119-1755-lyon"]
        assert "✓  1120-1431-moons" in text_of(app)
        assert "finished" in line_of(app, "1431-moons")
        assert "95.5 %" in line_of(app, "✓  1120-1431-moons")
        line = line_of(app, "1119-1755-lyon")
        assert "!" in line
        assert "diverged" in line
        assert "inf" in line
        assert "3 / 20" in line
        if size == WIDE:
            assert "3 runs" in text_of(app).splitlines()[0]


async def test_a_torn_run_keeps_its_place_and_so_does_one_that_cannot_be_read(three: Path) -> None:
    torn = make_run(three, "1120-1410-torn", *whole(), age=15)
    data = torn.events_path.read_bytes()
    torn.events_path.write_bytes(data[: len(data) // 2])
    damaged = make_run(three, "1120-1420-damaged", *whole(), age=12)
    damaged.spec_path.write_text("garbage = = ")
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=NARROW) as pilot:
        await at_runs(pilot)
        assert names(app).index("1120-1410-torn") == names(app).index("1120-1402-tp4") - 1
        assert line_of(app, "1120-1410-torn").split("torn", 1)[1].strip(" ┃").startswith("torn: 10 of 11 lines read")
        assert "?" in line_of(app, "1120-1410-torn")
        assert "spec.toml is damaged" in line_of(app, "1120-1420-damaged")


async def test_new_runs_appear_and_deleted_ones_go_while_the_screen_is_up(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=NARROW) as pilot:
        await at_runs(pilot)
        await pilot.press("j")
        assert under_cursor(app) == "1120-1402-tp4"
        make_run(three, "1121-0900-new", *whole())
        screen: Any = app.screen
        screen.reader.again()
        await until(pilot, lambda: "1121-0900-new" in names(app))
        assert under_cursor(app) == "1120-1402-tp4", "the cursor stays on its run"


async def test_nothing_is_read_while_another_screen_is_up(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=NARROW) as pilot:
        await at_runs(pilot)
        reader = app.screen.reader  # type: ignore[attr-defined]
        await on_screen(pilot, "data")
        assert not reader._active.is_set()
        await on_screen(pilot, "runs")
        assert reader._active.is_set()


async def test_a_filter_is_typed_and_escape_shows_all_again(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("slash")
        await typed(pilot, "state:finished lr>=0.1")
        await until(pilot, lambda: names(app) == ["1120-1402-tp4"])
        assert "1 of 3" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.session.runs.words == "state:finished lr>=0.1"
        await pilot.press("escape")
        await until(pilot, lambda: len(names(app)) == 3)
        await pilot.press("slash")
        await typed(pilot, "colour:red")
        await saying(pilot, "no such key")
        await pilot.press("escape")
        await until(pilot, lambda: len(names(app)) == 3)
        await typed(pilot, "nothing")
        await saying(pilot, "none of 3 runs is meant by 'nothing'")
        assert "compare" not in keys_of(app)


async def test_sorting_goes_round(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("s")
        await until(pilot, lambda: names(app)[0] == "1119-1755-lyon")
        for _ in range(7):
            await pilot.press("s")
        await until(pilot, lambda: names(app)[0] == "1120-1431-moons")


async def test_a_thousand_runs_scroll(runs_dir: Path) -> None:
    for number in range(120):
        make_run(runs_dir, f"1120-{number:04}-moons", age=number)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=NARROW) as pilot:
        await at_runs(pilot)
        await pilot.press("G")
        await saying(pilot, "1120-0119-moons")
        assert under_cursor(app) == "1120-0119-moons"
        await pilot.press("pageup", "g")
        await saying(pilot, "1120-0000-moons")


# Comparing


async def test_marked_runs_are_drawn_on_common_axes_and_their_differences_listed(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("space", "j", "space")
        await until(pilot, lambda: len(app.session.runs.views) == 2)
        await saying(pilot, "b 1402")
        shown = text_of(app)
        assert "a 1431" in shown
        assert "compare  validation loss" in shown
        assert line_of(app, "model.dropout").split()[-3:-1] == ["0.0", "0.2"]
        assert line_of(app, "training.lr").split()[-3:-1] == ["0.01", "0.5"]
        assert "2 of" in line_of(app, "settings ")
        assert line_of(app, "│ test acc  ").split()[-5:-1] == ["95.5", "%", "70.0", "%"]
        assert "a is 25.5 points ahead of b" in status_of(app)
        assert "2 marked" in shown.splitlines()[0]
        await pilot.press("v")
        await saying(pilot, "compare  training loss")
        await pilot.press("space")
        await until(pilot, lambda: app.session.runs.marked == ("1120-1431-moons",))
        await pilot.press("backspace")
        await until(pilot, lambda: not app.session.runs.marked)


async def test_six_at_most(runs_dir: Path) -> None:
    for number in range(8):
        make_run(runs_dir, f"1120-140{number}-moons", *whole(), age=number)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        for _ in range(7):
            await pilot.press("space", "j")
        await saying(pilot, "6 runs are compared at most")
        await until(pilot, lambda: len(app.session.runs.views) == 6)
        await saying(pilot, "f 1405")
        assert "3 more with e" in text_of(app), "there is room for three"


async def test_compare_alone_takes_the_last_run(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("j", "j", "equals_sign")
        await until(pilot, lambda: app.session.runs.marked == ("1119-1755-lyon", "1120-1431-moons"))


async def test_a_group_is_a_line_with_mean_and_deviation(runs_dir: Path) -> None:
    for seed, accuracy in ((1, 0.90), (2, 0.92), (3, 0.94)):
        make_run(
            runs_dir,
            f"1120-140{seed}-moons",
            *whole(test_accuracy=accuracy),
            spec=small_spec(f"seed={seed}"),
            age=10 - seed,
            marks=Marks(group="moons"),
        )
    make_run(runs_dir, "1120-1500-other", *whole())
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        assert len(names(app)) == 4
        await pilot.press("M")
        await until(pilot, lambda: names(app) == ["1120-1500-other", "1120-1401-moons × 3"])
        assert "92.0 ± 2.0 %" in line_of(app, "1120-1401-moons × 3")
        await pilot.press("j", "space", "k", "space")
        await until(pilot, lambda: len(app.session.runs.views) == 4)
        await saying(pilot, "92.0 ± 2.0 %  ")
        assert "a and b are within one standard error" in status_of(app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: len(names(app)) == 4)


# Opening


async def test_enter_opens_a_run_on_train(three: Path) -> None:
    app = bench(small_spec("model.hidden=3"), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.current_mode == "train")
        assert runs_of(app).last == ("attach", "1120-1402-tp4")
        assert app.session.spec.training.lr == 0.5
        assert app.session.run is not None
        assert app.session.run.path == three / "1120-1402-tp4"


async def test_a_run_of_a_newer_version_is_refused_in_words(three: Path) -> None:
    folder = RunFolder(three / "1120-1431-moons")
    folder.write_spec(small_spec(), {"format": 99, "mlp-tui": "9.0", "created": time.time()})
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        assert "made by mlp-tui 9.0" in line_of(app, "1120-1431-moons")
        await pilot.press("g", "enter")
        await saying(pilot, "install a newer one")
        assert app.current_mode == "runs"


# Deeds


async def test_tags_notes_and_names(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("T")
        await saying(pilot, "tags for 1120-1431-moons")
        await typed(pilot, "good lab")
        await pilot.press("enter")
        await until(pilot, lambda: read_marks(three / "1120-1431-moons").tags == ("good", "lab"))
        await pilot.press("n")
        await saying(pilot, "a note on")
        await typed(pilot, "second try")
        await pilot.press("enter")
        await saying(pilot, "#good  #lab   note: second try")
        await pilot.press("N")
        await saying(pilot, "a name for this run")
        await typed(pilot, "-again")
        await pilot.press("enter")
        await until(pilot, lambda: (three / "1120-1431-moons-again").exists())
        await until(pilot, lambda: under_cursor(app) == "1120-1431-moons-again")


async def test_deleting_asks_and_only_its_own_letter_does_it(three: Path) -> None:
    app = bench(small_spec(), runs_dir=three)
    path = three / "1120-1431-moons"
    async with app.run_test(size=NARROW) as pilot:
        await at_runs(pilot)
        for key in ("enter", "escape"):
            await pilot.press("D")
            await saying(pilot, "delete this run?")
            assert "gone for good" in text_of(app)
            await pilot.press(key)
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert path.exists()
        await pilot.press("D")
        await saying(pilot, "delete this run?")
        await pilot.press("D")
        await until(pilot, lambda: not path.exists())
        await until(pilot, lambda: "1120-1431-moons" not in names(app))


async def test_a_run_that_trains_is_not_deleted(runs_dir: Path) -> None:
    folder = make_run(runs_dir, "1120-1431-moons", started(), *epochs(1, 3), state="running")
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        assert "1120-1431-moons is training: Enter shows it live" in status_of(app)
        await pilot.press("D")
        await saying(pilot, "delete this run?")
        await pilot.press("D")
        await saying(pilot, "stop it before deleting it")
        assert folder.path.exists()
        await pilot.press("x")
        await until(pilot, lambda: any(name.endswith("-stop") for name in os.listdir(folder.control_path)))


async def test_export_writes_here_and_never_over_a_file(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        for _ in range(2):
            await pilot.press("E")
            await saying(pilot, "export 1120-1431-moons")
            await pilot.press("enter")
            await saying(pilot, "written to 1120-1431-moons")
            await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: len(os.listdir()) == 2)
        lines = Path("1120-1431-moons.csv").read_text().splitlines()
        assert len(lines) == 21
        assert lines[0].startswith("epoch,train_loss")
        await pilot.press("space", "j", "space")
        await until(pilot, lambda: len(app.session.runs.views) == 2)
        await pilot.press("E")
        await saying(pilot, "comparison as CSV")
        await pilot.press("enter")
        await until(pilot, lambda: Path("comparison.csv").exists())
        table = [line.split(",") for line in Path("comparison.csv").read_text().splitlines()]
        assert ["model.dropout", "0.0", "0.2"] in table


async def test_seeds_ask_how_many_and_refuse_nonsense(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[list[RunFolder]] = []
    monkeypatch.setattr("tui.app.services.run_deeds.start_queue", lambda runs: queued.append(list(runs)))
    app = bench(small_spec(), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("S")
        await saying(pilot, "repeat 1120-1431-moons")
        await pilot.press("backspace", "x", "enter")
        await saying(pilot, "expected a number from 1 to 100")
        await pilot.press("backspace", "3", "enter")
        await until(pilot, lambda: queued)
        (made,) = queued
        seed = small_spec().seed
        assert [run.read_spec().seed for run in made] == [seed + 1, seed + 2, seed + 3]
        assert all(run.read_spec().with_value("seed", seed) == small_spec() for run in made)
        assert {read_marks(run.path).group for run in made} == {"1120-1431-moons"}
        await until(pilot, lambda: under_cursor(app) == "1120-1431-moons × 4")
        assert "3 queued" in line_of(app, "1120-1431-moons × 4")


# A run whose trainer is gone


async def test_a_dead_trainer_is_said_in_the_list(runs_dir: Path) -> None:
    make_run(runs_dir, "1120-1431-moons", started(), *epochs(1, 3), state="running", pid=2**22 - 3)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        assert "crashed" in line_of(app, "1120-1431-moons")
        assert "its trainer is gone. r resumes at epoch 3" in status_of(app)
        assert "r resume" in keys_of(app)


async def test_a_dead_trainer_is_said_on_train_and_r_resumes_in_place(runs_dir: Path) -> None:
    said = (started(), *epochs(1, 25), ev.Checkpoint(epoch=25, batch=0, best=True))
    make_run(runs_dir, "1120-1431-moons", *said, state="running", pid=2**22 - 3)
    app = bench(small_spec(), runs_dir=runs_dir)
    app.runs = RunService(app)
    async with app.run_test(size=WIDE) as pilot:
        await at_runs(pilot)
        await pilot.press("enter")
        await saying(pilot, "is gone (killed)")
        assert status_of(app) == f"! trainer {2**22 - 3} is gone (killed). r resumes at epoch 26."
        assert "r resume" in keys_of(app)
        assert "4 Train ✗" in text_of(app)
        asked: list[Any] = []

        async def go_on(*words: Any, **more: Any) -> None:
            asked.append(words)

        app.runs.go_on = go_on  # type: ignore[method-assign]
        await pilot.press("r")
        await until(pilot, lambda: asked)
        assert asked[0][0] == runs_dir / "1120-1431-moons"
        app.runs.leave()


# Opening the bench again


async def test_later_launches_open_the_newest_run(three: Path) -> None:
    app = bench(None, runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: app.current_mode == "train")
        assert runs_of(app).last == ("attach", "1120-1431-moons")
        assert app.session.spec == small_spec()


async def test_the_bench_opens_as_it_was_left(three: Path) -> None:
    spec = small_spec("model.hidden=7", "training.lr=0.2")
    app = bench(spec, runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "model")
        await pilot.press("ctrl+q")
        await pilot.pause()
    again = bench(None, runs_dir=three)
    async with again.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: again.current_mode == "model")
        assert again.session.spec == spec
        assert again.session.run is None


async def test_a_run_that_trains_is_followed_at_once(three: Path) -> None:
    make_run(three, "1118-0800-old", started(), *epochs(1, 3), spec=small_spec("training.lr=0.3"), state="running")
    app = bench(None, runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.current_mode == "train")
        assert runs_of(app).last == ("attach", "1118-0800-old")
        assert app.session.spec.training.lr == 0.3


async def test_an_experiment_from_the_shell_comes_first_and_what_trains_is_offered(three: Path) -> None:
    make_run(three, "1118-0800-old", started(), *epochs(1, 3), state="running")
    app = bench(small_spec("training.lr=0.7"), runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await saying(pilot, "1118-0800-old is training: 6 then Enter shows it")
        assert app.session.spec.training.lr == 0.7
        assert not runs_of(app).asked


async def test_a_run_named_on_the_command_line_is_opened(three: Path) -> None:
    app = bench(None, runs_dir=three, run=three / "1120-1402-tp4")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.current_mode == "train")
        assert runs_of(app).last == ("attach", "1120-1402-tp4")


async def test_a_place_that_cannot_be_used_is_passed_over(three: Path) -> None:
    (three / ".bench.json").write_text('{"spec": 3')
    app = bench(None, runs_dir=three)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.current_mode == "train")
        assert runs_of(app).last == ("attach", "1120-1431-moons")
