"""What a run keeps of its weights: last, best, live, and some through time."""

import contextlib
import math
import time

from mlcore import Sequential
from tui.lab.checkpoints import Checkpoint, is_snapshot_epoch, load, save
from tui.lab.errors import LabError
from tui.lab.runs import RunFolder

OVERDUE_SECONDS = 10.0
"""In the middle of an epoch where it is as old as this: no kill costs more than these seconds and a stride."""
SNAPSHOT_BYTES = 64_000_000
"""Snapshots through time stop here, so that a wide network does not fill a home folder."""

Place = tuple[int, int]
"""(complete epochs, batches done in the next one)"""


class Keeper:
    """Writes weights, each kind at its own rate. All methods that write raise OSError.

    A checkpoint is due at the end of every ``epochs``-th epoch; where that is 0, at the end of an epoch where the last
    one is ``seconds`` old.
    """

    def __init__(self, folder: RunFolder, network: Sequential, *, epochs: int = 0, seconds: float = 1.0) -> None:
        self.folder, self.network = folder, network
        self._epochs, self._seconds = epochs, seconds
        self.saved_place: Place | None = None
        self._best: Checkpoint | None = None  # better than the file, not written yet
        self._last: tuple[Checkpoint, Place] | None = None  # newer than the file, not due yet
        self._live_place: Place | None = None
        self._live_written = self._saved = -math.inf
        self._began = time.monotonic()
        self._kept_bytes = sum(path.stat().st_size for _, path in folder.snapshots())

    def hold_best(self, epoch: int, loss: float) -> None:
        """Remembers the weights of this moment as the best so far, to be written with the next checkpoint."""
        self._best = Checkpoint(self.network.state_dict(), state={"epoch": epoch, "loss": loss})

    def due_after(self, epoch: int) -> bool:
        """Whether a checkpoint is due at the end of this epoch."""
        return epoch % self._epochs == 0 if self._epochs else self.old

    @property
    def old(self) -> bool:
        """Whether the last checkpoint is old enough for another."""
        return time.monotonic() - self._saved >= self._seconds

    @property
    def overdue(self) -> bool:
        """Whether it is so old that the end of the epoch is not waited for."""
        return time.monotonic() - max(self._saved, self._began) >= OVERDUE_SECONDS

    def write_checkpoints(self, last: Checkpoint, place: Place) -> bool:
        """Writes a new best, if there is one, then last: best is never the older. True where best is new."""
        new_best = self._write_best()
        save(self.folder.last_path, last)
        self.saved_place, self._saved, self._last = place, time.monotonic(), None
        return new_best

    def hold_last(self, last: Checkpoint, place: Place) -> None:
        """Remembers a checkpoint that is not due, for `write_held`."""
        self._last = last, place

    def write_held(self) -> tuple[Place, bool] | None:
        """Writes the checkpoint that is held: (its place, whether best is new); None where the file is as new."""
        if self._last is None:
            return None
        last, place = self._last
        return place, self.write_checkpoints(last, place)

    def write_live(self, place: Place, *, at_most_every: float = 0.0) -> None:
        """The weights of this moment, for whoever draws them; not synced, since nothing goes on from them."""
        if place == self._live_place or time.monotonic() - self._live_written < at_most_every:
            return
        save(self.folder.live_path, self._weights(place), sync=False)
        self._live_place, self._live_written = place, time.monotonic()

    def write_snapshot(self, place: Place) -> None:
        """After an epoch that `is_snapshot_epoch`, while there is room."""
        epoch = place[0]
        size = sum(array.nbytes for array in self.network.tensors().values())
        if not is_snapshot_epoch(epoch) or self._kept_bytes + size > SNAPSHOT_BYTES:
            return
        path = self.folder.snapshot_path(epoch)
        save(path, self._weights(place), sync=False)
        self._kept_bytes += path.stat().st_size

    def forget_later(self, place: Place, best_epoch: int, best_score: float | None) -> None:
        """Removes snapshots and a best of a future that a run resumed at ``place`` has not lived.

        The best that there was at ``place`` comes back where its weights are at hand still.
        """
        for later, path in self.folder.snapshots():
            if later > place[0]:
                self._kept_bytes -= path.stat().st_size
                path.unlink(missing_ok=True)
        if self._best_on_disk() <= place[0]:
            return
        self.folder.best_path.unlink(missing_ok=True)
        state = {"epoch": best_epoch, "loss": best_score}
        if best_epoch and place == (best_epoch, 0):
            self._best = Checkpoint(self.network.state_dict(), state=state)
        elif (path := self.folder.snapshot_path(best_epoch)).exists():
            with contextlib.suppress(LabError):
                self._best = Checkpoint(load(path).weights, state=state)

    def _write_best(self) -> bool:
        if self._best is None:
            return False
        save(self.folder.best_path, self._best)
        self._best = None
        return True

    def _best_on_disk(self) -> float:
        """The epoch of best.safetensors: 0 where there is none, inf where it cannot be read."""
        if not self.folder.best_path.exists():
            return 0
        try:
            return int(load(self.folder.best_path).state.get("epoch", 0))
        except (LabError, TypeError, ValueError):
            return math.inf

    def _weights(self, place: Place) -> Checkpoint:
        return Checkpoint(self.network.tensors(), state={"epoch": place[0], "batch": place[1]})
