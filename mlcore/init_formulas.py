"""The formulas by which weights start: for each a function that draws, and one for the standard deviation of W.

Draws are in float64: W (units, fan_in), then b (units,). The rows of a convolution are fewer than its fan_out, which
counts a unit for each place in the window; elsewhere units is fan_out.
"""

import random
from math import sqrt
from typing import NamedTuple

import numpy as np

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


class Fans(NamedTuple):
    """How many inputs a unit has, how many outputs an input has, and how many units are drawn."""

    fan_in: int
    fan_out: int
    units: int


# U(-a, a) has the standard deviation a / sqrt(3): the uniform variants take a = sqrt(3) times the asked one.


def _uniform(rng: np.random.Generator, bound: float, *shape: int) -> Array:
    return rng.uniform(-bound, bound, shape)


def _uniform_weights(rng: np.random.Generator, bound: float, fans: Fans) -> Array:
    return _uniform(rng, bound, fans.units, fans.fan_in)


def _normal_weights(rng: np.random.Generator, std: float, fans: Fans) -> Array:
    return rng.normal(0, std, (fans.units, fans.fan_in))


def torch_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 1 / sqrt(3 * fan_in)


def torch(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = 1 / sqrt(fans.fan_in)
    return _uniform_weights(rng, bound, fans), _uniform(rng, bound, fans.units)


def kaiming_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return GAINS[activation] / sqrt(fan_in)


def kaiming_normal(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    std = kaiming_std(fans.fan_in, fans.fan_out, activation)
    return _normal_weights(rng, std, fans), np.zeros(fans.units)


def kaiming_uniform(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = sqrt(3) * kaiming_std(fans.fan_in, fans.fan_out, activation)
    return _uniform_weights(rng, bound, fans), np.zeros(fans.units)


def xavier_std(fan_in: int, fan_out: int, activation: str = "identity") -> float:
    return GAINS[activation] * sqrt(2 / (fan_in + fan_out))


def xavier_normal(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    std = xavier_std(fans.fan_in, fans.fan_out, activation)
    return _normal_weights(rng, std, fans), np.zeros(fans.units)


def xavier_uniform(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = sqrt(3) * xavier_std(fans.fan_in, fans.fan_out, activation)
    return _uniform_weights(rng, bound, fans), np.zeros(fans.units)


def tp4_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return sqrt(2 / fan_in)


def tp4(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    std = tp4_std(fans.fan_in, fans.fan_out)
    return _normal_weights(rng, std, fans), rng.normal(0, std, fans.units)


def normal_std(fan_in: int, fan_out: int, activation: str = "relu", std: float = 0.01) -> float:
    return std


def normal(fans: Fans, rng: np.random.Generator, activation: str, std: float = 0.01) -> tuple[Array, Array]:
    return _normal_weights(rng, std, fans), np.zeros(fans.units)


def micrograd_std(fan_in: int, fan_out: int, activation: str = "relu", **stream: int) -> float:
    return 1 / sqrt(3)


def micrograd(
    fans: Fans, rng: np.random.Generator, activation: str, seed: int | float = 42, draws_before: int | float = 0
) -> tuple[Array, Array]:
    stream = random.Random(int(seed))  # Python's own generator: the sheet's figures come from it
    left = int(draws_before)
    while left:  # a number drawn takes 64 bits of the stream, and bits are skipped faster than numbers
        skipped = min(left, 1_000_000)
        stream.getrandbits(64 * skipped)
        left -= skipped
    count = fans.units * fans.fan_in
    draws = np.fromiter((stream.uniform(-1, 1) for _ in range(count)), np.float64, count)
    return draws.reshape(fans.units, fans.fan_in), np.zeros(fans.units)


def playground_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 0.5 / sqrt(3)


def playground(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return _uniform_weights(rng, 0.5, fans), np.full(fans.units, 0.1)


def sklearn_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return sqrt((2 if activation == "sigmoid" else 6) / (fan_in + fan_out)) / sqrt(3)


def sklearn(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    bound = sqrt(3) * sklearn_std(fans.fan_in, fans.fan_out, activation)
    return _uniform_weights(rng, bound, fans), _uniform(rng, bound, fans.units)


def zeros_std(fan_in: int, fan_out: int, activation: str = "relu") -> float:
    return 0.0


def zeros(fans: Fans, rng: np.random.Generator, activation: str) -> tuple[Array, Array]:
    return np.zeros((fans.units, fans.fan_in)), np.zeros(fans.units)
