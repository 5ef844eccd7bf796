"""What a run's figures mean, in one sentence and one piece of advice."""

import math
from dataclasses import dataclass

from tui.app import figures
from tui.app.history import History
from tui.app.run_view import RunView

PATIENCE = 3
WORSE = 1.05
"""How many times its best a validation loss must be for a network to be said to learn by heart."""
MANY_DEAD = 0.4
"""Share of dead units from which a network is said to have lost too many."""

BY_HEART_ADVICE = "Try dropout 0.2 or early stopping (‹app.model› Model); the best weights are saved."


@dataclass(frozen=True)
class Reading:
    """``state`` is ok, warn or wrong; ``advice`` may be empty; ``short`` is both where there is one narrow row."""

    state: str
    sentence: str
    advice: str = ""
    short: str = ""

    @property
    def whole(self) -> str:
        return f"{self.sentence} {self.advice}".rstrip()


def read_run(run: RunView, classes: int, *, loss: str = "cross_entropy", r_squared: str = "R²") -> Reading:
    """Reads the run as it stands; ``r_squared`` is how this terminal writes it."""
    if run.state == "diverged" and run.diverged is not None:
        go_on = f"Epoch {run.kept} is kept. ‹train.lr_down› lowers lr, ‹train.toggle› goes on from it."
        remedy = go_on if run.kept else "‹train.lr_down› lowers lr, ‹train.toggle› starts again."
        again = f"on from epoch {run.kept}" if run.kept else "again"
        where = f"epoch {run.diverged.epoch}, batch {run.diverged.batch}"
        short = f"diverged in {where}: ‹train.lr_down› lowers lr, ‹train.toggle› goes {again}"
        return Reading("wrong", _closed(run.message), remedy, short)
    if run.state == "crashed":
        whence = f"resumes at epoch {run.kept + 1}." if run.kept else "starts it again from its seed."
        remedy = f"‹train.resume› {whence}"
        return Reading("warn", _closed(run.message), remedy, f"{run.message.rstrip('.')}: {remedy.rstrip('.')}")
    if run.state == "failed":
        return Reading("wrong", _closed(run.message), "‹train.resume› goes on from the last checkpoint.")
    done = run.finished if run.state == "finished" else None
    if done is not None and (score := figures.score(done.test_accuracy, done.test_r2)):
        name = "accuracy" if done.test_r2 is None else r_squared
        sentence = f"On the test part: {name} {score}, loss {figures.loss(done.test_loss)}."
        if by_heart := _by_heart(run):
            return Reading("warn", f"{sentence} {by_heart}", BY_HEART_ADVICE)
        onwards = "‹app.gradients› proves its gradients, ‹app.model› changes one thing for the next run."
        return Reading("ok", sentence, _advice(run) or onwards)
    if not run.epochs:
        return _first_loss(run, classes, loss)
    if run.probe and run.probe.dead is not None and run.probe.dead >= MANY_DEAD:
        share = f"{100 * run.probe.dead:.0f} %"
        sentence = f"{share} of the units are dead after epoch {run.probe.epoch}: no sample turns them on."
        remedy = "A smaller learning rate, or leaky_relu (‹app.model› Model), keeps them alive."
        short = f"{share} of the units are dead: a smaller lr (‹train.lr_down›), or leaky_relu (‹app.model›)"
        return Reading("warn", sentence, remedy, short)
    return _trend(run)


def _closed(words: str) -> str:
    """As a sentence that another may follow."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _first_loss(run: RunView, classes: int, loss: str) -> Reading:
    started = run.started
    if started is not None and started.initial_loss is not None and _in_deviations(run):
        words = f"Loss before training {started.initial_loss:.3f}; answering the mean each time gives 1."
        return Reading("ok", words)
    # The data on the screen may be another than that of the run, and hold numbers.
    if started is None or started.initial_loss is None or loss != "cross_entropy" or classes < 2:
        return Reading("ok", "The first epoch is on its way.")
    chance = math.log(classes)
    words = f"Loss before training {started.initial_loss:.3f}; chance is ln {classes} = {chance:.3f}."
    if started.initial_loss > 2 * chance:
        short = f"first loss {started.initial_loss:.3f}, chance {chance:.3f}: weights too large (‹app.model›)"
        remedy = "The first weights are too large: kaiming_normal (‹app.model› Model) starts nearer."
        return Reading("warn", words, remedy, short)
    return Reading("ok", words)


def _in_deviations(run: RunView) -> bool:
    """Whether the loss is that of a regression in squared deviations of its targets."""
    spec = run.spec
    return run.task == "regression" and spec.data.scale_target == "standard" and spec.training.mse == "mean"


def _trend(run: RunView) -> Reading:
    last, best = run.epochs[-1], run.best
    if last.val_loss is None or best is None:
        falling = _falls(run.epochs, "train_loss")
        sentence = "Training loss still falls." if falling else "Training loss stands still."
        return Reading("ok", f"{sentence} There is no validation part to hold it against.")
    since = last.epoch - best.epoch
    where = f"(best {figures.loss(best.val_loss)} at {best.epoch})"
    if since < PATIENCE:
        return Reading("ok", f"Validation loss improves {where}.", _advice(run))
    if _falls(run.epochs, "train_loss", of_last=since + 1):
        sentence = f"Validation loss has not improved for {since} epochs {where}."
        if last.val_loss < WORSE * (best.val_loss or 0.0):
            return Reading("ok", f"{sentence} It stands near its best.", _advice(run))
        sentence += " Training loss still falls: learning by heart."
        remedy = "Try dropout 0.2 (‹app.model› Model), or keep the best weights, which are saved."
        short = f"learning by heart since epoch {best.epoch}: try dropout 0.2 (‹app.model›)"
        return Reading("warn", sentence, remedy, short)
    sentence = f"Neither loss has improved for {since} epochs {where}."
    short = f"no gain for {since} epochs: try a smaller learning rate (‹train.lr_down›)"
    return Reading("warn", sentence, "A smaller learning rate (‹train.lr_down›) may find a way on.", short)


def _by_heart(run: RunView) -> str:
    """Words for a run that has ended with a validation loss well above its best; "" for any other."""
    last, best = run.epochs[-1] if run.epochs else None, run.best
    if last is None or best is None or best.val_loss is None or last.epoch - best.epoch < PATIENCE:
        return ""
    if last.val_loss is not None and last.val_loss < WORSE * best.val_loss:
        return ""
    ended = f"Validation loss rose from {figures.loss(best.val_loss)} at {best.epoch} to {figures.loss(last.val_loss)}"
    if not _falls(run.epochs, "train_loss", of_last=last.epoch - best.epoch + 1):
        return f"{ended}."
    return f"{ended}: learnt by heart."


def _advice(run: RunView) -> str:
    last = run.epochs[-1] if run.epochs else None
    if last is None:
        return ""
    remedy = "ahead of validation: dropout or weight decay (‹app.model› Model) close the gap."
    if last.train_r2 is not None and last.val_r2 is not None:
        gap = last.train_r2 - last.val_r2
        return f"Training is {gap:.2f} {remedy}" if gap > 0.08 else ""
    if last.val_accuracy is None or last.train_accuracy is None:
        return ""
    gap = last.train_accuracy - last.val_accuracy
    return f"Training is {100 * gap:.0f} points {remedy}" if gap > 0.08 else ""


def _falls(epochs: History, name: str, *, of_last: int | None = None) -> bool:
    """Whether a figure is lower after the last epochs than before them; all epochs where ``of_last`` is None."""
    values = epochs.column(name)[-of_last if of_last else None :]
    known = values[values == values]
    return len(known) > 1 and bool(known[-1] < known[0])
