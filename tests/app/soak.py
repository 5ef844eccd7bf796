"""Random hands at a keyboard and a mouse, and random news of a run, for tests that wait for something to break."""

import asyncio
import contextlib
import math
import os
import random
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from textual import events
from textual.geometry import Size
from textual.keys import _character_to_key as character_to_key

from tests.app import support
from tests.app.watchdog import Watchdog
from tui.app import facts
from tui.app.actions import ACTIONS
from tui.app.app import BenchApp
from tui.app.charts.data import Points, RegionData
from tui.app.session import MapState
from tui.lab import events as ev
from tui.lab.spec import Spec, for_file, set_values

NOT_PRESSED = {"ctrl+q", "ctrl+z"}
"""What ends the application, or puts it to sleep, is looked at elsewhere."""
KEYS = sorted({key for action in ACTIONS for key in action.keys.split(",")} - NOT_PRESSED)
HANDS = ("enter", "escape", "escape", "tab", "shift+tab", "backspace", "up", "down", "left", "right", "delete", "home")
TYPED = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ éß中²∞"
PASTES = (
    "moons",
    "16,16",
    "1e308",
    "nan",
    "-1",
    "9" * 40,
    "../../../",
    "~nobody/",
    "state:finished lr>=0.01",
    "lr>=x state:nothing (((",
    "[bold]not markup[/] [/] [link=x",
    "\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07",
    "a\x00b\x07\x7f",
    "several\nlines\r\nof\ttext",
    "名前 模型 ＡＢＣ",
    "e\u0301\u200b\u202e\ufeff",
    "🧠👩‍🔬",
    "²",
    "x" * 3000,
)
NUMBERS = (0.0, 1.0, -1.0, 0.69, 1e-300, 1e308, -1e308, math.inf, -math.inf, math.nan, None)
SIZES = ((80, 24), (80, 24), (120, 40), (60, 18), (100, 30), (160, 44), (1, 1), (59, 17), (20, 5))
LARGEST = (250, 80)
LAST, FRAMES = 50, 14


class Soak:
    """Presses keys on an application and throws news at it; `check` fails with what was done last.

    ``specs`` are the experiments that are opened now and then, ``screen`` is the screen that is gone back to.
    """

    def __init__(self, app: BenchApp, watchdog: Watchdog, *, screen: str, seed: int, specs: list[Spec]) -> None:
        self.app, self.watchdog = app, watchdog
        self.screen, self.seed, self.specs = screen, seed, specs
        self.random = random.Random(f"{seed} {screen}")
        self.last: deque[str] = deque(maxlen=LAST)
        self.pressed = 0
        self.broken = ""
        """What went wrong, in words."""

    # Deeds

    def _kinds(self) -> tuple[list[Callable[[], Any]], list[int]]:
        kinds: dict[Callable[[], Any], int] = {
            self._key_of_the_registry: 560,
            self._hand: 130,
            self._character: 110,
            self._paste: 12,
            self._mouse: 70,
            self._resize: 14,
            self._news: 90,
            self._experiment: 3,
        }
        return list(kinds), list(kinds.values())

    async def press(self, count: int) -> None:
        """So many random deeds, given out in small handfuls as an eager hand does."""
        kinds, weights = self._kinds()
        until_home = 0
        while self.pressed < count:
            if until_home <= 0:
                await self.go_home()
                until_home = self.random.randint(10, 120)
            for deed in self.random.choices(kinds, weights, k=self.random.randint(1, 40)):
                deed()
                self.pressed += 1
                until_home -= 1
                await self._turns(self.random.randint(0, 4))
            await self.rest()
            self.check()

    async def _turns(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    async def rest(self, *, seconds: float = 120.0) -> None:
        """Until the keys that were pressed have been taken in."""
        deadline = time.monotonic() + seconds
        while not self._ended():
            await asyncio.sleep(0)
            app = self.app
            pumps = [pump for pump in (app, app.screen, app.screen.focused) if pump is not None]
            if not app.keys_under_way and not any(pump.message_queue_size for pump in pumps):
                return
            if time.monotonic() > deadline:
                self._break("the keys were not taken in")

    async def go_home(self) -> None:
        """Back to the screen in hand; Escape leaves whatever is open, and a person should not need it often."""
        app = self.app
        for _ in range(12):
            if self._ended() or len(app.screen_stack) == 1:
                break
            self._key("escape")
            await self.rest()
            await self._turns(20)
        else:
            self._break(f"Escape does not leave {app.screen}")
        self.check()
        self._wrote(f"to {self.screen}")
        app.action_go(self.screen)
        await self.rest()

    # What is looked at

    def _ended(self) -> bool:
        return self.app._exception is not None or self.app._exit

    def check(self) -> None:
        """Fails where the application has crashed, ended, or stood still."""
        if error := self.app._exception:
            error = getattr(error, "error", error)  # of a worker, what it failed of
            self._break("".join(traceback.format_exception(error)[-FRAMES:]))
        if self.app._exit:
            self._break("the application has ended by itself")
        if self.watchdog.freezes:
            self._break("\n".join(self.watchdog.freezes))

    def _break(self, words: str) -> NoReturn:
        self.broken = (
            f"{words}\nafter {self.pressed:,} keys on {self.screen!r} with seed {self.seed}, "
            f"at {self.app.size.width}x{self.app.size.height}; the last, oldest first:\n" + "\n".join(self.last)
        )
        raise AssertionError(self.broken)

    # Deeds

    def _wrote(self, words: str) -> None:
        self.last.append(words)

    def _key(self, key: str, character: str | None = None) -> None:
        self._wrote(f"key {key}")
        if character is None and len(key) == 1:
            character = key
        event = events.Key(key, character)
        event.set_sender(self.app)
        self.app.post_message(event)

    def _key_of_the_registry(self) -> None:
        key = self.random.choice(KEYS)
        self._key(key, _PRINTED.get(key))

    def _hand(self) -> None:
        self._key(self.random.choice(HANDS))

    def _character(self) -> None:
        character = self.random.choice(TYPED)
        self._key(character_to_key(character), character)

    def _paste(self) -> None:
        text = self.random.choice(PASTES)
        self._wrote(f"paste {text[:40]!r}")
        self.app.post_message(events.Paste(text))

    def _mouse(self) -> None:
        width, height = self.app.size
        x, y = self.random.randrange(max(width, 1)), self.random.randrange(max(height, 1))
        what = self.random.choice(("click", "click", "move", "wheel", "right"))
        self._wrote(f"{what} at {x},{y}")

        def post(kind: type[events.MouseEvent], button: int = 0) -> None:
            event = kind(
                None, x=x, y=y, delta_x=0, delta_y=0, button=button,
                shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y,
            )  # fmt: skip
            event.set_sender(self.app)
            self.app.post_message(event)

        if what == "wheel":
            post(self.random.choice((events.MouseScrollUp, events.MouseScrollDown)))
            return
        post(events.MouseMove)
        if what != "move":
            post(events.MouseDown, 3 if what == "right" else 1)
            post(events.MouseUp, 3 if what == "right" else 1)

    def _resize(self) -> None:
        kind = self.random.random()
        some = (self.random.randint(1, 140), self.random.randint(1, 50))
        size = Size(*(self.random.choice(SIZES) if kind < 0.7 else some if kind < 0.97 else LARGEST))
        self._wrote(f"resize {size.width}x{size.height}")
        driver: Any = self.app._driver
        driver._size = size
        self.app.post_message(events.Resize(size, size))

    def _experiment(self) -> None:
        spec = self.random.choice(self.specs)
        self._wrote(f"open {spec.data.source}")
        self.app.open_experiment(spec, screen=self.screen if self.screen != "opening" else "data")

    # News

    def _news(self) -> None:
        fact = self.random.choice(NEWS)(self.random, self.app)
        if fact is not None:
            self._wrote(f"news {type(fact).__name__} {repr(getattr(fact, 'events', ''))[:120]}")
            self.app.post_fact(fact)


_PRINTED = {name: chr(code) for code in range(32, 127) if len(name := character_to_key(chr(code))) > 1}
News = Callable[[random.Random, BenchApp], Any]


def number(dice: random.Random) -> float | None:
    return dice.choice(NUMBERS) if dice.random() < 0.3 else dice.expovariate(1)


def _says(make: Callable[[random.Random, int], list[ev.Event]]) -> News:
    """News of the run on the screen, if there is one; ``make`` is told its last epoch."""

    def say(dice: random.Random, app: BenchApp) -> Any:
        run = app.session.run
        if run is None:
            return None
        last = run.epochs[-1].epoch if run.epochs else 0
        return facts.RunSaid(run.path, tuple(make(dice, last)))

    return say


def _epochs(dice: random.Random, last: int) -> list[ev.Event]:
    first = max(1, last + dice.choice((1, 1, 1, 1, 0, -5)))
    count = dice.choice((1, 1, 2, 10, 100))
    regression = dice.random() < 0.1
    return [
        support.epoch(
            epoch,
            train_loss=number(dice),
            val_loss=number(dice),
            train_accuracy=None if regression else dice.random(),
            val_accuracy=dice.choice((None, dice.random())),
            train_r2=number(dice) if regression else None,
            lr=dice.choice((0.01, 1e-12, 1e12)),
            best_epoch=dice.randint(0, epoch),
        )
        for epoch in range(first, first + count)
    ]


def _health(dice: random.Random, last: int) -> list[ev.Event]:
    share = dice.choice((0.0, 0.5, 1.0, None))
    layer = ev.LayerHealth(layer="1", name="ReLU", dead=share, saturated=share, mean=number(dice), std=number(dice))
    return [
        ev.Probe(
            epoch=last,
            dead=share,
            layers=[layer] * dice.randint(0, 12),
            gradient_norms={"0.weight": number(dice)},
            update_ratios={"0.weight": number(dice)},
        )
    ]


def _map(dice: random.Random, app: BenchApp) -> Any:
    run = app.session.run
    random_numbers = np.random.default_rng(dice.randrange(2**32))
    rows, columns, classes = dice.randint(1, 60), dice.randint(1, 120), dice.choice((1, 2, 10, 60))
    count = dice.choice((0, 1, 300))
    points = Points(
        random_numbers.normal(size=count) * dice.choice((1.0, 1e300, math.nan)),
        random_numbers.normal(size=count),
        random_numbers.integers(0, classes, count),
        random_numbers.random(count) < 0.2,
    )
    confidence = random_numbers.random((rows, columns))
    confidence[random_numbers.random((rows, columns)) < 0.1] = dice.choice((0.0, 1.0, math.nan))
    data = RegionData(
        random_numbers.integers(0, classes, (rows, columns)),
        confidence,
        (-1.0, dice.choice((1.0, 1e300, -1.0))),
        (-1.0, 1.0),
        points,
        tuple(f"class {k}" for k in range(classes)),
    )
    return facts.MapDrawn(run.path if run is not None else None, MapState(data, app.session.features))


def _proof(dice: random.Random, app: BenchApp) -> Any:
    check = app.session.check
    if not check.running:
        return facts.CheckStarted(check.number + 1)
    report = support.gradient_report(error=dice.choice((1e-8, 1.0, math.nan, math.inf)), ok=dice.random() < 0.5)
    return dice.choice(
        (
            facts.CheckMoved(check.number, dice.randint(0, 10), dice.randint(0, 10)),
            *(facts.TensorDone(check.number, tensor) for tensor in report.tensors),
            facts.CheckEnded(check.number, report, 0.1),
            facts.CheckEnded(check.number, error="it does not fit"),
            facts.CheckEnded(check.number),
        )
    )


def _run_opened(dice: random.Random, app: BenchApp) -> Any:
    spec = app.session.spec if dice.random() < 0.7 else Spec()
    return facts.RunOpened(support.NO_RUNS / dice.choice(("1120-1402-moons", "名前" * 20)), spec, dice.choice((0, 2.0)))


NEWS: tuple[News, ...] = (
    _run_opened,
    _says(lambda dice, last: [support.started(dice.choice((1, 20, 10**6)), initial_loss=number(dice))]),
    *[_says(_epochs)] * 6,
    _says(_health),
    _says(lambda dice, last: [ev.Step(epoch=last + 1, batch=1, batches=2, loss=number(dice), lr=0.1)]),
    _says(lambda dice, last: [ev.Checkpoint(epoch=last, batch=0, best=True)]),
    _says(lambda dice, last: [ev.Paused(epoch=last, batch=1)]),
    _says(lambda dice, last: [ev.Resumed(epoch=dice.randint(0, last + 1), batch=0, epochs=20)]),
    _says(lambda dice, last: [ev.Changed(lr=dice.choice((0.1, 1e30)), epoch=last, batch=0)]),
    _says(lambda dice, last: [support.diverged(last + 1, loss=number(dice), lr_limit=number(dice))]),
    _says(lambda dice, last: [support.finished(last, test_accuracy=number(dice), test_loss=number(dice))]),
    _says(lambda dice, last: [ev.Stopped(run="x", epochs=last, batch=0, seconds=1.0, reason="[asked] for\x1b")]),
    _says(lambda dice, last: [ev.Failed(message="MemoryError: [no] room\nat all " + "x" * 500)]),
    lambda dice, app: app.session.run and facts.RunLost(app.session.run.path, "the trainer is gone"),
    lambda dice, app: app.session.run and facts.RunWaits(app.session.run.path),
    lambda dice, app: facts.RunClosed() if dice.random() < 0.3 else None,
    lambda dice, app: facts.RunRefused("the run cannot start: no room"),
    lambda dice, app: facts.DataMoved(dice.choice((None, 0.0, 0.5, 1.0))),
    lambda dice, app: facts.DataRefused("x.csv: line 3 [is] wrong " + "y" * 300) if dice.random() < 0.2 else None,
    lambda dice, app: facts.DataCancelled() if dice.random() < 0.2 else None,
    lambda dice, app: facts.Noticed(dice.choice(("", "‹1› a word", "[b]x[/] ‹‹›", "名" * 200))),
    _map,
    _map,
    _proof,
    _proof,
)


def data_sets(folder: Path) -> list[Spec]:
    """Experiments on data of all shapes: plain, wide, of one class, of sixty, of numbers, with odd names."""
    random_numbers = np.random.default_rng(0)

    def arrays(name: str, X: Any, y: Any) -> Spec:
        np.savez(folder / name, X=X, y=y)
        return for_file(str(folder / name))

    table = "名前,[b]x[/],text,missing,constant,class\n" + "".join(
        f"{k},{k % 7},{'abc'[k % 3]},{'' if k % 4 else k},1,{('クラス', '[red]', 'x' * 60)[k % 3]}\n" for k in range(60)
    )
    (folder / "odd.csv").write_text(table, encoding="utf-8")
    return [
        support.small_spec(),
        set_values(Spec(), ["data.source=tp4", "data.options.n_samples=200"]),
        set_values(Spec(), ["data.source=plane", "data.options.n_samples=100", "training.loss=mse"]),
        arrays("images.npz", random_numbers.integers(0, 255, (150, 28, 28), dtype=np.uint8), np.arange(150) % 10),
        arrays("sixty.npz", random_numbers.normal(size=(600, 5)), np.arange(600) % 60),
        arrays("one.npz", random_numbers.normal(size=(40, 2)), np.zeros(40, int)),
        arrays("numbers.npz", random_numbers.normal(size=(60, 4)), random_numbers.normal(size=60)),
        arrays("column.npz", random_numbers.normal(size=(60, 1)), np.arange(60) % 2),
        arrays("wide.npz", random_numbers.normal(size=(20, 1000)), np.arange(20) % 2),
        for_file(str(folder / "odd.csv")),
        set_values(support.small_spec(), ["data.classes=1"]),
        set_values(Spec(), [f"data.source={folder / 'absent.npz'}"]),
    ]


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """What is written into the current folder is written here."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
