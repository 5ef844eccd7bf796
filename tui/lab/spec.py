"""The whole experiment as one frozen value: three tables and a seed, read from TOML and written back.

A value is only ever made through `Spec.with_value` or `spec_from_table`, which read it by its field
(see `tui.lab.fields`), so a `Spec` that exists is valid field by field; `problems` says what does not
go together.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from tui.lab.fields import FIELDS, FieldError, explain_unknown
from tui.lab.tables import DataSpec, ModelSpec, Option, TrainingSpec
from tui.lab.values import read_text, read_value

OPTION_TABLES = ("data.options.", "model.init_options.", "training.schedule_options.")
MILESTONES = "training.schedule_options.milestones"
OWNERS = {"data.source": "options", "model.init": "init_options", "training.schedule": "schedule_options"}
"""The setting that each table of options belongs to: with another value of it, they mean nothing."""
MOVED = ("data.options.missing",)
"""Options of readers that are settings of their own now."""
SHEET_SOURCES = ("neuron",)
"""What a sheet writes down itself, too small for a data set: see `tui.lab.sources`."""

MADE_WITH = "made_with"
"""A run's own table in its spec file, beside the experiment's: versions and the data's sha256."""


class SpecError(ValueError):
    """A spec that cannot be used; `str()` is one line: place, what is wrong, what to do."""


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment. The defaults are the toy of the first launch: moons, 2-16-16-2, Adam 0.01."""

    name: str = ""
    seed: int = 42
    data: DataSpec = msgspec.field(default_factory=DataSpec)
    model: ModelSpec = msgspec.field(default_factory=ModelSpec)
    training: TrainingSpec = msgspec.field(default_factory=TrainingSpec)

    def value(self, key: str) -> Any:
        """The value under a dotted key such as ``training.lr`` or ``data.options.noise``.

        Raises KeyError for a key that no spec has.
        """
        found: Any = self
        for part in key.split("."):
            if isinstance(found, dict):
                found = found[part]
            elif isinstance(found, msgspec.Struct) and hasattr(found, part):
                found = getattr(found, part)
            else:
                raise KeyError(key)
        return found

    def with_value(self, key: str, value: Any) -> "Spec":
        """A copy with one dotted key set; ``value`` has the field's type (see `fields.read_value`).

        A new ``data.source``, ``model.init`` or ``training.schedule`` drops its options: they belonged to the
        one before. Raises SpecError for an unknown key or a value its field does not take.
        """
        table, _, rest = key.partition(".")
        if key in MOVED:
            raise SpecError(explain_unknown(key))
        if key.startswith(OPTION_TABLES):
            options, _, name = rest.partition(".")
            if key == MILESTONES:
                value = _epochs(value)
            elif not name or not isinstance(value, Option):
                raise SpecError(f"{key}: expected NAME = a number, a flag or some text, received {value!r}")
            inner = getattr(self, table)
            changed: Any = {options: {**getattr(inner, options), name: value}}
            return msgspec.structs.replace(self, **{table: msgspec.structs.replace(inner, **changed)})
        try:
            value = read_value(FIELDS[key], value)
        except KeyError:
            raise SpecError(explain_unknown(key)) from None
        except FieldError as error:
            raise SpecError(f"{key}: {error}") from None
        if not rest:
            return msgspec.structs.replace(self, **{key: value})
        inner = getattr(self, table)
        changed = {rest: value}
        if key in OWNERS and value != getattr(inner, rest):
            changed[OWNERS[key]] = {}
        return msgspec.structs.replace(self, **{table: msgspec.structs.replace(inner, **changed)})

    def with_source(self, path: str) -> "Spec":
        """A copy that finds the same data under another path: its options stay."""
        return msgspec.structs.replace(self, data=msgspec.structs.replace(self.data, source=path))

    def to_table(self) -> dict[str, Any]:
        """The spec as plain dicts, in the order a person writes it; empty tables are left out."""
        table: dict[str, Any] = msgspec.to_builtins(self)
        if not table["name"]:
            del table["name"]
        for owner, options in OWNERS.items():
            inner = table[owner.partition(".")[0]]
            if not inner[options]:
                del inner[options]
        return table

    def to_toml(self) -> str:
        return tomli_w.dumps(self.to_table())

    def problems(self) -> list[tuple[str, str]]:
        """(key, words) for each value that its field takes but that contradicts another one."""
        from tui.lab.contradictions import contradictions

        return contradictions(self)

    @property
    def is_file(self) -> bool:
        """Whether the data is somebody's file or folder rather than a generated set."""
        return looks_like_path(self.data.source)


def looks_like_path(source: str) -> bool:
    from datasets import GENERATORS

    return source not in GENERATORS and source not in SHEET_SOURCES and not is_published(source)


def is_published(source: str) -> bool:
    """Whether a set is named that `mlp-tui data fetch` brings, such as "mnist", and no file of that name is here."""
    from datasets.published import PUBLISHED

    return source in PUBLISHED and not os.path.exists(source)


def set_values(spec: Spec, assignments: Iterable[str]) -> Spec:
    """Applies ``KEY=VALUE`` words in order, each read by its field's type.

    Raises SpecError naming the key, what was expected and what was received.
    """
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SpecError(f'--set takes KEY=VALUE, as training.lr=0.01; received "{assignment}"')
        key = key.strip()
        if key.startswith(OPTION_TABLES):
            spec = spec.with_value(key, text if key == MILESTONES else guess_option(text))
            continue
        if key not in FIELDS:
            raise SpecError(explain_unknown(key))
        try:
            spec = spec.with_value(key, read_text(FIELDS[key], text))
        except FieldError as error:
            raise SpecError(f"{key}: {error}") from None
    return spec


def guess_option(text: str) -> Option:
    """What an option's text means: 3, 0.1, true or words. Readers and generators check their own."""
    lowered = text.strip().lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def for_file(source: str) -> Spec:
    """What a file gets unasked: standard scaling (images: pixels / 255), two layers of 32, 50 epochs of Adam.

    Its loss is that of classes: `tui.lab.tasks.for_task` sets another where the targets are numbers.
    """
    from datasets.published import PUBLISHED

    name = os.path.basename(source).lower()
    images = os.path.isdir(os.path.expanduser(source)) or "ubyte" in name or "idx" in name
    if is_published(source):
        images = PUBLISHED[source].images
    scale = "unit" if images else "standard"
    return Spec(
        data=DataSpec(source=source, scale=scale, scale_target="standard"),
        model=ModelSpec(hidden=(32, 32)),
        training=TrainingSpec(epochs=50),
    )


def _epochs(value: Any) -> tuple[int, ...]:
    """Milestones from [10, 20], or from text as 10, 20."""
    if isinstance(value, str):
        value = value.strip("[] ").split(",")
    parts = value if isinstance(value, list | tuple) else [value]
    try:
        epochs = tuple(int(part) for part in parts)
    except (TypeError, ValueError):
        epochs = ()
    if not epochs or min(epochs) < 1:
        raise SpecError(f"{MILESTONES}: expected epochs from 1 with commas between, as 10, 20; received {value!r}")
    return epochs


def spec_from_table(table: Mapping[str, Any], *, base: Spec | None = None) -> Spec:
    """A spec from parsed TOML. Raises SpecError naming the dotted key, what was expected and received."""
    spec = base if base is not None else Spec()
    for key, value in _flatten(table):
        spec = spec.with_value(key, value)
    return spec


def load_spec(path: str | os.PathLike[str]) -> Spec:
    """Reads a spec file; a relative ``data.source`` or ``model.weights`` is looked for beside it.

    Raises SpecError as ``<file>[:<line>]: <what is wrong, and what to do>``.
    """
    return read_spec_file(path)[0]


def read_spec_file(path: str | os.PathLike[str]) -> tuple[Spec, dict[str, Any]]:
    """`load_spec` with the record that a run keeps beside its spec ({} in a file that a person wrote)."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}): name a TOML file") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path}: not text: a spec is TOML, as `mlp-tui recipes show tp4` prints it") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+)", str(error))
        where = f"{path}:{at[1]}" if at else str(path)
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise SpecError(f"{where}: not TOML: {what[:1].lower()}{what[1:]}") from None
    except RecursionError:
        raise SpecError(f"{path}: not a spec: its tables are nested without end") from None
    record = table.pop(MADE_WITH, {})
    record = record if isinstance(record, dict) else {}
    try:
        spec = spec_from_table(table)
    except SpecError as error:
        key = str(error).partition(":")[0]
        line = _line_of(text, key)
        raise SpecError(f"{path}{f':{line}' if line else ''}: {error}") from None
    from datasets import GENERATORS

    beside = path.parent / spec.data.source
    if not os.path.isabs(spec.data.source) and beside.exists() and spec.data.source not in GENERATORS:
        spec = spec.with_source(str(beside))
    weights = spec.model.weights
    if weights and not os.path.isabs(weights) and (path.parent / weights).exists():
        spec = spec.with_value("model.weights", str(path.parent / weights))
    return spec, record


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    # What options belong to comes before them: it would drop them.
    first = sorted(table, key=lambda name: name in OWNERS.values())
    for name in first:
        value = table[name]
        key = f"{prefix}{name}"
        if isinstance(value, dict) and key not in FIELDS:
            if not prefix and name not in ("data", "model", "training"):
                raise SpecError(explain_unknown(key))
            yield from _flatten(value, f"{key}.")
        else:
            yield key, value


def _line_of(text: str, key: str) -> int | None:
    """The line on which a dotted key is set, where it stands in its table as people write it."""
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([\w.]+)\]", line):
            table = header[1] + "."
        elif (name := re.match(r"\s*([\w.]+)\s*=", line)) and table + name[1] == key:
            return number
    return None
