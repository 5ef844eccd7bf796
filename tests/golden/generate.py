"""Reference values from PyTorch, for tests/mlcore. Run where torch is installed:

python tests/golden/generate.py

It writes activations.npz, losses.npz, network.npz, optimizers.npz and schedules.npz beside itself. Made with
torch 2.13.0. The tests read the files and need no torch.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
torch.set_default_dtype(torch.float64)

ACTIVATIONS = {
    "ReLU": nn.ReLU(),
    "LeakyReLU": nn.LeakyReLU(),
    "ELU": nn.ELU(),
    "SiLU": nn.SiLU(),
    "Sigmoid": nn.Sigmoid(),
    "Tanh": nn.Tanh(),
    "Softplus": nn.Softplus(),
}

OPTIMIZERS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
    ],
    "Adagrad": [{}, {"lr": 0.1, "lr_decay": 0.2}, {"initial_accumulator_value": 0.3, "weight_decay": 0.05}],
    "RMSprop": [{}, {"alpha": 0.9, "weight_decay": 0.05}, {"momentum": 0.9}, {"lr": 0.1, "eps": 0.01}],
    "Adam": [{}, {"lr": 0.1, "betas": [0.8, 0.9]}, {"weight_decay": 0.05}, {"eps": 0.01}],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.3}, {"betas": [0.8, 0.9], "eps": 0.01}],
}


def activations() -> dict[str, np.ndarray]:
    values = {"x": np.concatenate([np.linspace(-6, 6, 49), [-40.0, 40.0, -1e4, 1e4]])}
    for name, function in ACTIVATIONS.items():
        x = torch.tensor(values["x"], requires_grad=True)
        y = function(x)
        y.sum().backward()
        values[f"{name}.y"], values[f"{name}.grad"] = y.detach().numpy(), x.grad.numpy()
    return values


def losses() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    values = {
        "output": rng.normal(0, 3, (12, 4)),
        "labels": rng.integers(0, 4, 12),
        "column": rng.normal(0, 3, (12, 1)),
        "targets": rng.integers(0, 2, 12),
    }
    labels = torch.tensor(values["labels"])
    one_hot = nn.functional.one_hot(labels, 4).double()
    targets = torch.tensor(values["targets"]).double()[:, None]
    for reduction in ("mean", "sum"):
        for name, function, source, target in (
            ("CrossEntropyLoss", nn.CrossEntropyLoss(reduction=reduction), "output", labels),
            ("MSELoss", nn.MSELoss(reduction=reduction), "output", one_hot),
            ("BCEWithLogitsLoss", nn.BCEWithLogitsLoss(reduction=reduction), "column", targets),
        ):
            output = torch.tensor(values[source], requires_grad=True)
            value = function(output, target)
            value.backward()
            values[f"{name}.{reduction}.value"] = value.detach().numpy()
            values[f"{name}.{reduction}.grad"] = output.grad.numpy()
    return values


def network() -> dict[str, np.ndarray]:
    """10-32-4 with ReLU: a batch, weights, loss, all gradients, and the weights after 20 steps of Adam."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
    x, y = torch.randn(16, 10, requires_grad=True), torch.randint(0, 4, (16,))
    values = {"x": x.detach().numpy().copy(), "y": y.numpy()}
    values |= {f"before.{name}": value.numpy().copy() for name, value in net.state_dict().items()}
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    values |= {"loss": loss.detach().numpy(), "grad.input": x.grad.numpy().copy()}
    values |= {f"grad.{name}": parameter.grad.numpy().copy() for name, parameter in net.named_parameters()}
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return values | {f"after.{name}": value.numpy() for name, value in net.state_dict().items()}


def optimizers() -> dict[str, np.ndarray]:
    """Five steps along given gradients. The keys are the optimiser's name and its options as JSON."""
    rng = np.random.default_rng(2)
    values = {"start": rng.normal(size=(3, 4)), "gradients": rng.normal(size=(5, 3, 4))}
    for name, grid in OPTIMIZERS.items():
        for options in grid:
            parameter = nn.Parameter(torch.tensor(values["start"]))
            optimizer = getattr(torch.optim, name)([parameter], **options)
            for gradient in values["gradients"]:
                parameter.grad = torch.tensor(gradient)
                optimizer.step()
            values[f"{name} {json.dumps(options)}"] = parameter.detach().numpy()
    return values


def schedules() -> dict[str, np.ndarray]:
    """The factor in each of 12 epochs."""
    epochs = 12
    values = {}
    for name, make in {
        "linear": lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=epochs - 1),
        "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.95),
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, epochs),
    }.items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = make(optimizer)
        factors = []
        for _ in range(epochs):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        values[name] = np.array(factors)
    return values


if __name__ == "__main__":
    for part in (activations, losses, network, optimizers, schedules):
        np.savez_compressed(HERE / f"{part.__name__}.npz", **part())
