"""Initialisations: what is drawn has the standard deviation that was asked."""

import random

import numpy as np
import pytest

from mlcore import INITIALISATIONS, Linear, build_mlp, check_init_options, initialise


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("name", INITIALISATIONS)
def test_drawn_weights_have_the_asked_deviation(name: str, activation: str) -> None:
    item = INITIALISATIONS[name]
    W, b = initialise(name, 60, 80, rng=np.random.default_rng(0), activation=activation, dtype=np.float64)
    assert item.name == name
    assert item.formula
    assert item.why
    assert W.shape == (80, 60)
    assert b.shape == (80,)
    assert W.std() == pytest.approx(item.std(60, 80, activation), rel=0.03)
    assert W.mean() == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_float32_sees_the_same_weights(name: str) -> None:
    narrow, wide = (
        initialise(name, 5, 7, rng=np.random.default_rng(3), dtype=dtype) for dtype in (np.float32, np.float64)
    )
    for a, b in zip(narrow, wide, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_array_equal(a, b.astype(np.float32))


def test_asked_deviations_by_formula() -> None:
    assert INITIALISATIONS["kaiming_normal"].std(10, 64, "relu") == pytest.approx(0.4472, abs=1e-4)
    assert INITIALISATIONS["xavier_normal"].std(10, 64, "tanh") == pytest.approx(5 / 3 * np.sqrt(2 / 74))
    assert INITIALISATIONS["normal"].std(10, 64, "relu", std=0.5) == 0.5


@pytest.mark.parametrize("name", ["xavier_normal", "xavier_uniform"])
def test_xavier_has_torchs_gain_of_1_unless_an_activation_is_named(name: str) -> None:
    layer = Linear(200, 300, init=name, rng=np.random.default_rng(0))
    assert layer.weight.data.std() == pytest.approx(np.sqrt(2 / 500), rel=0.02)
    tanh = Linear(200, 300, init=name, init_options={"activation": "tanh"}, rng=np.random.default_rng(0))
    assert tanh.weight.data.std() == pytest.approx(5 / 3 * np.sqrt(2 / 500), rel=0.02)
    net = build_mlp(200, [300], 2, init=name, rng=np.random.default_rng(0))
    assert net[0].parameters()[0].data.std() == pytest.approx(np.sqrt(2) * np.sqrt(2 / 500), rel=0.02)


def test_biases() -> None:
    drawn = {name: initialise(name, 50, 400, rng=np.random.default_rng(1))[1] for name in INITIALISATIONS}
    assert drawn["tp4"].std() == pytest.approx(np.sqrt(2 / 50), rel=0.1)
    assert (drawn["playground"] == np.float32(0.1)).all()
    for name in ("kaiming_normal", "kaiming_uniform", "xavier_normal", "normal", "micrograd", "zeros"):
        assert not drawn[name].any()


def test_one_neuron_of_the_micrograd_sheet() -> None:
    neuron = Linear(2, 1, init="micrograd", dtype=np.float64)
    np.testing.assert_array_equal(neuron.weight.data, [[0.2788535969157675, -0.9499784895546661]])


def test_micrograd_goes_on_through_all_layers() -> None:
    net = build_mlp(2, [3], 1, init="micrograd", init_options={"seed": 1}, rng=np.random.default_rng(), dtype=float)
    stream = random.Random(1)
    drawn = np.concatenate([p.data.ravel() for p in net.parameters() if p.data.ndim == 2])
    np.testing.assert_array_equal(drawn, [stream.uniform(-1, 1) for _ in range(9)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "magic"}, "unknown initialisation 'magic': choose one of torch, "),
        ({"name": "torch", "activation": "x"}, "unknown activation 'x'"),
        ({"name": "tp4", "std": 1}, "'tp4' does not take std: it has no options"),
        ({"name": "normal", "std": 1e200}, "'normal' takes std as a number from 0 to 1,000,000, received 1e.200"),
        ({"name": "normal", "std": float("nan")}, "received nan"),
        ({"name": "normal", "std": True}, "received True"),
        ({"name": "micrograd", "seed": 0.5}, "a whole number from 0 to 4,294,967,295, received 0.5"),
    ],
)
def test_unknown_names(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        initialise(fan_in=2, fan_out=2, rng=np.random.default_rng(), **arguments)  # type: ignore[arg-type]


def test_biases_by_another_name() -> None:
    W, b = initialise("tp4", 50, 400, rng=np.random.default_rng(1), bias_init="zeros")
    assert not b.any()
    np.testing.assert_array_equal(W, initialise("tp4", 50, 400, rng=np.random.default_rng(1))[0])
    drawn = initialise("zeros", 50, 400, rng=np.random.default_rng(1), bias_init="tp4")
    assert not drawn[0].any()
    assert drawn[1].std() == pytest.approx(np.sqrt(2 / 50), rel=0.1)
    net = build_mlp(3, [4], 2, init="normal", bias_init="playground", bias="input", rng=np.random.default_rng())
    assert all((p.data == np.float32(0.1)).all() for p in net.parameters() if p.data.ndim == 1)
    with pytest.raises(ValueError, match="unknown initialisation 'magic'"):
        Linear(2, 2, bias_init="magic")


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_every_option_declared_is_taken_at_its_default_and_its_limits(name: str) -> None:
    item = INITIALISATIONS[name]
    for option in item.options:
        for value in {option.default, option.low, min(option.high, 1000)}:
            check_init_options(name, {option.name: value})
            W, _ = initialise(name, 3, 2, rng=np.random.default_rng(0), **{option.name: value})
            assert np.isfinite(W).all()
            assert np.isfinite(item.std(3, 2, **{option.name: value}))
        for value in (option.low - 1, option.high + 1, "1", None):
            with pytest.raises(ValueError, match=f"takes {option.name} as a"):
                check_init_options(name, {option.name: value})
    defaults = {option.name: option.default for option in item.options}
    drawn = [initialise(name, 3, 2, rng=np.random.default_rng(0), **given)[0] for given in ({}, defaults)]
    np.testing.assert_array_equal(*drawn)


def test_draws_before_skips_numbers_of_the_stream() -> None:
    stream = random.Random(7)
    numbers = [stream.uniform(-1, 1) for _ in range(1_000_010)]
    for before in (0, 4, 1_000_004):
        W, _ = initialise("micrograd", 3, 2, rng=np.random.default_rng(), dtype=float, seed=7, draws_before=before)
        assert W.ravel().tolist() == numbers[before : before + 6]
