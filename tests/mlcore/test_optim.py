"""Optimisers: state and errors. tests/mlcore/test_against_pytorch.py compares their steps."""

from typing import Any

import numpy as np
import pytest

from mlcore import OPTIMIZERS, SGD, Adagrad, Adam, Linear, Parameter, RMSprop, clip_grad_norm_, clip_grad_value_
from mlcore.optim import Optimizer

CASES = [(name, {}) for name in OPTIMIZERS] + [
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"l1": 0.1, "weight_decay": 0.1}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"momentum": 0.9, "centered": True}),
    ("adam", {"amsgrad": True}),
    ("adamw", {"amsgrad": True, "l1": 0.1}),
]


def parameters(rng: np.random.Generator) -> list[Parameter]:
    return [Parameter(rng.normal(size=(2, 3)), "0.weight"), Parameter(rng.normal(size=3), "0.bias")]


def run(optimizer: Optimizer, steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for parameter in optimizer.params:
            parameter.grad = rng.normal(size=parameter.data.shape)
        optimizer.step()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_going_on_from_a_saved_state_is_exact(name: str, options: dict[str, Any]) -> None:
    kind: Any = OPTIMIZERS[name]
    straight = kind(parameters(np.random.default_rng(0)), lr=0.1, **options)
    run(straight, 3, seed=1)
    state, weights = straight.state_dict(), [p.data.copy() for p in straight.params]
    run(straight, 3, seed=2)

    resumed = kind(parameters(np.random.default_rng(9)), lr=0.1, **options)
    for parameter, data in zip(resumed.params, weights, strict=True):
        parameter.data = data
    resumed.load_state_dict(state)
    run(resumed, 3, seed=2)
    for a, b in zip(straight.params, resumed.params, strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_keys_of_the_state() -> None:
    adam = Adam(parameters(np.random.default_rng(0)))
    assert list(adam.state_dict()) == [
        "step",
        "exp_avg.0.weight",
        "exp_avg.0.bias",
        "exp_avg_sq.0.weight",
        "exp_avg_sq.0.bias",
    ]
    nameless = SGD([Parameter(np.zeros(2)), Parameter(np.zeros(2))], momentum=0.9)
    assert list(nameless.state_dict()) == ["step", "momentum.0", "momentum.1"]


def test_state_that_does_not_fit() -> None:
    adam = Adam(parameters(np.random.default_rng(0)))
    with pytest.raises(ValueError, match="does not fit SGD: missing or unexpected exp_avg"):
        SGD(adam.params).load_state_dict(adam.state_dict())
    wrong = adam.state_dict() | {"exp_avg.0.bias": np.zeros(7)}
    with pytest.raises(ValueError, match=r"exp_avg.0.bias has shape \(7,\), expected \(3,\)"):
        adam.load_state_dict(wrong)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_update_is_in_place_and_zero_grad_clears(name: str, options: dict[str, Any]) -> None:
    kind: Any = OPTIMIZERS[name]
    optimizer = kind(parameters(np.random.default_rng(0)), **options)
    arrays = [p.data for p in optimizer.params]
    before = [a.copy() for a in arrays]
    run(optimizer, 1, seed=0)
    optimizer.zero_grad()
    for parameter, array, old in zip(optimizer.params, arrays, before, strict=True):
        assert parameter.data is array
        assert not np.array_equal(array, old)
        assert not parameter.grad.any()


def test_lr_may_be_changed_at_any_time() -> None:
    optimizer = SGD([Parameter([1.0])], lr=0.5)
    optimizer.params[0].grad = np.array([1.0])
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert optimizer.params[0].data[0] == 0.25


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: SGD([], lr=1), "no parameters"),
        (lambda p: SGD(p, lr=-1), "must be >= 0"),
        (lambda p: SGD(p, lr=1, nesterov=True), "nesterov needs a momentum"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), "betas must lie in"),
        (lambda p: Adam(p, betas=(0.9,)), "betas must lie in"),
        (lambda p: Adam(p, lr=float("nan")), "lr must be >= 0 and finite, received nan"),
        (lambda p: Adam(p, lr=float("inf")), "lr must be >= 0 and finite"),
        (lambda p: Adam(p, eps=-1), "eps must be >= 0"),
        (lambda p: SGD(p, momentum=-1), "momentum must be >= 0 and finite, received -1"),
        (lambda p: SGD(p, weight_decay=float("nan")), "weight_decay must be >= 0"),
        (lambda p: RMSprop(p, alpha=2.0), r"alpha must lie in 0\.\.1, received 2"),
        (lambda p: RMSprop(p, momentum=-0.1), "momentum must be"),
        (lambda p: Adagrad(p, lr_decay=-1), "lr_decay must be"),
        (lambda p: Adagrad(p, initial_accumulator_value=-1), "initial_accumulator_value must be"),
        (lambda p: clip_grad_norm_(p, float("nan")), "max_norm must be >= 0"),
        (lambda p: clip_grad_value_(p, float("nan")), "clip_value must be >= 0"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(parameters(np.random.default_rng(0)))


def test_what_is_no_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match=r"give the optimiser the parameters, net\.parameters\(\), not the Linear"):
        SGD(Linear(2, 2))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes Parameters, with data and grad; received a ndarray"):
        SGD([np.ones(3)])  # type: ignore[list-item]


def test_a_parameter_given_twice_moves_once() -> None:
    parameter = Parameter(np.array([1.0]))
    parameter.grad = np.array([1.0])
    optimizer = SGD([parameter, parameter], lr=0.25)
    optimizer.step()
    assert parameter.data[0] == 0.75
    assert len(optimizer.params) == 1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_l1_is_its_sign_in_the_gradient(name: str) -> None:
    kind: Any = OPTIMIZERS[name]
    ours, by_hand = (kind(parameters(np.random.default_rng(0)), lr=0.1, **options) for options in ({"l1": 0.3}, {}))
    for seed in range(4):
        for a, b in zip(ours.params, by_hand.params, strict=True):
            a.grad = np.random.default_rng(seed).normal(size=a.data.shape)
            # AdamW shrinks the weights before it looks at them; their signs stay.
            b.grad = a.grad + 0.3 * np.sign(b.data)
        ours.step()
        by_hand.step()
    for a, b in zip(ours.params, by_hand.params, strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-13)


def test_l1_and_l2_pull_to_zero_in_their_own_ways() -> None:
    weights = np.array([2.0, -0.5])
    for options, expected in (({"l1": 1.0}, [1.9, -0.4]), ({"weight_decay": 1.0}, [1.8, -0.45])):
        optimizer = SGD([Parameter(weights.copy())], lr=0.1, **options)
        optimizer.step()
        np.testing.assert_allclose(optimizer.params[0].data, expected)
    with pytest.raises(ValueError, match="l1 must be >= 0"):
        SGD([Parameter([1.0])], l1=-1)


@pytest.mark.filterwarnings("error")
def test_centered_stays_finite_when_the_gradient_never_changes() -> None:
    parameter = Parameter(np.zeros(3, np.float32))
    optimizer = RMSprop([parameter], alpha=0.5, centered=True)
    parameter.grad = np.array([0.1, 1e-3, 7], np.float32)
    for _ in range(300):
        optimizer.step()
    assert np.isfinite(parameter.data).all()


def with_gradients(*gradients: list[float]) -> list[Parameter]:
    made = [Parameter(np.zeros(len(gradient))) for gradient in gradients]
    for parameter, gradient in zip(made, gradients, strict=True):
        parameter.grad = np.array(gradient)
    return made


def test_clip_by_norm() -> None:
    made = with_gradients([3.0, 0.0], [0.0, 4.0])
    assert clip_grad_norm_(made, 10) == 5
    assert made[1].grad[1] == 4
    assert clip_grad_norm_(made, 1) == 5
    np.testing.assert_allclose(np.concatenate([p.grad for p in made]), [0.6, 0, 0, 0.8], rtol=1e-6)
    assert clip_grad_norm_(with_gradients([3.0, -7.0], [5.0]), 1, norm_type=np.inf) == 7
    huge = Parameter(np.zeros(2, np.float32))
    huge.grad = np.array([3e30, 4e30], np.float32)  # whose squares are not float32 numbers
    assert clip_grad_norm_([huge], 1) == pytest.approx(5e30)
    np.testing.assert_allclose(huge.grad, [0.6, 0.8], rtol=1e-5)
    assert huge.grad.dtype == np.float32
    with pytest.raises(ValueError, match="max_norm must be >= 0"):
        clip_grad_norm_(made, -1)


def test_clip_by_value() -> None:
    made = with_gradients([3.0, -0.2], [-9.0])
    clip_grad_value_(made, 0.5)
    np.testing.assert_array_equal(np.concatenate([p.grad for p in made]), [0.5, -0.2, -0.5])
    with pytest.raises(ValueError, match="clip_value must be >= 0"):
        clip_grad_value_(made, -1)
