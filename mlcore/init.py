"""How weights start. Each initialisation draws W (fan_out, fan_in) and b (fan_out,) for one Linear layer.

Values are drawn in float64 and cast afterwards, so that float32 and float64 networks start from the same
weights. Sources: Glorot and Bengio 2010 (xavier), He et al. 2015 (kaiming), torch.nn.init (gains and
names).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore import init_formulas as formulas
from mlcore._typing import Array
from mlcore.init_formulas import GAINS


@dataclass(frozen=True)
class InitOption:
    """A number that an initialisation takes; `low` and `high` are the least and the greatest allowed."""

    name: str
    type: type[int] | type[float]
    default: int | float
    low: int | float
    high: int | float


# Numbers from 1e6 on overflow float32 within a few layers.
STD = InitOption("std", float, 0.01, 0.0, 1e6)
SEED = InitOption("seed", int, 42, 0, 2**32 - 1)
# As many as the weights of two networks of a size that nobody trains here.
DRAWS_BEFORE = InitOption("draws_before", int, 0, 0, 200_000_000)


@dataclass(frozen=True)
class Initialisation:
    """One way to start: its name, its formula, why one would want it, how it draws, and its options.

    draw(Fans, rng, activation, **options) gives (W, b) in float64; std(fan_in, fan_out, activation, **options) the
    standard deviation that the formula asks of W. activation: whose gain it takes where nobody names one.
    """

    name: str
    formula: str
    why: str
    draw: Callable[..., tuple[Array, Array]]
    std: Callable[..., float]
    options: tuple[InitOption, ...] = ()
    activation: str = "relu"


def check_init_options(name: str, options: Mapping[str, Any]) -> None:
    """Raises ValueError, in words, for an unknown initialisation and for an option that it does not take.

    An option must be one of the initialisation's own, a number of its type, and within its limits.
    """
    if name not in INITIALISATIONS:
        raise ValueError(f"unknown initialisation {name!r}: choose one of {', '.join(INITIALISATIONS)}")
    known = {option.name: option for option in INITIALISATIONS[name].options}
    for given, value in options.items():
        if given not in known:
            there = f"its options are {', '.join(known)}" if known else "it has no options"
            raise ValueError(f"initialisation {name!r} does not take {given}: {there}")
        option = known[given]
        numbers = (int, np.integer) if option.type is int else (int, float, np.integer, np.floating)
        # True is an int, and NaN lies within no limits.
        if isinstance(value, bool) or not isinstance(value, numbers) or not option.low <= value <= option.high:
            kind = "a whole number" if option.type is int else "a number"
            limits = f"from {option.low:,.0f} to {option.high:,.0f}"
            raise ValueError(f"initialisation {name!r} takes {given} as {kind} {limits}, received {value!r}")


def initialise(
    name: str,
    fan_in: int,
    fan_out: int,
    *,
    rng: np.random.Generator | None = None,
    activation: str | None = None,
    dtype: npt.DTypeLike = np.float32,
    bias_init: str | None = None,
    units: int | None = None,
    **options: Any,
) -> tuple[Array, Array]:
    """W (fan_out, fan_in) and b (fan_out,) drawn by the initialisation `name`.

    activation: what follows the layer, for the gain of kaiming and xavier; None: what torch.nn.init takes by itself,
    "relu" for kaiming and "identity", the gain 1, for xavier. bias_init: the name of another initialisation to take b
    from, "zeros" for none. units: how many rows W and b have where that is not fan_out. options: std for `normal`,
    seed and draws_before for `micrograd`. rng None: anew each time.

    Raises ValueError for an unknown name or activation, for options that `check_init_options` refuses, and for a dtype
    that is not one of floating-point numbers.
    """
    check_init_options(name, options)
    activation = INITIALISATIONS[name].activation if activation is None else activation
    if activation not in GAINS:
        raise ValueError(f"unknown activation {activation!r}: choose one of {', '.join(GAINS)}")
    if not np.issubdtype(dtype, np.floating):
        raise ValueError(f"weights are float32 or float64, received the dtype {np.dtype(dtype)}")
    rng = np.random.default_rng() if rng is None else rng
    fans = formulas.Fans(fan_in, fan_out, fan_out if units is None else units)
    W, b = INITIALISATIONS[name].draw(fans, rng, activation, **options)
    if bias_init is not None:
        check_init_options(bias_init, {})
        b = INITIALISATIONS[bias_init].draw(fans, rng, activation)[1]
    return W.astype(dtype), b.astype(dtype)


_ALL = (
    Initialisation(
        "torch",
        "W, b ~ U(-1/sqrt(fan_in), 1/sqrt(fan_in))",
        "What torch.nn.Linear does when nobody says otherwise.",
        formulas.torch,
        formulas.torch_std,
    ),
    Initialisation(
        "kaiming_normal",
        "W ~ N(0, 2 / fan_in), b = 0",
        "ReLU halves the variance; the 2 gives it back (He 2015). Other activations have their own gain^2.",
        formulas.kaiming_normal,
        formulas.kaiming_std,
    ),
    Initialisation(
        "kaiming_uniform",
        "W ~ U(-a, a), a = sqrt(6 / fan_in), b = 0",
        "The variance of kaiming_normal, without its tails.",
        formulas.kaiming_uniform,
        formulas.kaiming_std,
    ),
    Initialisation(
        "xavier_normal",
        "W ~ N(0, 2 gain^2 / (fan_in + fan_out)), b = 0",
        "Keeps the variance alike on the way forward and on the way back (Glorot 2010); made for tanh.",
        formulas.xavier_normal,
        formulas.xavier_std,
        activation="identity",
    ),
    Initialisation(
        "xavier_uniform",
        "W ~ U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)), b = 0",
        "The variance of xavier_normal, without its tails.",
        formulas.xavier_uniform,
        formulas.xavier_std,
        activation="identity",
    ),
    Initialisation(
        "tp4",
        "W, b ~ N(0, 2 / fan_in)",
        "The lab sheet TP4: kaiming_normal that draws the biases too.",
        formulas.tp4,
        formulas.tp4_std,
    ),
    Initialisation(
        "normal",
        "W ~ N(0, std^2), b = 0",
        "Small random numbers of one size for all layers: deep networks then start almost silent.",
        formulas.normal,
        formulas.normal_std,
        (STD,),
    ),
    Initialisation(
        "micrograd",
        "W ~ U(-1, 1) from Python's random.Random(seed), b = 0",
        "The very numbers of the micrograd lab sheet, row by row and layer after layer.",
        formulas.micrograd,
        formulas.micrograd_std,
        (SEED, DRAWS_BEFORE),
    ),
    Initialisation(
        "playground",
        "W ~ U(-0.5, 0.5), b = 0.1",
        "What the TensorFlow Playground does.",
        formulas.playground,
        formulas.playground_std,
    ),
    Initialisation(
        "sklearn",
        "W, b ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out))",
        "What scikit-learn's MLPClassifier does; for the sigmoid it takes 2 instead of 6.",
        formulas.sklearn,
        formulas.sklearn_std,
    ),
    Initialisation(
        "zeros",
        "W = 0, b = 0",
        "All units of a layer stay equal for ever: what goes wrong without random weights.",
        formulas.zeros,
        formulas.zeros_std,
    ),
)

INITIALISATIONS: dict[str, Initialisation] = {item.name: item for item in _ALL}
"""All initialisations by name."""
