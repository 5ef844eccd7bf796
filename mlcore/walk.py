"""Small things that whatever walks through a network layer by layer needs."""

from collections.abc import Container
from typing import Any, TypeVar

from mlcore.layers import Layer, Sequential

T = TypeVar("T")


def layers_of(network: Layer) -> list[tuple[str, Any]]:
    """The layers that run one after another, each with its index: ("0", layer), inside another Sequential ("1.0", ..).

    Calling their forward in this order is the network's forward. So a Sequential with a forward or backward of its own
    counts as one layer.
    """
    return _layers(network, "")


def _layers(layer: Layer, prefix: str) -> list[tuple[str, Any]]:
    if not isinstance(layer, Sequential) or _has_its_own_way(layer):
        return [(prefix or "0", layer)]
    dot = prefix and prefix + "."
    return [leaf for index, child in enumerate(layer) for leaf in _layers(child, f"{dot}{index}")]


def _has_its_own_way(layer: Sequential) -> bool:
    own = type(layer)
    return own.forward is not Sequential.forward or own.backward is not Sequential.backward


def kind_of(thing: Any, known: Container[type[T]]) -> type[T] | None:
    """The class that `thing` is, or the closest that it derives from, among the `known` ones; None for another."""
    return next((kind for kind in type(thing).__mro__ if kind in known), None)


def shape_text(shape: tuple[int, ...]) -> str:
    """Such as (16,2)."""
    return "(" + ",".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
