"""What a data source lets one choose, as fields of the same kind as the experiment's own."""

from functools import cache
from pathlib import Path

from datasets import GENERATORS, PUBLISHED
from datasets.options import Option as NumberOption
from datasets.readers import KINDS
from datasets.readers.table_guess import ENCODINGS
from tui.lab.choices import Choice
from tui.lab.fields import Field
from tui.lab.spec import is_published
from tui.lab.tables import Option

_LABELS = {"n_samples": "samples", "random_state": "seed"}


@cache
def option_fields(source: str) -> tuple[tuple[Field, Option], ...]:
    """(field, default) of each option of a source, in the order in which they are shown; () where it has none."""
    if is_published(source):
        source = PUBLISHED[source].files[0].name
    if source in GENERATORS:
        return tuple(_number(option) for option in GENERATORS[source].options)
    suffix = Path(source.lower().removesuffix(".gz")).suffix
    kind = next((kind for kind in KINDS.values() if suffix in kind.suffixes), None)
    return tuple(_READING[name] for name in kind.options if name in _READING) if kind is not None else ()


def _number(option: NumberOption) -> tuple[Field, Option]:
    field = Field(
        f"data.options.{option.name}",
        _LABELS.get(option.name, option.name.replace("_", " ")),
        "int" if option.type is int else "float",
        "options",
        option.help,
        unit=option.unit,
        low=option.low,
        high=option.high,
    )
    return field, option.default


def _text(name: str, label: str, words: str) -> Field:
    return Field(f"data.options.{name}", label, "text", "options", words)


def _choice(name: str, label: str, words: str, *choices: Choice) -> Field:
    return Field(f"data.options.{name}", label, "choice", "options", words, choices=choices)


_GUESSED = Choice("auto", "auto", "told by the first lines of the file")
_TEXT = (
    Choice("auto", "auto", "columns of up to 20 different texts, far fewer than rows, are taken; others left out"),
    Choice("one-hot", "take all", "each text of a column becomes a column of 0 and 1"),
    Choice("drop", "leave out", "columns of text are left out"),
    Choice("refuse", "refuse", "a column of text is an error"),
)
_TASKS = (
    Choice("auto", "auto", "real numbers, or far too many different ones for classes, are a regression"),
    Choice("classification", "classes", "each value of the target is a class of its own"),
    Choice("regression", "numbers", "the target is a number to predict"),
)
_READING: dict[str, tuple[Field, Option]] = {
    "target": (
        _text("target", "target", 'the column to learn: "last", "first", a name or a number; "auto" goes by the name'),
        "auto",
    ),
    "task": (_choice("task", "taken as", "whether the target's values are classes or numbers", *_TASKS), "auto"),
    "drop": (_text("drop", "leave out", "columns to leave out, commas between"), ""),
    "text": (_choice("text", "text", "what becomes of columns of text", *_TEXT), "auto"),
    "delimiter": (
        _choice(
            "delimiter",
            "separator",
            "what stands between two cells",
            _GUESSED,
            *(Choice(name, name, "") for name in ("comma", "semicolon", "tab", "space")),
        ),
        "auto",
    ),
    "decimal": (
        _choice(
            "decimal",
            "decimal mark",
            "what stands before the decimals of a number",
            _GUESSED,
            Choice("point", "point", "1.5"),
            Choice("comma", "comma", "1,5"),
        ),
        "auto",
    ),
    "header": (
        _choice(
            "header",
            "header",
            "whether the first line names the columns",
            _GUESSED,
            Choice("yes", "first line", "the first line names the columns"),
            Choice("no", "none", "the first line holds values"),
        ),
        "auto",
    ),
    "encoding": (
        _choice(
            "encoding",
            "encoding",
            "how the file writes its letters",
            _GUESSED,
            *(Choice(name, name, "") for name in ENCODINGS),
        ),
        "auto",
    ),
    "na_values": (
        _text("na_values", "missing as", "words for a missing cell beside ?, NA, nan and the empty one, as -999, none"),
        "",
    ),
}
