"""Which array is which: the names under which files keep X and y, and the pairs (X, y) they may hold."""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ..assemble import Part
from ..base import DataError, some_of

# Names are compared in lower case without "_", "-" and ".".
X_NAMES = ("x", "data", "images", "features", "inputs", "samples")
Y_NAMES = ("y", "labels", "label", "target", "targets", "classes")
PART_WORDS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "v"),
    "test": ("test", "t"),
}

Arrays = Mapping[str, NDArray[Any]]


def parts_by_name(arrays: Arrays, source: str) -> tuple[dict[str, Part], dict[str, str]]:
    """(parts, guessed) from arrays under names such as X, y, x_train, y_test, xt, yt.

    Two arrays under other names are X and y if one has labels' shape. Raises DataError if it stays unclear.
    """
    found: dict[str, dict[str, str]] = {"X": {}, "y": {}}
    for name in arrays:
        role, part = _role(name)
        if role:
            found[role].setdefault(part, name)
    if not found["X"] and not found["y"] and len(arrays) == 2:
        first, second = sorted(arrays, key=lambda name: -arrays[name].ndim)
        if arrays[first].ndim > 1 == arrays[second].ndim:
            found = {"X": {"": first}, "y": {"": second}}
    # "x, xt" and "x_train, x_test" alike: the array without a word for its part is the training part.
    alone = sorted(set(found["X"]) ^ set(found["y"]))
    if alone or not found["X"]:
        names = some_of(list(arrays)) if arrays else "no arrays"
        unpaired = f"; {'X' if alone[0] in found['X'] else 'y'} stands alone" if alone else ""
        raise DataError(
            f"holds {names}{unpaired}: expected pairs named X and y, or X_train, y_train, X_test, y_test",
            source=source,
        )
    parts: dict[str, Part] = {}
    for part in ("", *PART_WORDS):
        if part in found["X"]:
            parts.setdefault(part or "train", Part(arrays[found["X"][part]], arrays[found["y"][part]]))
    return parts, {"X": ", ".join(found["X"].values()), "y": ", ".join(found["y"].values())}


def _role(name: str) -> tuple[str, str]:
    """("X" or "y", part) for a name such as "x_train" or "yt"; ("", "") for a name that says neither."""
    plain = re.sub(r"[_\-. ]", "", name.lower())
    for role, roots in (("X", X_NAMES), ("y", Y_NAMES)):
        for root in roots:
            if plain == root:
                return role, ""
            for part, words in PART_WORDS.items():
                for word in words:
                    # A single letter for the part goes only with a single letter for the array: xt, yv.
                    if (len(word) > 1 or len(root) == 1) and plain in (root + word, word + root):
                        return role, part
    return "", ""
