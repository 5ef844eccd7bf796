"""Notices that somebody has changed what the fast form was compiled from: layers, options, or methods."""

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter, call, ne
from typing import Any

from mlcore.activations import ELU, LeakyReLU, Sigmoid
from mlcore.layers import Dropout, Layer, Linear, Sequential
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss
from mlcore.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

METHODS = frozenset({"forward", "backward", "step", "_update", "_gradient"})
"""Those that the fast form stands in for."""

_PENALTIES = ("weight_decay", "l1")
_OPTIONS: dict[type, tuple[str, ...]] = {
    Linear: ("weight", "bias"),
    Dropout: ("p", "scaling", "rng", "frozen"),
    LeakyReLU: ("negative_slope",),
    ELU: ("alpha",),
    Sigmoid: ("derivative",),
    CrossEntropyLoss: ("reduction", "gradient", "label_smoothing", "epsilon"),
    MSELoss: ("reduction", "gradient", "task"),
    BCEWithLogitsLoss: ("reduction", "gradient"),
    SGD: ("momentum", "dampening", "nesterov", *_PENALTIES),
    Adagrad: ("lr_decay", "eps", *_PENALTIES),
    RMSprop: ("alpha", "eps", "momentum", "centered", *_PENALTIES),
    Adam: ("betas", "eps", "amsgrad", *_PENALTIES),
    AdamW: ("betas", "eps", "amsgrad", *_PENALTIES),
}
"""What the operations are made from. An optimiser's lr and steps are read anew at each step."""


class Watch:
    """What a network, its loss and its optimiser were when this was made."""

    def __init__(self, network: Layer, loss: Loss, optimizer: Optimizer) -> None:
        self._looks = [look for thing in (*network.modules(), loss, optimizer) for look in _looks(thing)]
        self._seen = [look() for look in self._looks]

    @property
    def has_changed(self) -> bool:
        return any(map(ne, map(call, self._looks), self._seen))  # one by one, so that nothing piles up in memory


def methods_of(kind: type) -> list[Any]:
    """The functions that a class, or one that it derives from, has for these methods now."""
    return [getattr(kind, name) for name in _methods(kind)]


def _methods(kind: type) -> list[str]:
    return sorted(name for name in METHODS if hasattr(kind, name))


def _looks(thing: Any) -> Iterator[Callable[[], Any]]:
    # Of methods, those of the thing itself: its class's, or one that it has been given.
    yield partial(attrgetter(*_methods(type(thing)), *_OPTIONS.get(type(thing), ())), thing)
    if isinstance(thing, Sequential):
        yield lambda: thing.layers[:]
    elif isinstance(thing, CrossEntropyLoss):
        yield lambda: None if thing.weight is None else thing.weight.tobytes()
    elif isinstance(thing, Optimizer):
        yield lambda: [*thing.params, *thing.state]
