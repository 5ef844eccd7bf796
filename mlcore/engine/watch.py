"""Notices that somebody has changed what the fast form was compiled from: layers, options, or methods."""

from collections.abc import Callable, Collection
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from mlcore.activations import ELU, LeakyReLU, Sigmoid
from mlcore.layers import Dropout, Layer, Linear, Sequential
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss
from mlcore.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

METHODS = frozenset({"forward", "backward", "step", "_update", "_gradient"})
"""Those that the fast form stands in for."""

_SHARED = ("params", "weight_decay", "l1")
_OPTIONS: dict[type, tuple[str, ...]] = {
    Sequential: ("layers",),
    Linear: ("weight", "bias"),
    Dropout: ("p", "scaling", "rng", "frozen"),
    LeakyReLU: ("negative_slope",),
    ELU: ("alpha",),
    Sigmoid: ("derivative",),
    CrossEntropyLoss: ("reduction", "gradient", "label_smoothing", "epsilon"),
    MSELoss: ("reduction", "gradient", "task"),
    BCEWithLogitsLoss: ("reduction", "gradient"),
    SGD: ("momentum", "dampening", "nesterov", *_SHARED),
    Adagrad: ("lr_decay", "eps", *_SHARED),
    RMSprop: ("alpha", "eps", "momentum", "centered", *_SHARED),
    Adam: ("betas", "eps", "amsgrad", *_SHARED),
    AdamW: ("betas", "eps", "amsgrad", *_SHARED),
}
"""What the operations are made from. An optimiser's lr and steps are read anew at each step."""


class Watch:
    """What a network, its loss and its optimiser were when this was made.

    It is asked before every epoch of a network that may take ten microseconds for one, so all is read in a few calls.
    """

    def __init__(self, network: Layer, loss: Loss, optimizer: Optimizer) -> None:
        things = [*network.modules(), loss, optimizer]
        self._read = _reader(
            # A class's functions, not a thing's methods: those would be made anew each time.
            *((kind, name) for kind in dict.fromkeys(map(type, things)) for name in _methods(kind)),
            *((thing, name) for thing in things for name in _OPTIONS.get(type(thing), ())),
        )
        layers = [thing.layers for thing in things if isinstance(thing, Sequential)]
        self._optimizer, self._state = optimizer, optimizer.state
        self._lists: list[Collection[Any]] = [*layers, optimizer.params, self._state]
        self._attributes = [vars(thing) for thing in things]
        self._class_weights = loss if isinstance(loss, CrossEntropyLoss) else None
        self._seen, self._members = self._read(), list(map(tuple, self._lists))
        self._counts, self._weights = list(map(len, self._attributes)), self._bytes()

    @property
    def has_changed(self) -> bool:
        return (
            self._read() != self._seen
            or self._optimizer.state is not self._state
            or list(map(tuple, self._lists)) != self._members
            or (list(map(len, self._attributes)) != self._counts and self._has_methods())
            or (self._class_weights is not None and self._bytes() != self._weights)
        )

    def _has_methods(self) -> bool:
        """Whether a thing has been given a method of its own; what else it has been given does not matter."""
        if not all(map(METHODS.isdisjoint, self._attributes)):
            return True
        self._counts = list(map(len, self._attributes))
        return False

    def _bytes(self) -> bytes | None:
        weight = None if self._class_weights is None else self._class_weights.weight
        return None if weight is None else weight.tobytes()


def _reader(*places: tuple[Any, str]) -> Callable[[], tuple[Any, ...]]:
    """What reads these attributes, (object, name), at least two, in one call."""
    holder = SimpleNamespace(**{f"o{id(thing)}": thing for thing, _ in places})
    return partial(attrgetter(*(f"o{id(thing)}.{name}" for thing, name in places)), holder)


def methods_of(kind: type) -> list[Any]:
    """The functions that a class, or one that it derives from, has for these methods now."""
    return [getattr(kind, name) for name in _methods(kind)]


def _methods(kind: type) -> list[str]:
    names = METHODS - {"step"} if issubclass(kind, Layer) else METHODS  # `fit` does not use a layer's own step
    return sorted(name for name in names if hasattr(kind, name))
