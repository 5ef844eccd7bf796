"""Which array is which: the names under which files keep X and y, and what can be told from shapes alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..base import DataError, one_line, some_of

# A name is cut into words: x_train, trainX, train-images and "Xtrain" are "x" and "train", in any order.
X_WORDS = ("x", "xs", "images", "image", "imgs", "img", "features", "feature", "inputs", "input", "samples", "pixels",
           "patterns", "vectors")  # fmt: skip
Y_WORDS = ("y", "ys", "labels", "label", "lbls", "targets", "target", "outputs", "output", "classes", "class")
EITHER_WORDS = {"data": "X", "t": "y"}  # what they mean if no other word of the name says it
PART_WORDS = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("validation", "valid", "val", "dev", "v"),
    "test": ("test", "testing", "tst", "te", "t"),
}
IDLE_WORDS = ("set", "orig", "arr", "array", "all", "data", "vec", "mat")  # train_set_x_orig, X_arr, xtr_all
CLASS_NAMES = {"targetnames", "classnames", "labelnames", "classes", "categories", "finelabelnames"}
FEATURE_NAMES = {"featurenames", "columns", "columnnames"}


class Form(NamedTuple):
    """What is known of an array before its values are read: `kind` is NumPy's letter for the type."""

    shape: tuple[int, ...]
    kind: str


@dataclass(frozen=True)
class Chosen:
    """Names of arrays: of X and y for each part, and of the lists that name classes and features."""

    pairs: dict[str, tuple[str, str]]
    guessed: dict[str, str]
    class_names: str = ""
    feature_names: str = ""


def choose(forms: Mapping[str, Form], source: str) -> Chosen:
    """Which of the arrays are X and y, whole or in parts. Raises DataError if it stays unclear.

    Names decide where they say it; else shapes, where they leave one reading: a table or images beside as many
    labels, once or twice.
    """
    lists = {re.sub(r"[\W_]", "", name.lower()): name for name, form in forms.items() if _is_text_list(form)}
    named = _by_name(forms)
    labels = set(named["y"].values())
    class_names = next((lists[plain] for plain in CLASS_NAMES if plain in lists and lists[plain] not in labels), "")
    feature_names = next((lists[plain] for plain in FEATURE_NAMES if plain in lists), "")
    guessed = {}
    # "x, xt" and "x_train, x_test" alike: the array without a word for its part is the training part.
    alone = sorted(set(named["X"]) ^ set(named["y"]))
    if named["X"] and not alone:
        pairs = {part or "train": (named["X"][part], named["y"][part]) for part in named["X"]}
        if "" in named["X"] and "train" in named["X"]:
            pairs["train"] = (named["X"]["train"], named["y"]["train"])
    else:
        pairs = _by_shape(forms) if not (named["X"] and named["y"]) else {}
        if not pairs:
            names = some_of(list(forms)) if forms else "no arrays"
            unpaired = f"; {'X' if alone[0] in named['X'] else 'y'} stands alone" if alone else ""
            raise DataError(
                f"holds {names}{unpaired}: expected pairs named X and y, or X_train, y_train, X_test, y_test",
                source=source,
            )
        guessed["X and y"] = "told by their shapes"
    order = [part for part in ("train", "validation", "test") if part in pairs]
    pairs = {part: pairs[part] for part in order}
    used = {name for pair in pairs.values() for name in pair} | {class_names, feature_names}
    guessed["X"] = one_line(", ".join(X for X, _ in pairs.values()))
    guessed["y"] = one_line(", ".join(y for _, y in pairs.values()))
    if rest := [name for name in forms if name not in used]:
        guessed["not used"] = some_of(rest)
    return Chosen(pairs, guessed, class_names, feature_names)


def _is_text_list(form: Form) -> bool:
    return form.kind in "US" and len(form.shape) == 1


def _by_name(forms: Mapping[str, Form]) -> dict[str, dict[str, str]]:
    """{"X": {part: name}, "y": {part: name}}; the part is "" where a name says none."""
    found: dict[str, dict[str, str]] = {"X": {}, "y": {}}
    ranks: dict[str, int] = {}
    for name in forms:
        role, part, rank = role_of(name)
        # Where two names say the same, the plainer one is meant: x before images, y before labels.
        if role and (part not in found[role] or rank < ranks[found[role][part]]):
            found[role][part], ranks[name] = name, rank
    return found


def role_of(name: str) -> tuple[str, str, int]:
    """("X" or "y", part, rank) for a name such as "x_train", "trainY" or "yt"; ("", "", 0) where it says neither.

    The rank is the place of its word in the lists above.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name[:100])]
    if re.search(r"[^\W\d_]", re.sub(r"[A-Za-z]", "", name)) or re.search(r"\d", name):
        return "", "", 0
    for candidate in (words, [half for word in words for half in _halves(word)]):
        role = _role(candidate)
        if role[0]:
            return role
    return "", "", 0


def _role(words: list[str]) -> tuple[str, str, int]:
    roles = [("X", X_WORDS.index(w)) for w in words if w in X_WORDS]
    roles += [("y", Y_WORDS.index(w)) for w in words if w in Y_WORDS]
    rest = [word for word in words if word not in X_WORDS and word not in Y_WORDS]
    if not roles:
        either = next((word for word in EITHER_WORDS if word in rest), "")
        if not either:
            return "", "", 0
        roles = [(EITHER_WORDS[either], 100)]
        rest.remove(either)
    parts = [part for word in rest for part, names in PART_WORDS.items() if word in names]
    idle = [word for word in rest if word in IDLE_WORDS]
    if len(roles) > 1 or len(parts) > 1 or len(parts) + len(idle) < len(rest):
        return "", "", 0
    return roles[0][0], parts[0] if parts else "", roles[0][1]


def _halves(word: str) -> tuple[str, ...]:
    """xtrain -> x, train; yt -> y, t; testlabels -> test, labels. A letter for the part goes with one for the array."""
    for root in (*X_WORDS, *Y_WORDS, "data"):
        for names in PART_WORDS.values():
            for part in names:
                if (len(part) > 1 or len(root) == 1) and word in (root + part, part + root):
                    return root, part
    return (word,)


def _by_shape(forms: Mapping[str, Form]) -> dict[str, tuple[str, str]]:
    """Pairs told by shape alone: as many labels as samples, for one or two numbers of samples; else {}."""
    groups: dict[int, list[str]] = {}
    for name, form in forms.items():
        if not form.shape:
            return {}
        groups.setdefault(form.shape[0], []).append(name)
    pairs = []
    for names in groups.values():
        if len(names) != 2:
            return {}
        labels = [name for name in names if _is_column(forms[name])]
        if len(labels) != 1:
            return {}
        X = names[0] if names[1] == labels[0] else names[1]
        if forms[X].kind not in "biuf" or not 2 <= len(forms[X].shape) <= 4:
            return {}
        pairs.append((X, labels[0]))
    if not 1 <= len(pairs) <= 2:
        return {}
    pairs.sort(key=lambda pair: -forms[pair[0]].shape[0])  # the larger part is the one to learn from
    return dict(zip(("train", "test"), pairs, strict=False))


def _is_column(form: Form) -> bool:
    return len(form.shape) == 1 or (len(form.shape) == 2 and form.shape[1] == 1)
