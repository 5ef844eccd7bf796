"""The scalar graph of one sample: every addition and product with its value and its gradient.

The picture that micrograd draws (Karpathy, github.com/karpathy/micrograd): a neuron is taken apart into + and *,
subtraction into + of * -1, and the chain rule runs backwards over single numbers. Nothing here uses the layers'
backward; that both agree is what makes the picture a proof.

    from mlcore.trace import trace                   # `mlcore.trace` is this module

    graph = trace(net, x[0], y[0], MSELoss())
    graph["0.weight[0, 1]"].gradient     # dL/dW_01
    Path("graph.dot").write_text(graph.to_dot())     # dot -Tsvg graph.dot
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import Layer, inference_mode
from mlcore.losses import CrossEntropyLoss, Loss
from mlcore.put_back import put_back
from mlcore.tape import Tape, Wire
from mlcore.trace_rules import LAYER_RULES, LOSS_RULES
from mlcore.walk import kind_of, layers_of

MAX_NODES = 5_000


@dataclass(frozen=True)
class Node:
    """One scalar of the graph.

    id: its place in `Trace.nodes`. op: how it came about: "+", "*", "**2", "exp", "log", "tanh", ...; for a number
    that was given "input", "parameter", "target" or "constant". label: "x[0]", "0.weight[2, 1]", "y[0]", "loss", the
    j-th output of layer i as "i.out[j]", a constant's number; "" for what lies between. gradient: d root / d value.
    inputs: the ids that the operation takes, in order; empty for a number that was given.
    """

    id: int
    op: str
    label: str
    value: float
    gradient: float
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The graph: `nodes` such that each comes after its inputs; ids of the `outputs`; `root`, the number whose
    gradients are shown: the loss, or without one an output."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    root: int

    @property
    def value(self) -> float:
        """Of the root: the loss."""
        return self.nodes[self.root].value

    def __getitem__(self, label: str) -> Node:
        """The node of that label, such as "0.bias[3]". Raises KeyError where there is none."""
        for node in self.nodes:
            if label and node.label == label:
                return node
        raise KeyError(label)

    def to_dot(self) -> str:
        """Graphviz DOT text, left to right: a box a value ({label | value | gradient}), an ellipse an operation."""
        lines = ["digraph trace {", "  rankdir=LR;", "  node [shape=record];"]
        for node in self.nodes:
            fields = [_escape(node.label)] if node.label else []
            fields += [f"value {node.value:.4f}", f"grad {node.gradient:.4f}"]
            lines.append(f'  n{node.id} [label="{{ {" | ".join(fields)} }}"];')
            if node.inputs:
                lines.append(f'  o{node.id} [shape=ellipse, label="{_escape(node.op)}"];')
                lines.append(f"  o{node.id} -> n{node.id};")
                lines += [f"  n{source} -> o{node.id};" for source in node.inputs]
        return "\n".join([*lines, "}", ""])


def trace(
    network: Layer,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    loss: Loss | None = None,
    *,
    output: int = 0,
    max_nodes: int = MAX_NODES,
) -> Trace:
    """The graph of one sample x (features,) or (1, features) through a Sequential of Linear and activations.

    y, loss: the sample's label or target, and the loss that becomes the root (y alone: cross-entropy). Without both
    the root is the output of number `output`. Numbers are float64, in inference mode: dropout drops nothing. A
    detached sigmoid hands its gradient on unchanged, here as in `Sigmoid`. The network is left as it was.

    Raises ValueError for more than max_nodes nodes, more than one sample, a layer or loss that it cannot take apart
    or that computes something else than its name says, and for numbers that are not finite.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim > 1 and len(x) != 1:
        raise ValueError(f"the graph is that of one sample, received a batch of {len(x)}")
    sample = x.ravel()
    if loss is None and y is not None:
        loss = CrossEntropyLoss()
    if loss is not None and y is None:
        raise ValueError(f"{loss!r} needs a label or target y")
    layers = layers_of(network)
    _refuse_what_is_too_large(layers, max_nodes)
    if not all(np.isfinite(array).all() for array in (sample, *(p.data for p in network.parameters()))):
        raise ValueError("the sample or the weights hold numbers that are not finite: there is nothing to draw")

    tape = Tape(max_nodes)
    try:
        wires = [tape.leaf("input", f"x[{k}]", float(value)) for k, value in enumerate(sample)]
        for index, layer in layers:
            kind = kind_of(layer, LAYER_RULES)
            if kind is None:
                raise ValueError(f"{layer!r} cannot be taken apart: the graph knows {_names(LAYER_RULES)}")
            wires = LAYER_RULES[kind](tape, index, layer, wires)
            for j, wire in enumerate(wires):
                tape.name(wire, f"{index}.out[{j}]")
        if loss is None:
            if not 0 <= output < len(wires):
                raise ValueError(f"the network has outputs 0..{len(wires) - 1}, received output={output}")
            root = wires[output]
        else:
            loss_kind = kind_of(loss, LOSS_RULES)
            if loss_kind is None:
                raise ValueError(f"{loss!r} cannot be taken apart: the graph knows {_names(LOSS_RULES)}")
            root = LOSS_RULES[loss_kind](tape, loss, wires, _target(y, len(wires)))
            tape.name(root, "loss")
    except OverflowError as error:
        raise ValueError("a number of the graph overflows: the weights or inputs are too large") from error
    _compare_with_forward(network, x if x.ndim > 1 else x.reshape(1, -1), y, loss, tape, wires, root)

    gradients = tape.gradients(root)
    nodes = tuple(
        Node(wire, tape.ops[wire], tape.labels[wire], tape.values[wire], gradients[wire], tape.inputs[wire])
        for wire in range(len(tape.values))
    )
    return Trace(nodes, tuple(wires), root)


def _refuse_what_is_too_large(layers: Sequence[tuple[str, Any]], max_nodes: int) -> None:
    # Each weight takes part as itself, in a product and in a sum.
    at_least = sum(3 * parameter.data.size for _, layer in layers for parameter in layer.parameters())
    if at_least > max_nodes:
        raise ValueError(
            f"the graph would have at least {at_least:,} nodes, more than {max_nodes:,}: "
            "take a network with fewer weights"
        )


def _compare_with_forward(
    network: Layer,
    x: Array,
    y: npt.ArrayLike | None,
    loss: Loss | None,
    tape: Tape,
    wires: list[Wire],
    root: Wire,
) -> None:
    """A layer derived from a known one may compute something else: then the picture would be wrong."""
    with put_back(network, loss), inference_mode(network), np.errstate(all="ignore"):
        parameters = network.parameters()
        output = np.asarray(network.forward(x.astype(parameters[0].data.dtype if parameters else x.dtype)))
        expected = [*output.ravel().tolist()]
        drawn = [tape.values[wire] for wire in wires]
        if loss is not None:
            label = np.asarray(y)
            expected.append(loss.forward(output, label.reshape(1, -1) if label.size > 1 else label.reshape(1)))
            drawn.append(tape.values[root])
    tolerance = 1e-3 if output.dtype == np.float32 else 1e-8
    if len(expected) != len(drawn) or not np.allclose(drawn, expected, rtol=tolerance, atol=tolerance):
        raise ValueError(
            f"the graph comes to {drawn}, the network's own forward to {expected}: some layer or loss computes "
            "something else than the one it derives from, or has an option that the graph does not know"
        )


def _target(y: npt.ArrayLike | None, outputs: int) -> list[float]:
    """One number an output: a row of targets as it is, a label among several outputs as a one-hot row."""
    values = np.asarray(y, dtype=np.float64).ravel()
    if values.size == outputs:
        return [float(value) for value in values]
    if values.size != 1 or values[0] not in range(outputs):
        raise ValueError(f"y must be a label in 0..{outputs - 1} or {outputs} targets, received {y!r}")
    return [float(c == values[0]) for c in range(outputs)]


def _names(kinds: Iterable[type]) -> str:
    return ", ".join(kind.__name__ for kind in kinds)


def _escape(text: str) -> str:
    for special in '\\"{}|<>':
        text = text.replace(special, "\\" + special)
    return text
