"""Values and gradients agree with PyTorch's, as tests/golden/generate.py recorded them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlcore
from mlcore.optim import OPTIMIZERS
from mlcore.schedules import SCHEDULES

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> dict[str, Any]:
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


CASES = [key for key in golden("optimizers") if "{" in key]


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "SiLU", "Sigmoid", "Tanh", "Softplus"])
def test_activation(name: str) -> None:
    values = golden("activations")
    layer = getattr(mlcore, name)()
    y = layer.forward(values["x"])
    np.testing.assert_allclose(y, values[f"{name}.y"], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(layer.backward(np.ones_like(y)), values[f"{name}.grad"], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss"])
def test_loss(name: str, reduction: str) -> None:
    values = golden("losses")
    one_column = name == "BCEWithLogitsLoss"
    loss = getattr(mlcore, name)(reduction)
    value = loss.forward(values["column" if one_column else "output"], values["targets" if one_column else "labels"])
    assert value == pytest.approx(float(values[f"{name}.{reduction}.value"]), rel=1e-14)
    np.testing.assert_allclose(loss.backward(), values[f"{name}.{reduction}.grad"], rtol=1e-12, atol=1e-16)


def test_network_gradients_and_twenty_steps_of_adam() -> None:
    values = golden("network")
    net = mlcore.build_mlp(10, [32], 4, rng=np.random.default_rng(), dtype=np.float64)
    net.load_state_dict({key.removeprefix("before."): v for key, v in values.items() if key.startswith("before.")})
    loss = mlcore.CrossEntropyLoss()
    optimizer = mlcore.Adam(net.parameters(), lr=0.01)

    assert loss(net(values["x"]), values["y"]) == pytest.approx(float(values["loss"]), rel=1e-13)
    np.testing.assert_allclose(net.backward(loss.backward()), values["grad.input"], rtol=1e-11, atol=1e-15)
    for parameter in net.parameters():
        np.testing.assert_allclose(parameter.grad, values[f"grad.{parameter.name}"], rtol=1e-11, atol=1e-15)

    for _ in range(20):
        optimizer.zero_grad()
        loss(net(values["x"]), values["y"])
        net.backward(loss.backward())
        optimizer.step()
    for name, weights in net.state_dict().items():
        np.testing.assert_allclose(weights, values[f"after.{name}"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_optimizer(case: str) -> None:
    values = golden("optimizers")
    name, _, options = case.partition(" ")
    parameter = mlcore.Parameter(values["start"].copy(), "weight")
    optimizer: Any = OPTIMIZERS[name.lower()]
    optimizer = optimizer([parameter], **json.loads(options))
    for gradient in values["gradients"]:
        parameter.grad = gradient
        optimizer.step()
    np.testing.assert_allclose(parameter.data, values[case], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["linear", "exponential", "cosine"])
def test_schedule(name: str) -> None:
    factors = [SCHEDULES[name](epoch, 12) for epoch in range(1, 13)]
    np.testing.assert_allclose(factors, golden("schedules")[name], rtol=1e-12, atol=1e-15)


def test_torch_initialisation_has_torch_bounds() -> None:
    layer = mlcore.Linear(400, 50, rng=np.random.default_rng(0))
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 1 / 20
        assert parameter.data.std() == pytest.approx(1 / 20 / np.sqrt(3), rel=0.15)
