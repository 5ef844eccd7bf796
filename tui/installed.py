"""Whether what is installed is whole: our `datasets` has the name of a well-known other package."""

import importlib.util
from pathlib import Path


def foreign_datasets() -> str:
    """Where a `datasets` that is not ours would be imported from; "" where all is well."""
    spec = importlib.util.find_spec("datasets")
    found = Path(spec.origin).parent if spec is not None and spec.origin else None
    ours = Path(__file__).resolve().parents[1] / "datasets"
    if found is None or found.resolve() != ours:
        return str(spec.origin if spec is not None and spec.origin else "datasets")
    # Installed later into the same environment, it writes its files over and between ours.
    return str(found) if (found / "arrow_dataset.py").exists() else ""
