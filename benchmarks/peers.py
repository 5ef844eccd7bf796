"""The peers: each takes a Work and returns `train(epochs)`, or raises ImportError where it is not installed.

Same network, batch, shuffling and optimiser for all, float32 unless its name says otherwise; each sums up the loss of
its epochs, as a program that shows a curve must, and in the moons, whose lab sheet prints both at every step, the
hits. Ours and the student's count them everywhere. A peer that a work does not suit returns None. Beside the
convolutions there is PyTorch only.
"""

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from works import Work

Train = Callable[[int], Any]


STRIDE = 64
"""Batches between two looks at commands, as in the lab's trainer."""


def mlcore(work: Work) -> Train:
    """This project as its trainer trains: `fit` with all its events, losses, hits, and a look at what is not finite."""
    from mlcore import EpochDone, fit

    net, loss, optimizer = _mlcore_network(work)
    events = fit(
        net,
        loss,
        optimizer,
        (work.X, work.y),
        epochs=10**9,
        batch_size=work.batch or "full",
        rng=np.random.default_rng(0),
        stride=lambda: STRIDE,
    )

    def train(epochs: int) -> float:
        total = 0.0
        for event in events:
            if isinstance(event, EpochDone):
                total += event.train_loss
                epochs -= 1
                if not epochs:
                    return total
        raise FloatingPointError("it diverged")

    return train


def engine_alone(work: Work) -> Train | None:
    """The fast form below `fit`, without events; all epochs of a full batch in one go, single samples in blocks."""
    from mlcore.engine import compile_network

    net, loss, optimizer = _mlcore_network(work)
    net.train()
    engine = compile_network(net, loss, optimizer)
    if engine is None:
        return None
    rng = np.random.default_rng(0)

    def train(epochs: int) -> float:
        n, total, hits = len(work.X), 0.0, 0
        together = np.tile(np.arange(n), epochs)  # a batch an epoch: all of them in one go
        orders = (rng.permutation(n) for _ in range(epochs)) if work.batch else iter([together])
        for order in orders:
            for done in engine.epoch(work.X, work.y, order, batch_size=work.batch_size, stride=STRIDE):
                total += sum(done.losses) * done.size
                hits += done.correct
                if engine.culprit:
                    raise FloatingPointError(engine.culprit)
        return total

    return train


def _mlcore_network(work: Work) -> tuple[Any, Any, Any]:
    from mlcore import (
        SGD,
        Adam,
        Conv2d,
        CrossEntropyLoss,
        Flatten,
        MaxPool2d,
        MSELoss,
        Sequential,
        Unflatten,
        build_mlp,
    )
    from mlcore.activations import ACTIVATIONS

    rng = np.random.default_rng(1)
    front: list[Any] = [Unflatten(1, (1, work.side, work.side))] if work.channels else []
    for inputs, outputs in pairwise((1, *work.channels)):
        front += [Conv2d(inputs, outputs, 3, padding=1, rng=rng), ACTIVATIONS[work.activation](), MaxPool2d(2)]
    front += [Flatten()] if work.channels else []
    first, *hidden, last = work.dense_sizes
    output = "sigmoid" if last == 1 else "linear"
    options = {"activation": work.activation, "dropout": work.dropout, "output": output}
    net = Sequential(*front, *build_mlp(first, hidden, last, rng=rng, **options))
    loss = {"cross_entropy": CrossEntropyLoss(), "mse": MSELoss(), "half_sum": MSELoss("half_sum")}[work.loss]
    adam = work.optimizer == "adam"
    optimizer = Adam(net.parameters(), work.lr) if adam else SGD(net.parameters(), work.lr, momentum=work.momentum)
    return net, loss, optimizer


def torch_tutorial(work: Work) -> Train:
    """PyTorch as its tutorials write it: DataLoader, zero_grad, backward, step, running_loss += loss.item()."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    model, loss_of, inputs, targets = _torch_network(work)
    optimizer = _torch_optimizer(work, model, fused=False)
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=work.batch_size, shuffle=True)

    def train(epochs: int) -> float:
        running_loss, hits = 0.0, 0
        for _ in range(epochs):
            for x, y in loader if work.batch else [(inputs, targets)]:
                optimizer.zero_grad()
                output = model(x)
                loss = loss_of(output, y)
                loss.backward()
                optimizer.step()
                running_loss += loss.item()
                if work.loss == "mse":
                    hits += ((output > 0.5) == (y > 0.5)).sum().item()
        return running_loss

    torch.manual_seed(0)
    return train


def torch_tuned(work: Work) -> Train | None:
    """PyTorch with one thread, a permutation indexed directly, a fused optimiser, and no .item() in the loop."""
    import torch

    if not work.batch:
        return None
    model, loss_of, inputs, targets = _torch_network(work)
    optimizer = _torch_optimizer(work, model, fused=True)

    def train(epochs: int) -> float:
        total = torch.zeros(())
        for _ in range(epochs):
            order = torch.randperm(len(inputs))
            for start in range(0, len(inputs), work.batch_size):
                rows = order[start : start + work.batch_size]
                loss = loss_of(model(inputs[rows]), targets[rows])
                loss.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                total += loss.detach()
        return float(total)

    return train


def _torch_network(work: Work) -> tuple[Any, Any, Any, Any]:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    layers: list[Any] = [nn.Unflatten(1, (1, work.side, work.side))] if work.channels else []
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[work.activation]
    for inputs, outputs in pairwise((1, *work.channels)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), activation(), nn.MaxPool2d(2)]
    layers += [nn.Flatten()] if work.channels else []
    for inputs, outputs in pairwise(work.dense_sizes):
        layers.append(nn.Linear(inputs, outputs))
        layers.append(activation())
        if work.dropout:
            layers.append(nn.Dropout(work.dropout))
    del layers[-2 if work.dropout else -1 :]
    if work.sizes[-1] == 1:
        layers.append(nn.Sigmoid())
    model = nn.Sequential(*layers).train()
    X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
    if work.loss == "cross_entropy":
        return model, nn.CrossEntropyLoss(), X, y
    targets = y[:, None].float() if work.sizes[-1] == 1 else nn.functional.one_hot(y, work.sizes[-1]).float()
    if work.loss == "mse":
        return model, nn.MSELoss(), X, targets
    return model, lambda output, t: 0.5 * ((output - t) ** 2).sum(), X, targets


def _torch_optimizer(work: Work, model: Any, *, fused: bool) -> Any:
    import torch

    if work.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=work.lr, fused=fused)
    return torch.optim.SGD(model.parameters(), lr=work.lr, momentum=work.momentum, fused=fused)


def jax_scan(work: Work) -> Train | None:
    """JAX with a whole epoch in one jitted scan; the samples that do not fill a batch are left out."""
    import jax
    import jax.numpy as jnp

    if work.channels:
        return None
    key = jax.random.PRNGKey(0)
    weights = []
    for inputs, outputs in pairwise(work.sizes):
        key, a = jax.random.split(key)
        weights.append(
            (jax.random.uniform(a, (inputs, outputs), minval=-1, maxval=1) / inputs**0.5, jnp.zeros(outputs))
        )
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[work.activation]

    def loss_of(weights: Any, x: Any, y: Any, key: Any) -> Any:
        for W, b in weights[:-1]:
            x = activation(x @ W + b)
            if work.dropout:
                key, a = jax.random.split(key)
                x = jnp.where(jax.random.bernoulli(a, 1 - work.dropout, x.shape), x / (1 - work.dropout), 0)
        z = x @ weights[-1][0] + weights[-1][1]
        if work.loss == "cross_entropy":
            return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()
        t = y[:, None] if work.sizes[-1] == 1 else jax.nn.one_hot(y, work.sizes[-1])
        if work.sizes[-1] == 1:
            z = jax.nn.sigmoid(z)
        return ((z - t) ** 2).mean() if work.loss == "mse" else 0.5 * ((z - t) ** 2).sum()

    zeros = jax.tree.map(jnp.zeros_like, weights)

    def update(p: Any, g: Any, m: Any, v: Any, t: Any) -> tuple[Any, Any, Any]:
        if work.optimizer == "sgd":
            m = jax.tree.map(lambda m, g: work.momentum * m + g, m, g)
            return jax.tree.map(lambda p, m: p - work.lr * m, p, m), m, v
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        return jax.tree.map(lambda p, m, v: p - work.lr * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), p, m, v), m, v

    X, y, size = jnp.asarray(work.X), jnp.asarray(work.y), work.batch_size
    batches = len(work.X) // size

    @jax.jit
    def epoch(state: Any, key: Any) -> Any:
        def step(state: Any, rows: Any) -> Any:
            p, m, v, t, key = state
            key, a = jax.random.split(key)
            value, g = jax.value_and_grad(loss_of)(p, X[rows], y[rows], a)
            p, m, v = update(p, g, m, v, t)
            return (p, m, v, t + 1, key), value

        rows = jax.random.permutation(key, len(X)) if work.batch else jnp.arange(len(X))
        return jax.lax.scan(step, state, rows[: batches * size].reshape(batches, size))

    state = (weights, zeros, zeros, 1.0, key)

    def train(epochs: int) -> float:
        nonlocal state, key
        total = 0.0
        for _ in range(epochs):
            key, a = jax.random.split(key)
            state, losses = epoch(state, a)
            total += float(losses.sum())
        return total

    return train


def scikit_learn(work: Work) -> Train | None:
    """scikit-learn's MLPClassifier, where it has the network: no dropout, cross-entropy, batches."""
    from sklearn.neural_network import MLPClassifier

    if work.dropout or work.loss != "cross_entropy" or not work.batch or work.channels:
        return None
    name = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}[work.activation]

    def train(epochs: int) -> float:
        model = MLPClassifier(
            work.sizes[1:-1],
            activation=name,
            solver=work.optimizer,
            alpha=0.0,
            batch_size=work.batch,
            learning_rate_init=work.lr,
            momentum=work.momentum,
            nesterovs_momentum=False,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has not converged: indeed
            return float(sum(model.fit(work.X, work.y).loss_curve_))

    return train


def numpy_student(work: Work) -> Train | None:
    """NumPy as a student writes it, float64: one line a formula, new arrays at every step."""
    if work.channels:
        return None
    rng = np.random.default_rng(0)
    X, y = work.X.astype(np.float64), work.y
    T = y[:, None].astype(float) if work.sizes[-1] == 1 else np.eye(work.sizes[-1])[y]
    Ws = [rng.uniform(-1, 1, (i, o)) / np.sqrt(i) for i, o in pairwise(work.sizes)]
    bs = [np.zeros(o) for o in work.sizes[1:]]
    ms = [np.zeros_like(p) for p in Ws + bs]
    vs = [np.zeros_like(p) for p in Ws + bs]
    functions: dict[str, tuple[Any, Any]] = {
        "relu": (lambda z: np.maximum(z, 0), lambda h: h > 0),
        "tanh": (np.tanh, lambda h: 1 - h**2),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
    }
    f, slope = functions[work.activation]
    t = 0

    def step(x: np.ndarray, target: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
        nonlocal t
        t += 1
        hs, inputs, masks = [], [x], []
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            hs.append(f(inputs[-1] @ W + b))
            masks.append((rng.random(hs[-1].shape) >= work.dropout) / (1 - work.dropout) if work.dropout else 1.0)
            inputs.append(hs[-1] * masks[-1])
        z = inputs[-1] @ Ws[-1] + bs[-1]
        if work.loss == "cross_entropy":
            e = np.exp(z - z.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            loss, grad = -np.mean(np.sum(target * np.log(p), axis=1)), (p - target) / len(x)
        elif work.loss == "mse":
            p = 1 / (1 + np.exp(-z))
            loss, grad = np.mean((p - target) ** 2), 2 * (p - target) / len(x) * p * (1 - p)
        else:
            loss, grad = 0.5 * np.sum((z - target) ** 2), z - target
        gWs, gbs = [], []
        for i in reversed(range(len(Ws))):
            gWs.insert(0, inputs[i].T @ grad)
            gbs.insert(0, grad.sum(axis=0))
            if i:
                grad = (grad @ Ws[i].T) * masks[i - 1] * slope(hs[i - 1])
        for i, (p, g) in enumerate(zip(Ws + bs, gWs + gbs, strict=True)):
            if work.optimizer == "adam":
                ms[i] = 0.9 * ms[i] + 0.1 * g
                vs[i] = 0.999 * vs[i] + 0.001 * g**2
                p -= work.lr * (ms[i] / (1 - 0.9**t)) / (np.sqrt(vs[i] / (1 - 0.999**t)) + 1e-8)
            elif work.momentum:
                ms[i] = work.momentum * ms[i] + g
                p -= work.lr * ms[i]
            else:
                p -= work.lr * g
        predicted = z[:, 0] > 0 if z.shape[1] == 1 else z.argmax(axis=1)
        return loss, np.sum(predicted == labels)

    def train(epochs: int) -> float:
        total, hits = 0.0, 0
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), work.batch_size):
                rows = order[start : start + work.batch_size]
                loss, right = step(X[rows], T[rows], y[rows])
                total += loss
                hits += right
        return total

    return train


class Value:
    """A number that remembers how it came about, in micrograd's way: a closure for each operation."""

    def __init__(self, data: float, children: tuple["Value", ...] = ()) -> None:
        self.data = data
        self.grad = 0.0
        self._backward: Callable[[], None] = lambda: None
        self._children = set(children)

    def __add__(self, other: "Value | float") -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = backward
        return out

    def __mul__(self, other: "Value | float") -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = backward
        return out

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: "Value | float") -> "Value":
        return self + (-other)

    def __pow__(self, power: float) -> "Value":
        out = Value(self.data**power, (self,))

        def backward() -> None:
            self.grad += power * self.data ** (power - 1) * out.grad

        out._backward = backward
        return out

    def relu(self) -> "Value":
        out = Value(max(self.data, 0.0), (self,))

        def backward() -> None:
            self.grad += (out.data > 0) * out.grad

        out._backward = backward
        return out

    def sigmoid(self) -> "Value":
        out = Value(1 / (1 + math.exp(-self.data)), (self,))

        def backward() -> None:
            self.grad += out.data * (1 - out.data) * out.grad

        out._backward = backward
        return out

    def backward(self) -> None:
        order: list[Value] = []
        visited = set()

        def visit(value: Value) -> None:
            if value not in visited:
                visited.add(value)
                for child in value._children:
                    visit(child)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value._backward()


class Neuron:
    def __init__(self, inputs: int, rng: random.Random) -> None:
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)

    def __call__(self, x: list[Any]) -> Value:
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)


def micrograd(work: Work) -> Train | None:
    """A graph of single numbers, built and gone through anew at every step, as micrograd does (moons only)."""
    if work.loss != "mse":
        return None
    rng = random.Random(0)
    hidden, last = ([Neuron(i, rng) for _ in range(o)] for i, o in pairwise(work.sizes))
    parameters = [p for neuron in hidden + last for p in [*neuron.w, neuron.b]]
    rows, labels = work.X.tolist(), work.y.tolist()

    def train(epochs: int) -> float:
        total, hits = 0.0, 0
        for _ in range(epochs):
            scores = [last[0]([neuron(row).relu() for neuron in hidden]).sigmoid() for row in rows]
            loss = sum((s - float(t)) ** 2 for s, t in zip(scores, labels, strict=True)) * (1 / len(rows))
            hits += sum((s.data > 0.5) == (t == 1) for s, t in zip(scores, labels, strict=True))
            for parameter in parameters:
                parameter.grad = 0.0
            # The sum is a chain as deep as there are samples, with a graph below each link.
            loss.backward()
            for parameter in parameters:
                parameter.data -= work.lr * parameter.grad
            total += loss.data
        return total

    return train


PEERS: dict[str, Callable[[Work], Train | None]] = {
    "engine alone": engine_alone,
    "PyTorch tutorial": torch_tutorial,
    "PyTorch tuned": torch_tuned,
    "JAX scan": jax_scan,
    "scikit-learn": scikit_learn,
    "NumPy student f64": numpy_student,
    "micrograd": micrograd,
}
