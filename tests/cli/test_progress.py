"""The bar of a run: it comes and goes whole, whenever ctrl+c is pressed."""

import signal
from pathlib import Path

import pytest

from tests.app.support import started
from tui.app.capabilities import Capabilities
from tui.commands.progress import ProgressBar
from tui.lab.runs import RunFolder


@pytest.mark.parametrize("moment", ["set_live", "show_cursor", "push_render_hook", "clear_live", "pop_render_hook"])
def test_ctrl_c_while_the_bar_comes_or_goes(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bar = ProgressBar(10, "epoch_mean", RunFolder(tmp_path), Capabilities())
    console = bar.progress.console
    do = getattr(console, moment)
    pressed = []

    def pressing(*words: object) -> object:
        if not pressed:
            pressed.append(moment)
            signal.raise_signal(signal.SIGINT)
        return do(*words)

    monkeypatch.setattr(console, moment, pressing)

    def shown() -> None:
        bar.show(started(10))
        bar.close()

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        shown()
    assert pressed
    bar.close()  # as whoever is interrupted does
    assert not bar.progress.live.is_started
    assert not console._render_hooks
    assert signal.getsignal(signal.SIGINT) is before
