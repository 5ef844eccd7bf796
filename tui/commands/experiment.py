"""EXPERIMENT, the same everywhere: ``[SPEC.toml] [--recipe NAME] [--data X] [--set KEY=VALUE ...]``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tui.lab.spec import Spec

SpecFile = Annotated[
    Path | None,
    typer.Argument(metavar="SPEC.toml", help="An experiment in TOML, as `mlp-tui recipes show tp4` prints one."),
]
RecipeName = Annotated[
    str | None,
    typer.Option("--recipe", metavar="NAME", help="A lab sheet; `mlp-tui recipes list` names them."),
]
Data = Annotated[
    str | None,
    typer.Option("--data", metavar="X", help="A built-in set, a file or a folder, in place of the experiment's own."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting, as training.lr=0.01; repeat it, the last one wins."),
]
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs-dir", metavar="DIR", help="Where runs are kept (or MLP_TUI_RUNS_DIR)."),
]


def read_experiment(
    spec_file: Path | None, recipe: str | None, data: str | None, settings: list[str] | None
) -> "Spec | None":
    """The experiment that the words of a command line mean; None where there are none.

    Raises SpecError, or LabError for a recipe that does not exist.
    """
    from tui.lab.spec import Spec, SpecError, for_file, is_published, load_spec, looks_like_path, set_values

    if spec_file is None and recipe is None and data is None and not settings:
        return None
    if spec_file is not None and recipe is not None:
        raise SpecError(f"{spec_file} and --recipe {recipe} are two experiments: name one")
    if spec_file is not None:
        spec = load_spec(_existing(spec_file))
    elif recipe is not None:
        from tui.lab.recipes import load

        spec = load(recipe).spec
    else:
        source = _named_source(data, settings or [])
        own = source and (looks_like_path(source) or is_published(source))
        spec = for_file(source) if own else Spec()
    if data is not None:
        spec = spec.with_value("data.source", data)
    spec = set_values(spec, settings or [])
    for key, words in spec.problems():
        raise SpecError(f"{key}: {words}")
    return spec


def _named_source(data: str | None, settings: list[str]) -> str:
    """What `--data X` or the last `--set data.source=X` names; "" where neither is there."""
    source = data or ""
    for word in settings:
        key, _, value = word.partition("=")
        if key.strip() == "data.source":
            source = value.strip()
    return source


def _existing(path: Path) -> Path:
    from tui.lab.spec import SpecError

    if not path.exists() and not path.suffix:
        raise SpecError(f"{path}: neither a command nor a spec file (see mlp-tui --help)")
    if path.exists() and path.suffix != ".toml":
        raise SpecError(f"{path}: a spec is a .toml file; data is named with --data {path}")
    return path
