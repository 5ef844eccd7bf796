"""Layers inside layers, shared parameters, gradients that do not fit, and layers that stand where they cannot."""

import copy
import inspect
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import mlcore
import mlcore.trace
from mlcore import (
    ACTIVATIONS,
    SGD,
    Adam,
    BatchNorm1d,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2d,
    MLPClassifier,
    MSELoss,
    Parameter,
    ReLU,
    Sequential,
    Tanh,
    Unflatten,
    check_gradient,
    fit,
    inference_mode,
)
from mlcore.activations import LogSoftmax, Softmax
from mlcore.conv import AvgPool2d
from mlcore.losses import Loss
from mlcore.optim import Optimizer
from mlcore.random_state import generators_of


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(9)


class Residual(Layer):
    """y = b(drop(tanh(a x))) + x: layers as attributes, one of them in a list, beside a parameter of its own."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.a = Linear(4, 5, rng=rng, dtype=np.float64)
        self.rest = [Tanh(), Dropout(0.3, rng=np.random.default_rng(2))]
        self.b = Linear(5, 4, rng=rng, dtype=np.float64)
        self.gain = Parameter(np.array([1.5]))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.h = self.b(self.rest[1](self.rest[0](self.a(x))))
        return self.gain.data * self.h + x

    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.gain.grad += (grad * self.h).sum()
        inner = self.gain.data * grad
        return self.a.backward(self.rest[0].backward(self.rest[1].backward(self.b.backward(inner)))) + grad


def test_layers_among_the_attributes_are_found(rng: np.random.Generator) -> None:
    layer = Residual(rng)
    names = ["gain", "a.weight", "a.bias", "b.weight", "b.bias"]
    assert [name for name, _ in layer.named_parameters()] == list(layer.state_dict()) == names
    assert len(layer.parameters()) == 5
    assert [type(inner) for inner in layer.modules()] == [Residual, Linear, Tanh, Dropout, Linear]
    assert [name for name, _ in layer.named_children()] == ["a", "rest.0", "rest.1", "b"]
    assert generators_of(layer) == [layer.rest[1].rng]
    with inference_mode(layer):
        assert not layer.rest[1].training
        np.testing.assert_array_equal(layer.forward(np.ones((2, 4))), layer.forward(np.ones((2, 4))))
    assert layer.rest[1].training
    other = Residual(rng)
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other.eval().forward(np.ones((2, 4))), layer.eval().forward(np.ones((2, 4))))
    layer.forward(np.ones((2, 4)))
    layer.backward(np.ones((2, 4)))
    assert all(parameter.grad.any() for parameter in layer.parameters())
    layer.zero_grad()
    assert not any(parameter.grad.any() for parameter in layer.parameters())


def test_a_layer_of_layers_is_checked_and_trained(rng: np.random.Generator) -> None:
    net = Sequential(Residual(rng), ReLU(), Linear(4, 3, rng=rng, dtype=np.float64))
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    assert [parameter.name for parameter in net.parameters()][:2] == ["0.gain", "0.a.weight"]
    report = check_gradient(net, X[:6], y[:6])
    assert report.ok, report
    assert len(report.tensors) == 8
    before = net.state_dict()
    list(fit(net, CrossEntropyLoss(), Adam(net.parameters()), (X, y), epochs=1, batch_size=10, rng=rng))
    assert all((net.state_dict()[name] != array).any() for name, array in before.items())


def test_shared_weights_are_one_parameter(rng: np.random.Generator) -> None:
    a, b = Linear(4, 4, rng=rng, dtype=np.float64), Linear(4, 4, rng=rng, dtype=np.float64)
    b.weight = a.weight
    net = Sequential(a, Tanh(), b)
    assert len(net.parameters()) == 3
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]  # as torch.nn has it
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    assert check_gradient(net, x, y).ok

    loss, start = CrossEntropyLoss(), a.weight.data.copy()
    loss(net(x), y)
    net.backward(loss.backward())
    moved = start - 0.1 * a.weight.grad
    twins = [copy.deepcopy(net) for _ in range(2)]
    twins[0].step(0.1)
    SGD([*twins[1][0].parameters(), *twins[1][2].parameters()], lr=0.1).step()
    for twin in twins:
        assert twin.layers[0].parameters()[0] is twin.layers[2].parameters()[0]
        np.testing.assert_allclose(twin.state_dict()["2.weight"], moved)


def test_a_layer_cannot_stand_in_two_places(rng: np.random.Generator) -> None:
    act, a, b = Tanh(), Linear(4, 4, rng=rng), Linear(4, 4, rng=rng)
    with pytest.raises(ValueError, match=r"^layers 1 and 3 are the same Tanh\(\): .* give each place its own$"):
        Sequential(a, act, b, act)
    with pytest.raises(ValueError, match=r"layers 0\.1 and 2 are the same Tanh"):
        Sequential(Sequential(a, act), b, act)
    residual = Residual(rng)
    with pytest.raises(ValueError, match=r"layers 0\.rest\.0 and 1 are the same Tanh"):
        Sequential(residual, residual.rest[0])
    Sequential(a, Tanh(), b, Tanh())


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(TypeError, match=r"layer 1 is the class ReLU: write ReLU\(\.\.\.\)"):
        Sequential(Linear(3, 2), ReLU)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="layer 1 is no Layer, but None"):
        Sequential([Linear(3, 2), None])  # type: ignore[list-item]


def test_a_part_of_a_network(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 4, rng=rng), ReLU(), Linear(4, 2, rng=rng))
    names = [parameter.name for parameter in net.parameters()]
    keys = list(Adam(net.parameters()).state_dict())
    tail, head = Sequential(*list(net)[2:]), net[:2]
    assert isinstance(head, Sequential)
    assert head[0] is net[0]
    assert tail[0] is net[2]
    assert [parameter.name for parameter in net.parameters()] == names == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert list(Adam(net.parameters()).state_dict()) == keys
    assert list(tail.state_dict()) == ["0.weight", "0.bias"]
    x = rng.normal(size=(5, 3))
    np.testing.assert_array_equal(tail(head(x)), net(x))
    whole = Sequential(net, Identity())
    assert [parameter.name for parameter in whole.parameters()] == ["0." + name for name in names]


LAYERS: list[Callable[[], Layer]] = [
    lambda: Linear(4, 3),
    lambda: Linear(4, 3, bias="input"),
    lambda: Dropout(0.5),
    lambda: Flatten(),
    lambda: Unflatten(1, (2, 2)),
    lambda: BatchNorm1d(4),
    lambda: LayerNorm(4),
    lambda: Softmax(),
    lambda: LogSoftmax(),
    *(kind for kind in ACTIVATIONS.values() if kind is not Identity),
]
IMAGE_LAYERS: list[Callable[[], Layer]] = [lambda: Conv2d(2, 3, 2), lambda: MaxPool2d(2), lambda: AvgPool2d(2)]


@pytest.mark.parametrize("make", [*LAYERS, *IMAGE_LAYERS], ids=lambda make: repr(make()))
def test_a_gradient_of_another_shape_is_refused(make: Callable[[], Layer], rng: np.random.Generator) -> None:
    layer = make()
    if not isinstance(layer, Dropout):  # which backward hands on what forward has not changed
        with pytest.raises(AttributeError, match=r"has no attribute .* call forward\(\.\.\.\) first"):
            make().backward(np.ones((5, 4), np.float32))
    y = layer.forward(rng.normal(size=(5, 2, 4, 4) if make in IMAGE_LAYERS else (5, 4)).astype(np.float32))
    narrow = y[..., :1]
    for wrong in (narrow, y[:1], np.ones(1, np.float32)):
        with pytest.raises(ValueError, match=r"\.backward expects the gradient of its output, shape \(5, "):
            layer.backward(wrong)
    assert not any(parameter.grad.any() for parameter in layer.parameters())
    layer.backward(np.ones_like(y))


def test_a_loss_asked_for_its_gradient_too_early() -> None:
    for loss in (CrossEntropyLoss(), MSELoss()):
        with pytest.raises(AttributeError, match=r"call forward\(\.\.\.\) first"):
            loss.backward()


@pytest.mark.parametrize("make", LAYERS, ids=lambda make: repr(make()))
def test_an_output_changed_in_place_does_not_change_the_way_back(
    make: Callable[[], Layer], rng: np.random.Generator
) -> None:
    layer = make()
    if isinstance(layer, Dropout):
        layer.frozen = True
    x = rng.normal(size=(5, 4)).astype(np.float32)
    grad = rng.normal(size=layer.forward(x).shape).astype(np.float32)
    expected = layer.backward(grad)
    y = layer.forward(x)
    if not np.shares_memory(x, y):
        y[np.arange(5), 0] -= 1
    np.testing.assert_array_equal(layer.backward(grad), expected)


def test_normalised_outputs_changed_in_place(rng: np.random.Generator) -> None:
    x, grad = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    for layer in (BatchNorm1d(4, affine=False), LayerNorm(4, elementwise_affine=False)):
        layer.forward(x)
        expected = layer.backward(grad)
        layer.forward(x)[:] = 7
        np.testing.assert_array_equal(layer.backward(grad), expected)


def test_a_gradient_of_none_is_zeros(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 2, rng=rng))
    for parameter in net.parameters():
        parameter.grad = None
    net.forward(np.ones((4, 3)))
    net.backward(np.ones((4, 2), np.float32))
    np.testing.assert_array_equal(net.parameters()[1].grad, [4, 4])
    for parameter in net.parameters():
        parameter.grad = None
    before = net.state_dict()
    Adam(net.parameters()).step()
    net.zero_grad()
    net.step(0.1)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_augmented_is_a_view_in_copies_too(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(8, 5)), rng.integers(0, 3, 8)
    for features in (5, 600):  # from 512 inputs on the fast form keeps weight and bias one after the other
        layer = Linear(features, 3, bias="input", rng=rng)
        net = Sequential(layer)
        X = rng.normal(size=(8, features))
        list(fit(net, CrossEntropyLoss(), SGD(net.parameters()), (X, y), epochs=1, batch_size=4, rng=rng))
        for each in (layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert each.augmented.shape == (3, features + 1)
            np.testing.assert_array_equal(each.augmented, np.column_stack([each.weight.data, each.bias.data]))
            each.augmented[:] = np.arange(3)[:, None]
            np.testing.assert_array_equal(each.weight.data, np.tile([[0], [1], [2]], (1, features)))
            np.testing.assert_array_equal(each.bias.data, [0, 1, 2])


def test_a_forward_leaves_the_arrays_of_a_bias_input_alone(rng: np.random.Generator) -> None:
    layer = Linear(3, 2, bias="input", rng=rng)
    weight, bias = np.ones((2, 3), np.float32), np.zeros(2, np.float32)
    layer.weight.data, layer.bias.data = weight, bias
    layer.forward(np.ones((1, 3)))
    assert layer.weight.data is weight
    assert layer.bias.data is bias


def test_flatten_of_an_empty_batch() -> None:
    flatten = Flatten()
    assert flatten.forward(np.zeros((0, 2, 3))).shape == (0, 6)
    assert flatten.backward(np.zeros((0, 6))).shape == (0, 2, 3)


def test_dropout_takes_a_new_p() -> None:
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    layer.p = 0.2
    assert layer.forward(np.ones((1, 100_000))).mean() == pytest.approx(1, abs=0.01)
    assert layer.scale == 1.25
    with np.errstate(all="raise"):
        layer.scaling = "none"
        assert set(np.unique(layer.forward(np.ones((1, 100))))) == {0, 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(0, 3), "Linear needs at least 1 input and 1 output, received 0 and 3"),
        (lambda: Linear(4, -1), "received 4 and -1"),
        (lambda: Linear(4, 3, dtype=int), "weights are float32 or float64, received the dtype int64"),
        (lambda: Conv2d(0, 3, 2), "Conv2d needs at least 1 channel in and out"),
        (lambda: Conv2d(1, 2, 3, padding="same"), "padding is a whole number, .* received 'same'"),  # type: ignore
        (lambda: Conv2d(1, 2, (1, 2, 3)), "kernel_size is a whole number"),  # type: ignore[arg-type]
        (lambda: AvgPool2d(2, padding=2), "padding may be half of kernel_size"),
        (lambda: MaxPool2d(3).forward(np.ones((1, 1, 2, 2))), r"MaxPool2d\(3\): a window of \(3, 3\) does not fit"),
        (lambda: Conv2d(1, 2, 5).forward(np.ones((1, 1, 3, 9))), r"Conv2d\(1, 2, 5\): a window .* image of 3 x 9"),
    ],
)
def test_what_makes_no_layer_is_said_in_words(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("pool", [MaxPool2d(2, padding=1), AvgPool2d(2, padding=1)])
def test_pools_take_bytes(pool: Layer) -> None:
    x = np.random.default_rng(0).integers(0, 256, (2, 1, 4, 4)).astype(np.uint8)
    with np.errstate(all="raise"):
        y = pool.forward(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, pool.forward(x.astype(np.float32)))


@pytest.mark.parametrize("n", [64, 60_000])
def test_the_gradient_of_a_bias_keeps_its_digits(n: int, rng: np.random.Generator) -> None:
    grad = (rng.normal(size=(n, 8)) + 0.5).astype(np.float32)
    layer = Linear(1, 8, rng=rng)
    layer.forward(np.zeros((n, 1)))
    layer.backward(grad)
    np.testing.assert_allclose(layer.bias.grad, grad.sum(axis=0, dtype=np.float64), rtol=5e-7)


# --- what a reader meets ---


def test_layers_begin_with_the_plainest() -> None:
    source = inspect.getsource(mlcore.layers)
    order = [line.split("(")[0].removeprefix("class ") for line in source.splitlines() if line.startswith("class ")]
    assert order == ["Linear", "Identity", "Dropout", "Flatten", "Sequential"]
    assert "column_stack" not in source


def test_public_names_say_what_they_are() -> None:
    kinds = [value for value in vars(mlcore).values() if inspect.isclass(value)]
    for thing in (getattr(mlcore, name) for name in mlcore.__all__):
        assert not callable(thing) or inspect.getdoc(thing)
    for kind in (kind for kind in kinds if issubclass(kind, (Layer, Loss, Optimizer, MLPClassifier, Parameter))):
        methods = [name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")]
        silent = [name for name in methods if not inspect.getdoc(getattr(kind, name))]
        assert not silent, f"{kind.__name__} has no words for {silent}"


@pytest.mark.parametrize("kind", [kind for kind in vars(mlcore).values() if inspect.isclass(kind)])
def test_layers_and_losses_say_their_shapes(kind: type) -> None:
    if issubclass(kind, Layer) and kind is not Layer:
        words = (kind.__doc__ or "").lower()
        assert "shape" in words or "(n, " in words


def test_the_code_in_the_words_about_traces_runs() -> None:
    words = mlcore.trace.__doc__ or ""
    assert "from mlcore.trace import trace" in words  # as `from mlcore import trace` is the module
    net = Sequential(Linear(2, 1), Tanh())
    names: dict[str, object] = {"net": net, "x": np.ones((1, 2)), "y": [1.0], "MSELoss": MSELoss}
    lines = [line.strip() for line in words.splitlines() if line.startswith("    ") and "Path(" not in line]
    exec("\n".join(lines), names)
    assert "graph" in names
