"""One run being trained: drains `mlcore.train.fit`, obeys commands, says and keeps what happens."""

import math
import os
import time
from collections.abc import Callable

from mlcore.engine import BLOCK_SIZE, why_not
from mlcore.train import Diverged as FitDiverged
from mlcore.train import EarlyStopped, EpochDone, EpochTrained, StepDone, evaluate, fit
from mlcore.train_checks import check_watchers
from tui.lab import events
from tui.lab.build import (
    make_early_stopping,
    make_loss,
    make_optimizer,
    make_schedule,
    network,
    order_rng,
    prepare,
    targets,
)
from tui.lab.checkpoints import Checkpoint, is_snapshot_epoch
from tui.lab.control import Inbox
from tui.lab.divergence import divergence_text
from tui.lab.eventlog import EventLog
from tui.lab.events import finite
from tui.lab.files import log_line
from tui.lab.health import MOST_SAMPLES, probe
from tui.lab.keeper import Keeper
from tui.lab.origin import record_origin
from tui.lab.processes import host_name
from tui.lab.resume import origin_of, resume, to_checkpoint
from tui.lab.runs import RunFolder, Start
from tui.lab.spec import Spec, SpecError
from tui.lab.stability import limit_of_run
from tui.lab.status import StatusFile
from tui.lab.steering import Steering
from tui.lab.weights import how_matched

NAP_SECONDS = 0.02
LIVE_SECONDS = 0.2

STRIDE = BLOCK_SIZE
"""Batches that the fast form trains between two looks at commands; it comes back after some ms in any case."""


class Training:
    """A run from its spec, or from its checkpoint where there is one.

    ``signal`` gives the name of a signal that asks for the end, or "". ``force`` goes on with a spec or data that has
    changed since the checkpoint. Raises one of USER_ERRORS, or OSError.
    """

    def __init__(
        self,
        folder: RunFolder,
        spec: Spec,
        log: EventLog,
        status: StatusFile,
        *,
        threads: int,
        signal: Callable[[], str] = lambda: "",
        force: bool = False,
    ) -> None:
        self.folder, self.spec, self.log, self.status, self.threads = folder, spec, log, status, threads
        self._origin = origin_of(spec)
        self.data = prepare(spec)
        record_origin(folder, spec, self.data.dataset, force=force)
        classes = self.data.answers
        self.network = network(spec, self.data.in_features, classes)
        if spec.model.weights:
            log_line(f"first weights: {how_matched(spec, self.network)}")
        self.train = targets(spec, self.data.train, classes)
        self.validation = targets(spec, self.data.validation, classes) if self.data.validation else None
        self.test = targets(spec, self.data.test, classes) if self.data.test else None
        self.loss = make_loss(spec, self.data)
        self.optimizer = make_optimizer(spec, self.network)
        self.stopping = make_early_stopping(spec, validation=self.validation is not None)
        self.schedule = make_schedule(spec)
        try:
            check_watchers(self.schedule, self.stopping, self.loss, validation=self.validation is not None)
        except ValueError as error:
            raise SpecError(f"training.schedule_options.monitor: {error}") from None
        self.progress = resume(folder, spec, self.network, self.optimizer, log.history, force=force)
        self.engine = "layers" if why_not(self.network, self.loss, self.optimizer) else "fast"
        every = spec.training
        self.keeper = Keeper(folder, self.network, epochs=every.checkpoint_epochs, seconds=every.checkpoint_seconds)
        self.keeper.forget_later(self._place(), self.progress.best_epoch, self.progress.best_score)
        self.steering = Steering(Inbox(folder.control_path), self._change_lr, signal)
        self._epoch_began = 0.0

    def run(self, *, start: Start = "run", pace: float = 0.0) -> int:
        """Trains to the last epoch or until told to stop. Returns 0, or 1 where it diverged."""
        t = self.spec.training
        self.steering.begin(start, pace)
        self._announce()
        self.keeper.write_live(self._place())
        steps = fit(
            self.network,
            self.loss,
            self.optimizer,
            self.train,
            self.validation,
            epochs=t.epochs,
            batch_size=t.batch_size,
            sampling=t.sampling,
            schedule=self.schedule,
            clip_norm=t.clip_norm or None,
            clip_value=t.clip_value or None,
            early_stopping=self.stopping,
            rng=order_rng(self.spec),
            position=self.progress.position,
            fast=self.engine == "fast",
            stride=self._stride,
            **self.data.scaling,
        )
        self._epoch_began = time.monotonic()
        while True:
            self._attend()
            if self.progress.completed < t.epochs:
                if self.steering.paused:
                    self._stand_still()
                if self.steering.stop_reason:
                    return self._stopped()
                self.progress.apply_changes()
            began = time.perf_counter()
            event = next(steps, None)
            elapsed = time.perf_counter() - began
            match event:
                case StepDone():
                    self.progress.epoch_seconds += elapsed
                    self._after_step(event)
                case EpochTrained():
                    self.progress.epoch_seconds += elapsed
                case EpochDone():
                    self._after_epoch(event, validation_seconds=elapsed)
                case FitDiverged():
                    return self._diverged(event)
                case EarlyStopped() | None:
                    return self._finished()

    def _stride(self) -> int:
        """Batches until the next look, at most: one where a single step was asked for, else up to the next lr command
        that is to be obeyed again.

        Where single samples are trained in blocks, pauses and lr commands fall between two blocks, so that a resumed
        run is rounded as one that was not interrupted. Not so after single steps: they are no part of a block.
        """
        if self.steering.pause_after == "step":
            return 1
        position = self.progress.position
        left = [batch - position.batch for epoch, batch, _ in self.progress.changes[:1] if epoch == position.epoch]
        return max(1, min([STRIDE, *left]))

    # On the way

    def _announce(self) -> None:
        """`started` on the run's first line, `resumed` whenever it is taken up again."""
        if any(isinstance(event, events.Started) for event in self.log.history):
            self._say_resumed()
            return
        X, y = self.train
        size = self.spec.training.batch_size
        batch_size = len(X) if size == "full" else min(int(size), len(X))
        started = events.Started(
            run=str(self.folder.path),
            engine=self.engine,
            epochs=self.spec.training.epochs,
            samples=len(X),
            validation_samples=len(self.validation[0]) if self.validation else 0,
            test_samples=len(self.test[0]) if self.test else 0,
            features=self.data.in_features,
            classes=len(self.data.class_names),
            parameters=sum(parameter.data.size for parameter in self.network.parameters()),
            batch_size=batch_size,
            batches=math.ceil(len(X) / batch_size),
            threads=self.threads,
            host=host_name(),
            pid=os.getpid(),
            data_sha256=self.data.dataset.sha256,
            initial_loss=finite(evaluate(self.network, self.loss, X, y, **self.data.scaling).loss),
            task=self.data.task,
        )
        self.log.emit(started, flush=True)

    def _say_resumed(self) -> None:
        completed, batch = self._place()
        self.log.emit(events.Resumed(epoch=completed, batch=batch, epochs=self.spec.training.epochs), flush=True)

    def _after_step(self, step: StepDone) -> None:
        if self.steering.pause_after == "step":
            single = events.Step(
                epoch=step.epoch,
                batch=step.batch,
                batches=step.batches,
                loss=finite(step.loss),
                lr=self.optimizer.lr,
            )
            self.log.emit(single)
            self.steering.step_done(last_of_epoch=step.batch == step.batches)

    def _after_epoch(self, done: EpochDone, *, validation_seconds: float) -> None:
        progress = self.progress
        progress.completed = done.epoch
        seconds, progress.epoch_seconds = progress.epoch_seconds, 0.0
        progress.seconds += seconds
        score = done.train_loss if done.val_loss is None else done.val_loss
        # A NaN is never the lowest.
        if math.isfinite(score) and (progress.best_score is None or score < progress.best_score):
            progress.best_score, progress.best_epoch = score, done.epoch
            self.keeper.hold_best(done.epoch, score)
        progress.last_epoch = events.Epoch(
            epoch=done.epoch,
            train_loss=finite(done.train_loss),
            train_accuracy=finite(done.train_accuracy),
            val_loss=finite(done.val_loss),
            val_accuracy=finite(done.val_accuracy),
            last_batch_loss=finite(done.last_batch_loss),
            lr=done.lr,
            seconds=seconds,
            validation_seconds=validation_seconds,
            samples_per_second=len(self.train[0]) / max(seconds, 1e-9),
            best_epoch=progress.best_epoch,
            train_r2=finite(done.train_r2),
            val_r2=finite(done.val_r2),
        )
        self.log.emit(progress.last_epoch)
        if is_snapshot_epoch(done.epoch):
            X, y = self.train
            first = self.data.ready(X[:MOST_SAMPLES])
            self.log.emit(probe(self.network, self.loss, self.optimizer, first, y[:MOST_SAMPLES], epoch=done.epoch))
        self.keeper.write_snapshot(self._place())
        self.keeper.write_live(self._place(), at_most_every=LIVE_SECONDS)
        if self.keeper.due_after(done.epoch):
            self._checkpoint()
        else:
            self.keeper.hold_last(self._state(), self._place())
        self.steering.epoch_done()
        if done.epoch < self.spec.training.epochs:
            self._keep_pace()

    def _keep_pace(self) -> None:
        """Waits until the next epoch is due. No time that is reported knows of it."""
        while left := self.steering.wait_left(self._epoch_began):
            self._attend()
            time.sleep(min(left, NAP_SECONDS))
        self._epoch_began = time.monotonic()

    def _stand_still(self) -> None:
        completed, batch = self._place()
        self.log.emit(events.Paused(epoch=completed, batch=batch), flush=True)
        self.keeper.write_live(self._place())
        self.status.write("paused", completed)
        while self.steering.paused and not self.steering.stop_reason:
            time.sleep(NAP_SECONDS)
            self._attend()
            if self.keeper.old and self.keeper.saved_place != self._place():
                self._checkpoint()
        self._epoch_began = time.monotonic()
        if not self.steering.stop_reason:
            self._say_resumed()
            self.status.write("running", completed)

    def _attend(self) -> None:
        """What is looked after between two steps: commands, heartbeat, events that wait."""
        if self.steering.look():
            self.log.flush(force=False)
            self.status.beat(self.progress.completed)
            asked, self.steering.checkpoint_asked = self.steering.checkpoint_asked, False
            if asked or (self.keeper.overdue and self.keeper.saved_place != self._place()):
                self._checkpoint()

    def _change_lr(self, lr: float) -> None:
        position = self.progress.position
        position.lr = lr
        self.progress.changes = []  # what a person asks for now holds from here on
        self.log.emit(events.Changed(lr=lr, epoch=position.epoch, batch=position.batch), flush=True)

    def _place(self) -> tuple[int, int]:
        return self.progress.completed, self.progress.position.batch

    def _checkpoint(self) -> None:
        self.log.sync()
        best = self.keeper.write_checkpoints(self._state(), self._place())
        completed, batch = self._place()
        self.log.emit(events.Checkpoint(epoch=completed, batch=batch, best=best))

    def _state(self) -> Checkpoint:
        return to_checkpoint(
            self.progress, self._origin, self.network, self.optimizer, seq=self.log.seq, threads=self.threads
        )

    # Endings

    def _finished(self) -> int:
        if self.keeper.saved_place != self._place():
            self._checkpoint()
        self.keeper.write_live(self._place())
        test = evaluate(self.network, self.loss, *self.test, **self.data.scaling) if self.test else None
        last = self.progress.last_epoch
        finished = events.Finished(
            run=str(self.folder.path),
            epochs=self.progress.completed,
            seconds=self.progress.seconds,
            train_loss=last.train_loss if last else None,
            train_accuracy=last.train_accuracy if last else None,
            val_loss=last.val_loss if last else None,
            val_accuracy=last.val_accuracy if last else None,
            test_loss=finite(test.loss) if test else None,
            test_accuracy=finite(test.accuracy) if test else None,
            last_batch_loss=last.last_batch_loss if last else None,
            best_epoch=self.progress.best_epoch,
            reason=self._reason(),
            train_r2=last.train_r2 if last else None,
            val_r2=last.val_r2 if last else None,
            test_r2=finite(test.r2) if test else None,
        )
        self.log.emit(finished)
        self.log.sync()
        self.status.write("finished", self.progress.completed)
        return 0

    def _reason(self) -> str:
        if self.stopping and self.stopping.stopped_epoch:
            return f"{events.EARLY_STOPPING}: {self.stopping.reason}"
        return f"all {self.progress.completed} epochs done"

    def _stopped(self) -> int:
        self._checkpoint()
        self.keeper.write_live(self._place())
        completed, batch = self._place()
        stopped = events.Stopped(
            run=str(self.folder.path),
            epochs=completed,
            batch=batch,
            seconds=self.progress.seconds + self.progress.epoch_seconds,
            reason=self.steering.stop_reason,
        )
        self.log.emit(stopped)
        self.log.sync()
        self.status.write("stopped", completed)
        return 0

    def _diverged(self, event: FitDiverged) -> int:
        """The weights are of no use now: what is kept is the last epoch that came to its end."""
        self.log.sync()
        if held := self.keeper.write_held():
            (completed, batch), best = held
            self.log.emit(events.Checkpoint(epoch=completed, batch=batch, best=best))
        limit, where = limit_of_run(self.folder, self.spec, self.data)
        diverged = events.Diverged(
            epoch=event.epoch,
            batch=event.batch,
            tensor=event.tensor,
            loss=finite(event.loss),
            lr=event.lr,
            lr_limit=limit,
            message=divergence_text(event, limit, where, optimizer=self.spec.training.optimizer),
        )
        self.log.emit(diverged)
        self.log.sync()
        self.status.write("diverged", self.progress.completed)
        return 1
