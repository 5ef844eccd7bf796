"""How much each class counts in the loss: numbers that a person gave, or "balanced" by the training part."""

import numpy as np
from numpy.typing import NDArray

from tui.lab.spec import Spec, SpecError

KEY = "training.class_weight"
MOST_NAMES = 10


def class_weights(spec: Spec, y: NDArray[np.int64], class_names: tuple[str, ...]) -> NDArray[np.float64] | None:
    """A weight for each class, in the order of ``class_names``; None where all count the same.

    ``y``: the labels (n,) of the training part. "balanced" is n / (C · count), as scikit-learn's
    ``compute_class_weight``. Raises SpecError for what `refuse_class_weights` refuses.
    """
    if refused := refuse_class_weights(spec, y, class_names):
        raise SpecError(": ".join(refused))
    asked = spec.training.class_weight
    if not asked:
        return None
    if asked == "balanced":
        counts = np.bincount(y, minlength=len(class_names))
        return len(y) / (len(class_names) * counts)
    return np.array(asked, dtype=np.float64)


def refuse_class_weights(spec: Spec, y: NDArray[np.int64], class_names: tuple[str, ...]) -> tuple[str, str] | None:
    """(key, words) where the weights do not fit these classes; None where they do."""
    asked = spec.training.class_weight
    if not asked or not class_names:  # numbers to predict: that is said of the loss
        return None
    classes = len(class_names)
    if asked == "balanced":
        counts = np.bincount(y, minlength=classes)
        if not counts.all():
            absent = class_names[int(np.argmin(counts))]
            words = f"balanced divides by the samples of each class, and the training part has none of {absent}"
            return KEY, f"{words}: set data.stratify to true, or one number a class"
        return None
    if len(asked) != classes:
        names = ", ".join(class_names[:MOST_NAMES]) + (", ..." if classes > MOST_NAMES else "")
        return KEY, f"expected {classes} numbers, one for each of {names}; received {len(asked)}"
    return None
