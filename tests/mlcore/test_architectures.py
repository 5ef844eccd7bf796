"""Random networks of every layer pass the gradient check, in training and in inference, under every loss."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    AvgPool2d,
    BatchNorm1d,
    BCEWithLogitsLoss,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    Linear,
    LogSoftmax,
    MaxPool2d,
    MSELoss,
    NLLLoss,
    Sequential,
    Softmax,
    Unflatten,
    check_gradient,
)

F64: dict[str, Any] = {"dtype": np.float64}
CLASSES = 3


def rows_of(width: int, draw: Any, rng: np.random.Generator) -> tuple[list[Layer], int]:
    """A layer or two on rows of `width` features, and how many come out."""
    kind = draw(st.sampled_from(["linear", "batch_norm", "layer_norm", "dropout", "softmax", "nested", *ACTIVATIONS]))
    if kind == "linear":
        out = draw(st.integers(1, 6))
        return [Linear(width, out, draw(st.sampled_from([True, False, "input"])), rng=rng, **F64)], out
    if kind == "batch_norm":
        options = {"affine": draw(st.booleans()), "track_running_stats": draw(st.booleans())}
        return [BatchNorm1d(width, init="uniform", rng=rng, **options, **F64)], width
    if kind == "layer_norm":
        options = {"elementwise_affine": draw(st.booleans()), "bias": draw(st.booleans())}
        # eps far above its default: two features that come out almost equal would make it nearly singular.
        return [LayerNorm(width, eps=0.1, init="uniform", rng=rng, **options, **F64)], width
    if kind == "dropout":
        return [Dropout(0.3, scaling=draw(st.sampled_from(["inverted", "none"])), rng=rng)], width
    if kind == "softmax":
        return [draw(st.sampled_from([Softmax, LogSoftmax]))()], width
    if kind == "nested":
        inner, out = rows_of(width, draw, rng)
        return [Sequential(inner)], out
    return [ACTIVATIONS[kind]()], width


def images_of(shape: tuple[int, int, int], draw: Any, rng: np.random.Generator) -> tuple[Layer, tuple[int, int, int]]:
    """A layer on images, and the shape that comes out."""
    channels, height, width = shape
    kernel = (draw(st.integers(1, min(3, height))), draw(st.integers(1, min(3, width))))
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    kind = draw(st.sampled_from(["conv", "max", "avg"]))
    if kind == "conv":
        channels = draw(st.integers(1, 3))
        layer: Layer = Conv2d(shape[0], channels, kernel, stride, padding, draw(st.booleans()), rng=rng, **F64)
    else:
        layer = (MaxPool2d if kind == "max" else AvgPool2d)(kernel, stride, padding)
    size = [(s + 2 * p - k) // d + 1 for s, p, k, d in zip((height, width), padding, kernel, stride, strict=True)]
    return layer, (channels, size[0], size[1])


@st.composite
def architectures(draw: Any) -> tuple[Sequential, np.ndarray, int, np.random.Generator]:
    """A network in training or inference mode, a batch for it, the number of its outputs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    layers: list[Layer] = []
    if draw(st.booleans()):
        shape = (draw(st.integers(1, 2)), draw(st.integers(3, 6)), draw(st.integers(3, 6)))
        features = int(np.prod(shape))
        layers.append(Unflatten(1, shape))
        for _ in range(draw(st.integers(1, 3))):
            layer, shape = images_of(shape, draw, rng)
            layers.append(layer)
            if draw(st.booleans()):
                layers.append(ACTIVATIONS[draw(st.sampled_from(list(ACTIVATIONS)))]())
        layers.append(Flatten())
        width = int(np.prod(shape))
    else:
        width = features = draw(st.integers(1, 5))
    for _ in range(draw(st.integers(0, 4))):
        more, width = rows_of(width, draw, rng)
        layers += more
    out = draw(st.sampled_from([1, CLASSES]))
    net = Sequential(*layers, Linear(width, out, rng=rng, **F64))
    for parameter in net.parameters():
        parameter.data[...] += rng.normal(0, 0.2, parameter.data.shape)  # no zero biases
    x = rng.normal(size=(6, features))
    net.forward(x)  # so that running statistics are not those of the start
    net.train(draw(st.booleans()))
    return net, x, out, rng


@settings(max_examples=100, deadline=None)
@given(architectures(), st.data())
def test_gradients_of_random_networks(
    made: tuple[Sequential, np.ndarray, int, np.random.Generator], data: st.DataObject
) -> None:
    net, x, out, rng = made
    reduction = data.draw(st.sampled_from(["mean", "sum"]))
    losses: list[tuple[Any, Any]] = [
        (MSELoss(data.draw(st.sampled_from(MSELoss.REDUCTIONS)), task="regression"), rng.normal(size=(6, out))),
        (None, None),
    ]
    labels = rng.integers(0, max(out, 2), 6)
    if out == 1:
        losses.append((BCEWithLogitsLoss(reduction), labels))
    else:
        options: dict[str, Any] = {"weight": [0.5, 1, 2]} if data.draw(st.booleans()) else {}
        smoothing = data.draw(st.sampled_from([0.0, 0.2]))
        losses.append((CrossEntropyLoss(reduction, label_smoothing=smoothing, **options), labels))
        losses.append((CrossEntropyLoss(reduction, epsilon=1e-16, **options), labels))
        losses.append((NLLLoss(reduction, **options), labels))
        losses.append((MSELoss(), labels))
    loss, y = data.draw(st.sampled_from(losses))
    report = check_gradient(net, x, y, loss=loss, max_entries=25, rng=rng)
    assert report.ok, f"{net}\n{loss}\n{report}"


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (BatchNorm1d(4, init="uniform", **F64), (5, 4)),
        (BatchNorm1d(4, **F64), (5, 4, 3)),
        (BatchNorm1d(4, momentum=None, affine=False), (5, 4)),
        (LayerNorm(4, init="uniform", **F64), (5, 4)),
        (LayerNorm((3, 4), **F64), (5, 2, 3, 4)),
        (Conv2d(2, 3, 3, stride=2, padding=1, **F64), (3, 2, 5, 6)),
        (Conv2d(1, 2, (2, 3), bias=False, **F64), (3, 1, 4, 5)),
        (MaxPool2d(2), (3, 2, 5, 4)),
        (MaxPool2d(3, stride=1, padding=1), (3, 2, 5, 4)),
        (AvgPool2d(2), (3, 2, 5, 4)),
        (AvgPool2d((2, 3), stride=1, padding=1), (3, 2, 5, 4)),
        (Linear(4, 3, bias="input", **F64), (5, 4)),
        (Softmax(), (5, 4)),
        (Softmax(dim=0), (5, 4)),
        (LogSoftmax(), (5, 4)),
        (Unflatten(1, (2, 2)), (5, 4)),
    ],
    ids=repr,
)
def test_a_layer_alone(layer: Layer, shape: tuple[int, ...], training: bool) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    layer.train()
    layer.forward(x)
    report = check_gradient(layer.train(training), x, max_entries=None)
    assert report.ok, report
