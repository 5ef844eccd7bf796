"""Reads, splits and scales the data of a spec, off the event loop."""

import threading
from typing import TYPE_CHECKING, Any, Protocol

from tui.app.facts import DataAsked, DataReady, DataRefused
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from datasets import Dataset


def varied_features(X: "NDArray[Any]") -> tuple[int, ...]:
    """The features of X (n, ...), flattened, that are not the same in every sample."""
    import numpy as np

    X = X.reshape(len(X), -1)
    return tuple((np.fmin.reduce(X) < np.fmax.reduce(X)).nonzero()[0].tolist())


def telling_features(X: "NDArray[Any]", varied: tuple[int, ...]) -> tuple[int, int]:
    """The first two features of X (n, ...), unless one never changes: then the two that vary most."""
    import numpy as np

    X = X.reshape(len(X), -1)
    if X.shape[1] < 2:
        return (0, 0)
    if varied[:2] == (0, 1):
        return (0, 1)
    first = X[:1000]
    known = np.maximum(np.count_nonzero(~np.isnan(first), axis=0), 1)
    mean = np.nansum(first, axis=0, dtype=np.float64) / known
    variance = np.nansum(np.square(first - mean), axis=0) / known
    i, j = np.argsort(variance, kind="stable")[-2:]
    return (min(int(i), int(j)), max(int(i), int(j)))


class Poster(Protocol):
    """What a service needs of the application: a way to say what happened."""

    def post_fact(self, fact: object) -> None:
        """From any thread; applied on the event loop."""

    def dispatch(self, fact: object) -> None:
        """From the event loop; applied at once."""


class DataService:
    """One request at a time: a newer one makes the answer to an older one void."""

    def __init__(self, app: Poster) -> None:
        self._app = app
        self._asked = 0
        self._lock = threading.Lock()
        self._kept: tuple[object, Any] | None = None

    def ask(self, spec: Spec) -> None:
        """Answers with DataReady or DataRefused, later; the former data stays until then."""
        self._asked += 1
        self._app.post_fact(DataAsked(spec.data.source))
        threading.Thread(target=self._read, args=(spec, self._asked), daemon=True, name="read data").start()

    def _read(self, spec: Spec, number: int) -> None:
        # Here and not above: the first picture need not wait for NumPy.
        from tui.lab.build import USER_ERRORS, split_and_scale

        with self._lock:  # steps of a value come faster than data: only the newest is worth reading
            if number != self._asked:
                return
            try:
                prepared = split_and_scale(spec, self._dataset(spec))
                X = prepared.view
                varied = varied_features(X)
                fact: object = DataReady(prepared, telling_features(X, varied), varied)
            except USER_ERRORS as error:
                fact = DataRefused(str(error))
            except MemoryError:
                fact = DataRefused(f"{spec.data.source}: does not fit into memory: take fewer samples")
            except OSError as error:
                fact = DataRefused(f"{spec.data.source}: cannot be read ({error.strerror})")
        if number == self._asked:
            self._app.post_fact(fact)

    def _dataset(self, spec: Spec) -> "Dataset":
        from tui.lab.build import load_data

        # Another split or scale needs no second reading of a large file.
        key = (spec.data.source, spec.data.classes, tuple(sorted(spec.data.options.items())))
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = (key, load_data(spec))
        return self._kept[1]
