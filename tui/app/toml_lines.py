"""Where the keys of a TOML document stand: `tomllib` does not say.

Only for a document that `tomllib` has read; of any other the lines are good luck.
"""

import re
import tomllib

Path = tuple[str | int, ...]
"""Keys from the outermost table inwards; a number is a place in an array, from 0."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[Path, int]:
    """The line, counted from 1, of each table, key and array element."""
    return _Scan(text).lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        table: Path = ()
        while self._skip():
            start = self.at
            if self._peek("["):
                table = self._header()
                continue
            path = table + self._key()
            self._note(path, start)
            self.at += 1  # the =
            self._value(path)
            if self.at == start:  # no TOML: stop rather than stand still
                return

    def _peek(self, what: str) -> bool:
        return self.text.startswith(what, self.at)

    def _skip(self) -> bool:
        """Over blanks, line ends and comments; whether anything follows."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _note(self, path: Path, at: int) -> None:
        line = self.text.count("\n", 0, at) + 1
        for length in range(1, len(path) + 1):  # a dotted key makes the tables on its way
            self.lines.setdefault(path[:length], line)

    def _header(self) -> Path:
        start = self.at
        array = self._peek("[[")
        self.at += 2 if array else 1
        path = self._inside_arrays(self._key())
        if array:
            number = self._arrays[path] = self._arrays.get(path, -1) + 1
            self._note(path, start)
            path = (*path, number)
        self._note(path, start)
        self.at += 2 if array else 1
        return path

    def _inside_arrays(self, path: Path) -> Path:
        """``[a.b]`` below ``[[a]]`` belongs to the last of them."""
        whole: Path = ()
        for length, key in enumerate(path, 1):
            whole = (*whole, key)
            if whole in self._arrays and length < len(path):
                whole = (*whole, self._arrays[whole])
        return whole

    def _key(self) -> Path:
        """A dotted key; stands after it and its blanks then."""
        parts: list[str] = []
        while self._skip():
            if quoted := _STRINGS.match(self.text, self.at):
                self.at = quoted.end()
                parts.append(str(tomllib.loads(f"k = {quoted[0]}")["k"]))
            elif bare := _BARE.match(self.text, self.at):
                self.at = bare.end()
                parts.append(bare[0])
            self._skip()
            if not self._peek("."):
                break
            self.at += 1
        return tuple(parts)

    def _value(self, path: Path) -> None:
        self._skip()
        if quoted := _STRINGS.match(self.text, self.at):
            self.at = quoted.end()
        elif self._peek("["):
            self._items(path, "]", keyed=False)
        elif self._peek("{"):
            self._items(path, "}", keyed=True)
        elif scalar := _SCALAR.match(self.text, self.at):
            self.at = scalar.end()

    def _items(self, path: Path, end: str, *, keyed: bool) -> None:
        """The elements of an array or of an inline table."""
        self.at += 1
        number = 0
        while self._skip() and not self._peek(end):
            start = self.at
            inner = path + self._key() if keyed else (*path, number)
            self._note(inner, start)
            if keyed:
                self.at += 1
            self._value(inner)
            number += 1
            self._skip()
            if self._peek(","):
                self.at += 1
            elif self.at == start:
                return
        self.at += 1
