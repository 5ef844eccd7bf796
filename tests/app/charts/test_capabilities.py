"""What the environment says about a terminal."""

import pytest

from tui.app.capabilities import Capabilities, detect, usable


@pytest.mark.parametrize(
    ("environ", "colors"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({}, "16"),
    ],
)
def test_colors(environ: dict[str, str], colors: str) -> None:
    assert detect(environ, "utf-8").colors == colors


@pytest.mark.parametrize(
    ("term", "encoding", "wanted", "glyphs", "unicode"),
    [
        ("xterm", "utf-8", None, "braille", True),
        ("xterm", "UTF8", "auto", "braille", True),
        ("xterm", "utf-8", "block", "block", True),
        ("xterm", "utf-8", "ascii", "ascii", True),
        ("xterm", "latin-1", None, "ascii", False),
        ("xterm", "latin-1", "braille", "ascii", False),
        ("xterm", "no-such-encoding", None, "ascii", False),
        ("xterm", None, None, "ascii", False),
        ("linux", "utf-8", None, "ascii", False),
        ("linux", "utf-8", "block", "block", True),
    ],
)
def test_glyphs(term: str, encoding: str | None, wanted: str | None, glyphs: str, unicode: bool) -> None:
    found = detect({"TERM": term}, encoding, wanted)
    assert (found.glyphs, found.unicode) == (glyphs, unicode)


def test_an_unknown_choice_of_glyphs_is_named() -> None:
    with pytest.raises(ValueError, match="'emoji'"):
        detect({}, "utf-8", "emoji")


def test_the_way_to_the_terminal() -> None:
    assert detect({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "utf-8").remote
    assert not detect({"TERM": "xterm"}, "utf-8").remote
    assert detect({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen"}, "utf-8").multiplexer == "tmux"
    assert detect({"STY": "1.pts-0"}, "utf-8").multiplexer == "screen"
    assert detect({"TERM": "screen-256color"}, "utf-8").multiplexer == "screen"
    assert detect({}, "utf-8") == Capabilities(colors="16")


def test_usable() -> None:
    assert usable({"TERM": "xterm"}, True, True) == ""
    for reason in (
        usable({"TERM": "dumb"}, True, True),
        usable({"TERM": "xterm"}, False, True),
        usable({"TERM": "xterm"}, True, False),
    ):
        assert reason
        assert "\n" not in reason
