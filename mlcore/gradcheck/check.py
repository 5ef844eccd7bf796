"""Is backward the derivative of forward? Every entry is compared with a central difference of the loss."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.gradcheck.diagnosis import diagnose
from mlcore.gradcheck.differences import Differences
from mlcore.gradcheck.objective import Objective
from mlcore.gradcheck.report import CheckProgress, GradientReport, TensorCheck, relative_error
from mlcore.model import MLPClassifier
from mlcore.put_back import modules_of, put_back

PROGRESS_EVERY = 50


def check_gradient(
    net: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    loss: Any = None,
    eps: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    max_entries: int | None = 200,
    rng: np.random.Generator | None = None,
) -> GradientReport:
    """Compare the gradients of `net` with central differences: of its input, then of every parameter.

    net: a network, a layer, an MLPClassifier, or any object with forward(x), backward(grad) and parameters().
    x: a batch (n, features). y, loss: labels and the loss whose gradient is checked (y alone: cross-entropy).
    Without both, the loss is the sum of output * u with random u, which is what a single layer needs.

    An entry is right when |a - n| <= rtol |n| + atol max|n| + r, with a analytic and n numeric. rtol allows
    for the error of the difference. atol is a share of the largest gradient in the tensor, not a fixed
    number: a tensor whose gradients are all around 1e-8 must not pass because they are small. r is what
    rounding alone can do: 20 units in the last place of the loss, divided by eps, about 1e-9 for a loss of
    1. Where n is so small that r matters it is measured again with four points up to 200 eps away, and even
    gradients around 1e-10 are told right from wrong. The error shown is |a - n| / max(|a|, |n|, 1e-8).

    An entry whose +eps and -eps lie on two sides of an activation's bend is not judged; a tensor in which nothing could
    be judged counts as not right.

    max_entries: how many entries of a larger tensor are compared, drawn by rng (None: all). The check runs
    in float64, in the mode the network is in, with the dropout mask of one forward. Everything is put back
    afterwards. Raises TypeError for an object without the three methods, or a backward that returns None, ValueError
    where the loss is not finite, two forwards on one input differ, or a backward fails; with the name of the layer.
    """
    report = None
    for item in iter_gradient_check(
        net, x, y, loss=loss, eps=eps, rtol=rtol, atol=atol, max_entries=max_entries, rng=rng
    ):
        report = item
    assert isinstance(report, GradientReport)
    return report


def iter_gradient_check(
    net: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    loss: Any = None,
    eps: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    max_entries: int | None = 200,
    rng: np.random.Generator | None = None,
) -> Iterator[CheckProgress | TensorCheck | GradientReport]:
    """`check_gradient` step by step: progress every 50 entries, each tensor as it ends, the report last.

    Everything is back in place when the generator ends, or is closed before its end.
    """
    for name in ("forward", "backward", "parameters"):
        if not callable(getattr(net, name, None)):
            raise TypeError(f"{type(net).__name__} has no {name}(): the check needs forward, backward and parameters")
    if isinstance(net, MLPClassifier) and (loss is not None or y is None):
        net = net.net  # the classifier's own backward takes labels and knows its own loss
    rng = np.random.default_rng(0) if rng is None else rng
    results = []
    with put_back(net, loss):
        objective = Objective(net, x, y, loss, rng)
        tensors = objective.tensors()
        entries = [_choose(data.size, max_entries, rng) for _, _, data in tensors]
        done, total = 0, sum(map(len, entries))
        for index, ((name, layer, data), chosen) in enumerate(zip(tensors, entries, strict=True)):
            claimed = objective.analytic[index]
            fits = claimed.shape == data.shape
            analytic = claimed.ravel()[chosen].astype(np.float64) if fits else np.full(len(chosen), np.nan)
            differences = Differences(objective, data, chosen, analytic, eps, rtol, atol)
            for position in range(len(chosen)):
                differences.measure(position)
                done += 1
                if done % PROGRESS_EVERY == 0 or done == total:
                    yield CheckProgress(done, total, name)
            if fits and not all(type(module).__module__.startswith("mlcore.") for module in modules_of(net)):
                differences.look_for_hidden_kinks()
            result = _judge(name, layer, data.shape, differences, _explain(objective, index, differences))
            results.append(result)
            yield result
        report = GradientReport(results, objective.value, eps, rtol, atol, len(objective.x))
    yield report


def _choose(size: int, max_entries: int | None, rng: np.random.Generator) -> Array:
    if max_entries is None or size <= max_entries:
        return np.arange(size)
    return np.sort(rng.choice(size, max_entries, replace=False))


def _explain(objective: Objective, index: int, differences: Differences) -> str:
    """What is wrong with tensor `index`, in words; "" when it is right."""
    claimed, shape = objective.analytic[index], differences.data.shape
    if claimed.shape != shape:
        return f"the gradient has shape {claimed.shape}" + (": transposed?" if claimed.shape == shape[::-1] else "")
    if differences.agrees(differences.analytic).all():
        return ""
    repaired, names = objective.with_true_derivatives()
    chosen, judged = differences.chosen, differences.judged
    if repaired and differences.agrees(repaired[index].ravel()[chosen]).all():
        return f"missing derivative of the {names}"

    def in_words(gradient: Array) -> str:
        square = gradient.ndim == 2 and shape[0] == shape[1]
        return diagnose(
            gradient.ravel()[chosen][judged].astype(np.float64),
            differences.gradient[judged],
            differences.tolerance()[judged],
            gradient.T.ravel()[chosen][judged] if square else None,
            objective.meaning_of_factors(),
        )

    if words := in_words(claimed):
        return words
    if repaired and (words := in_words(repaired[index])):
        return f"missing derivative of the {names}, and {words}"
    faults = objective.faults()
    if faults and (words := faults.of(objective.parameter(index))):
        return words
    wrong = int(np.count_nonzero(~differences.agrees(differences.analytic)))
    return f"wrong in {wrong} of the {int(judged.sum())} entries compared"


def _judge(name: str, layer: str, shape: tuple[int, ...], differences: Differences, diagnosis: str) -> TensorCheck:
    analytic, numeric, judged = differences.analytic, differences.gradient, differences.judged
    right = differences.agrees(analytic)
    unjudged = not judged.any()
    ok = bool(right.all()) and not unjudged
    drowned = np.maximum(np.abs(analytic), np.abs(numeric)) <= differences.rounding
    error = np.where(judged, relative_error(analytic, numeric), np.nan)
    error = np.where(right & judged & drowned, 0.0, error)  # the ratio of two roundings says nothing
    errors = np.full(shape, np.nan)
    errors.ravel()[differences.chosen] = error
    wrong = np.zeros(shape, dtype=bool)
    wrong.ravel()[differences.chosen] = ~right
    if ok and judged.any() and drowned.all() and (analytic.any() or numeric.any()):
        diagnosis = "too small to tell from rounding"
    if unjudged:
        why = f"all {len(judged)} entries compared lie on a kink" if len(judged) else "there are no entries"
        diagnosis = f"not judged: {why}"

    indices = [tuple(int(i) for i in np.unravel_index(int(entry), shape)) for entry in differences.chosen]
    # Wrong entries come before right ones, those that could not be judged last.
    worst = int(np.where(judged, error + 10 * ~right, -1).argmax()) if indices else None
    return TensorCheck(
        name=name,
        layer=layer,
        shape=shape,
        checked=len(indices),
        max_relative_error=0.0 if worst is None else float(np.nan_to_num(error[worst])),
        worst_index=() if worst is None else indices[worst],
        analytic=0.0 if worst is None else float(analytic[worst]),
        numeric=0.0 if worst is None else float(numeric[worst]),
        loss_plus=0.0 if worst is None else float(differences.plus[worst]),
        loss_minus=0.0 if worst is None else float(differences.minus[worst]),
        kinks=int(differences.kink.sum()),
        ok=ok,
        diagnosis=diagnosis,
        errors=errors,
        wrong=wrong,
        kink_entries=[index for index, kink in zip(indices, differences.kink, strict=True) if kink],
        unjudged=unjudged,
        compared=indices,
        analytics=np.array(analytic),
        numerics=np.array(numeric),
    )
