"""Reads, splits and scales the data of a spec, off the event loop."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tui.app.facts import DataAsked, DataCancelled, DataMoved, DataReady, DataRefused, FeaturesSummed
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from datasets import Dataset


MANY = 40
"""Of more features those that hardly ever change are not worth turning to: the border of an image, a rare word."""
HARDLY = 0.95
"""The share of samples with one value from which a feature hardly ever changes."""


def varied_features(X: "NDArray[Any]") -> tuple[int, ...]:
    """The features of X (n, ...), flattened, that are not the same in every sample; of many, not in nearly every."""
    import numpy as np

    X = X.reshape(len(X), -1)
    varied = (np.fmin.reduce(X) < np.fmax.reduce(X)).nonzero()[0]
    if len(varied) > MANY:
        some = X[:: max(1, len(X) // 1000)][:, varied]
        # A value that most samples have is the median, too.
        usual = (some == np.median(some, axis=0)).mean(axis=0)
        if (usual < HARDLY).sum() >= 2:
            varied = varied[usual < HARDLY]
    return tuple(varied.tolist())


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
        self._summed: object = None

    def ask(self, spec: Spec) -> None:
        """Answers with DataReady or DataRefused, later; the former data stays until then."""
        self._asked += 1
        self._app.post_fact(DataAsked(spec.data.source))
        threading.Thread(target=self._read, args=(spec, self._asked), daemon=True, name="read data").start()

    def cancel(self) -> None:
        """Gives up what is being read: its reader stops at its next word, the former data stays."""
        self._asked += 1
        self._app.dispatch(DataCancelled())

    def _read(self, spec: Spec, number: int) -> None:
        # Here and not above: the first picture need not wait for NumPy.
        from datasets.progress import Stopped
        from tui.app.services.reading import Reading
        from tui.lab.build import USER_ERRORS, split_and_scale

        def wanted() -> bool:
            return number == self._asked

        dataset = None
        with self._lock:  # steps of a value come faster than data: only the newest is worth reading
            if number != self._asked:
                return
            try:
                with Reading(lambda share: self._app.post_fact(DataMoved(share)), wanted):
                    prepared = split_and_scale(spec, self._dataset(spec))
                    dataset = prepared.dataset
                    varied = varied_features(prepared.view)
                    first = telling_features(prepared.view, varied)
                    fact: object = DataReady(prepared, first, varied, spec.data)
            except Stopped:
                return
            except USER_ERRORS as error:
                fact = DataRefused(_in_short(str(error), spec.data.source))
            except MemoryError:
                fact = DataRefused(f"{_name(spec.data.source)}: does not fit into memory: take fewer samples")
            except OSError as error:
                fact = DataRefused(f"{_name(spec.data.source)}: cannot be read ({error.strerror})")
        if wanted():
            self._app.post_fact(fact)
            if dataset is not None:
                self._sum_up(dataset, wanted)

    def _sum_up(self, dataset: "Dataset", wanted: Callable[[], bool]) -> None:
        """The figures of the features: said later, nobody waits for them."""
        from tui.lab.feature_summary import Stopped, summarise

        if self._summed is dataset:
            return
        try:
            summary = summarise(dataset.X, texts=tuple(dataset.categories), stopped=lambda: not wanted())
        except Stopped:
            return
        self._summed = dataset
        self._app.post_fact(FeaturesSummed(dataset, summary))

    def _dataset(self, spec: Spec) -> "Dataset":
        from tui.lab.build import load_data

        # Another split or scale needs no second reading of a large file.
        key = (spec.data.source, spec.data.classes, tuple(sorted(spec.data.options.items())))
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, load_data(spec))
        return self._kept[1]


def _name(source: str) -> str:
    """A file's own name: its folders stand in the form, and leave no room for what is wrong in a narrow one."""
    return os.path.basename(source.rstrip(os.sep)) or source


def _in_short(words: str, source: str) -> str:
    where = os.path.expanduser(source)
    return _name(source) + words.removeprefix(where) if words.startswith(where) else words
