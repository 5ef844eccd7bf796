"""Each kernel against the layer, loss or optimiser that it stands for."""

from typing import Any

import numpy as np
import pytest

from mlcore import ELU, SGD, Adagrad, Adam, AdamW, Dropout, LeakyReLU, Linear, ReLU, RMSprop, Sigmoid
from mlcore.activations import GELU, SiLU, Softplus, Tanh
from mlcore.base import Layer
from mlcore.engine.kernels import (
    ACTIVATION_KERNELS,
    draw_masks,
    dropout,
    linear,
    linear_backward,
    linear_gradients,
    relu_dropout,
)
from mlcore.engine.parameters import FlatParameters, FlatState
from mlcore.engine.updates import UPDATES, Operation
from mlcore.optim import Optimizer
from mlcore.random_state import get_rng_state, set_rng_state

DTYPES = [(np.float64, 1e-14), (np.float32, 2e-6)]


def run(program: list[Operation]) -> None:
    for operation in program:
        operation()


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize("features", [5, 600])
@pytest.mark.parametrize("bias", [True, False, "input"])
def test_linear(features: int, bias: bool | str, dtype: type, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    layer = Linear(features, 3, bias, rng=rng, dtype=dtype)
    x, grad = rng.normal(size=(7, features)).astype(dtype), rng.normal(size=(7, 3)).astype(dtype)
    y = layer.forward(x)
    grad_x = layer.backward(grad)
    grads = [parameter.grad.copy() for parameter in layer.parameters()]
    flat = FlatParameters([layer])
    cut, grad_cut = flat.data_cuts[0], flat.grad_cuts[0]
    ones = 0 if cut.whole is None else 1
    assert ones == (features < 512 and bool(bias))
    h = np.ones((features + ones, 7), dtype)
    h[:features] = x.T
    z, dz, dh = np.empty((3, 7), dtype), np.ascontiguousarray(grad.T), np.empty_like(h)
    run([*linear(cut, h, z), *linear_gradients(grad_cut, dz, h), *linear_backward(cut, dz, dh)])
    np.testing.assert_allclose(z.T, y, rtol=0, atol=10 * tolerance)
    np.testing.assert_allclose(dh[:features].T, grad_x, rtol=0, atol=10 * tolerance)
    for parameter, expected in zip(layer.parameters(), grads, strict=True):
        np.testing.assert_allclose(parameter.grad, expected, rtol=0, atol=20 * tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize(
    "layer",
    [
        ReLU(),
        LeakyReLU(),
        LeakyReLU(1.5),
        ELU(),
        ELU(0.7),
        GELU(),
        SiLU(),
        Sigmoid(),
        Sigmoid("detached"),
        Tanh(),
        Softplus(),
    ],
)
def test_activations(layer: Layer, dtype: type, tolerance: float) -> None:
    values = [0.0, -0.0, 1e-30, -1e-30, 1.0, -1.0, 20.0, -20.0, 90.0, -90.0, 800.0, -800.0]
    x = np.array([*values, *np.random.default_rng(0).normal(0, 3, 52)]).reshape(4, 16).astype(dtype)
    with np.errstate(all="ignore"):
        y, slope = layer.forward(x), layer.backward(np.ones_like(x))
        z = x.copy()
        program, got = ACTIVATION_KERNELS[type(layer)](layer, z)
        for _ in range(2):  # nothing is left over from the first time
            z[...] = x
            run(program)
    np.testing.assert_allclose(z, y, rtol=4 * tolerance, atol=tolerance)
    np.testing.assert_allclose(np.ones_like(x) if got is None else got, slope, rtol=4 * tolerance, atol=4 * tolerance)
    assert set(ACTIVATION_KERNELS) == {ReLU, LeakyReLU, ELU, GELU, SiLU, Sigmoid, Tanh, Softplus}


@pytest.mark.parametrize("scaling", ["inverted", "none"])
def test_dropout_given_the_mask(scaling: str) -> None:
    rng = np.random.default_rng(0)
    x, grad, kept = rng.normal(size=(6, 9)), rng.normal(size=(6, 9)), rng.random((6, 9)) < 0.7
    layer = Dropout(0.3, scaling=scaling)
    layer.frozen, layer.mask = True, kept
    z = x.copy()
    program, slope = dropout(layer, z, kept)
    run(program)
    np.testing.assert_allclose(z, layer.forward(x), rtol=1e-15)
    np.testing.assert_allclose(grad * slope, layer.backward(grad), rtol=1e-15)
    relu = ReLU()
    z[...] = x
    program, slope = relu_dropout(layer, z, kept)
    run(program)
    np.testing.assert_allclose(z, layer.forward(relu.forward(x)), rtol=1e-15)
    np.testing.assert_allclose(z, relu.forward(layer.forward(x)), rtol=1e-15)
    np.testing.assert_allclose(grad * slope, relu.backward(layer.backward(grad)), rtol=1e-15)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.SFC64, np.random.Philox, np.random.MT19937])
def test_masks_keep_their_shares_and_are_independent(bits: Any) -> None:
    rng = np.random.Generator(bits(5))
    layers = [(Dropout(p), units) for p, units in [(0.2, 40), (0.5, 33), (1.0, 3), (0.001, 20)]]
    program, masks = draw_masks(rng, layers, 50)
    assert [mask.shape for mask in masks] == [(40, 50), (33, 50), (3, 50), (20, 50)]
    shares, repeats = [], []
    previous = [mask.copy() for mask in masks]
    sides = []
    for _ in range(200):
        run(program)
        shares.append([mask.mean() for mask in masks])
        repeats.append((masks[1] == previous[1]).mean())
        half = masks[1].ravel()
        sides.append([np.mean(half[lag:] == half[:-lag]) for lag in (1, 2, 3, 4, 50)])
        previous = [mask.copy() for mask in masks]
    # 400,000, 330,000 and 200,000 units: five standard errors.
    np.testing.assert_allclose(np.mean(shares, axis=0)[[0, 1, 3]], [0.8, 0.5, 0.999], atol=0.0045)
    assert np.mean(shares, axis=0)[2] == 0
    assert np.mean(repeats) == pytest.approx(0.5, abs=0.0045)
    np.testing.assert_allclose(np.mean(sides, axis=0), 0.5, atol=0.0045)


def test_a_batch_takes_its_masks_from_where_the_generator_stands() -> None:
    rng = np.random.default_rng(1)
    program, (mask,) = draw_masks(rng, [(Dropout(0.4), 17)], 5)
    run(program)
    state = get_rng_state(rng)
    run(program)
    expected = mask.copy()
    other = np.random.default_rng(2)
    set_rng_state(other, state)
    program, (mask,) = draw_masks(other, [(Dropout(0.4), 17)], 5)
    run(program)
    np.testing.assert_array_equal(mask, expected)


OPTIMIZER_CASES: list[tuple[type[Optimizer], dict[str, Any]]] = [
    (SGD, {}),
    (SGD, {"weight_decay": 0.1}),
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (SGD, {"momentum": 0.9, "dampening": 0.5}),
    (Adagrad, {"lr_decay": 0.1, "initial_accumulator_value": 0.2}),
    (Adagrad, {"weight_decay": 0.1}),
    (RMSprop, {"alpha": 0.9, "weight_decay": 0.1}),
    (Adam, {}),
    (Adam, {"betas": (0.5, 0.7), "weight_decay": 0.1}),
    (AdamW, {"weight_decay": 0.3}),
    (AdamW, {"weight_decay": 0.0}),
]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-5)])
@pytest.mark.parametrize(("kind", "options"), OPTIMIZER_CASES)
def test_updates(kind: type[Optimizer], options: dict[str, Any], dtype: type, tolerance: float) -> None:
    # More parameters than a block holds, and an optimiser that has them in another order.
    sizes = [(3, 5), (800, 90), (90, 4)]
    nets = [[Linear(a, b, rng=np.random.default_rng(a), dtype=dtype) for a, b in sizes] for _ in range(2)]
    parameters = [[p for layer in net for p in layer.parameters()] for net in nets]
    slow, fast = (kind(list(reversed(ps)), lr=0.05, **options) for ps in parameters)
    flat = FlatParameters(nets[1])
    update = UPDATES[kind](fast, flat, FlatState(fast, flat))
    rng = np.random.default_rng(0)
    for step in range(8):
        for a, b in zip(*parameters, strict=True):
            a.grad[...] = rng.normal(size=a.grad.shape)
            b.grad[...] = a.grad
        slow.lr = fast.lr = 0.05 / (step + 1)
        slow.step()
        update()
    for a, b in zip(*parameters, strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=0, atol=tolerance)
        np.testing.assert_array_equal(b.grad, a.grad)
    state = fast.state_dict()
    assert int(state["step"]) == 8
    for key, array in slow.state_dict().items():
        np.testing.assert_allclose(state[key], array, rtol=tolerance, atol=tolerance)


def test_a_variance_that_rounding_carries_below_zero_is_none() -> None:
    layers = [Linear(7, 9, rng=np.random.default_rng(0), dtype=np.float64) for _ in range(2)]
    slow, fast = (RMSprop(layer.parameters(), lr=1e-9, alpha=0.5, centered=True) for layer in layers)
    flat = FlatParameters([layers[1]])
    update = UPDATES[RMSprop](fast, flat, FlatState(fast, flat))
    gradient = np.random.default_rng(1).normal(size=(9, 7))
    for _ in range(80):  # always the same: in the end its mean square is the square of its mean
        for layer in layers:
            layer.weight.grad[...] = gradient
        slow.step()
        update()
    assert (slow.state["square_avg"][0] - slow.state["grad_avg"][0] ** 2 < 0).any()
    np.testing.assert_allclose(layers[1].weight.data, layers[0].weight.data, rtol=1e-12)
