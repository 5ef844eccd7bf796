"""Reference values from PyTorch, for tests/mlcore. Run where torch is installed:

python tests/golden/generate.py

It writes activations.npz, edges.npz, losses.npz, network.npz, networks.npz, optimizers.npz, sixty_steps.npz and
schedules.npz beside itself. Made with torch 2.13.0. The tests read the files and need no torch.
"""

import copy
import json
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
torch.set_default_dtype(torch.float64)
warnings.simplefilter("ignore")  # SequentialLR steps its parts with an argument that torch deprecates

ACTIVATIONS = {
    "ReLU": nn.ReLU(),
    "LeakyReLU": nn.LeakyReLU(),
    "ELU": nn.ELU(),
    "GELU": nn.GELU(),
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


def edges() -> dict[str, np.ndarray]:
    """What the networks below do not reach: softmax layers along each axis, ties in a pool, a plain average of batches,
    and losses with a class of weight 0, class probabilities, and a logit of -infinity."""
    return softmax_layers() | pools() | average_of_batches() | class_losses()


def value_and_gradient(function: object, x: np.ndarray, upstream: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    inputs = torch.tensor(x, requires_grad=True)
    y = function(inputs)
    y.backward(None if upstream is None else torch.tensor(upstream))
    return y.detach().numpy(), inputs.grad.numpy()


def softmax_layers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    values = {"softmax.x": rng.normal(0, 5, (3, 4, 5)), "softmax.upstream": rng.normal(size=(3, 4, 5))}
    for name in ("Softmax", "LogSoftmax"):
        for dim in (0, 1, -1):
            layer = getattr(nn, name)(dim)
            y, grad = value_and_gradient(layer, values["softmax.x"], values["softmax.upstream"])
            values |= {f"{name} {dim}.y": y, f"{name} {dim}.grad": grad}
    return values


POOLS = [(2, 2, 0), (2, 1, 0), (3, 2, 1)]


def pools() -> dict[str, np.ndarray]:
    """Few values, so that most windows hold their largest more than once."""
    rng = np.random.default_rng(6)
    values = {"pool.x": rng.integers(0, 3, (2, 2, 6, 7)).astype(float)}
    for name in ("MaxPool2d", "AvgPool2d"):
        for kernel, stride, padding in POOLS:
            layer, key = getattr(nn, name)(kernel, stride, padding), f"{name} {kernel} {stride} {padding}"
            upstream = rng.normal(size=layer(torch.tensor(values["pool.x"])).shape)
            y, grad = value_and_gradient(layer, values["pool.x"], upstream)
            values |= {f"{key}.upstream": upstream, f"{key}.y": y, f"{key}.grad": grad}
    return values


def average_of_batches() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    values = {"average.x": rng.normal(3, 2, (4, 6, 3))}
    layer = nn.BatchNorm1d(3, momentum=None)
    for count, batch in enumerate(values["average.x"], 1):
        layer(torch.tensor(batch))
        values |= {f"average.{count}.{key}": buffer.numpy().copy() for key, buffer in layer.named_buffers()}
    return values | {"average.eval": layer.eval()(torch.tensor(values["average.x"][0])).detach().numpy()}


ZERO_WEIGHT = [0.0, 1.0, 2.0, 0.5]


def class_losses() -> dict[str, np.ndarray]:
    F, rng, weight = nn.functional, np.random.default_rng(8), torch.tensor(ZERO_WEIGHT)
    values = {"output": rng.normal(0, 3, (7, 4)), "labels": np.array([0, 1, 2, 3, 0, 3, 1])}
    values |= {"soft": rng.dirichlet(np.ones(4), 7), "several": (rng.random((7, 4)) < 0.5).astype(float)}
    minus_infinity = values["output"].copy()
    minus_infinity[values["labels"] != 3, 3] = -np.inf
    values["minus_infinity"] = minus_infinity
    labels, soft, several = (torch.tensor(values[key]) for key in ("labels", "soft", "several"))
    log_p = F.log_softmax(torch.tensor(values["output"]), 1).numpy()
    for reduction in ("mean", "sum"):
        o = {"reduction": reduction}
        cases = {
            "weighted": (values["output"], partial(F.cross_entropy, target=labels, weight=weight, **o)),
            "smoothed": (
                values["output"],
                partial(F.cross_entropy, target=labels, weight=weight, label_smoothing=0.2, **o),
            ),
            "nll": (log_p, partial(F.nll_loss, target=labels, weight=weight, **o)),
            "soft": (values["output"], partial(F.cross_entropy, target=soft, **o)),
            "soft_weighted": (values["output"], partial(F.cross_entropy, target=soft, weight=weight, **o)),
            "several": (values["output"], partial(F.cross_entropy, target=several, **o)),
            "minus_infinity": (minus_infinity, partial(F.cross_entropy, target=labels, **o)),
        }
        for key, (x, function) in cases.items():
            value, grad = value_and_gradient(function, x)
            values[f"{key}.{reduction}.value"], values[f"{key}.{reduction}.grad"] = value, grad
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


NETWORKS = {
    "mlp": lambda out: [nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5), nn.ELU(), nn.Linear(5, out)],
    "batch_norm": lambda out: [nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, out)],
    "layer_norm": lambda out: [nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, out)],
    "cnn": lambda out: [
        nn.Unflatten(1, (2, 8, 7)),
        nn.Conv2d(2, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, stride=(1, 2), padding=(0, 1)),
        nn.SiLU(),
        nn.AvgPool2d(2, stride=1),
        nn.Flatten(),
        nn.Linear(8, out),
    ],
}
CLASS_WEIGHT = [0.5, 1.0, 2.0, 0.25]


def network_losses(output: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Each loss of the tests over outputs (n, 4), or over (n, 1) the one for two classes."""
    F, weight = nn.functional, torch.tensor(CLASS_WEIGHT)
    if output.shape[1] == 1:
        return {"bce": F.binary_cross_entropy_with_logits(output[:, 0], (labels % 2).double())}
    target = F.one_hot(labels, 4).double()
    return {
        "cross_entropy": F.cross_entropy(output, labels),
        "cross_entropy_weighted": F.cross_entropy(output, labels, weight=weight),
        "cross_entropy_smoothed": F.cross_entropy(output, labels, weight=weight, label_smoothing=0.1),
        "nll": F.nll_loss(F.log_softmax(output, dim=1), labels, weight=weight),
        "mse": F.mse_loss(output, target),
        "mse_per_sample": F.mse_loss(output, target, reduction="sum") / len(output),
        "mse_half_sum": F.mse_loss(output, target, reduction="sum") / 2,
    }


def networks() -> dict[str, np.ndarray]:
    """Four networks in training mode under every loss: weights, value, all gradients; then the output in eval mode."""
    torch.manual_seed(3)
    values = {}
    for name, make in NETWORKS.items():
        x = torch.randn(9, 112 if name == "cnn" else 6)
        labels = torch.tensor([0, 1, 2, 3, 3, 2, 1, 0, 2])
        values |= {f"{name}.x": x.numpy(), "labels": labels.numpy()}
        for out in (4, 1):
            net = nn.Sequential(*make(out))
            for key, parameter in net.named_parameters():
                if parameter.ndim == 1:  # normalising layers start at 1 and 0, where mistakes do not show
                    parameter.data += 0.3 * torch.randn(parameter.shape)
                values[f"{name}.{out}.before.{key}"] = parameter.detach().numpy().copy()
            names = list(network_losses(torch.zeros(9, out), labels))
            buffers = {key: buffer.clone() for key, buffer in net.named_buffers()}
            for loss_name in names:
                for key, buffer in net.named_buffers():
                    buffer.copy_(buffers[key])
                net.zero_grad()
                inputs = x.clone().requires_grad_()
                loss = network_losses(net(inputs), labels)[loss_name]
                loss.backward()
                values[f"{name}.{loss_name}.value"] = loss.detach().numpy()
                values[f"{name}.{loss_name}.grad.input"] = inputs.grad.numpy()
                for key, parameter in net.named_parameters():
                    values[f"{name}.{loss_name}.grad.{key}"] = parameter.grad.numpy().copy()
            for key, buffer in net.named_buffers():
                values[f"{name}.{out}.buffer.{key}"] = buffer.numpy().copy()
            with torch.no_grad():
                values[f"{name}.{out}.eval"] = net.eval()(x).numpy()
    return values


SIXTY = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.3},
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ],
    "Adagrad": [{"lr": 0.1, "lr_decay": 0.02}],
    "RMSprop": [{}, {"centered": True}, {"centered": True, "momentum": 0.8, "weight_decay": 0.01, "lr": 0.003}],
    "Adam": [{"lr": 0.01}, {"lr": 0.01, "amsgrad": True, "betas": [0.8, 0.9]}, {"lr": 0.01, "weight_decay": 0.05}],
    "AdamW": [{"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}],
}


def sixty_steps() -> dict[str, np.ndarray]:
    """The weights of one small network after sixty steps with each optimiser, from the same start."""
    torch.manual_seed(4)
    x, y = torch.randn(20, 6), torch.randint(0, 4, (20,))
    start = nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 4))
    values = {"x": x.numpy(), "y": y.numpy()}
    values |= {f"before.{key}": value.numpy().copy() for key, value in start.state_dict().items()}
    for name, grid in SIXTY.items():
        for options in grid:
            net = copy.deepcopy(start)
            optimizer = getattr(torch.optim, name)(net.parameters(), **options)
            for _ in range(60):
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(x), y).backward()
                optimizer.step()
            case = f"{name} {json.dumps(options)}"
            values |= {f"{case}|{key}": value.numpy() for key, value in net.state_dict().items()}
    return values


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


PLATEAU = [5, 4, 4.0001, 3, 3, 3, 3, 2.9999, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2]
"""A loss that improves, stands still, improves by too little, and stands still again."""


def schedules() -> dict[str, np.ndarray]:
    """The factor in each of 12 epochs; in those of a plateau, as many as there are losses."""
    epochs, S = 12, torch.optim.lr_scheduler
    values = {"plateau_losses": np.array(PLATEAU)}
    for name, make in {
        "linear": lambda o: S.LinearLR(o, 1.0, 0.1, total_iters=epochs - 1),
        "exponential": lambda o: S.ExponentialLR(o, 0.95),
        "cosine": lambda o: S.CosineAnnealingLR(o, epochs),
        "step": lambda o: S.StepLR(o, 5),
        "multistep": lambda o: S.MultiStepLR(o, [3, 4, 9], gamma=0.5),
        "one_cycle": lambda o: S.OneCycleLR(o, 1.0, total_steps=epochs, cycle_momentum=False),
        "one_cycle_linear": lambda o: S.OneCycleLR(
            o, 1.0, total_steps=epochs, pct_start=0.5, anneal_strategy="linear", cycle_momentum=False
        ),
        "warmup": lambda o: S.SequentialLR(
            o, [S.LinearLR(o, 0.25, total_iters=4), S.CosineAnnealingLR(o, epochs - 4)], milestones=[4]
        ),
        "plateau": lambda o: S.ReduceLROnPlateau(o, patience=2),
        "plateau_cooldown": lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=2, min_lr=0.1),
    }.items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = make(optimizer)
        factors = []
        for figure in PLATEAU if name.startswith("plateau") else [None] * epochs:
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step(*[] if figure is None else [figure])
        values[name] = np.array(factors)
    return values


if __name__ == "__main__":
    for part in (activations, edges, losses, network, networks, optimizers, sixty_steps, schedules):
        np.savez_compressed(HERE / f"{part.__name__}.npz", **part())
