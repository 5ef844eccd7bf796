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
Plain = Annotated[
    bool, typer.Option("--plain", help="Lines on a terminal too, as in a pipe: no bar, no curve; for screen readers.")
]
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs-dir", metavar="DIR", help="Where runs are kept (or MLP_TUI_RUNS_DIR)."),
]


def read_experiment(
    spec_file: Path | None,
    recipe: str | None,
    data: str | None,
    settings: list[str] | None,
    *,
    look: bool = True,
) -> "Spec | None":
    """The experiment that the words of a command line mean; None where there are none.

    Where nobody has set a loss, the data is looked at (unless ``look`` is false) and numbers to predict get theirs,
    said on stderr. Raises SpecError, LabError for a recipe that does not exist, DataError for data that is looked at.
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
    if look and spec_file is None and recipe is None and not _last_value("training.loss", settings):
        spec = _with_loss(spec)
    for key, words in spec.problems():
        raise SpecError(f"{key}: {words}")
    return spec


def _named_source(data: str | None, settings: list[str]) -> str:
    """What `--data X` or the last `--set data.source=X` names; "" where neither is there."""
    return _last_value("data.source", settings) or data or ""


def _last_value(key: str, settings: list[str] | None) -> str:
    """What the last `--set` of a key says; "" where there is none."""
    words = [word.partition("=") for word in settings or []]
    return next((value.strip() for name, _, value in reversed(words) if name.strip() == key), "")


def _with_loss(spec: "Spec") -> "Spec":
    """The spec with a loss for what its data holds, and a word about it where that changes it."""
    from datasets import GENERATORS, kind_of
    from tui.lab.sources import load_data
    from tui.lab.tasks import for_task, loss_was_set

    source = spec.data.source
    if source in GENERATORS:
        task = GENERATORS[source].task
    elif spec.is_file and kind_of(Path(source).expanduser()) != "idx":
        task = load_data(spec).task
    else:  # images have labels
        return spec
    if for_task(spec, task) != spec:
        typer.echo(loss_was_set(source), err=True)
    return for_task(spec, task)


def _existing(path: Path) -> Path:
    from tui.lab.spec import SpecError

    if not path.exists() and not path.suffix:
        raise SpecError(f"{path}: neither a command nor a spec file (see mlp-tui --help)")
    if path.exists() and path.suffix != ".toml":
        raise SpecError(f"{path}: a spec is a .toml file; data is named with --data {path}")
    return path
