"""What the terminal and the machine can do, what is not as it should be, and what to set: in words."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.app.asking import Answers
from tui.app.capabilities import (
    COLOURS,
    SMALLEST,
    SSH_VARIABLES,
    Capabilities,
    Encoding,
    detect,
    terminal_colors,
    terminal_encoding,
)
from tui.app.config import Config
from tui.app.keyboard import layout_variable
from tui.lab.machine import Folder, Machine

ALL_PANELS = (120, 36)
SLOW_SECONDS = 0.2
NOTHING_SET = Config()
LITTLE_ROOM = 500_000_000
"""Bytes: a full disk ends a run."""


@dataclass(frozen=True)
class Found:
    """All that was looked at.

    Attributes:
        environ: The environment's variables.
        terminal: Whether there is a terminal here.
        size: (columns, rows); None where there is no terminal.
        stream: The encoding of the stream that is drawn to.
        answers: What the terminal answered.
        machine, runs: This machine, and where runs are kept.
        config: What the file of settings says.
        has_config: Whether there is such a file.
        foreign: Where another package called "datasets" was found.
    """

    environ: Mapping[str, str]
    terminal: bool
    size: tuple[int, int] | None
    stream: str
    answers: Answers
    machine: Machine
    runs: Folder
    config: Config = NOTHING_SET
    has_config: bool = False
    foreign: str = ""

    @property
    def capabilities(self) -> Capabilities:
        capabilities = detect(self.environ, self.stream, self.config.glyphs or None)
        return replace(capabilities, low_bandwidth=self.config.low_bandwidth is True)

    @property
    def encoding(self) -> Encoding:
        return terminal_encoding(self.environ, self.stream)


def cannot_open(found: Found) -> str:
    """Why the application cannot open at all, in one line; "" where it can."""
    term = found.environ.get("TERM", "")
    if found.foreign:
        return f'another package called "datasets" stands in the place of ours: {found.foreign}'
    if term in ("dumb", "unknown"):
        return f"TERM={term} says that this terminal cannot place the cursor"
    if not found.machine.numpy:
        return "NumPy cannot be imported"
    return ""


def rows(found: Found) -> Iterator[tuple[str, str]]:
    """(what, how it is) in words."""
    environ, capabilities, answers = found.environ, found.capabilities, found.answers
    program = " ".join(environ.get(name, "") for name in ("TERM_PROGRAM", "TERM_PROGRAM_VERSION")).strip()
    term = environ.get("TERM", "") or "TERM is not set"
    if not found.terminal:
        yield "terminal", f"{term}; none here, so it was not asked for anything"
    else:
        yield "terminal", f"{term} ({program})" if program else term
    if found.size is not None:
        yield "size", f"{found.size[0]}x{found.size[1]}"
    yield "characters", _characters(found)
    colors, source = terminal_colors(environ)
    yield "colours", f"{COLOURS[colors]}: {source}"
    yield "drawings", f"{capabilities.glyphs}: {_why_glyphs(found)}"
    yield "multiplexer", capabilities.multiplexer or "none"
    ssh = next((name for name in SSH_VARIABLES if environ.get(name)), "")
    yield "line", f"over SSH: {ssh} is set" if ssh else "on this machine"
    if answers.asked:
        away = "no answer" if answers.round_trip is None else f"{answers.round_trip * 1000:.1f} ms"
        yield "round trip", away + (f", which {capabilities.multiplexer} answers" * bool(capabilities.multiplexer))
        holds = {True: "yes", False: "no: a picture may be seen half drawn", None: "not known"}
        yield "whole frames", holds[answers.synchronized]
    yield "clipboard", "not known: terminals do not say whether they take OSC 52"
    machine = found.machine
    threads = f", {machine.blas} with {machine.blas_threads} threads" if machine.blas else ""
    yield "Python", f"{machine.python}, NumPy {machine.numpy or 'cannot be imported'}{threads}"
    memory = "" if machine.memory is None else f", {_bytes(machine.memory)} of memory free"
    yield "machine", f"{machine.cpus} processor{'s' * (machine.cpus != 1)}{memory}"
    runs = found.runs
    free = "" if runs.free is None else f", {_bytes(runs.free)} free"
    kind = f", {runs.file_system}" if runs.file_system else ""
    yield "runs", f"{runs.path}: {'writable' if runs.writable else 'cannot be written'}{free}{kind}"
    yield "keyboard", f"{found.config.keyboard.layout}: {_why_keyboard(found)}"
    yield "settings", str(found.config.file) if found.has_config else f"no file {found.config.file or ''}".strip()
    yield "datasets", found.foreign or "ours"


def advice(found: Found) -> Iterator[tuple[str, str]]:
    """(what, what to do) for each thing that is not good, in one line."""
    if found.foreign:
        yield "datasets", "install mlp-tui into an environment of its own: Hugging Face's package has the same name"
    if not found.machine.numpy:
        yield "Python", "install mlp-tui anew into an environment of its own: NumPy is missing or broken"
    term = found.environ.get("TERM", "")
    if term in ("dumb", "unknown") or (found.terminal and not term):
        yield "terminal", "export TERM=xterm-256color if this is a window; mlp-tui train needs no screen"
    if found.size is not None and (found.size[0] < SMALLEST[0] or found.size[1] < SMALLEST[1]):
        yield "size", f"make the window at least {SMALLEST[0]}x{SMALLEST[1]}; {ALL_PANELS[0]}x{ALL_PANELS[1]} shows all"
    yield from _about_characters(found)
    yield from _about_colors(found)
    seconds = found.answers.round_trip
    if seconds is not None and seconds >= SLOW_SECONDS and not found.capabilities.low_bandwidth:
        yield "round trip", "a long line: mlp-tui --low-bandwidth sends less"
    if found.answers.asked and found.answers.round_trip is None:
        yield "round trip", "the terminal does not answer ESC[6n: pictures come at a fixed, slow rate"
    if found.config.complaint:
        yield "settings", found.config.complaint
    if not found.runs.writable:
        yield "runs", "export MLP_TUI_RUNS_DIR=/some/folder, or --runs-dir: nothing can be trained in this one"
    elif found.runs.free is not None and found.runs.free < LITTLE_ROOM:
        yield "runs", "make room, or export MLP_TUI_RUNS_DIR=/some/folder: a full disk ends a run"


def as_table(found: Found) -> dict[str, Any]:
    """Everything, for a program to read."""
    encoding, capabilities, answers = found.encoding, found.capabilities, found.answers
    colors, source = terminal_colors(found.environ)
    columns, lines = found.size or (None, None)
    seconds = answers.round_trip
    return {
        "opens": not cannot_open(found),
        "why_not": cannot_open(found),
        "terminal": found.terminal,
        "term": found.environ.get("TERM", ""),
        "columns": columns,
        "rows": lines,
        "utf8": encoding.utf8,
        "locale": f"{encoding.variable}={encoding.value}" if encoding.variable else "",
        "stream": encoding.stream,
        "utf8_drawn": None if answers.cells is None else answers.cells == 1,
        "colors": colors,
        "colors_from": source,
        "glyphs": capabilities.glyphs,
        "glyphs_because": _why_glyphs(found),
        "multiplexer": capabilities.multiplexer,
        "remote": capabilities.remote,
        "round_trip_ms": None if seconds is None else round(seconds * 1000, 2),
        "synchronized_output": answers.synchronized,
        "osc52": None,
        "python": found.machine.python,
        "numpy": found.machine.numpy,
        "blas": found.machine.blas,
        "blas_threads": found.machine.blas_threads,
        "cpus": found.machine.cpus,
        "memory_available": found.machine.memory,
        "runs_dir": str(found.runs.path),
        "runs_writable": found.runs.writable,
        "runs_free": found.runs.free,
        "runs_file_system": found.runs.file_system,
        "runs_remote": found.runs.is_remote,
        "keyboard": found.config.keyboard.layout,
        "keyboard_because": _why_keyboard(found),
        "low_bandwidth": capabilities.low_bandwidth,
        "config": str(found.config.file) if found.has_config else None,
        "config_mistakes": [mistake.say() for mistake in found.config.mistakes],
        "foreign_datasets": found.foreign,
        "advice": [{"about": about, "set": words} for about, words in advice(found)],
    }


def _characters(found: Found) -> str:
    encoding = found.encoding
    name = "UTF-8" if encoding.utf8 else "ASCII only"
    if encoding.variable:
        why = f"{encoding.variable}={encoding.value}"
    else:
        why = "no locale variable is set" if encoding.utf8 else f"the stream is {encoding.stream or 'not known'}"
    if encoding.variable == "LANG" and (beside := found.environ.get("LC_CTYPE")):
        why += f" (LC_CTYPE={beside} beside it is what Python writes there)"
    if found.answers.cells == 1:
        return f"{name}: {why}; the terminal draws UTF-8"
    return f"{name}: {why}"


def _why_glyphs(found: Found) -> str:
    if not found.encoding.utf8:
        return "outside UTF-8 there is nothing else"
    if found.config.glyphs not in ("", "auto"):
        return "the file of settings says so"
    if found.environ.get("TERM", "").lower() == "linux":
        return "the console's font has no braille; --glyphs block may do"
    return "UTF-8 has them; --glyphs block or ascii where the font does not"


def _why_keyboard(found: Found) -> str:
    variable = layout_variable(found.environ)
    if found.config.layout not in ("", "auto"):
        why = "the file of settings says so"
    elif variable:
        why = f"{variable}={found.environ[variable]}"
    else:
        why = "neither LC_ALL nor LANG is set"
    own = len(found.config.keyboard.changed)
    return why + (f"; {own} action{'s' * (own != 1)} with keys of your own" if own else "")


def _about_characters(found: Found) -> Iterator[tuple[str, str]]:
    encoding, cells = found.encoding, found.answers.cells
    utf8 = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    if not encoding.utf8:
        sure = "the terminal draws UTF-8: " if cells == 1 else "if the terminal takes UTF-8, as nearly all do: "
        if encoding.variable and encoding.stream.lower().replace("-", "") == "utf8":
            yield "characters", f"{sure}export {encoding.variable}={utf8}"
        else:
            yield "characters", f"{sure}unset PYTHONIOENCODING PYTHONUTF8; export LC_ALL={utf8}"
    elif cells is not None and cells > 2:
        yield "characters", "the terminal does not take UTF-8: set it to UTF-8, or export LC_ALL=C"
    elif cells == 2:
        yield "characters", "braille is two cells wide here: choose another font, or --glyphs ascii"
    elif not encoding.variable and cells != 1:
        yield "characters", f"export LANG={utf8}, or LANG=C where the terminal does not take UTF-8"


def _about_colors(found: Found) -> Iterator[tuple[str, str]]:
    environ, capabilities = found.environ, found.capabilities
    if environ.get("NO_COLOR"):
        yield "colours", "unset NO_COLOR if colours are wanted: without them glyphs tell the classes"
    elif capabilities.colors == "16" and environ.get("TERM", "") != "linux":
        wanted = {
            "tmux": "set -g default-terminal tmux-256color   (in ~/.tmux.conf, then a new tmux)",
            "screen": "term screen-256color   (in ~/.screenrc, then a new screen)",
        }
        usual = "export TERM=xterm-256color, which nearly all windows are"
        yield "colours", wanted.get(capabilities.multiplexer, usual)
    elif capabilities.colors == "256" and capabilities.remote:
        yield "colours", "if your window has more: export COLORTERM=truecolor (ssh passes it with SendEnv COLORTERM)"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return f"{count} B"
