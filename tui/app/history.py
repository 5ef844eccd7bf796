"""A run's epochs in columns: a million of them append, cut and draw without being copied.

A `History` never changes. Histories that grow from one another share their arrays: each sees its own length of
them, and what is written beyond the longest disturbs none.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

from msgspec import Struct

from tui.lab.events import Epoch

if TYPE_CHECKING:  # the first picture need not wait for NumPy
    import numpy as np

    Column = np.ndarray[Any, np.dtype[np.float64]]

COLUMNS = tuple(name for name in Epoch.__struct_fields__ if name not in ("seq", "time"))
WHOLE = frozenset({"epoch", "best_epoch"})
"""Columns that hold whole numbers."""
NEVER_NONE = frozenset({"epoch", "lr", "seconds", "validation_seconds", "samples_per_second", "best_epoch"})
BLOCK = 64
"""Epochs of which a sketch keeps the least and the greatest value."""
SKETCHED = 16_384
"""So many epochs are drawn one by one."""
LEAST_ROOM = 256


class EpochBlock(Struct, frozen=True, eq=False):
    """Epochs that follow one another, read into columns at once: n values under each name of `COLUMNS`."""

    columns: "Mapping[str, Column]"

    def __len__(self) -> int:
        return len(self.columns["epoch"])


def block_of(epochs: Sequence[Any]) -> EpochBlock:
    """The columns of a list of epoch events; what is None becomes NaN."""
    import numpy as np

    # Of the other task, or of a part that there is not, nothing is ever said.
    ends = (epochs[0], epochs[-1]) if epochs else ()
    known = [n for n in COLUMNS if n in NEVER_NONE or not all(getattr(end, n) is None for end in ends)]
    rows = map(attrgetter(*known), epochs)
    try:
        table = np.fromiter(chain.from_iterable(rows), np.float64, len(epochs) * len(known))
    except TypeError:  # a loss that left the numbers: slower, and None becomes NaN
        table = np.array([list(row) for row in map(attrgetter(*known), epochs)], dtype=np.float64)
    found = np.ascontiguousarray(table.reshape(len(epochs), len(known)).T)
    columns = dict(zip(known, found, strict=True))
    return EpochBlock({name: columns[name] if name in columns else np.full(len(epochs), np.nan) for name in COLUMNS})


class _Averages:
    """A column's moving average as far as it is known, and what it goes on from."""

    def __init__(self, room: int) -> None:
        import numpy as np

        self.used = 0
        self.values = np.empty(room)
        self.last: Any = None


class _Store:
    """Arrays with room at their end, ``used`` epochs of them taken."""

    def __init__(self, room: int) -> None:
        import numpy as np

        self.used = 0
        self.columns = {name: np.empty(room) for name in COLUMNS}
        self.sketches: dict[tuple[str, float], tuple[int, Column, Column]] = {}
        self.averages: dict[tuple[str, float], _Averages] = {}

    def take(self, columns: "Mapping[str, Column]", count: int) -> None:
        import numpy as np

        wanted = self.used + count
        if wanted > len(self.columns["epoch"]):
            room = max(2 * self.used, wanted, LEAST_ROOM)
            for name, old in self.columns.items():
                grown = np.empty(room)
                grown[: self.used] = old[: self.used]
                self.columns[name] = grown
        for name, column in self.columns.items():
            column[self.used : wanted] = columns[name][:count]
        self.used = wanted


class History(Sequence[Epoch]):
    """Epochs, ascending; reads as a tuple of `Epoch` events, and by columns."""

    __slots__ = ("_length", "_store")

    def __init__(self, _store: _Store | None = None, _length: int = 0) -> None:
        self._store = _store
        self._length = _length

    # As a sequence

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Epoch: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Epoch, ...]: ...
    def __getitem__(self, index: int | slice) -> Epoch | tuple[Epoch, ...]:
        if isinstance(index, slice):
            return tuple(self._epoch(at) for at in range(*index.indices(self._length)))
        at = index + self._length if index < 0 else index
        if not 0 <= at < self._length:
            raise IndexError(index)
        return self._epoch(at)

    def __iter__(self) -> Iterator[Epoch]:
        return (self._epoch(at) for at in range(self._length))

    def _epoch(self, at: int) -> Epoch:
        assert self._store is not None
        values: dict[str, Any] = {}
        for name, column in self._store.columns.items():
            value = float(column[at])
            values[name] = int(value) if name in WHOLE else (None if value != value else value)
        return Epoch(**values)

    # By columns

    def column(self, name: str) -> "Column":
        """(n,) values of all epochs, read only; NaN where there is none."""
        import numpy as np

        if self._store is None:
            return np.empty(0)
        view = self._store.columns[name][: self._length]
        view.flags.writeable = False
        return view

    def at(self, epoch: int) -> Epoch | None:
        """The epoch of this number."""
        index = self._after(epoch) - 1
        found = self[index] if index >= 0 else None
        return found if found is not None and found.epoch == epoch else None

    def value(self, name: str, epoch: float) -> float | None:
        """A figure of an epoch, or of the last one before it; NaN where it was none, None before the first."""
        index = int(self.column("epoch").searchsorted(epoch, side="right")) - 1
        return float(self.column(name)[index]) if index >= 0 else None

    def until(self, epoch: int) -> "History":
        """Without the epochs after this one."""
        return History(self._store, self._after(epoch))

    def _after(self, epoch: int) -> int:
        return int(self.column("epoch").searchsorted(epoch, side="right")) if self._length else 0

    def with_epochs(self, epochs: "Sequence[Epoch] | EpochBlock") -> "History":
        """With epochs after its own; those that do not go on (a damaged file may say one twice) are left out."""
        block = epochs if isinstance(epochs, EpochBlock) else block_of(epochs)
        columns = _going_on(block.columns, self[-1].epoch if self._length else 0)
        count = len(columns["epoch"])
        if not count:
            return self
        store = self._store
        if store is None or store.used != self._length:  # another history has gone on from here
            store = _Store(max(LEAST_ROOM, self._length + count))
            if self._length:
                store.take({name: self.column(name) for name in COLUMNS}, self._length)
        store.take(columns, count)
        return History(store, self._length + count)

    def average(self, name: str, weight: float) -> "Column":
        """(n,) the moving average of a column (`tui.app.charts.smoothing.ema`); only new epochs are read."""
        import numpy as np

        from tui.app.charts.smoothing import ema

        column = self.column(name)
        if self._store is None or not weight:
            return column
        kept = self._store.averages.setdefault((name, weight), _Averages(LEAST_ROOM))
        if kept.used < self._length:
            if len(kept.values) < self._length:
                grown = np.empty(len(self._store.columns["epoch"]))
                grown[: kept.used] = kept.values[: kept.used]
                kept.values = grown
            fresh, kept.last = ema(column[kept.used :], weight, kept.last)
            kept.values[kept.used : self._length] = fresh
            kept.used = self._length
        return kept.values[: self._length]

    def sketch(
        self, name: str, weight: float = 0.0, window: tuple[float, float] | None = None
    ) -> "tuple[Column, Column]":
        """(epochs, values) to draw: all of a short run, of a long one each stretch's least and greatest value.

        Args:
            name: The column.
            weight: That of the moving average which is drawn instead of the column; 0 for none.
            window: The epochs that are looked at, where it is not all of them; the two next to it come along.
        """
        import numpy as np

        x, y = self.column("epoch"), self.average(name, weight)
        start, end = 0, self._length
        if window is not None and self._length:
            start = max(0, int(x.searchsorted(window[0])) - 1)
            end = min(self._length, int(x.searchsorted(window[1], side="right")) + 1)
        if self._store is None or end - start <= SKETCHED:
            return x[start:end], y[start:end]
        blocks = self._length // BLOCK
        done, *kept = self._store.sketches.get((name, weight), (0, np.empty(0), np.empty(0)))
        if done < blocks:
            fresh = slice(done * BLOCK, blocks * BLOCK)
            more = _extremes(x[fresh].reshape(-1, BLOCK), y[fresh].reshape(-1, BLOCK))
            kept = [np.concatenate([old, new]) for old, new in zip(kept, more, strict=True)]
            self._store.sketches[name, weight] = (blocks, kept[0], kept[1])
        # A block is two points; whoever is behind the store sees its own blocks alone.
        first, last = -(-start // BLOCK), end // BLOCK
        points = slice(2 * first, 2 * last)
        edges = slice(start, first * BLOCK), slice(last * BLOCK, end)
        return (
            np.concatenate([x[edges[0]], kept[0][points], x[edges[1]]]),
            np.concatenate([y[edges[0]], kept[1][points], y[edges[1]]]),
        )


def _going_on(columns: "Mapping[str, Column]", last: int) -> "Mapping[str, Column]":
    """The rows whose epoch is greater than all before it."""
    import numpy as np

    epoch = columns["epoch"]
    if not len(epoch) or (epoch[0] > last and (len(epoch) == 1 or bool((np.diff(epoch) > 0).all()))):
        return columns
    before = np.maximum.accumulate(np.concatenate([[last], epoch[:-1]]))
    kept = epoch > before
    return {name: column[kept] for name, column in columns.items()}


def _extremes(x: "Column", y: "Column") -> "tuple[Column, Column]":
    """Each row's least and greatest value in their order: two points a row, NaN where it has none."""
    import numpy as np

    rows = np.arange(len(y))
    least = np.where(np.isnan(y), np.inf, y).argmin(axis=1)
    greatest = np.where(np.isnan(y), -np.inf, y).argmax(axis=1)
    first, second = np.minimum(least, greatest), np.maximum(least, greatest)
    return (
        np.stack([x[rows, first], x[rows, second]], axis=1).ravel(),
        np.stack([y[rows, first], y[rows, second]], axis=1).ravel(),
    )
