"""The built-in sets by name, with the defaults of the bench: more points, some noise, a fixed seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import generators as g
from . import playground as p
from .base import DataError, Dataset, quote
from .options import ARMS, CENTERS, CLUSTER_STD, FACTOR, MISPLACED, SEED, SQUARES, TURNS, Option, noise_option, points


@dataclass(frozen=True)
class Generator:
    """A data set made on the spot. features and classes are those of the default options; a regression has none."""

    name: str
    make: Callable[..., Dataset]
    title: str
    options: tuple[Option, ...]
    features: int
    classes: int

    @property
    def task(self) -> str:
        return "classification" if self.classes else "regression"


_PLAYGROUND = (p.N_SAMPLES, p.NOISE, SEED)

_ALL = (
    Generator("moons", g.make_moons, "two interleaving half moons", (points(), noise_option(0.2), SEED), 2, 2),
    Generator(
        "circles",
        g.make_circles,
        "a circle within a circle",
        (points(), noise_option(0.1), FACTOR, SEED),
        2,
        2,
    ),
    Generator("blobs", g.make_blobs, "Gaussian blobs, one a class", (points(), CENTERS, CLUSTER_STD, SEED), 2, 3),
    Generator("xor", g.make_xor, "exclusive or: four quadrants", (points(), noise_option(0.1), SEED), 2, 2),
    Generator(
        "spirals",
        g.make_spirals,
        "spiral arms, one a class",
        (points(), noise_option(0.02), TURNS, ARMS, SEED),
        2,
        2,
    ),
    Generator(
        "checkerboard",
        g.make_checkerboard,
        "the fields of a board in two colours",
        (points(), noise_option(0.0), SQUARES, SEED),
        2,
        2,
    ),
    Generator("pg-circle", p.make_playground_circle, "Playground: a disc within a ring", _PLAYGROUND, 2, 2),
    Generator("pg-xor", p.make_playground_xor, "Playground: four quadrants", _PLAYGROUND, 2, 2),
    Generator("pg-gauss", p.make_playground_gauss, "Playground: two clouds", _PLAYGROUND, 2, 2),
    Generator("pg-spiral", p.make_playground_spiral, "Playground: two spiral arms", _PLAYGROUND, 2, 2),
    Generator("plane", g.make_plane, "regression: an inclined plane", (points(), MISPLACED, SEED), 2, 0),
    Generator(
        "reg-gauss", g.make_reg_gauss, "regression: three bumps up, three down", (points(), MISPLACED, SEED), 2, 0
    ),
    Generator("tp4", g.make_tp4, "lab sheet TP4: four moons, eight features of noise", (SEED,), 10, 4),
)

GENERATORS: dict[str, Generator] = {generator.name: generator for generator in _ALL}


def generate(name: str, options: Mapping[str, Any]) -> Dataset:
    """The named set, with the bench's defaults for the options not given. Raises DataError."""
    generator = GENERATORS[name]
    known = [option.name for option in generator.options]
    for given in options:
        if given not in known:
            raise DataError(f"no option {quote(given)}: expected one of {', '.join(known)}", source=name)
    values = {option.name: options.get(option.name, option.default) for option in generator.options}
    return generator.make(**values)
