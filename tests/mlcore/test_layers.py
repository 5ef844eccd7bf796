"""Layers, their parameters and modes."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlcore
from mlcore import (
    ACTIVATIONS,
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    Parameter,
    ReLU,
    Sequential,
    Unflatten,
    build_mlp,
    inference_mode,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_import_needs_numpy_and_the_standard_library_only() -> None:
    code = (
        "import sys, numpy.random; before = set(sys.modules); import mlcore;"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before};"
        "print(*sorted(new - set(sys.stdlib_module_names) - {'mlcore', 'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_all_names_exist() -> None:
    assert len(set(mlcore.__all__)) == len(mlcore.__all__)
    assert all(hasattr(mlcore, name) for name in mlcore.__all__)


def test_linear_by_hand() -> None:
    layer = Linear(2, 1, dtype=np.float64)
    layer.weight.data, layer.bias.data = np.array([[2.0, -1.0]]), np.array([0.5])
    np.testing.assert_array_equal(layer.forward(np.array([[3.0, 1.0], [0.0, 2.0]])), [[5.5], [-1.5]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0], [10.0]])), [[2, -1], [20, -10]])
    np.testing.assert_array_equal(layer.grad_W, [[3, 21]])
    np.testing.assert_array_equal(layer.grad_b, [11])
    layer.step(0.1)
    np.testing.assert_allclose(layer.weight.data, [[1.7, -3.1]])
    np.testing.assert_allclose(layer.bias.data, [-0.6])


def test_bias_as_an_input_is_a_view_and_the_same_layer(rng: np.random.Generator) -> None:
    vector = Linear(3, 2, rng=np.random.default_rng(1), dtype=np.float64)
    sheet = Linear(3, 2, bias="input", rng=np.random.default_rng(1), dtype=np.float64)
    x, grad = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    np.testing.assert_allclose(sheet.forward(x), vector.forward(x), rtol=1e-14)
    np.testing.assert_allclose(sheet.backward(grad), vector.backward(grad), rtol=1e-14)
    np.testing.assert_allclose(sheet.grad_W, vector.grad_W, rtol=1e-14)
    np.testing.assert_allclose(sheet.grad_b, vector.grad_b, rtol=1e-14)
    assert list(sheet.state_dict()) == ["weight", "bias"]
    assert repr(sheet) == 'Linear(3, 2, bias="input")'

    whole = sheet.augmented
    assert whole.shape == (2, 4)
    whole[:] = np.arange(8).reshape(2, 4)
    np.testing.assert_array_equal(sheet.weight.data, [[0, 1, 2], [4, 5, 6]])
    np.testing.assert_array_equal(sheet.forward(np.ones((1, 3))), [[6, 22]])
    mlcore.Adam(sheet.parameters()).step()
    sheet.load_state_dict(vector.state_dict())
    assert sheet.augmented is whole
    sheet.weight.data = np.zeros((2, 3))  # no longer a view, and still right
    np.testing.assert_array_equal(sheet.forward(x), np.tile(vector.state_dict()["bias"], (5, 1)))
    with pytest.raises(ValueError, match="has no bias"):
        _ = Linear(3, 2, bias=False).augmented
    with pytest.raises(ValueError, match="received 'column'"):
        Linear(3, 2, bias="column")


def test_gradients_accumulate_until_zero_grad(rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    x, grad = rng.normal(size=(5, 3)), np.ones((5, 2), np.float32)
    net.forward(x)
    net.backward(grad)
    once = [p.grad.copy() for p in net.parameters()]
    net.forward(x)
    net.backward(grad)
    for parameter, first in zip(net.parameters(), once, strict=True):
        np.testing.assert_array_equal(parameter.grad, 2 * first)
    net.zero_grad()
    assert not any(p.grad.any() for p in net.parameters())


def test_width_is_checked_in_words(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"^Linear\(10, 64\) expects inputs of 10 features, .* \(32, 13\)$"):
        Linear(10, 64, rng=rng).forward(np.zeros((32, 13)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss_name", mlcore.LOSSES)
def test_dtype_stays(dtype: type, activation: str, loss_name: str, rng: np.random.Generator) -> None:
    columns = 1 if loss_name == "bce" else 3
    net = build_mlp(4, [5], columns, activation=activation, dropout=0.3, rng=rng, dtype=dtype)
    loss = mlcore.LOSSES[loss_name]()
    output = net.forward(rng.normal(size=(6, 4)))
    loss.forward(output, rng.integers(0, 2, 6))
    grad = loss.backward()
    grad_x = net.backward(grad)
    optimizers = [kind(net.parameters()) for kind in mlcore.OPTIMIZERS.values()]
    for optimizer in optimizers:
        optimizer.step()
    net.step(0.1)
    assert output.dtype == grad.dtype == grad_x.dtype == loss.probabilities(output).dtype == dtype
    assert grad.shape == output.shape
    assert all(p.data.dtype == p.grad.dtype == dtype for p in net.parameters())
    states = [a for optimizer in optimizers for k, a in optimizer.state_dict().items() if k != "step"]
    assert all(array.dtype == dtype for array in states)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_do_not_overflow(name: str, dtype: type) -> None:
    layer = ACTIVATIONS[name]()
    x = np.array([[-1e4, -50, 0, 50, 1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layer.forward(x)
        grad = layer.backward(np.ones_like(x))
    assert np.isfinite(y).all()
    assert np.isfinite(grad).all()


def test_names_as_torch_gives_them(rng: np.random.Generator) -> None:
    inner = Sequential(Linear(4, 4, rng=rng), ReLU())
    net = Sequential([Linear(3, 4, rng=rng), inner, Linear(4, 2, bias=False, rng=rng)])
    names = ["0.weight", "0.bias", "1.0.weight", "1.0.bias", "2.weight"]
    assert [p.name for p in net.parameters()] == list(net.state_dict()) == names
    assert list(inner.state_dict()) == ["0.weight", "0.bias"]
    assert len(net) == 3
    assert net[1] is inner
    assert [type(layer) for layer in net] == [Linear, Sequential, Linear]


def test_repr() -> None:
    net = Sequential(Linear(2, 3), Sequential(ReLU(), Dropout(0.2)), Linear(3, 1, bias=False))
    assert repr(net) == (
        "Sequential(\n  (0): Linear(2, 3)\n  (1): Sequential(\n    (0): ReLU()\n    (1): Dropout(0.2)\n  )\n"
        "  (2): Linear(3, 1, bias=False)\n)"
    )


def test_state_dict_round_trip(rng: np.random.Generator) -> None:
    a, b = (build_mlp(3, [4], 2, rng=rng) for _ in range(2))
    state = a.state_dict()
    b.load_state_dict(state)
    x = rng.normal(size=(5, 3))
    np.testing.assert_array_equal(a(x), b(x))
    a.parameters()[0].data.fill(0)
    assert state["0.weight"].any()


def test_load_state_dict_says_what_does_not_fit(rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    state = net.state_dict()
    before = net.state_dict()
    state["7.bias"] = state.pop("0.bias")
    state["2.weight"] = np.zeros((2, 5))
    with pytest.raises(ValueError, match=r"missing 0.bias; unexpected 7.bias; 2.weight has shape \(2, 5\), expec"):
        net.load_state_dict(state)
    for name, weights in net.state_dict().items():
        np.testing.assert_array_equal(weights, before[name])


@given(st.floats(0, 0.95), st.integers(0, 2**32))
def test_inverted_dropout_keeps_or_scales(p: float, seed: int) -> None:
    layer = Dropout(p, rng=np.random.default_rng(seed))
    x = np.ones((20, 30))
    y = layer.forward(x)
    assert np.isclose(y, 0).sum() + np.isclose(y, 1 / (1 - p)).sum() == y.size
    np.testing.assert_array_equal(layer.backward(x), y)
    layer.inference = True
    assert not layer.training
    assert layer.forward(x) is x
    assert layer.backward(x) is x


def test_dropout_share_scaling_and_frozen_mask() -> None:
    layer = Dropout(0.3, scaling="none", rng=np.random.default_rng(0))
    x = np.ones((300, 300))
    y = layer.forward(x)
    assert set(np.unique(y)) == {0, 1}
    assert y.mean() == pytest.approx(0.7, abs=0.01)
    layer.frozen = True
    np.testing.assert_array_equal(layer.forward(x), y)
    layer.frozen = False
    assert not np.array_equal(layer.forward(x), y)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        Dropout(1.5)
    assert not Dropout(1.0).forward(x).any()


def test_inference_mode_restores_each_layer(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 3, rng=rng), Dropout(0.5), Dropout(0.5))
    net[1].eval()

    def fail() -> None:
        with inference_mode(net):
            assert not any(layer.training for layer in net.modules())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [layer.training for layer in net] == [True, False, True]
    net.inference_mode(True)
    assert not any(layer.training for layer in net.modules())
    assert net.train() is net


def test_flatten_and_identity() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    flatten = Flatten()
    assert flatten(x).shape == (2, 12)
    np.testing.assert_array_equal(flatten.backward(flatten(x)), x)
    assert Identity()(x) is x
    back = Unflatten(1, (3, 4))
    np.testing.assert_array_equal(back(flatten(x)), x)
    assert back.backward(x).shape == (2, 12)
    assert repr(back) == "Unflatten(1, (3, 4))"
    with pytest.raises(ValueError, match="dim must be 1"):
        Unflatten(2, (3, 4))


def test_a_layer_of_ones_own() -> None:
    class Scale(Layer):
        """y = s x"""

        def __init__(self) -> None:
            self.s = Parameter([2.0])

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.s.data

        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.s.grad += (grad * self.x).sum()
            return grad * self.s.data

    net = Sequential(Scale(), Linear(3, 2, dtype=np.float64))
    assert list(net.state_dict()) == ["0.s", "1.weight", "1.bias"]
    assert mlcore.check_gradient(net, np.ones((4, 3))).ok
    net.forward(np.ones((4, 3)))
    net.backward(np.ones((4, 2)))
    net.step(0.1)
    assert net[0].parameters()[0].data[0] != 2
    with pytest.raises(NotImplementedError, match="Layer has no forward"):
        Layer().forward(np.ones(1))


def test_steps_without_parameters_say_why_they_do_nothing() -> None:
    ReLU().step(0.1)
    assert "nothing in them to learn" in (ReLU.step.__doc__ or "")
