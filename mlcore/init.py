"""How weights start. Each initialisation draws W (fan_out, fan_in) and b (fan_out,) for one Linear layer.

Values are drawn in float64 and cast afterwards, so that float32 and float64 networks start from the same
weights. Sources: Glorot and Bengio 2010 (xavier), He et al. 2015 (kaiming), torch.nn.init (gains and
names).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array

GAINS = {
    "identity": 1.0,
    "sigmoid": 1.0,
    "softplus": 1.0,
    "tanh": 5 / 3,
    "relu": sqrt(2),
    "leaky_relu": sqrt(2 / (1 + 0.01**2)),
    "elu": sqrt(2),
    "gelu": sqrt(2),
    "silu": sqrt(2),
}
"""torch.nn.init.calculate_gain; ELU, GELU and SiLU, which it leaves out, are treated as the ReLU they smooth."""


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

    draw(fan_in, fan_out, rng, activation, **options) gives (W, b) in float64; std(fan_in, fan_out,
    activation, **options) gives the standard deviation that the formula asks of W.
    """

    name: str
    formula: str
    why: str
    draw: Callable[..., tuple[Array, Array]]
    std: Callable[..., float]
    options: tuple[InitOption, ...] = ()


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
    rng: np.random.Generator,
    activation: str = "relu",
    dtype: npt.DTypeLike = np.float32,
    bias_init: str | None = None,
    **options: Any,
) -> tuple[Array, Array]:
    """W (fan_out, fan_in) and b (fan_out,) drawn by the initialisation `name`.

    activation: what follows the layer, for the gain of kaiming and xavier. bias_init: the name of another
    initialisation to take b from, "zeros" for none. options: std for `normal`, seed and draws_before for
    `micrograd`. Raises ValueError for an unknown name or activation, and for options that
    `check_init_options` refuses.
    """
    check_init_options(name, options)
    if activation not in GAINS:
        raise ValueError(f"unknown activation {activation!r}: choose one of {', '.join(GAINS)}")
    W, b = INITIALISATIONS[name].draw(fan_in, fan_out, rng, activation, **options)
    if bias_init is not None:
        check_init_options(bias_init, {})
        b = INITIALISATIONS[bias_init].draw(fan_in, fan_out, rng, activation)[1]
    return W.astype(dtype), b.astype(dtype)


# U(-a, a) has the standard deviation a / sqrt(3): the uniform variants take a = sqrt(3) times the asked one.


def _uniform(rng: np.random.Generator, bound: float, *shape: int) -> Array:
    return rng.uniform(-bound, bound, shape)


def _torch_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 1 / sqrt(3 * fan_in)


def _torch(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = 1 / sqrt(fan_in)
    return _uniform(rng, bound, fan_out, fan_in), _uniform(rng, bound, fan_out)


def _kaiming_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return GAINS[activation] / sqrt(fan_in)


def _kaiming_normal(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return rng.normal(0, _kaiming_std(fan_in, fan_out, activation), (fan_out, fan_in)), np.zeros(fan_out)


def _kaiming_uniform(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return _uniform(rng, sqrt(3) * _kaiming_std(fan_in, fan_out, activation), fan_out, fan_in), np.zeros(fan_out)


def _xavier_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return GAINS[activation] * sqrt(2 / (fan_in + fan_out))


def _xavier_normal(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return rng.normal(0, _xavier_std(fan_in, fan_out, activation), (fan_out, fan_in)), np.zeros(fan_out)


def _xavier_uniform(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return _uniform(rng, sqrt(3) * _xavier_std(fan_in, fan_out, activation), fan_out, fan_in), np.zeros(fan_out)


def _tp4_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return sqrt(2 / fan_in)


def _tp4(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    std = _tp4_std(fan_in, fan_out)
    return rng.normal(0, std, (fan_out, fan_in)), rng.normal(0, std, fan_out)


def _normal_std(fan_in: int, fan_out: int, activation: str = "relu", std: float = STD.default) -> float:
    return std


def _normal(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str, std: float = STD.default
) -> tuple[Array, Array]:
    return rng.normal(0, std, (fan_out, fan_in)), np.zeros(fan_out)


def _micrograd_std(fan_in: int, fan_out: int, activation: str = "relu", **stream: int) -> float:
    return 1 / sqrt(3)


def _micrograd(
    fan_in: int,
    fan_out: int,
    rng: np.random.Generator,
    activation: str,
    seed: int | float = SEED.default,
    draws_before: int | float = DRAWS_BEFORE.default,
) -> tuple[Array, Array]:
    stream = random.Random(int(seed))  # Python's own generator: the sheet's figures come from it
    left = int(draws_before)
    while left:  # a number drawn takes 64 bits of the stream, and bits are skipped faster than numbers
        skipped = min(left, 1_000_000)
        stream.getrandbits(64 * skipped)
        left -= skipped
    draws = np.fromiter((stream.uniform(-1, 1) for _ in range(fan_out * fan_in)), np.float64, fan_out * fan_in)
    return draws.reshape(fan_out, fan_in), np.zeros(fan_out)


def _playground_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 0.5 / sqrt(3)


def _playground(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return _uniform(rng, 0.5, fan_out, fan_in), np.full(fan_out, 0.1)


def _sklearn_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return sqrt((2 if activation == "sigmoid" else 6) / (fan_in + fan_out)) / sqrt(3)


def _sklearn(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = sqrt(3) * _sklearn_std(fan_in, fan_out, activation)
    return _uniform(rng, bound, fan_out, fan_in), _uniform(rng, bound, fan_out)


def _zeros_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 0.0


def _zeros(fan_in: int, fan_out: int, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return np.zeros((fan_out, fan_in)), np.zeros(fan_out)


_ALL = (
    Initialisation(
        "torch",
        "W, b ~ U(-1/sqrt(fan_in), 1/sqrt(fan_in))",
        "What torch.nn.Linear does when nobody says otherwise.",
        _torch,
        _torch_std,
    ),
    Initialisation(
        "kaiming_normal",
        "W ~ N(0, 2 / fan_in), b = 0",
        "ReLU halves the variance; the 2 gives it back (He 2015). Other activations have their own gain^2.",
        _kaiming_normal,
        _kaiming_std,
    ),
    Initialisation(
        "kaiming_uniform",
        "W ~ U(-a, a), a = sqrt(6 / fan_in), b = 0",
        "The variance of kaiming_normal, without its tails.",
        _kaiming_uniform,
        _kaiming_std,
    ),
    Initialisation(
        "xavier_normal",
        "W ~ N(0, 2 gain^2 / (fan_in + fan_out)), b = 0",
        "Keeps the variance alike on the way forward and on the way back (Glorot 2010); made for tanh.",
        _xavier_normal,
        _xavier_std,
    ),
    Initialisation(
        "xavier_uniform",
        "W ~ U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)), b = 0",
        "The variance of xavier_normal, without its tails.",
        _xavier_uniform,
        _xavier_std,
    ),
    Initialisation(
        "tp4",
        "W, b ~ N(0, 2 / fan_in)",
        "The lab sheet TP4: kaiming_normal that draws the biases too.",
        _tp4,
        _tp4_std,
    ),
    Initialisation(
        "normal",
        "W ~ N(0, std^2), b = 0",
        "Small random numbers of one size for all layers: deep networks then start almost silent.",
        _normal,
        _normal_std,
        (STD,),
    ),
    Initialisation(
        "micrograd",
        "W ~ U(-1, 1) from Python's random.Random(seed), b = 0",
        "The very numbers of the micrograd lab sheet, row by row and layer after layer.",
        _micrograd,
        _micrograd_std,
        (SEED, DRAWS_BEFORE),
    ),
    Initialisation(
        "playground",
        "W ~ U(-0.5, 0.5), b = 0.1",
        "What the TensorFlow Playground does.",
        _playground,
        _playground_std,
    ),
    Initialisation(
        "sklearn",
        "W, b ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out))",
        "What scikit-learn's MLPClassifier does; for the sigmoid it takes 2 instead of 6.",
        _sklearn,
        _sklearn_std,
    ),
    Initialisation(
        "zeros",
        "W = 0, b = 0",
        "All units of a layer stay equal for ever: what goes wrong without random weights.",
        _zeros,
        _zeros_std,
    ),
)

INITIALISATIONS: dict[str, Initialisation] = {item.name: item for item in _ALL}
