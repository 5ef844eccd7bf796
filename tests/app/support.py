"""What the tests of the application share: a bench without trainers, and events as a trainer would write them."""

import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from textual.keys import _character_to_key as character_to_key
from textual.pilot import Pilot

from mlcore.gradcheck import GradientReport, TensorCheck
from tui.app.actions import DIGITS
from tui.app.app import BenchApp
from tui.app.capabilities import Capabilities
from tui.app.facts import (
    CheckEnded,
    CheckStarted,
    DataAsked,
    RunAsked,
    RunLost,
    RunOpened,
    RunPaced,
    RunSaid,
    TensorDone,
)
from tui.app.services.data import DataService
from tui.lab import events as ev
from tui.lab.checkpoints import is_snapshot_epoch
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec, set_values

ASCII = Capabilities(unicode=False, colors="none", glyphs="ascii")
SMALL = ("data.options.n_samples=100", "training.epochs=20")
NO_RUNS = Path("/nowhere/runs")


def small_spec(*settings: str) -> Spec:
    """Moons, 100 of them, 20 epochs."""
    return set_values(Spec(), [*SMALL, *settings])


class FakeRuns:
    """Stands for the service that starts trainers: writes down what is asked and says what a test lets it say."""

    def __init__(self) -> None:
        self.app: Any = None
        self.asked: list[tuple[Any, ...]] = []
        self.path = NO_RUNS / "1120-1402-moons"

    async def start(self, spec: Spec, runs_dir: Path, *, recipe: str = "", start: str = "run") -> None:
        self.asked.append(("start", start))
        self.spec = spec
        self.app.dispatch(RunAsked())
        self.app.post_fact(RunOpened(self.path, spec, spec.training.epochs / 10))

    async def go_on(self, path: Path, spec: Spec, epochs: int, *, pace: float, start: str = "run") -> None:
        self.asked.append(("go_on", epochs, start))
        self.app.dispatch(RunAsked())
        self.app.post_fact(RunOpened(path, spec.with_value("training.epochs", epochs), pace))

    async def send(self, path: Path, command: str, value: float | None = None) -> None:
        self.asked.append((command,) if value is None else (command, value))
        if command == "pace" and value is not None:
            self.app.post_fact(RunPaced(value))

    async def snapshots(self, path: Path) -> list[int]:
        epochs = self.app.session.run.epochs
        return [epoch.epoch for epoch in epochs if is_snapshot_epoch(epoch.epoch)]

    def attach(self, folder: RunFolder) -> None:
        self.asked.append(("attach", folder.name))
        self.path = folder.path

    def leave(self) -> None:
        self.asked.append(("leave",))

    def renamed(self, before: RunFolder, after: RunFolder) -> None:
        self.asked.append(("renamed", after.name))

    def say(self, *events: ev.Event) -> None:
        self.app.post_fact(RunSaid(self.path, events))

    def lose(self, words: str) -> None:
        self.app.post_fact(RunLost(self.path, words))

    @property
    def last(self) -> tuple[Any, ...]:
        return self.asked[-1] if self.asked else ()


class DirectData(DataService):
    """Reads data at once, so that a test need not wait for a thread."""

    def ask(self, spec: Spec) -> None:
        self._asked += 1
        self._app.post_fact(DataAsked(spec.data.source))
        self._read(spec, self._asked)


class FakeMaps:
    """Draws no map; keeps what was asked for."""

    asked: list[Any]

    def __init__(self, app: Any, *, remote: bool = False) -> None:
        self.asked = []

    def ask(self, request: Any) -> None:
        self.asked.append(request)


def bench(spec: Spec | None = None, *, recipe: str = "", ascii: bool = False, **options: Any) -> BenchApp:
    """The application with a `FakeRuns`; ``spec`` None is the first launch."""
    runs: Any = FakeRuns()
    capabilities = ASCII if ascii else Capabilities()
    app = BenchApp(
        spec,
        recipe=recipe,
        runs_dir=options.pop("runs_dir", NO_RUNS),
        runs=runs,
        capabilities=capabilities,
        **options,
    )
    runs.app = app
    app.data = DirectData(app)
    return app


def runs_of(app: BenchApp) -> FakeRuns:
    assert isinstance(app.runs, FakeRuns)
    return app.runs


async def until(pilot: Pilot[Any], condition: Callable[[], Any], *, seconds: float = 10.0) -> None:
    """Goes on when the condition holds; fails when it does not in time, with what the screen shows."""
    deadline = time.monotonic() + seconds
    while True:
        await pilot.pause(0.005)
        if pilot.app._exception is not None:
            raise pilot.app._exception
        if condition():
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain; the screen shows\n{text_of(pilot.app)}")


async def opened(pilot: Pilot[Any]) -> None:
    """The first screen is up and its data is read and shown."""
    app: Any = pilot.app
    await until(pilot, lambda: app.current_mode != "opening" and app.session.data.prepared is not None)
    await pilot.pause()


async def on_screen(pilot: Pilot[Any], name: str) -> Any:
    """Goes to a screen by its digit, once it is drawn."""
    await pilot.press(DIGITS[name])
    await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == name and pilot.app.screen.focused is not None)
    return pilot.app.screen


async def typed(pilot: Pilot[Any], text: str) -> None:
    """Types a text, a key at a time."""
    await pilot.press(*(character_to_key(character) for character in text))
    await pilot.pause()


def status_of(app: Any) -> str:
    """The second last row: one sentence."""
    return text_of(app).splitlines()[-2].strip()


def keys_of(app: Any) -> str:
    """The last row: the keys that work here."""
    return text_of(app).splitlines()[-1].strip()


async def saying(pilot: Pilot[Any], words: str) -> None:
    """The screen shows these words."""
    await until(pilot, lambda: words in text_of(pilot.app))


async def settled(pilot: Pilot[Any], *, looks: int = 4, seconds: float = 10.0) -> None:
    """The picture stands still: so many looks in a row, 15 ms apart, show the same."""
    deadline = time.monotonic() + seconds
    same, before = 0, ""
    while same < looks:
        await pilot.pause(0.015)
        now = text_of(pilot.app)
        same, before = (same + 1, now) if now == before else (0, now)
        assert time.monotonic() < deadline, f"it never stands still:\n{now}"


def text_of(app: Any) -> str:
    """What the screen shows, without colours."""
    if not app._background_screens:
        return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True))
    return "\n".join(line.rstrip() for line in console.export_text(styles=False).splitlines())


def line_of(app: Any, words: str) -> str:
    """The first line of the screen in which the words stand; "" where none."""
    return next((line for line in text_of(app).splitlines() if words in line), "")


# Events -----------------------------------------------------------------------------------------------


def started(epochs: int = 20, **changes: Any) -> ev.Started:
    fields: dict[str, Any] = {
        "seq": 1,
        "run": "1120-1402-moons",
        "engine": "layers",
        "epochs": epochs,
        "samples": 60,
        "validation_samples": 20,
        "test_samples": 20,
        "features": 2,
        "classes": 2,
        "parameters": 354,
        "batch_size": 32,
        "batches": 2,
        "threads": 1,
        "host": "lab-07",
        "pid": 41207,
        "data_sha256": "0" * 64,
        "initial_loss": 0.7213,
    }
    return ev.Started(**{**fields, **changes})


def epoch(number: int, **changes: Any) -> ev.Epoch:
    """Losses that fall along an exponential; the validation loss rises again after epoch 24."""
    train = 0.05 + 0.65 * math.exp(-number / 8)
    val = 0.08 + 0.65 * math.exp(-number / 8) + max(0, number - 24) * 0.01
    fields: dict[str, Any] = {
        "epoch": number,
        "train_loss": train,
        "train_accuracy": 1 - train / 2,
        "val_loss": val,
        "val_accuracy": 1 - val / 2,
        "last_batch_loss": train,
        "lr": 0.01,
        "seconds": 0.009,
        "validation_seconds": 0.001,
        "samples_per_second": 778_000.0,
        "best_epoch": min(number, 24),
    }
    return ev.Epoch(**{**fields, **changes})


def epochs(first: int, last: int, **changes: Any) -> list[ev.Epoch]:
    return [epoch(number, **changes) for number in range(first, last + 1)]


def finished(number: int = 20, **changes: Any) -> ev.Finished:
    fields: dict[str, Any] = {
        "run": "1120-1402-moons",
        "epochs": number,
        "seconds": 0.18,
        "train_loss": 0.1034,
        "train_accuracy": 0.967,
        "val_loss": 0.1334,
        "val_accuracy": 0.95,
        "test_loss": 0.1277,
        "test_accuracy": 0.955,
        "last_batch_loss": 0.1034,
        "best_epoch": number,
    }
    return ev.Finished(**{**fields, **changes})


def diverged(number: int = 4, **changes: Any) -> ev.Diverged:
    fields: dict[str, Any] = {
        "epoch": number,
        "batch": 2,
        "tensor": "2.weight",
        "loss": None,
        "lr": 0.5,
        "message": f"The loss left the numbers in epoch {number}, batch 2: 2.weight first, at lr 0.5.",
    }
    return ev.Diverged(**{**fields, **changes})


# Gradient checks --------------------------------------------------------------------------------------


def tensor_check(name: str, shape: tuple[int, ...], *, error: float = 1.2e-8, ok: bool = True) -> TensorCheck:
    import numpy as np

    errors = np.full(shape, error)
    worst = tuple(size // 2 for size in shape)
    return TensorCheck(
        name=name,
        layer="" if name == "input" else "Linear(2, 16)",
        shape=shape,
        checked=int(np.prod(shape)),
        max_relative_error=error,
        worst_index=worst,
        analytic=-3.9076,
        numeric=-3.9076 * (1 - error),
        loss_plus=1.412690451882,
        loss_minus=1.412692894103,
        kinks=1 if len(shape) == 2 else 0,
        ok=ok,
        diagnosis="" if ok else "too large by a factor of 32, the batch size",
        errors=errors,
        wrong=np.full(shape, not ok),
        kink_entries=[(0, 1)] if len(shape) == 2 else [],
    )


def gradient_report(*, error: float = 1.2e-8, ok: bool = True) -> GradientReport:
    """A check of 2-16-2 with figures that are the same everywhere."""
    shapes = {"input": (32, 2), "0.weight": (16, 2), "0.bias": (16,), "2.weight": (2, 16), "2.bias": (2,)}
    tensors = [
        tensor_check(name, shape, error=error / (1 + at), ok=ok) for at, (name, shape) in enumerate(shapes.items())
    ]
    return GradientReport(tensors, loss=0.7213, eps=1e-5, rtol=1e-5, atol=1e-7, batch_size=32)


def proof(report: GradientReport | None = None, *, number: int = 1, seconds: float = 0.9) -> list[Any]:
    """The facts of a whole check, from its start to its verdict."""
    report = report or gradient_report()
    done = [TensorDone(number, tensor) for tensor in report.tensors]
    return [CheckStarted(number), *done, CheckEnded(number, report, seconds)]
