"""The process that trains one run: ``python -P -m tui.lab.trainer RUN_DIR``.

It reads the run's `spec.toml`, goes on from its checkpoint where there is one, and says what it does
in `events.jsonl`. Exit status: 0 done, stopped, or nothing left to do; 1 diverged or failed; 2 bad input.
"""

import argparse
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tui.lab.errors import ChangedError, LabError
from tui.lab.eventlog import EventLog
from tui.lab.events import Failed, Finished
from tui.lab.files import is_full, log_line, os_error_text, sweep
from tui.lab.processes import RunLock
from tui.lab.runs import BAD_INPUT, LIVE_STATES, RunFolder, Start, refuse_newer
from tui.lab.spec import Spec, SpecError
from tui.lab.status import StatusFile

WIDE_LAYER = 512
"""From so many units on a second BLAS thread gains more than it costs beside a busy neighbour."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -P -m tui.lab.trainer", description="Trains one run folder.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--epochs", type=int, help="epochs in all, also on a run that has finished")
    parser.add_argument("--pace", type=float, default=0.0, help="epochs a second; 0 for full speed")
    parser.add_argument("--start", choices=get_args(Start), default="run")
    parser.add_argument("--force", action="store_true", help="go on though spec or data has changed")
    options = parser.parse_args(argv)
    folder = RunFolder(options.run.absolute())
    asked_to_end = _Signals()
    try:
        # Of another host's trainer nobody can tell from here that it is gone: a person may.
        with RunLock(folder.lock_path, take_over=options.force and folder.state() == "crashed"):
            return _train(folder, options, asked_to_end)
    except LabError as error:  # somebody else trains it, or it is not to be touched: the run is none the worse
        log_line(str(error))
        return BAD_INPUT
    except OSError as error:  # neither lock nor events can be opened
        log_line(_words(error, folder))
        if folder.state() not in LIVE_STATES:
            with contextlib.suppress(OSError):
                StatusFile(folder.status_path).write_failed()
        return 1


class _Signals:
    """SIGTERM and SIGINT ask for the end after the step in hand; a hang-up is nothing to a trainer."""

    def __init__(self) -> None:
        self.received = ""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.received = signal.Signals(number).name


def _train(folder: RunFolder, options: argparse.Namespace, signals: _Signals) -> int:
    refuse_newer(folder)
    sweep(folder.path, "spec.toml", "status.json")
    for part in (folder.last_path.parent, folder.live_path.parent):
        sweep(part, ".safetensors")
    before = folder.status()
    status = StatusFile(folder.status_path)
    with EventLog(folder.events_path) as log:
        try:
            spec = _spec(folder, options.epochs)
            last = log.history[-1] if log.history else None
            more = options.epochs is not None and options.epochs == spec.training.epochs
            if isinstance(last, Finished) and (
                last.epochs >= spec.training.epochs or (last.stopped_early and not more)
            ):
                log_line(f"finished after {last.epochs} epochs already; --epochs trains on")
                if folder.state() != "finished":  # killed between its last word and its last status
                    status.write("finished", last.epochs)
                return 0
            status.write("running", before.epoch if before is not None else 0)
            threads = threads_for(spec)
            _limit_threads(threads)
            # Only now: NumPy's BLAS reads its thread count when it is loaded.
            from threadpoolctl import threadpool_limits

            from tui.lab.build import USER_ERRORS
            from tui.lab.training import Training

            try:
                with threadpool_limits(limits=threads, user_api="blas"):
                    training = Training(
                        folder,
                        spec,
                        log,
                        status,
                        threads=threads,
                        signal=lambda: signals.received,
                        force=options.force,
                    )
                    if folder.read_spec() != spec:  # more epochs
                        folder.write_spec(spec, folder.read_record())
                    return training.run(start=options.start, pace=options.pace)
            except ChangedError:
                if before is not None:
                    status.put_back(before)
                raise
            except USER_ERRORS as error:
                return _fail(folder, log, status, str(error), BAD_INPUT)
        except ChangedError:
            raise
        except (LabError, SpecError) as error:
            return _fail(folder, log, status, str(error), BAD_INPUT)
        except OSError as error:
            return _fail(folder, log, status, _words(error, folder), 1)
        except MemoryError:
            return _fail(
                folder, log, status, "not enough memory: take smaller layers, a smaller batch or fewer samples", 1
            )
        except Exception as error:
            with contextlib.suppress(OSError):
                traceback.print_exc()
            words = str(error).partition("\n")[0]
            return _fail(folder, log, status, f"{type(error).__name__}: {words} (more in {folder.log_path})", 1)


def _spec(folder: RunFolder, epochs: int | None) -> Spec:
    """The run's spec, with more ``epochs`` where they are asked for. Raises SpecError, LabError."""
    spec = folder.read_spec()
    for key, words in spec.problems():
        raise SpecError(f"{folder.spec_path}: {key}: {words}")
    if epochs is not None and epochs > spec.training.epochs:
        spec = spec.with_value("training.epochs", epochs)
    return spec


def threads_for(spec: Spec) -> int:
    """BLAS threads: one for small layers, two for wide ones where this process may use two processors."""
    if max(spec.model.hidden, default=0) < WIDE_LAYER:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(2, usable)


def _limit_threads(threads: int) -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = str(threads)


def _fail(folder: RunFolder, log: EventLog, status: StatusFile, message: str, code: int) -> int:
    """The last word on a run that cannot go on, wherever it can still be written."""
    log_line(message)
    try:
        log.emit(Failed(message=message), flush=True)
    except OSError:
        # A full disk: what is only there to be looked at makes room, and what was on its way is given up.
        with contextlib.suppress(OSError):
            folder.live_path.unlink(missing_ok=True)
        log.forget_waiting()
        with contextlib.suppress(OSError):
            log.emit(Failed(message=message), flush=True)
    with contextlib.suppress(OSError):
        status.write_failed()
    return code


def _words(error: OSError, folder: RunFolder) -> str:
    """What went wrong, and where room is short, what to do."""
    text = os_error_text(error, None if error.filename else folder.path)
    if not is_full(error):
        return text
    return (
        f"no room left on the disk of {folder.path.parent} ({error.strerror}): make room, "
        f"then mlp-tui runs resume {folder.name} goes on from its last checkpoint"
    )


if __name__ == "__main__":
    sys.exit(main())
