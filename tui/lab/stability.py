"""How long a step gradient descent may take on an experiment's own data: see `mlcore.stability`."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, inf, isfinite, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore import Sequential, input_limit, largest_curvature
from mlcore.stability import Curvature
from tui.lab.build import Part, Prepared, make_loss, network, targets
from tui.lab.checkpoints import load
from tui.lab.convolutions import stages
from tui.lab.errors import LabError
from tui.lab.outline import count_parameters
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads

MOST_ROWS, FEWEST_ROWS = 4_000, 32
BLOCK_ROWS = 1_000
"""That are scaled at a time."""
WINDOWS = 4
"""How much longer a multiplication takes in a convolution, whose windows are copied first."""

MULTIPLICATIONS = 200_000_000
"""Of one forward pass over the rows that the curvature is measured on: a product is about a second of one core."""

QUICK_ROWS, QUICK_MULTIPLICATIONS, QUICK_PRODUCTS = 1_000, 20_000_000, 20
"""The same where somebody waits for the last word of a run: a second or two in all."""


FIRST_WEIGHTS, LAST_WEIGHTS = "at the first weights", "at the last good weights"


@dataclass(frozen=True)
class Stability:
    """Limits of the learning rate at the first weights.

    input_limit: 2 / E|x|² with the bias as an input that is always 1. lr_limit: 2 / lambda_max for the spec's loss,
    batch size, momentum and weight decay, inf where nothing curves upwards. samples: how many of the ``of`` training
    samples the curvature was measured on.
    """

    input_limit: float
    lr_limit: float
    largest: float
    products: int
    converged: bool
    samples: int
    of: int
    features: int
    lr: float
    sentence: str


def stability(spec: Spec, prepared: Prepared) -> Stability:
    """Measures both limits. Raises SpecError, and LabError where the gradient is not finite."""
    X, _ = prepared.train
    rows = _rows(spec, prepared, MOST_ROWS, MULTIPLICATIONS)
    net = network(spec, prepared.in_features, prepared.answers)
    if spec.model.channels:
        _off_the_kinks(net)
    try:
        with blas_threads(spec):
            found = _curvature(spec, prepared, net, rows, products=100, tolerance=1e-3)
    except ValueError as error:
        raise LabError(f"the curvature cannot be measured: {error}: scale the data, or the first weights") from None
    limit, online = _limit(spec, found.largest), limit_of_inputs(prepared)
    return Stability(
        input_limit=online,
        lr_limit=limit,
        largest=found.largest,
        products=found.products,
        converged=found.converged,
        samples=len(rows),
        of=len(X),
        features=prepared.in_features,
        lr=spec.training.lr,
        sentence=_in_words(spec, limit, online),
    )


def limit_of_inputs(prepared: Prepared) -> float:
    """`mlcore.input_limit` of the training samples, some of them at a time: all in float64 may be half a gigabyte."""
    X, _ = prepared.train
    total = 0.0
    for start in range(0, len(X), BLOCK_ROWS):
        block = prepared.ready(X[start : start + BLOCK_ROWS])
        total += len(block) * 2 / input_limit(block)  # the sum of |x|² + 1
    return 2 * len(X) / total


def limit_at(spec: Spec, prepared: Prepared, weights: Mapping[str, NDArray[Any]] | None) -> float | None:
    """2 / lambda_max at these weights (None: the first ones), on a sample and in a second or two.

    None where it says nothing (another optimiser than plain SGD), would take too long, or cannot be measured.
    """
    t = spec.training
    if t.optimizer != "sgd" or t.momentum or spec.model.channels:
        return None
    rows = _rows(spec, prepared, QUICK_ROWS, QUICK_MULTIPLICATIONS)
    if len(rows) < min(FEWEST_ROWS, len(prepared.train[0])):
        return None
    net = network(spec, prepared.in_features, prepared.answers)
    try:
        if weights is not None:
            net.load_state_dict(weights)
        found = _curvature(spec, prepared, net, rows, products=QUICK_PRODUCTS, tolerance=1e-2)
    except ValueError:
        return None
    limit = _limit(spec, found.largest)
    return limit if isfinite(limit) else None


def limit_of_run(folder: RunFolder, spec: Spec, prepared: Prepared) -> tuple[float | None, str]:
    """`limit_at` the weights of a run's last checkpoint, or its first ones; and in words which these are."""
    if not folder.last_path.exists():
        return limit_at(spec, prepared, None), FIRST_WEIGHTS
    try:
        return limit_at(spec, prepared, load(folder.last_path).weights), LAST_WEIGHTS
    except LabError:
        return None, ""


def momentum_factor(momentum: float, dampening: float = 0.0, nesterov: bool = False) -> float:
    """How much further than 2 / lambda_max SGD's limit lies: 1 without momentum.

    On a bowl the step is a linear map of (w, b); its eigenvalue reaches -1 at lr lambda = 2 (1 + mu) / (1 - dampening),
    with Nesterov's momentum at 2 (1 + mu) / (1 + 2 mu).
    """
    if not momentum:
        return 1.0
    if nesterov:
        return (1 + momentum) / (1 + 2 * momentum)
    return (1 + momentum) / (1 - dampening) if dampening < 1 else inf


def rounded_down(value: float) -> float:
    """To one digit: 0.0215 becomes 0.02."""
    power = floor(log10(value))
    return float(f"{floor(value / 10.0**power * (1 + 1e-12))}e{power}")


def _curvature(
    spec: Spec, prepared: Prepared, net: Sequential, rows: NDArray[np.int64], *, products: int, tolerance: float
) -> Curvature:
    """Of the loss as a step of the run sees it; ``largest`` holds for the run's own batches."""
    X, y = _targets(spec, prepared, rows)
    loss = make_loss(spec, prepared)
    found = largest_curvature(net, loss, X, y, iterations=products, tolerance=tolerance)
    largest = found.largest
    if not loss.averages or loss.gradient == "sum":  # the gradient of a sum grows with the batch
        size = len(prepared.train[0])
        batch = size if spec.training.batch_size == "full" else min(int(spec.training.batch_size), size)
        largest *= batch / len(rows)
    if spec.training.optimizer != "adamw":
        largest += spec.training.weight_decay
    return Curvature(largest, 2 / largest if largest > 0 else inf, found.products, found.converged)


def _off_the_kinks(net: Sequential) -> None:
    """Moves biases away from 0, where each window of dark pixels stands exactly on the kink of a ReLU."""
    rng = np.random.default_rng(0)
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            at_zero = parameter.data == 0
            parameter.data[at_zero] = 1e-3 * rng.choice((-1.0, 1.0), int(at_zero.sum()))


def _limit(spec: Spec, largest: float) -> float:
    t = spec.training
    if largest <= 0:
        return inf
    return 2 / largest * (momentum_factor(t.momentum, t.dampening, t.nesterov) if t.optimizer == "sgd" else 1.0)


def _targets(spec: Spec, prepared: Prepared, rows: NDArray[np.int64]) -> Part:
    X, y = prepared.train
    return targets(spec, (prepared.ready(X[rows]), y[rows]), prepared.answers)


def _rows(spec: Spec, prepared: Prepared, most: int, multiplications: int) -> NDArray[np.int64]:
    """Training samples at equal distances, as many as the work allows."""
    n = len(prepared.train[0])
    places = sum(stage.parameters * stage.convolved**2 for stage in stages(spec, prepared.in_features))
    work = WINDOWS * places + count_parameters(spec, prepared.in_features, prepared.answers)
    count = min(n, most, max(1, multiplications // work))
    return np.linspace(0, n - 1, count).astype(np.int64)


def _in_words(spec: Spec, limit: float, online: float) -> str:
    t = spec.training
    plain = t.optimizer == "sgd"
    name = "2/lambda_max"
    if plain and t.momentum:
        name = f"{name} x {momentum_factor(t.momentum, t.dampening, t.nesterov):.3g} (momentum {t.momentum:g})"
    if not isfinite(limit):
        said = f"nothing curves upwards at the first weights: {name} sets no limit to lr {t.lr:g} there"
    elif t.lr < limit:
        said = f"lr {t.lr:g} is below {name} = {limit:.3g}: plain gradient descent would go downhill from here"
    else:
        said = (
            f"lr {t.lr:g} is above {name} = {limit:.3g}: plain gradient descent would overshoot the steepest "
            f"direction further with each step; try {rounded_down(limit / 2):g}"
        )
    if not plain:
        said += f"; {t.optimizer} scales its own steps, so this limit is only for sgd"
    if _is_delta_rule(spec):
        word = "below" if t.lr < online else "above"
        said += f"; one sample at a time, it is {word} 2/E|x|² = {online:.3g}, which is the limit here"
    return said


def _is_delta_rule(spec: Spec) -> bool:
    """Linear units that learn from one sample at a time by eta x (t - y)."""
    t, model = spec.training, spec.model
    linear = not model.hidden and not model.channels and model.output == "linear"
    return linear and t.optimizer == "sgd" and t.batch_size == 1 and (t.loss, t.mse) == ("mse", "half_sum")
