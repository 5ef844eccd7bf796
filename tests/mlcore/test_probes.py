"""Probes: units that are dead or saturated by construction, norms by definition, ln C, and the planted NaN."""

from math import log, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    SGD,
    Adam,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    build_mlp,
)
from mlcore.activations import LogSoftmax
from mlcore.layers import Layer
from mlcore.losses import Loss, NLLLoss
from mlcore.normalization import BatchNorm1d
from mlcore.probes import first_nonfinite, gradient_norms, initial_loss, layer_activity, update_ratios


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@settings(max_examples=30, deadline=None)
@given(width=st.integers(1, 40), share=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_dead_units_by_construction(width: int, share: float, seed: int) -> None:
    """Units whose bias is far below what the weights can reach never fire, those far above always do."""
    rng = np.random.default_rng(seed)
    net = build_mlp(3, [width], 2, rng=rng)
    killed = rng.random(width) < share
    net[0].bias.data[:] = np.where(killed, -1e3, 1e3)
    row = layer_activity(net, rng.uniform(-1, 1, (50, 3)))[1]
    assert row.dead == killed.mean()
    assert row.dead_units == tuple(np.flatnonzero(killed))
    assert (row.index, row.name, row.units, row.saturated) == ("1", "ReLU()", width, None)


def test_one_positive_output_is_a_sign_of_life() -> None:
    net = Sequential(ReLU())
    x = -np.ones((100, 2))
    x[37, 1] = 1e-3
    assert layer_activity(net, x)[0].dead_units == (0,)
    x[:, 1] = 0
    assert layer_activity(net, x)[0].dead == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-12, 12), min_size=1, max_size=30))
def test_saturated_share_by_definition(values: list[float]) -> None:
    x = np.array(values).reshape(1, -1)
    s, t = 1 / (1 + np.exp(-x)), np.tanh(x)
    sigmoid = layer_activity(Sequential(Sigmoid()), x)[0]
    tanh = layer_activity(Sequential(Tanh()), x)[0]
    assert sigmoid.saturated == np.mean((s < 0.01) | (s > 0.99))
    assert tanh.saturated == np.mean(np.abs(t) > 0.99)
    assert sigmoid.dead is tanh.dead is None
    assert sigmoid.mean == pytest.approx(s.mean())
    assert tanh.std == pytest.approx(t.std())


def test_makemores_lesson_large_weights_saturate_tanh(rng: np.random.Generator) -> None:
    x = rng.normal(size=(500, 30))
    net = build_mlp(30, [200], 27, activation="tanh", init="normal", init_options={"std": 1.0}, rng=rng)
    large = layer_activity(net, x)[1].saturated
    net[0].weight.data *= (5 / 3) / sqrt(30) / 2
    small = layer_activity(net, x)[1].saturated
    assert large is not None
    assert small is not None
    assert large > 0.5
    assert small < 0.1


def test_images_count_channels_and_nothing_is_changed(rng: np.random.Generator) -> None:
    images = rng.normal(size=(6, 3, 4, 4))
    images[:, 1] = -1
    row = layer_activity(Sequential(ReLU()), images)[0]
    assert (row.units, row.dead_units) == (3, (1,))

    net = Sequential(Linear(3, 4, rng=rng), Dropout(0.5, rng=np.random.default_rng(0)), ReLU(), Linear(4, 2, rng=rng))
    net.forward(np.ones((5, 3)))
    mask, state = net[1].mask, net[1].rng.bit_generator.state
    rows = layer_activity(net, rng.normal(size=(9, 3)))
    assert [r.index for r in rows] == ["0", "1", "2", "3"]
    assert rows[1].mean == rows[0].mean  # nothing was dropped
    assert net[1].training
    assert net[1].mask is mask
    assert net[1].rng.bit_generator.state == state
    assert net[0].x.shape == (5, 3)
    with pytest.raises(ValueError, match="no samples"):
        layer_activity(net, np.zeros((0, 3)))


def test_gradient_norms(rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    assert gradient_norms(net) == {"0.weight": 0, "0.bias": 0, "2.weight": 0, "2.bias": 0}
    loss = CrossEntropyLoss()
    loss.forward(net.forward(rng.normal(size=(5, 3))), np.array([0, 1, 0, 1, 1]))
    net.backward(loss.backward())
    for name, norm in gradient_norms(net).items():
        grad = dict(net.named_parameters())[name].grad.astype(np.float64)
        assert norm == pytest.approx(sqrt((grad**2).sum()))


@given(lr=st.floats(1e-6, 1), seed=st.integers(0, 2**32))
def test_update_ratio_of_plain_descent_is_lr_times_gradient_over_weight(lr: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = build_mlp(3, [4], 2, init="tp4", rng=rng, dtype=np.float64)
    for parameter in net.parameters():
        parameter.grad = rng.normal(size=parameter.data.shape)
    before = net.state_dict()
    SGD(net.parameters(), lr=lr).step()
    norms = gradient_norms(net)
    for name, ratio in update_ratios(before, net).items():
        assert ratio == pytest.approx(lr * norms[name] / np.linalg.norm(before[name]), rel=1e-6)


def test_update_ratios_of_adam_at_the_start_and_of_zeros(rng: np.random.Generator) -> None:
    net = build_mlp(10, [], 4, init="normal", init_options={"std": 1.0}, rng=rng, dtype=np.float64)
    net[0].bias.data[:] = 0
    for parameter in net.parameters():
        parameter.grad = rng.normal(size=parameter.data.shape)
    before = net.state_dict()
    Adam(net.parameters(), lr=1e-3).step()
    ratios = update_ratios(before, net)
    # Adam's first step moves every weight by lr, whatever the gradient.
    assert ratios["0.weight"] == pytest.approx(1e-3 * sqrt(40) / np.linalg.norm(before["0.weight"]), rel=1e-4)
    assert np.isnan(ratios["0.bias"])
    with pytest.raises(ValueError, match=r"0.weight has shape \(2,\) before and \(4, 10\) after"):
        update_ratios({"0.weight": np.ones(2)}, net)
    with pytest.raises(KeyError):
        update_ratios({}, net)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_initial_loss_against_ln_c(classes: int, reduction: str, rng: np.random.Generator) -> None:
    net = build_mlp(5, [], classes, rng=rng)
    x, y = rng.normal(size=(40, 5)), rng.integers(0, classes, 40)
    net[0].weight.data *= 0.01
    found = initial_loss(net, CrossEntropyLoss(reduction), x, y)
    assert found.expected == pytest.approx(log(classes) * (40 if reduction == "sum" else 1), rel=1e-6)
    assert found.ok
    assert "as it should be" in str(found)
    net[0].weight.data *= 5000
    loud = initial_loss(net, CrossEntropyLoss(reduction), x, y)
    assert not loud.ok
    assert "sure of wrong answers" in str(loud)


def test_initial_loss_leaves_network_and_loss_ready_for_backward(rng: np.random.Generator) -> None:
    net, loss = build_mlp(5, [4], 3, rng=rng), CrossEntropyLoss()
    x, y = rng.normal(size=(6, 5)), rng.integers(0, 3, 6)
    loss.forward(net.forward(x), y)
    before = loss.backward()
    initial_loss(net, loss, x[:2] + 1, y[:2])
    np.testing.assert_array_equal(loss.backward(), before)
    assert net.backward(before).shape == x.shape


def test_initial_loss_of_the_other_losses(rng: np.random.Generator) -> None:
    net = build_mlp(5, [], 1, rng=rng)
    x, y = rng.normal(size=(40, 5)), rng.integers(0, 2, 40)
    assert initial_loss(net, BCEWithLogitsLoss(), x, y).expected == pytest.approx(log(2), rel=1e-6)
    several = Sequential(Linear(5, 7, rng=rng), LogSoftmax())
    assert initial_loss(several, NLLLoss(), x, y).expected == pytest.approx(log(7), rel=1e-6)
    squared = initial_loss(net, MSELoss(), x, y)
    assert squared.expected is None
    assert squared.ok
    net[0].bias.data[:] = nan
    assert not initial_loss(net, MSELoss(), x, y).ok


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), None], ids=["loss", "forward only"])
def test_nothing_to_find(loss: Loss | None, rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    assert first_nonfinite(net, rng.normal(size=(5, 3)), np.zeros(5, np.int64), loss) is None
    assert not any(gradient_norms(net).values())


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, 10**6), value=st.sampled_from([np.nan, np.inf, -np.inf]), seed=st.integers(0, 2**32))
def test_a_planted_number_is_found_where_it_was_planted(place: int, value: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = build_mlp(3, [4, 5], 2, rng=rng)
    name, parameter = list(net.named_parameters())[place % 6]
    entry = np.unravel_index(place % parameter.data.size, parameter.data.shape)
    parameter.data[entry] = value
    found = first_nonfinite(net, rng.normal(size=(5, 3)), rng.integers(0, 2, 5), CrossEntropyLoss())
    assert found is not None
    assert (found.tensor, found.entry, found.count, found.size) == (name, entry, 1, parameter.data.size)
    assert found.layer == repr(net[int(name[0])])
    assert str(found).startswith(f"{name}[{', '.join(map(str, entry))}] of Linear(")


def test_a_buffer_is_found_too_and_a_trial_batch_does_not_move_it(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 4, rng=rng), BatchNorm1d(4), ReLU(), Linear(4, 2, rng=rng))
    x, y = rng.normal(size=(5, 3)), np.zeros(5, np.int64)
    before = net.state_dict()
    assert first_nonfinite(net, x, y, CrossEntropyLoss()) is None
    layer_activity(net, x)
    initial_loss(net, CrossEntropyLoss(), x, y)
    assert all(np.array_equal(array, before[name]) for name, array in net.state_dict().items())
    assert net[1].running_var is not None
    net[1].running_var[2] = nan
    found = first_nonfinite(net.eval(), x)
    assert found is not None
    assert (found.tensor, found.entry) == ("1.running_var", (2,))


class Explodes(Layer):
    """Right on the way there, NaN on the way back."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return x

    def backward(self, grad: np.ndarray) -> np.ndarray:
        grad = grad.copy()
        grad[2, 1] = np.nan
        return grad


def test_input_overflow_loss_and_gradient(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(5, 3)), np.zeros(5, np.int64)
    net = build_mlp(3, [4], 2, rng=rng)
    x[1, 2] = np.inf
    found = first_nonfinite(net, x)
    assert found is not None
    assert (found.tensor, found.layer, found.entry) == ("input", "", (1, 2))
    x[1, 2] = 0

    net[0].weight.data[:] = net[2].weight.data[:] = 3e38  # finite in float32, its products are not
    found = first_nonfinite(net, 1 + np.abs(x))
    assert found is not None
    assert (found.tensor, found.layer) == ("0.out", "Linear(3, 4)")

    small = Sequential(Linear(3, 2, rng=rng))
    small[0].weight.data[:] = 1e30
    found = first_nonfinite(small, 1 + np.abs(x), y, MSELoss())
    assert found is not None
    assert (found.tensor, found.size) == ("loss", 1)
    assert str(found) == "loss is inf: 1 of 1 numbers are not finite"

    net = Sequential(Linear(3, 4, rng=rng), Explodes(), Linear(4, 2, rng=rng))
    found = first_nonfinite(net, x, y, CrossEntropyLoss())
    assert found is not None
    assert (found.tensor, found.layer, found.entry) == ("1.input.grad", "Explodes()", (2, 1))
