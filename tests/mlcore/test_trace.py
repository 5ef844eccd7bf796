"""The scalar graph: its gradients against the layers' backward, the lab sheet's neuron, DOT text, refusals."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    LOSSES,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Identity,
    Linear,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    build_mlp,
)
from mlcore.activations import LogSoftmax, Softmax
from mlcore.conv import Unflatten
from mlcore.layers import Layer
from mlcore.losses import Loss, NLLLoss
from mlcore.tape import Tape
from mlcore.trace import Node, Trace, trace
from mlcore.trace_rules import LAYER_RULES, LOSS_RULES

NEURON = [0.2788535969157675, -0.9499784895546661]
X3 = np.array([0.3, -1.2, 2.0])
X, TARGET = np.array([0.888, 0.777]), 1.0


def neuron(derivative: str) -> Sequential:
    net = Sequential(Linear(2, 1, dtype=np.float64), Sigmoid(derivative))
    net.load_state_dict({"0.weight": [NEURON], "0.bias": [0.0]})
    return net


def assert_as_backward(graph: Trace, net: Sequential, loss: Loss | None, x: np.ndarray, y: object) -> None:
    """Every number of the graph that has a place in the network's own arrays is equal to the one there."""
    net.eval()
    net.zero_grad()
    output = net.forward(x.reshape(1, -1))
    if loss is None:
        grad_x = net.backward(np.eye(output.shape[1])[:1])
    else:
        value = loss.forward(output, np.reshape(y, (1, -1)) if np.size(y) > 1 else np.reshape(y, 1))
        assert graph.value == pytest.approx(value, rel=1e-9, abs=1e-12)
        grad_x = net.backward(loss.backward())
    np.testing.assert_allclose([graph.nodes[i].value for i in graph.outputs], output[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([graph[f"x[{k}]"].gradient for k in range(len(x))], grad_x[0], rtol=1e-9, atol=1e-12)
    for name, parameter in net.named_parameters():
        for index in np.ndindex(parameter.data.shape):
            node = graph[f"{name}[{', '.join(map(str, index))}]"]
            assert node.value == parameter.data[index]
            assert node.gradient == pytest.approx(parameter.grad[index], rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 5), max_size=3),
    activation=st.sampled_from(sorted(set(ACTIVATIONS) - {"softmax"})),
    dropout=st.sampled_from([0.0, 0.5]),
    loss_name=st.sampled_from([*LOSSES, None]),
    seed=st.integers(0, 2**32),
)
def test_gradients_are_those_of_backward(
    hidden: list[int], activation: str, dropout: float, loss_name: str | None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    outputs = 1 if loss_name == "bce" else 3
    net = build_mlp(2, hidden, outputs, activation=activation, dropout=dropout, init="tp4", rng=rng, dtype=np.float64)
    x, y = rng.normal(size=2), int(rng.integers(0, 2))
    loss = None if loss_name is None else LOSSES[loss_name]()
    assert_as_backward(trace(net, x, None if loss is None else y, loss), net, loss, x, y)


@pytest.mark.parametrize("reduction", MSELoss.REDUCTIONS)
@pytest.mark.parametrize("y", [2, [0.5, -1.0, 3.0]], ids=["label", "targets"])
def test_every_squared_error(reduction: str, y: object) -> None:
    net = build_mlp(3, [4], 3, activation="tanh", rng=np.random.default_rng(1), dtype=np.float64)
    x, loss = np.array([0.3, -1.2, 2.0]), MSELoss(reduction)
    assert_as_backward(trace(net, x, y, loss), net, loss, x, y)


@pytest.mark.parametrize("epsilon", [0.0, 1e-16, 1e-2])
@pytest.mark.parametrize("scale", [1.0, 500.0])
def test_cross_entropy_with_epsilon_and_large_logits(epsilon: float, scale: float) -> None:
    net = build_mlp(3, [], 4, rng=np.random.default_rng(2), dtype=np.float64)
    net[0].weight.data *= scale
    x, loss = np.array([1.0, -2.0, 3.0]), CrossEntropyLoss(epsilon=epsilon)
    assert_as_backward(trace(net, x, 1, loss), net, loss, x, 1)
    soft = [0.1, 0.2, 0.3, 0.4]
    assert_as_backward(trace(net, x, soft, loss), net, loss, x, soft)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weight", [None, [1.0, 0.5, 4.0, 0.0]])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"epsilon": 1e-3}], ids=str)
@pytest.mark.parametrize("y", [0, 2, [0.1, 0.2, 0.3, 0.4], [1.0, 1.0, 0.0, 0.0]], ids=str)
def test_class_weights_and_label_smoothing(
    reduction: str, weight: list[float] | None, options: dict[str, Any], y: int | list[float]
) -> None:
    net = build_mlp(3, [5], 4, activation="gelu", rng=np.random.default_rng(3), dtype=np.float64)
    loss = CrossEntropyLoss(reduction, weight=weight, **options)
    assert_as_backward(trace(net, X3, y, loss), net, loss, X3, y)
    net = Sequential(*net, LogSoftmax())
    nll = NLLLoss(reduction, weight=weight)
    assert_as_backward(trace(net, X3, y, nll), net, nll, X3, y)


@pytest.mark.parametrize("last", [Softmax, LogSoftmax])
@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_softmax_as_a_layer(last: type[Layer], scale: float) -> None:
    net = Sequential(Linear(3, 4, rng=np.random.default_rng(1), dtype=np.float64), last())
    net[0].weight.data *= scale
    y = [0.1, 0.2, 0.3, 0.4]
    assert_as_backward(trace(net, X3, y, MSELoss()), net, MSELoss(), X3, y)


def test_bias_as_a_further_input() -> None:
    first = Linear(3, 2, bias="input", rng=np.random.default_rng(1), dtype=np.float64)
    net = Sequential(first, Unflatten(1, (2, 1)), Flatten())
    assert_as_backward(trace(net, X3, 1), net, CrossEntropyLoss(), X3, 1)


def test_every_activation_and_loss_has_a_rule() -> None:
    assert set(ACTIVATIONS.values()) <= set(LAYER_RULES)
    assert set(LOSSES.values()) <= set(LOSS_RULES)


@pytest.mark.parametrize(("derivative", "after"), [("detached", 0.00600), ("true", None)])
def test_the_lab_sheets_neuron(derivative: str, after: float | None) -> None:
    net, loss = neuron(derivative), MSELoss()
    graph = trace(net, X, TARGET, loss)
    assert graph.value == pytest.approx(0.38468, abs=5e-6)
    s = graph["1.out[0]"]
    slope = s.value * (1 - s.value) if derivative == "true" else 1
    upstream = 2 * (s.value - TARGET)
    assert graph["0.weight[0, 0]"].gradient == pytest.approx(upstream * slope * X[0])
    assert graph["0.bias[0]"].gradient == pytest.approx(upstream * slope)
    assert_as_backward(graph, net, loss, X, TARGET)
    net.step(lr=1)
    second = trace(net, X, TARGET, loss)
    assert second.value < graph.value
    if after is not None:
        assert second.value == pytest.approx(after, abs=5e-6)


def test_the_neuron_operation_by_operation() -> None:
    graph = trace(neuron("true"), X, TARGET, MSELoss())
    # x0, x1, w0, *, w1, *, b, +, +, sigmoid; then s - y as + of * -1, and its square.
    assert sorted(node.op for node in graph.nodes) == sorted(
        ["input"] * 2 + ["parameter"] * 3 + ["*"] * 2 + ["+"] * 2 + ["sigmoid", "target", "constant", "*", "+", "**2"]
    )
    product = next(node for node in graph.nodes if node.op == "*" and graph["y[0]"].id in node.inputs)
    minus_one = graph.nodes[product.inputs[1]]
    assert (minus_one.op, minus_one.value, product.value) == ("constant", -1, -TARGET)
    assert graph.nodes[graph.root] == graph["loss"]
    assert graph["loss"].gradient == 1
    assert all(source < node.id for node in graph.nodes for source in node.inputs)
    assert [node.id for node in graph.nodes] == list(range(len(graph.nodes)))
    with pytest.raises(KeyError):
        graph["2.weight[0, 0]"]
    with pytest.raises(AttributeError):
        graph["loss"].value = 0.0  # type: ignore[misc]


def test_by_hand() -> None:
    """L = (max(2 a - 3 b + 1, 0) - 4)^2 at a = 3, b = 1: the unit gives 4, so move a to 4: 6, (6 - 4)^2."""
    net = Sequential(Linear(2, 1, dtype=np.float64), ReLU())
    net.load_state_dict({"0.weight": [[2.0, -3.0]], "0.bias": [1.0]})
    graph = trace(net, [4.0, 1.0], [4.0], MSELoss())
    assert graph.value == 4
    gradients = {node.label: node.gradient for node in graph.nodes if node.label}
    assert gradients["x[0]"] == 8
    assert gradients["x[1]"] == -12
    assert gradients["0.weight[0, 0]"] == 16
    assert gradients["0.bias[0]"] == 4
    assert gradients["y[0]"] == -4


def test_without_a_loss_an_output_is_the_root() -> None:
    net = build_mlp(2, [3], 2, activation="tanh", rng=np.random.default_rng(0), dtype=np.float64)
    graph = trace(net, [0.5, -1.0], output=1)
    assert graph.nodes[graph.root].label == "2.out[1]"
    net.forward(np.array([[0.5, -1.0]]))
    np.testing.assert_allclose(
        [graph["x[0]"].gradient, graph["x[1]"].gradient], net.backward(np.array([[0.0, 1.0]]))[0]
    )
    assert not any(graph[f"2.weight[0, {k}]"].gradient for k in range(3))
    with pytest.raises(ValueError, match=r"outputs 0\.\.1"):
        trace(net, [0.5, -1.0], output=2)


def test_nested_and_passing_layers() -> None:
    rng = np.random.default_rng(0)
    inner = Sequential(Linear(3, 4, rng=rng, dtype=np.float64), Sigmoid(), Identity())
    net = Sequential(Flatten(), inner, Dropout(0.9), Linear(4, 2, bias=False, rng=rng, dtype=np.float64))
    x = np.array([1.0, 2.0, 3.0])
    assert_as_backward(trace(net, x, 1), net, CrossEntropyLoss(), x, 1)


def test_nothing_is_changed_and_float32_will_do() -> None:
    net = build_mlp(3, [4], 1, dropout=0.5, rng=np.random.default_rng(0))
    net.forward(np.ones((5, 3), np.float32))
    net.backward(np.ones((5, 1), np.float32))
    before = [(p.data.copy(), p.grad.copy(), p.data.dtype) for p in net.parameters()]
    kept = net[0].x
    graph = trace(net, [[0.1, 0.2, 0.3]], 1, BCEWithLogitsLoss())
    assert graph.nodes[graph.outputs[0]].value == pytest.approx(float(net.eval()(np.array([[0.1, 0.2, 0.3]]))[0, 0]))
    net.train()
    for parameter, (data, grad, dtype) in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.data, data)
        np.testing.assert_array_equal(parameter.grad, grad)
        assert parameter.data.dtype == dtype
    trace(net, [0.1, 0.2, 0.3])
    assert kept.shape == (5, 3)


def test_dot_text() -> None:
    graph = trace(neuron("detached"), X, TARGET, MSELoss())
    dot = graph.to_dot()
    assert dot.startswith("digraph trace {\n")
    assert dot.endswith("}\n")
    boxes = re.findall(r'^  n(\d+) \[label="\{ (.*) \}"\];$', dot, re.M)
    assert [int(i) for i, _ in boxes] == [node.id for node in graph.nodes]
    assert dict(boxes)[str(graph.root)] == "loss | value 0.3847 | grad 1.0000"
    assert "0.weight[0, 1] | value -0.9500 | grad " in dot
    operations = [node for node in graph.nodes if node.inputs]
    assert dot.count("shape=ellipse") == len(operations)
    assert dot.count(" -> n") == len(operations)
    assert dot.count(" -> o") == sum(len(node.inputs) for node in operations)


def test_dot_text_escapes_what_graphviz_would_read() -> None:
    graph = Trace((Node(0, "input", 'a "b" {c|d}', 1.0, 1.0),), (0,), 0)
    assert r"a \"b\" \{c\|d\} | value 1.0000" in graph.to_dot()


class Doubled(ReLU):
    def forward(self, x: np.ndarray) -> np.ndarray:
        return 2 * super().forward(x)


class Own(Layer):
    def forward(self, x: np.ndarray) -> np.ndarray:
        return x


def test_refusals_in_words() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"at least 305,\d\d\d nodes, more than 5,000: take a network with fewer"):
        trace(build_mlp(784, [128], 10, rng=rng), np.zeros(784))
    net = build_mlp(2, [3], 2, rng=rng, dtype=np.float64)
    count = len(trace(net, [1.0, 2.0], 1).nodes)
    assert len(trace(net, [1.0, 2.0], 1, max_nodes=count).nodes) == count
    with pytest.raises(ValueError, match=f"more than {count - 1} nodes"):
        trace(net, [1.0, 2.0], 1, max_nodes=count - 1)
    with pytest.raises(ValueError, match="one sample, received a batch of 4"):
        trace(net, np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"Linear\(2, 3\) expects 2 inputs, received 3"):
        trace(net, np.zeros(3))
    with pytest.raises(ValueError, match=r"label in 0\.\.1 or 2 targets, received 2"):
        trace(net, np.zeros(2), 2)
    with pytest.raises(ValueError, match="needs a label"):
        trace(net, np.zeros(2), loss=MSELoss())
    with pytest.raises(ValueError, match="not finite"):
        trace(net, [np.nan, 1.0])
    with pytest.raises(ValueError, match=r"Own\(\) cannot be taken apart: the graph knows Linear, "):
        trace(Sequential(Own()), [1.0])
    with pytest.raises(ValueError, match="something else than the one it derives from"):
        trace(Sequential(Doubled()), [3.0, 2.0])
    with pytest.raises(ValueError, match="class has weight 0"):
        trace(net, np.zeros(2), 1, CrossEntropyLoss(weight=[1.0, 0.0]))
    with pytest.raises(ValueError, match="overflows"):
        trace(Sequential(Identity()), [1e200], [0.0], MSELoss())


def test_largest_network_that_fits_is_quick_enough_to_draw() -> None:
    net = build_mlp(20, [40, 18], 2, rng=np.random.default_rng(0), dtype=np.float64)
    graph = trace(net, np.ones(20), 0)
    assert 4_500 < len(graph.nodes) <= 5_000
    assert math.isfinite(graph.value)


@given(st.floats(-5, 5), st.floats(0.1, 5))
def test_a_number_used_twice_collects_both_gradients(a: float, b: float) -> None:
    tape = Tape(100)
    x, y = tape.leaf("input", "x", a), tape.leaf("input", "y", b)
    root = tape.add(tape.mul(x, x), tape.mul(x, tape.log(y)))  # x^2 + x log y
    gradients = tape.gradients(root)
    assert gradients[x] == pytest.approx(2 * a + math.log(b))
    assert gradients[y] == pytest.approx(a / b)
