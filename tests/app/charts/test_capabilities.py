"""What the environment says about a terminal."""

import pytest

from tui.app.capabilities import Capabilities, detect, terminal_encoding, usable


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
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "alacritty"}, "256"),
        ({"TERM": "xterm-ghostty"}, "256"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "256"}, "256"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, "16"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "auto"}, "256"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "256", "NO_COLOR": "1"}, "none"),
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
        ("xterm", "utf-8", "ascii", "ascii", False),
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


# What Python itself writes in an ASCII locale; a person may have written it as well.
PYTHONS = {"LC_CTYPE": "C.UTF-8"}


@pytest.mark.parametrize(
    ("environ", "utf8", "variable"),
    [
        ({}, True, ""),
        ({"LANG": ""}, True, ""),
        (PYTHONS, True, "LC_CTYPE"),
        ({"LC_CTYPE": "UTF-8"}, True, "LC_CTYPE"),
        ({"LANG": "C"}, False, "LANG"),
        ({"LANG": "C", **PYTHONS}, False, "LANG"),
        ({"LANG": "POSIX", "LC_CTYPE": "C.utf8"}, False, "LANG"),
        ({"LANG": "POSIX"}, False, "LANG"),
        ({"LANG": "C.UTF-8"}, True, "LANG"),
        ({"LANG": "C.UTF-8", **PYTHONS}, True, "LANG"),
        ({"LANG": "C.utf8"}, True, "LANG"),
        ({"LANG": "en_US.UTF-8"}, True, "LANG"),
        ({"LANG": "de_DE.UTF-8@euro"}, True, "LANG"),
        ({"LANG": "fr_FR.ISO-8859-1"}, False, "LANG"),
        ({"LANG": "fr_FR.ISO-8859-1", **PYTHONS}, False, "LANG"),
        ({"LANG": "fr_FR"}, False, "LANG"),
        ({"LANG": "fr_FR@euro"}, False, "LANG"),
        ({"LANG": "nonsense"}, False, "LANG"),
        ({"LANG": "xx_YY.no-such-encoding"}, False, "LANG"),
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, False, "LC_ALL"),
        ({"LC_ALL": "C", "LC_CTYPE": "en_US.UTF-8", "LANG": "C.UTF-8"}, False, "LC_ALL"),
        ({"LC_ALL": "POSIX"}, False, "LC_ALL"),
        ({"LC_ALL": "fr_FR.UTF-8", "LANG": "C"}, True, "LC_ALL"),
        ({"LC_ALL": "", "LANG": "C"}, False, "LANG"),
        ({"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, True, "LC_CTYPE"),
        ({"LC_CTYPE": "C", "LANG": "C.UTF-8"}, False, "LC_CTYPE"),
        ({"LC_CTYPE": "en_US.ISO-8859-15", "LANG": "C.UTF-8"}, False, "LC_CTYPE"),
    ],
)
def test_the_locale_says_what_the_terminal_takes(environ: dict[str, str], utf8: bool, variable: str) -> None:
    found = terminal_encoding(environ, "utf-8")
    assert (found.utf8, found.variable) == (utf8, variable)
    assert found.value == environ.get(variable, "")
    assert detect({"TERM": "xterm", **environ}, "utf-8").glyphs == ("braille" if utf8 else "ascii")
    # A stream that cannot send it decides in any case, and no wish changes it.
    assert not terminal_encoding(environ, "latin-1").utf8
    assert detect({"TERM": "xterm", **environ}, "latin-1", "block").glyphs == "ascii"
    if not utf8:
        assert detect({"TERM": "xterm", **environ}, "utf-8", "block").glyphs == "ascii"


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
