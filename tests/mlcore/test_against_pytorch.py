"""Values and gradients agree with PyTorch's, as tests/golden/generate.py recorded them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlcore
from mlcore import Layer, Linear
from mlcore.losses import Loss
from mlcore.optim import OPTIMIZERS
from mlcore.schedules import SCHEDULES

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> dict[str, Any]:
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


CASES = [key for key in golden("optimizers") if "{" in key]


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus"])
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


# --- what the networks below do not reach ---


def agrees(ours: Any, expected: np.ndarray) -> None:
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
def test_softmax_layers(name: str, dim: int) -> None:
    values = golden("edges")
    layer = getattr(mlcore.activations, name)(dim)
    agrees(layer.forward(values["softmax.x"]), values[f"{name} {dim}.y"])
    agrees(layer.backward(values["softmax.upstream"]), values[f"{name} {dim}.grad"])


@pytest.mark.parametrize("options", [(2, 2, 0), (2, 1, 0), (3, 2, 1)])
@pytest.mark.parametrize("name", ["MaxPool2d", "AvgPool2d"])
def test_pools_with_ties(name: str, options: tuple[int, int, int]) -> None:
    values, key = golden("edges"), f"{name} {options[0]} {options[1]} {options[2]}"
    layer = getattr(mlcore, name)(*options)
    agrees(layer.forward(values["pool.x"]), values[f"{key}.y"])
    agrees(layer.backward(values[f"{key}.upstream"]), values[f"{key}.grad"])


def test_batch_norm_that_averages_all_batches() -> None:
    values = golden("edges")
    layer = mlcore.BatchNorm1d(3, momentum=None, dtype=np.float64)
    for count, batch in enumerate(values["average.x"], 1):
        layer.forward(batch)
        for name in layer.BUFFERS:
            agrees(getattr(layer, name), values[f"average.{count}.{name}"])
    agrees(layer.eval().forward(values["average.x"][0]), values["average.eval"])


ZERO_WEIGHT = [0.0, 1.0, 2.0, 0.5]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("case", "output", "y", "options"),
    [
        ("weighted", "output", "labels", {"weight": ZERO_WEIGHT}),
        ("smoothed", "output", "labels", {"weight": ZERO_WEIGHT, "label_smoothing": 0.2}),
        ("nll", "output", "labels", {"weight": ZERO_WEIGHT}),
        ("soft", "output", "soft", {}),
        ("soft_weighted", "output", "soft", {"weight": ZERO_WEIGHT}),
        ("several", "output", "several", {}),
        ("minus_infinity", "minus_infinity", "labels", {}),
    ],
)
def test_class_loss(case: str, output: str, y: str, options: dict[str, Any], reduction: str) -> None:
    values = golden("edges")
    x = mlcore.log_softmax(values[output]) if case == "nll" else values[output]
    loss = (mlcore.NLLLoss if case == "nll" else mlcore.CrossEntropyLoss)(reduction, **options)
    agrees(loss.forward(x, values[y]), values[f"{case}.{reduction}.value"])
    agrees(loss.backward(), values[f"{case}.{reduction}.grad"])


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


SIXTY_CASES = sorted({key.partition("|")[0] for key in golden("sixty_steps") if "|" in key})


@pytest.mark.parametrize("case", SIXTY_CASES)
def test_sixty_steps(case: str) -> None:
    values = golden("sixty_steps")
    net = mlcore.build_mlp(6, [7], 4, activation="tanh", rng=np.random.default_rng(), dtype=np.float64)
    net.load_state_dict({key.removeprefix("before."): v for key, v in values.items() if key.startswith("before.")})
    name, _, options = case.partition(" ")
    made: Any = OPTIMIZERS[name.lower()]
    optimizer = made(net.parameters(), **json.loads(options))
    loss = mlcore.CrossEntropyLoss()
    for _ in range(60):
        optimizer.zero_grad()
        loss.forward(net.forward(values["x"]), values["y"])
        net.backward(loss.backward())
        optimizer.step()
    for key, weights in net.state_dict().items():
        np.testing.assert_allclose(weights, values[f"{case}|{key}"], rtol=0, atol=1e-9)


def test_there_are_thirteen_settings() -> None:
    assert len(SIXTY_CASES) == 13


# --- whole networks ---

WEIGHT = [0.5, 1.0, 2.0, 0.25]
LOSSES: dict[str, Loss] = {
    "cross_entropy": mlcore.CrossEntropyLoss(),
    "cross_entropy_weighted": mlcore.CrossEntropyLoss(weight=WEIGHT),
    "cross_entropy_smoothed": mlcore.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.1),
    "nll": mlcore.NLLLoss(weight=WEIGHT),
    "mse": mlcore.MSELoss(),
    "mse_per_sample": mlcore.MSELoss("per_sample"),
    "mse_half_sum": mlcore.MSELoss("half_sum"),
    "bce": mlcore.BCEWithLogitsLoss(),
}


def layers(name: str, out: int, dtype: type) -> list[Layer]:
    d: dict[str, Any] = {"dtype": dtype}
    return {
        "mlp": lambda: [Linear(6, 8, **d), mlcore.Tanh(), Linear(8, 5, **d), mlcore.ELU(), Linear(5, out, **d)],
        "batch_norm": lambda: [Linear(6, 8, **d), mlcore.BatchNorm1d(8, **d), mlcore.ReLU(), Linear(8, out, **d)],
        "layer_norm": lambda: [Linear(6, 8, **d), mlcore.LayerNorm(8, **d), mlcore.GELU(), Linear(8, out, **d)],
        "cnn": lambda: [
            mlcore.Unflatten(1, (2, 8, 7)),
            mlcore.Conv2d(2, 3, 3, padding=1, **d),
            mlcore.ReLU(),
            mlcore.MaxPool2d(2),
            mlcore.Conv2d(3, 4, 2, stride=(1, 2), padding=(0, 1), **d),
            mlcore.SiLU(),
            mlcore.AvgPool2d(2, stride=1),
            mlcore.Flatten(),
            Linear(8, out, **d),
        ],
    }[name]()


def network(name: str, values: dict[str, Any], out: int, dtype: type) -> mlcore.Sequential:
    net = mlcore.Sequential(layers(name, out, dtype))
    prefix = f"{name}.{out}.before."
    given = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    net.load_state_dict(net.state_dict() | given)
    return net


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-4)])
@pytest.mark.parametrize("loss_name", LOSSES)
@pytest.mark.parametrize("name", ["mlp", "batch_norm", "layer_norm", "cnn"])
def test_network(name: str, loss_name: str, dtype: type, tolerance: float) -> None:
    values = golden("networks")
    out = 1 if loss_name == "bce" else 4
    net, loss = network(name, values, out, dtype), LOSSES[loss_name]
    top = mlcore.LogSoftmax() if loss_name == "nll" else mlcore.Identity()
    labels = values["labels"] % 2 if out == 1 else values["labels"]

    value = loss.forward(top.forward(net.forward(values[f"{name}.x"].astype(dtype))), labels)
    grad_x = net.backward(top.backward(loss.backward()))
    assert value == pytest.approx(float(values[f"{name}.{loss_name}.value"]), rel=tolerance)
    gradients = {"input": grad_x} | {parameter.name: parameter.grad for parameter in net.parameters()}
    for key, gradient in gradients.items():
        assert gradient.dtype == dtype
        expected = values[f"{name}.{loss_name}.grad.{key}"].reshape(gradient.shape)
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance * scale, err_msg=key)


@pytest.mark.parametrize("out", [4, 1])
@pytest.mark.parametrize("name", ["mlp", "batch_norm", "layer_norm", "cnn"])
def test_names_buffers_and_inference(name: str, out: int) -> None:
    values = golden("networks")
    net = network(name, values, out, np.float64)
    net.forward(values[f"{name}.x"])
    prefix = f"{name}.{out}.buffer."
    buffers = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    state = net.state_dict()
    parameters = {parameter.name for parameter in net.parameters()}
    assert set(state) - parameters == set(buffers)
    for key, expected in buffers.items():
        np.testing.assert_allclose(state[key], expected, rtol=1e-12)
        assert state[key].shape == expected.shape
    np.testing.assert_allclose(net.eval().forward(values[f"{name}.x"]), values[f"{name}.{out}.eval"], rtol=1e-11)


# --- schedules ---


@pytest.mark.parametrize("name", ["linear", "exponential", "cosine"])
def test_schedule_function(name: str) -> None:
    factors = [SCHEDULES[name](epoch, 12) for epoch in range(1, 13)]
    np.testing.assert_allclose(factors, golden("schedules")[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("case", "name", "options"),
    [
        ("linear", "linear", {}),
        ("exponential", "exponential", {}),
        ("cosine", "cosine", {}),
        ("step", "step", {"step_size": 5}),
        ("multistep", "multistep", {"milestones": [3, 4, 9], "gamma": 0.5}),
        ("one_cycle", "one_cycle", {}),
        ("one_cycle_linear", "one_cycle", {"pct_start": 0.5, "anneal_strategy": "linear"}),
        ("warmup", "warmup", {"warmup_epochs": 4, "start_factor": 0.25, "then": "cosine"}),
    ],
)
def test_schedule(case: str, name: str, options: dict[str, Any]) -> None:
    plan = mlcore.schedule(name, 12, **options)
    factors = [plan.factor(epoch) for epoch in range(1, 13)]
    np.testing.assert_allclose(factors, golden("schedules")[case], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("plateau", {"patience": 2}),
        ("plateau_cooldown", {"factor": 0.5, "patience": 1, "cooldown": 2, "min_factor": 0.1}),
    ],
)
def test_reduce_on_plateau(case: str, options: dict[str, Any]) -> None:
    values = golden("schedules")
    plan = mlcore.schedule("reduce_on_plateau", 30, **options)
    factors = []
    for epoch, figure in enumerate(values["plateau_losses"], 1):
        factors.append(plan.factor(epoch))
        again = mlcore.schedule("reduce_on_plateau", 30, **options)
        again.load_state_dict(json.loads(json.dumps(plan.state_dict())))
        plan = again
        plan.observe(float(figure))
    np.testing.assert_allclose(factors, values[case], rtol=1e-12)


def test_torch_initialisation_has_torch_bounds() -> None:
    layer = mlcore.Linear(400, 50, rng=np.random.default_rng(0))
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 1 / 20
        assert parameter.data.std() == pytest.approx(1 / 20 / np.sqrt(3), rel=0.15)
