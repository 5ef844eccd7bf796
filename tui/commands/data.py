"""`mlp-tui data`: the sets there are, what is in a file, and a set made into a file; `fetch` brings one here."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands.fetch import fetch
from tui.commands.output import bad_input, columns, print_json

if TYPE_CHECKING:
    from datasets import Dataset, Generator, Kind
    from datasets.published import PublishedSet

app = typer.Typer(help="Data: built-in sets, published ones and files.", rich_markup_mode=None)
app.command("fetch")(fetch)

Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="The set's or the reader's own, as noise=0.1; repeat it."),
]


@app.command("list")
def list_sources(json: Json = False) -> int:
    """What can be made, with its options, what can be fetched, and what can be read."""
    from datasets import GENERATORS, KINDS
    from datasets.published import PUBLISHED

    sets, fetched, kinds = GENERATORS.values(), PUBLISHED.values(), KINDS.values()
    if json:
        for table in (*map(_set_table, sets), *map(_published_table, fetched), *map(_kind_table, kinds)):
            print_json(table)
        return 0
    print("built-in sets and their options")
    for line in columns([[made.name, made.title, _defaults(made)] for made in sets]):
        print(f"  {line}")
    print("published sets: mlp-tui data fetch NAME")
    for line in columns([_published_row(published) for published in fetched]):
        print(f"  {line}")
    print("files, packed with gzip or not")
    for line in columns([[kind.name, kind.title, " ".join(kind.suffixes) or kind.names] for kind in kinds]):
        print(f"  {line}")
    return 0


def _set_table(made: "Generator") -> dict[str, Any]:
    return {
        "kind": "set",
        "name": made.name,
        "title": made.title,
        "task": made.task,
        "features": made.features,
        "classes": made.classes,
        "options": {option.name: option.default for option in made.options},
    }


def _published_table(published: "PublishedSet") -> dict[str, Any]:
    from datasets.published import cached_path
    from tui.lab.cache import cache_dir

    path = cached_path(published, cache_dir())
    return {
        "kind": "published",
        "name": published.name,
        "title": published.title,
        "bytes": published.bytes,
        "cached": path is not None,
        "path": str(path) if path is not None else None,
        "licence": published.licence,
        "citation": published.citation,
        "page": published.page,
    }


def _published_row(published: "PublishedSet") -> list[str]:
    table = _published_table(published)
    return [
        published.name,
        published.title,
        f"{published.bytes / 1e6:,.1f} MB" if published.bytes >= 1e6 else f"{published.bytes / 1e3:,.0f} kB",
        table["path"] or "not here",
    ]


def _kind_table(kind: "Kind") -> dict[str, Any]:
    return {
        "kind": "file",
        "name": kind.name,
        "title": kind.title,
        "suffixes": list(kind.suffixes),
        "options": list(kind.options),
    }


def _defaults(made: "Generator") -> str:
    return "  ".join(f"{option.name}={option.default}" for option in made.options)


@app.command("inspect")
def inspect(
    source: Annotated[str, typer.Argument(metavar="PATH", help="A file, a folder, a built-in or a fetched set.")],
    option: Options = None,
    json: Json = False,
) -> int:
    """What is in it: samples, features, classes or numbers to learn, parts, what was guessed, and each column."""
    with bad_input():
        from tui.lab.columns import column_words, describe_columns
        from tui.lab.sources import load_source

        dataset = load_source(source, _read_options(option))
    summary, described = dataset.summary(), describe_columns(dataset)
    if json:
        print_json({**summary, "columns": described})
        return 0
    said_apart = ["guessed", "class_names", "targets", "categories"]
    said_apart += ["classes", "class_counts"] if dataset.task == "regression" else []
    rows = [[key, _words(value)] for key, value in summary.items() if key not in said_apart]
    rows = [row if row[0] != "class_counts" else [row[0], _counts(dataset)] for row in rows]
    for target in summary.get("targets", ()):
        words = "{min:.6g} to {max:.6g}, mean {mean:.6g}, deviation {deviation:.6g}".format(**target)
        rows.append([f"target {target['name']}", words])
    rows += [[f"guessed {key}", value] for key, value in summary["guessed"].items()]
    for line in columns(rows):
        print(line)
    if described:
        print("columns")
        for line in columns([column_words(row) for row in described]):
            print(f"  {line}")
    return 0


@app.command("make")
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A built-in set; `mlp-tui data list` names them.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .csv or .npz file.")],
    option: Options = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Json = False,
) -> int:
    """Make a built-in set and write it into a file."""
    with bad_input():
        from datasets import GENERATORS, load
        from tui.lab.errors import LabError
        from tui.lab.files import os_error_text, write_atomic

        if name not in GENERATORS:
            raise LabError(f"{name}: no such set; there are {', '.join(GENERATORS)}")
        if output.suffix not in _WRITERS:
            raise LabError(f"{output}: expected a name that ends in {' or '.join(_WRITERS)}")
        if output.exists() and not force:
            raise LabError(f"{output}: is there already: choose another name, or write over it with --force")
        dataset = load(name, **_read_options(option))
        try:
            write_atomic(output, _WRITERS[output.suffix](dataset))
        except OSError as error:
            raise LabError(os_error_text(error, output)) from None
    if json:
        print_json({"file": str(output), **dataset.summary()})
        return 0
    typer.echo(f"{output}: {dataset.n_samples:,} samples, {dataset.n_features} features", err=True)
    return 0


def _csv(dataset: "Dataset") -> bytes:
    """Numbers with all their digits, so that reading the file gives the very points; label or target last."""
    regression = dataset.task == "regression"
    lines = [",".join([*dataset.feature_names, *(dataset.target_names if regression else ["label"])])]
    for row, label in zip(dataset.X.tolist(), dataset.y.tolist(), strict=True):
        lines.append(",".join([*map(repr, row), repr(label) if regression else dataset.class_names[label]]))
    return ("\n".join(lines) + "\n").encode()


def _npz(dataset: "Dataset") -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, X=dataset.X, y=dataset.y)
    return file.getvalue()


_WRITERS = {".csv": _csv, ".npz": _npz}


def _read_options(words: list[str] | None) -> dict[str, Any]:
    from tui.lab.errors import LabError
    from tui.lab.spec import guess_option

    options = {}
    for word in words or []:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise LabError(f'--option takes NAME=VALUE, as noise=0.1; received "{word}"')
        options[name.strip()] = guess_option(value)
    return options


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{key} {_words(item)}" for key, item in value.items()) or "none given"
    if isinstance(value, list):
        return " x ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else _literal(str(value))


def _literal(text: str) -> str:
    from datasets.base import one_line

    return one_line(text)


def _counts(dataset: "Dataset", most: int = 20) -> str:
    pairs = list(zip(dataset.class_names, dataset.class_counts.tolist(), strict=True))
    shown = "  ".join(f"{name}: {count:,}" for name, count in pairs[:most])
    return shown if len(pairs) <= most else f"{shown}  and {len(pairs) - most} more"
