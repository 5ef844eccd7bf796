"""Batch and layer normalisation: statistics, buffers, modes."""

import numpy as np
import pytest

from mlcore import BatchNorm1d, CrossEntropyLoss, LayerNorm, Linear, ReLU, Sequential, check_gradient, inference_mode


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batch_norm_gives_mean_0_and_variance_1(dtype: type, rng: np.random.Generator) -> None:
    layer = BatchNorm1d(3, dtype=dtype)
    y = layer.forward(rng.normal(5, 3, (500, 3)).astype(dtype))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-4)
    assert y.dtype == layer.backward(y).dtype == dtype
    assert {array.dtype for array in layer.state_dict().values()} == {np.dtype(dtype), np.dtype(np.int64)}


def test_buffers_follow_the_batches(rng: np.random.Generator) -> None:
    layer, average = BatchNorm1d(2, dtype=np.float64), BatchNorm1d(2, momentum=None, dtype=np.float64)
    batches = rng.normal(2, 3, (4, 10, 2))
    mean, var = np.zeros(2), np.ones(2)
    for batch in batches:
        layer.forward(batch)
        average.forward(batch)
        mean, var = 0.9 * mean + 0.1 * batch.mean(axis=0), 0.9 * var + 0.1 * batch.var(axis=0, ddof=1)
    state = layer.state_dict()
    assert list(state) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    np.testing.assert_allclose(state["running_mean"], mean)
    np.testing.assert_allclose(state["running_var"], var)
    assert state["num_batches_tracked"].shape == ()
    assert state["num_batches_tracked"] == 4
    np.testing.assert_allclose(average.state_dict()["running_mean"], batches.mean(axis=(0, 1)))


def test_inference_uses_the_buffers_and_leaves_them(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 4, rng=rng), BatchNorm1d(4), ReLU())
    x = rng.normal(size=(8, 3))
    net.forward(x)
    before = net.state_dict()
    with inference_mode(net):
        whole = net.forward(x)
        np.testing.assert_allclose(np.vstack([net.forward(row[None]) for row in x]), whole, rtol=1e-5)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    other = Sequential(Linear(3, 4, rng=rng), BatchNorm1d(4), ReLU())
    other.load_state_dict(before)
    np.testing.assert_array_equal(other.eval().forward(x), whole)


def test_a_gradient_check_leaves_the_buffers(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 4, rng=rng), BatchNorm1d(4), Linear(4, 2, rng=rng))
    before = net.state_dict()
    assert check_gradient(net, rng.normal(size=(6, 3)), rng.integers(0, 2, 6), loss=CrossEntropyLoss()).ok
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_without_weights_or_statistics(rng: np.random.Generator) -> None:
    plain = BatchNorm1d(3, affine=False, track_running_stats=False)
    assert plain.state_dict() == {}
    x = rng.normal(size=(9, 3))
    np.testing.assert_array_equal(plain.forward(x), plain.eval().forward(x))
    assert list(LayerNorm(3).state_dict()) == ["weight", "bias"]
    assert list(LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert LayerNorm(3, elementwise_affine=False).state_dict() == {}


def test_layer_norm_looks_at_one_sample_at_a_time(rng: np.random.Generator) -> None:
    layer, x = LayerNorm((2, 5), dtype=np.float64), rng.normal(7, 2, (4, 2, 5))
    y = layer.forward(x)
    np.testing.assert_allclose(y.mean(axis=(1, 2)), 0, atol=1e-12)
    np.testing.assert_array_equal(layer.forward(x[2:3]), y[2:3])


def test_start_of_the_weights() -> None:
    assert (BatchNorm1d(5).state_dict()["weight"] == 1).all()
    drawn = [BatchNorm1d(50, init="uniform", rng=np.random.default_rng(1)).weight for _ in range(2)]
    assert drawn[0] is not None
    assert drawn[1] is not None
    np.testing.assert_array_equal(drawn[0].data, drawn[1].data)
    assert 0 <= drawn[0].data.min() < drawn[0].data.max() <= 1
    with pytest.raises(ValueError, match="init must be one of ones, uniform; received 'magic'"):
        LayerNorm(3, init="magic")


def test_what_does_not_fit_is_said_in_words() -> None:
    with pytest.raises(ValueError, match=r"BatchNorm1d\(3\) expects inputs of 3 features, received shape \(5, 4\)"):
        BatchNorm1d(3).forward(np.zeros((5, 4)))
    with pytest.raises(ValueError, match="cannot normalise a batch of one sample: choose another batch size"):
        BatchNorm1d(3).forward(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"LayerNorm\(3\) expects inputs"):
        LayerNorm(3).forward(np.zeros((5, 4)))


@pytest.mark.parametrize("shape", [(60_000, 3), (3_000, 3, 20)])
def test_a_large_batch_far_from_0_keeps_its_digits(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.normal(1e4, 1, shape).astype(np.float32)
    axes = (0,) if len(shape) == 2 else (0, 2)
    layer = BatchNorm1d(3, momentum=1.0)
    y = layer.forward(x)
    np.testing.assert_allclose(layer.running_mean, x.mean(axis=axes, dtype=np.float64), rtol=1e-7)
    np.testing.assert_allclose(layer.running_var, x.var(axis=axes, dtype=np.float64), rtol=1e-4)
    exact = BatchNorm1d(3, momentum=1.0, dtype=np.float64).forward(x)
    np.testing.assert_allclose(y, exact, atol=1e-5)
    grad = np.ones_like(y)
    layer.backward(grad)
    np.testing.assert_array_equal(layer.parameters()[1].grad, grad.sum(axis=axes, dtype=np.float64))


def test_inputs_are_cast_and_options_of_numpy_change_no_dtype(rng: np.random.Generator) -> None:
    x = rng.normal(size=(5, 4))
    for layer in (BatchNorm1d(4, eps=np.float64(1e-5)), LayerNorm(4, eps=np.float64(1e-5))):
        assert layer.forward(x).dtype == layer.backward(np.ones((5, 4), np.float32)).dtype == np.float32
        assert layer.forward(np.arange(20).reshape(5, 4)).dtype == np.float32
    for plain in (BatchNorm1d(4, affine=False), LayerNorm(4, elementwise_affine=False)):
        assert plain.forward(x.astype(np.float32)).dtype == np.float32
        assert plain.forward(np.arange(20).reshape(5, 4)).dtype == np.float32
