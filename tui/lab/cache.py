"""Where fetched data is kept."""

import os
from collections.abc import Mapping
from pathlib import Path


def cache_dir(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of fetched sets: the option, else MLP_TUI_CACHE_DIR, else in the user's cache; absolute."""
    if option is not None:
        return Path(os.path.abspath(option.expanduser()))
    if named := environ.get("MLP_TUI_CACHE_DIR"):
        return Path(os.path.abspath(os.path.expanduser(named)))
    import platformdirs

    return Path(platformdirs.user_cache_dir("mlp-tui", appauthor=False)) / "data"
