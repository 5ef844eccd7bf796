"""Fixtures of the application's tests."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from tests.app.support import FakeMaps


@pytest.fixture(autouse=True)
def _quick_pilot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's Pilot looks every 20 ms, four times a key, whether the application is idle; 2 ms show the same.

    The tests of the charts have no conditions to wait for and keep Textual's own pace.
    """
    if request.path.parent.name != "charts":
        monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.002, raising=False)
        monkeypatch.setattr("textual._wait.SLEEP_IDLE", 0.0005, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _rubbish_collected_seldom() -> Iterator[None]:
    """A hundred applications leave many objects behind, and looking through them all takes a quarter of the time."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session", autouse=True)
def _styles_parsed_once() -> Iterator[None]:
    """Every application parses the same style sheets, a quarter of a second each time: here once for all tests."""
    parse: Any = Stylesheet._parse_rules
    parsed: dict[Any, Any] = {}

    def parse_once(self: Stylesheet, css: str, read_from: Any, *rest: Any, **more: Any) -> Any:
        key = (css, read_from, rest, tuple(more.items()), frozenset(self._variables.items()))
        if key not in parsed:
            parsed[key] = parse(self, css, read_from, *rest, **more)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture
def no_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws no decision maps."""
    monkeypatch.setattr("tui.app.screens.train.MapService", FakeMaps)
