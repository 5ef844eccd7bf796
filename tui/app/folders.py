"""Where the application keeps what is its own: the state folder of the user (XDG_STATE_HOME)."""

from pathlib import Path


def state_folder() -> Path:
    """The folder for what may be lost without harm: the layout, what was copied last. It need not exist."""
    import platformdirs

    return Path(platformdirs.user_state_dir("mlp-tui", appauthor=False))


def with_tilde(path: Path) -> str:
    """A path as one would type it, with ~ for the home folder."""
    try:
        home = Path.home()
        inside = path.relative_to(home)
    except (ValueError, RuntimeError):  # it lies elsewhere, or nobody knows where the home folder is
        return str(path)
    if home == home.parent:  # everything lies in there
        return str(path)
    return f"~/{inside}" if inside.parts else "~"


def numbered(folder: Path, stem: str, suffixes: tuple[str, ...]) -> list[Path]:
    """A path for each suffix under one name, ``stem``, ``stem-2``, ..., none of which is there yet.

    Raises OSError where the folder cannot be looked at, FileExistsError where a thousand names are taken.
    """
    for number in range(1, 1000):
        name = stem if number == 1 else f"{stem}-{number}"
        paths = [folder / f"{name}{suffix}" for suffix in suffixes]
        if not any(path.exists() for path in paths):
            return paths
    raise FileExistsError(None, "a thousand files of that name are there already", str(folder / stem))
