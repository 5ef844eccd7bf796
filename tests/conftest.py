"""What every test stands on: nothing is written outside a temporary folder, nothing depends on the shell."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure of the code.
settings.register_profile("bench", deadline=None, max_examples=60)
settings.load_profile("bench")

SHELL = (
    "NO_COLOR",
    "COLORTERM",
    "LC_ALL",
    "TMUX",
    "STY",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "TEXTUAL",
    "TEXTUAL_THEME",
    "TEXTUAL_ANIMATIONS",
)
"""Variables of the shell that would change what is drawn."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: those that stand at a terminal wait most of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _away_from_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The user's own runs and settings are neither read nor written."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("MLP_TUI_RUNS_DIR", str(home / "runs"))
        patch.setenv("MLP_TUI_CACHE_DIR", str(home / "fetched"))
        for name in ("DATA", "CONFIG", "CACHE", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        for name in SHELL:
            patch.delenv(name, raising=False)
        patch.setenv("LANG", "C.UTF-8")
        yield


@pytest.fixture(autouse=True)
def _no_layout_of_another_test(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test likes about its screens is not remembered by the next."""
    global _tests
    _tests += 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{_tests}"))


_tests = 0


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """Where this test's runs are kept."""
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets that MLP_TUI_TEST_DATA names; without it the test is skipped."""
    named = os.environ.get("MLP_TUI_TEST_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip("MLP_TUI_TEST_DATA names no folder of real data sets")
    return Path(named)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=None, help="kill -9 so many trainers (or MLP_TUI_KILLS, or 20)")


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How many trainers, and screens, are killed."""
    asked = request.config.getoption("--kills")
    return int(os.environ.get("MLP_TUI_KILLS", "20")) if asked is None else asked
