"""Convolution and pooling against their definitions, written as loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    SGD,
    AvgPool2d,
    Conv2d,
    CrossEntropyLoss,
    EpochDone,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Unflatten,
    check_gradient,
    fit,
)


def by_definition(x: np.ndarray, W: np.ndarray, b: np.ndarray, stride: tuple, padding: tuple) -> np.ndarray:
    (down, across), (top, left) = stride, padding
    x = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    kh, kw = W.shape[2:]
    height, width = (x.shape[2] - kh) // down + 1, (x.shape[3] - kw) // across + 1
    y = np.zeros((len(x), len(W), height, width))
    for i in range(height):
        for j in range(width):
            window = x[:, :, i * down : i * down + kh, j * across : j * across + kw]
            y[:, :, i, j] = np.einsum("ncij,ocij->no", window, W) + b
    return y


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_conv_by_definition(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n, channels, out = (data.draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride = ((data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))) for _ in range(2))
    padding = (data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2)))
    x = rng.normal(size=(n, channels, data.draw(st.integers(3, 7)), data.draw(st.integers(3, 7))))
    layer = Conv2d(channels, out, kernel, stride, padding, rng=rng, dtype=np.float64)
    assert layer.bias is not None
    expected = by_definition(x, layer.weight.data, layer.bias.data, stride, padding)
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)
    # dL/dx is the transposed map: <grad, conv(x)> = <conv^T(grad), x> without the bias.
    grad = rng.normal(size=expected.shape)
    grad_x = layer.backward(grad)
    assert grad_x.shape == x.shape
    assert (grad_x * x).sum() == pytest.approx((grad * (expected - layer.bias.data[:, None, None])).sum())


def test_a_kernel_as_large_as_the_image_is_a_linear_layer() -> None:
    rng = np.random.default_rng(0)
    conv, linear = Conv2d(2, 5, (3, 4), rng=rng, dtype=np.float64), Linear(24, 5, dtype=np.float64)
    linear.load_state_dict({"weight": conv.weight.data.reshape(5, 24), "bias": conv.state_dict()["bias"]})
    x, grad = rng.normal(size=(6, 2, 3, 4)), rng.normal(size=(6, 5))
    np.testing.assert_allclose(conv.forward(x)[:, :, 0, 0], linear.forward(x.reshape(6, -1)))
    np.testing.assert_allclose(conv.backward(grad[:, :, None, None]).reshape(6, -1), linear.backward(grad))
    np.testing.assert_allclose(conv.weight.grad.reshape(5, 24), linear.weight.grad)


def test_pools_by_hand() -> None:
    x = np.array([[[[1.0, 2, 5, 0], [3, 4, 1, 1], [0, 0, 9, 9], [7, 0, 9, 8]]]])
    top, mean = MaxPool2d(2), AvgPool2d(2)
    np.testing.assert_array_equal(top.forward(x)[0, 0], [[4, 5], [7, 9]])
    np.testing.assert_array_equal(mean.forward(x)[0, 0], [[2.5, 1.75], [1.75, 8.75]])
    grad = np.array([[[[1.0, 2], [3, 4]]]])
    # Of several equal ones the first has the gradient, as in PyTorch.
    expected = [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 4, 0], [3, 0, 0, 0]]
    np.testing.assert_array_equal(top.backward(grad)[0, 0], expected)
    np.testing.assert_array_equal(mean.backward(grad)[0, 0], np.kron(grad[0, 0], np.full((2, 2), 0.25)))


def test_a_tie_in_a_window_is_a_kink() -> None:
    x = np.random.default_rng(0).normal(size=(2, 1, 4, 4))
    x[0, 0, 0, :2] = 3.0  # both the largest of their window
    report = check_gradient(MaxPool2d(2), x)
    assert report.ok, report
    assert set(report.tensors[0].kink_entries) == {(0, 0, 0, 0), (0, 0, 0, 1)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_stays_and_a_small_network_learns(dtype: type) -> None:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 200)
    X = rng.normal(0, 0.3, (200, 6, 6))
    X[np.arange(200), 1 + 3 * y] += 1.0  # a bright line, high or low
    net = Sequential(
        Unflatten(1, (1, 6, 6)),
        Conv2d(1, 4, 3, padding=1, rng=rng, dtype=dtype),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(36, 2, rng=rng, dtype=dtype),
    )
    output = net.forward(X.reshape(200, 36))
    assert output.dtype == net.backward(np.ones_like(output)).dtype == dtype
    net.zero_grad()
    optimizer = SGD(net.parameters(), lr=0.1)
    events = list(fit(net, CrossEntropyLoss(), optimizer, (X, y), epochs=15, batch_size=20, rng=rng))
    assert isinstance(events[-1], EpochDone)
    assert events[-1].train_accuracy > 0.95
    assert all(parameter.data.dtype == dtype for parameter in net.parameters())


def test_images_enter_as_they_are() -> None:
    rng = np.random.default_rng(5)
    net = Sequential(Conv2d(2, 3, 3, rng=rng), Flatten(), Linear(12, 2, rng=rng))
    X, y = rng.normal(size=(10, 2, 4, 4)), rng.integers(0, 2, 10)
    events = list(fit(net, CrossEntropyLoss(), SGD(net.parameters()), (X, y), epochs=1, batch_size=4, rng=rng))
    assert isinstance(events[-1], EpochDone)


def test_initialisation_counts_the_window() -> None:
    layer = Conv2d(8, 64, 5, init="kaiming_normal", rng=np.random.default_rng(0), dtype=np.float64)
    assert layer.weight.data.std() == pytest.approx(np.sqrt(2 / 200), rel=0.02)
    xavier = Conv2d(8, 64, 5, init="xavier_normal", rng=np.random.default_rng(0), dtype=np.float64)
    assert xavier.weight.data.std() == pytest.approx(np.sqrt(2 / (200 + 1600)), rel=0.02)
    for_relu = Conv2d(8, 64, 5, init="xavier_normal", init_options={"activation": "relu"})
    assert for_relu.weight.data.std() == pytest.approx(np.sqrt(2) * np.sqrt(2 / (200 + 1600)), rel=0.02)
    assert np.abs(Conv2d(8, 64, 5).weight.data).max() <= 1 / np.sqrt(200)
    assert not Conv2d(8, 64, 5, bias_init="zeros").state_dict()["bias"].any()


def test_as_much_is_drawn_as_is_kept() -> None:
    rng, by_hand = np.random.default_rng(0), np.random.default_rng(0)
    layer = Conv2d(2, 3, 4, rng=rng, dtype=np.float64)
    bound = 1 / np.sqrt(32)
    np.testing.assert_array_equal(layer.weight.data.reshape(3, 32), by_hand.uniform(-bound, bound, (3, 32)))
    np.testing.assert_array_equal(layer.state_dict()["bias"], by_hand.uniform(-bound, bound, 3))
    assert rng.random() == by_hand.random()
    assert layer.weight.data.base is None or layer.weight.data.base.size == 96


def test_repr() -> None:
    assert repr(Conv2d(1, 8, 5)) == "Conv2d(1, 8, 5)"
    assert repr(Conv2d(1, 8, (3, 5), 2, 1, bias=False)) == "Conv2d(1, 8, (3, 5), stride=2, padding=1, bias=False)"
    assert repr(MaxPool2d(2)) == "MaxPool2d(2)"
    assert repr(AvgPool2d(3, 1, 1)) == "AvgPool2d(3, stride=1, padding=1)"


def test_what_does_not_fit_is_said_in_words() -> None:
    with pytest.raises(ValueError, match=r"Conv2d\(1, 8, 5\) expects inputs \(n, 1, .., ..\), .* \(32, 784\)"):
        Conv2d(1, 8, 5).forward(np.zeros((32, 784)))
    with pytest.raises(ValueError, match="does not fit into an image of 3 x 9"):
        Conv2d(1, 8, 5).forward(np.zeros((2, 1, 3, 9)))
    with pytest.raises(ValueError, match="padding may be half"):
        MaxPool2d(2, padding=2)
    with pytest.raises(ValueError, match="at least 1"):
        AvgPool2d(0)
    with pytest.raises(ValueError, match=r"MaxPool2d\(2\) expects inputs \(n, channels"):
        MaxPool2d(2).forward(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"expects 4 features, received shape \(3, 5\)"):
        Unflatten(1, (2, 2)).forward(np.zeros((3, 5)))
