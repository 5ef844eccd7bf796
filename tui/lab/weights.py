"""Weights as safetensors files, both ways: what PyTorch takes of ours, and what we take of others'.

A file of ours has the keys of ``torch.nn.Sequential``: ``0.weight``, ``0.bias``, an activation takes an index too. One
of a Module with layers of its own names has ``fc1.weight``: its layers are then taken in the order of their names
(fc2 before fc10), and every shape must fit.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore import Layer
from mlcore.walk import layers_of, shape_text
from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic
from tui.lab.spec import Spec

Shape = tuple[int, ...]
Arrays = Mapping[str, NDArray[Any]]

OPTIMIZER = "optimizer."
"""What a checkpoint holds beside the weights: left alone."""
KERAS = ("kernel", "gamma", "beta", "moving_mean", "moving_variance")
"""What Keras calls its tensors."""
DTYPES = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8")
"""Those of NumPy; bfloat16 is none of them."""


def weights_bytes(weights: Arrays, spec: Spec) -> bytes:
    """A safetensors file of these weights, with the spec as TOML in its metadata."""
    from safetensors.numpy import save as to_bytes

    # safetensors 0.8 writes garbage for an array that is not C-contiguous.
    tensors = {name: np.asarray(array, order="C") for name, array in weights.items()}
    metadata = {"format": "pt", "spec": spec.to_toml()}
    return to_bytes(tensors, metadata=metadata)


def save_weights(path: Path, network: Layer, spec: Spec) -> None:
    """Puts the network's weights in place of ``path`` in one step. Raises OSError; an old file then stays."""
    write_atomic(path, weights_bytes(network.state_dict(), spec))


def load_weights(path: Path, network: Layer) -> str:
    """Copies a file's weights into the network, and says in words how they were matched.

    By their names where all are the network's own, else layer by layer in the order of the file's names. Raises
    LabError, naming the tensor, its shape and what the layer takes, where they do not fit; nothing is changed then.
    """
    tensors = read_tensors(path)
    matched = match(path, {name: array.shape for name, array in tensors.items()}, network)
    network.load_state_dict({mine: tensors[theirs] for mine, theirs in matched.names.items()})
    return matched.words


@dataclass(frozen=True)
class Match:
    """names: of each of the network's tensors, the file's tensor that goes there. words: how that was found."""

    names: dict[str, str]
    words: str


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The weights in a safetensors file. Raises LabError in words."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    names = read_shapes(path)
    try:
        tensors = from_bytes(path.read_bytes())
        return {name: tensors[name] for name in names}
    except OSError as error:
        raise LabError(os_error_text(error, path)) from None
    except (SafetensorError, KeyError, ValueError) as error:
        raise LabError(f"{path}: damaged ({error})") from None


def read_shapes(path: Path) -> dict[str, Shape]:
    """The same file's names and shapes, from its header alone. Raises LabError in words."""
    try:
        status = path.stat()
        return _read_shapes(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise LabError(os_error_text(error, path)) from None


@lru_cache(maxsize=8)
def _read_shapes(path: Path, size: int, written: int) -> dict[str, Shape]:
    """Kept while the file stays as it is: a form asks at every key."""
    found = {}
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length < size else {}
        header.pop("__metadata__", None)
        if not header or 8 + length + max(entry["data_offsets"][1] for entry in header.values()) != size:
            raise ValueError
        for name, entry in header.items():
            if entry["dtype"] not in DTYPES:
                raise LabError(f"{path}: {name} is {entry['dtype']}: save the weights as float32")
            if not name.startswith(OPTIMIZER):
                found[name] = tuple(map(int, entry["shape"]))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise LabError(f"{path}: no safetensors file, or not a whole one") from None
    return found


def weights_path(spec: Spec) -> Path:
    """The file that ``model.weights`` names."""
    return Path(os.path.expanduser(spec.model.weights))


def refuse_weights(spec: Spec, network: Layer) -> tuple[str, str] | None:
    """(key, words) where the file of the first weights does not fit a network of these shapes; None where it does."""
    path = weights_path(spec)
    try:
        match(path, read_shapes(path), network)
    except LabError as error:
        return "model.weights", str(error)
    return None


def how_matched(spec: Spec, network: Layer) -> str:
    """In words. Raises LabError where the file does not fit."""
    path = weights_path(spec)
    return f"{path}: {match(path, read_shapes(path), network).words}"


def file_sha256(path: Path) -> str:
    """Raises LabError in words."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LabError(os_error_text(error, path)) from None


def match(path: Path, shapes: Mapping[str, Shape], network: Layer) -> Match:
    """Which tensor of the file goes where. Raises LabError as `load_weights`."""
    mine = {name: array.shape for name, array in network.tensors().items()}
    titles = {index: f"{layer!r} (layer {index})" for index, layer in layers_of(network)}
    if shapes.keys() == mine.keys():
        for name, shape in mine.items():
            _hold_against(path, name, shapes[name], shape, titles[name.rpartition(".")[0]])
        return Match({name: name for name in mine}, f"all {len(mine)} tensors by name")
    theirs, ours = _by_layer(path, shapes), _by_layer(path, mine)
    if len(theirs) != len(ours):
        listed = ", ".join(sorted(theirs, key=_natural))
        counts = f"{_count(len(theirs))} ({listed}), the network has those of {len(ours)} ({', '.join(ours)})"
        raise LabError(f"{path}: has weights of {counts}")
    pairs = _pairs(theirs, ours)
    names: dict[str, str] = {}
    for layer, place in pairs:
        names |= _match_layer(path, layer, theirs[layer], place, ours[place], titles[place])
    _refuse_ambiguous(path, [layer for layer, _ in pairs], theirs)
    return Match(names, "by order and shape: " + ", ".join(f"{layer} to {place}" for layer, place in pairs))


Tensors = dict[str, tuple[str, Shape]]
"""Of one layer: {"weight": ("fc1.weight", (16, 2)), ...}"""


def _by_layer(path: Path, shapes: Mapping[str, Shape]) -> dict[str, Tensors]:
    """{"fc1": ..., "fc2": ...}, in the order in which the layers come."""
    layers: dict[str, Tensors] = {}
    for name, shape in shapes.items():
        layer, _, tensor = name.rpartition("." if "." in name else "/")
        if not layer:
            raise LabError(f"{path}: {name} {shape_text(shape)} names no layer: expected names as fc1.weight, fc1.bias")
        layers.setdefault(layer, {})[tensor] = name, shape
    return layers


def _pairs(theirs: dict[str, Tensors], ours: dict[str, Tensors]) -> list[tuple[str, str]]:
    """(layer in the file, layer in the network), in the order of the file's names.

    Where names such as hidden and output say nothing about the order, and it does not fit, by shapes that no other
    layer has.
    """
    order = sorted(theirs, key=_natural)
    plain = list(zip(order, ours, strict=True))
    if len({_stem(layer) for layer in order}) == 1 or all(_fits(theirs[a], ours[b]) for a, b in plain):
        return plain
    fitting = [[layer for layer in order if _fits(theirs[layer], wanted)] for wanted in ours.values()]
    if all(len(layers) == 1 for layers in fitting):
        return [(layers[0], place) for layers, place in zip(fitting, ours, strict=True)]
    return plain


def _fits(theirs: Tensors, ours: Tensors) -> bool:
    return _shapes(theirs) == _shapes(ours)


def _shapes(tensors: Tensors) -> dict[str, Shape]:
    return {tensor: shape for tensor, (_, shape) in tensors.items()}


def _match_layer(path: Path, layer: str, theirs: Tensors, place: str, ours: Tensors, title: str) -> dict[str, str]:
    """{a tensor of the network: the file's} for one layer."""
    names = {}
    for tensor, (mine, expected) in ours.items():
        if tensor not in theirs:
            there = ", ".join(f"{name} {shape_text(shape)}" for name, shape in theirs.values())
            keras = any(other.partition(":")[0] in KERAS for other in theirs)
            hint = ": these are Keras's names, its weights are (in, out): save them transposed" if keras else ""
            raise LabError(f"{path}: {title} takes a {tensor} {shape_text(expected)}, {layer} has {there}{hint}")
        name, shape = theirs[tensor]
        _hold_against(path, name, shape, expected, title)
        names[mine] = name
    for tensor, (name, shape) in theirs.items():
        if tensor not in ours:
            raise LabError(f"{path}: {name} {shape_text(shape)} has no place: {title} takes {' and '.join(ours)}")
    return names


def _hold_against(path: Path, name: str, shape: Shape, expected: Shape, title: str) -> None:
    if shape == expected:
        return
    hint = ""
    if len(shape) == 2 and shape[::-1] == expected:
        hint = ": it is transposed, (in, out) as Keras has it: save its transpose"
    raise LabError(f"{path}: {name} has shape {shape_text(shape)}, {title} takes {shape_text(expected)}{hint}")


def _refuse_ambiguous(path: Path, order: list[str], theirs: dict[str, Tensors]) -> None:
    """Layers of one shape whose names say nothing about their order could be either way round."""
    for k, layer in enumerate(order):
        for other in order[:k]:
            if _stem(other) != _stem(layer) and _fits(theirs[other], theirs[layer]):
                size = " and ".join(shape_text(shape) for _, shape in theirs[layer].values())
                both = f"{other} and {layer} both have {size}"
                raise LabError(f"{path}: {both}, and their names give no order: number them, as fc1 and fc2")


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """fc2 before fc10."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def _stem(name: str) -> str:
    """A layer's name without its numbers."""
    return re.sub(r"\d+", "", name)


def _count(layers: int) -> str:
    return "1 layer" if layers == 1 else f"{layers} layers"
