"""Data in, arrays out: toy sets made on the spot, and files of one's own. NumPy and nothing else.

>>> from datasets import load, split
>>> data = load("moons", n_samples=200)
>>> data.X.shape, data.y.dtype
((200, 2), dtype('int64'))
>>> len(split(data, test=0.2).test)
40
"""

import difflib
import os
from pathlib import Path
from typing import Any

from .base import DataError, Dataset
from .catalogue import GENERATORS, Generator, generate
from .components import fit_components
from .encoding import fit_encoding
from .expansions import fit_expansion
from .folds import k_fold
from .generators import (
    make_blobs,
    make_checkerboard,
    make_circles,
    make_moons,
    make_plane,
    make_reg_gauss,
    make_spirals,
    make_tp4,
    make_xor,
)
from .imputation import complete_rows, fit_imputation
from .one_hot import fit_one_hot
from .options import Option
from .pipeline import fit_pipeline
from .published import PUBLISHED
from .readers import KINDS, Kind, kind_of, load_file
from .split import Split, split
from .transforms import SCALES, Scale, fit_scale

__all__ = [
    "GENERATORS",
    "KINDS",
    "PUBLISHED",
    "SCALES",
    "DataError",
    "Dataset",
    "Generator",
    "Kind",
    "Option",
    "Scale",
    "Split",
    "complete_rows",
    "fit_components",
    "fit_encoding",
    "fit_expansion",
    "fit_imputation",
    "fit_one_hot",
    "fit_pipeline",
    "fit_scale",
    "k_fold",
    "kind_of",
    "load",
    "make_blobs",
    "make_checkerboard",
    "make_circles",
    "make_moons",
    "make_plane",
    "make_reg_gauss",
    "make_spirals",
    "make_tp4",
    "make_xor",
    "split",
]


def load(source: str | os.PathLike[str], **options: Any) -> Dataset:
    """Load a built-in set by its name ("moons"), or a file or folder by its path.

    A name of a built-in set means that set; a file of the same name is "./moons". `options` are those of the
    set (`GENERATORS[name].options`) or of the kind of file (`KINDS[kind].options`). Cells without a value stay nan
    in X, and text stays as codes (`Dataset.categories`): `fit_encoding` makes numbers of both.
    Raises DataError, and nothing else, for whatever is wrong with the source or an option.
    """
    named = os.fspath(source)
    is_name = isinstance(source, str) and os.sep not in source
    if is_name and named in GENERATORS:
        return generate(named, options)
    try:
        path = Path(named).expanduser()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"cannot be opened: {error}", source=named) from None
    if exists:
        return load_file(path, named, options)
    if not is_name:
        raise DataError("no such file or folder", source=named)
    close = difflib.get_close_matches(named, GENERATORS, n=1)
    hint = f"did you mean {close[0]}? The" if close else "the"
    raise DataError(f"no such file; {hint} built-in sets are {', '.join(GENERATORS)}", source=named)
