"""What a layer, a loss or an optimiser computes, in the words of a blackboard, with the shapes of the moment.

W, b: weight and bias of a Linear. z: what a Linear gives; h: what any other layer gives; x: the batch. An array has one
name, in the layer that gives it and in the one that takes it; h' is what a layer makes of h, z' of z. dW stands for
dL/dW. Products are written as they stand in the code, with one sample a row.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlcore._typing import Array
from mlcore.activations import ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from mlcore.labels import are_probabilities
from mlcore.layers import Dropout, Flatten, Layer, Linear, Parameter
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss, NLLLoss
from mlcore.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from mlcore.walk import kind_of
from mlcore.walk import shape_text as shape

_NOTHING: Array = np.empty(0)

ELEMENTWISE: dict[type[Layer], tuple[str, str]] = {
    ReLU: ("max(z, 0)", "(z > 0)"),
    LeakyReLU: ("z where z > 0, else a z", "(1 where z > 0, else a)"),
    ELU: ("z where z > 0, else a (exp(z) - 1)", "(1 where z > 0, else h + a)"),
    SiLU: ("z s(z)", "(s(z) + z s(z) (1 - s(z)))"),
    GELU: ("z Phi(z)", "(Phi(z) + z phi(z))"),
    Sigmoid: ("1 / (1 + exp(-z))", "h (1 - h)"),
    Tanh: ("tanh(z)", "(1 - h^2)"),
    Softplus: ("log(1 + exp(z))", "s(z)"),
}
"""Activations of single units: f(z) and f'(z), s the sigmoid, Phi and phi the normal distribution and its bell."""


@dataclass
class LayerArrays:
    """A layer with its input x, which the formulas call `input`, its output y and, after backward, their gradients."""

    index: str
    layer: Any
    input: str
    x: Array
    y: Array
    grad_x: Array = field(default_factory=lambda: _NOTHING)
    grad_y: Array = field(default_factory=lambda: _NOTHING)

    @property
    def kind(self) -> type[Layer] | None:
        """The kind of layer that has formulas of its own; None for another, and for one derived from such a kind with
        a forward or backward of its own: what that computes is not for us to say."""
        own = type(self.layer)
        kind: type[Layer] | None = kind_of(self.layer, (Linear, Dropout, Flatten, Softmax, LogSoftmax, *ELEMENTWISE))
        known = kind is not None and own.forward is kind.forward and own.backward is kind.backward
        return kind if known else None

    @property
    def output(self) -> str:
        """What the formulas call the output; never the same as the input."""
        name = "z" if self.kind is Linear else "h"
        return name if name != self.input else name + "'"

    @property
    def parameters(self) -> list[tuple[str, Parameter]]:
        """The layer's parameters; a Linear's are called W and b."""
        short = {"weight": "W", "bias": "b"} if self.kind is Linear else {}
        return [(short.get(name, name), parameter) for name, parameter in self.layer.named_parameters()]


def forward_formulas(at: LayerArrays) -> list[str]:
    """How the layer's output came about."""
    h, y, size = at.input, at.output, shape(at.y.shape)
    layer, kind = at.layer, at.kind
    if kind is Linear:
        return [_product_forward(at)]
    if kind is ReLU:
        return [f"{y} = max({h}, 0)  {size}", f"ReLU lets {_let_through(at)} through"]
    if kind is Dropout:
        if not layer.dropped:
            return [f"{y} = {h}  {size}, nothing is dropped"]
        return [f"{y} = {h} * mask{_scale(layer)}  {size}", f"{np.count_nonzero(layer.mask)} of {at.x.size} kept"]
    if kind is Flatten:
        return [f"{y} = {h} in rows  {shape(at.x.shape)} -> {size}"]
    if kind is Softmax:
        return [f"{y} = exp({h}) / sum exp({h})  {size}"]
    if kind is LogSoftmax:
        return [f"{y} = {h} - log(sum exp({h}))  {size}"]
    if kind is None:
        return [f"{y} = {type(layer).__name__}({h})  {shape(at.x.shape)} -> {size}"]
    return [f"{y} = {_in(ELEMENTWISE[kind][0], at)}  {size}"]


def backward_formulas(at: LayerArrays) -> list[str]:
    """How the gradients of the layer's parameters and of its input came about."""
    h, y, size = at.input, at.output, shape(at.grad_x.shape)
    layer, kind = at.layer, at.kind
    if kind is Linear:
        return _products_backward(at)
    if kind is ReLU:
        return [f"d{h} = d{y} * ({h} > 0)  {size}", f"ReLU let {_let_through(at)} through"]
    if kind is Dropout:
        return [f"d{h} = d{y}{f' * mask{_scale(layer)}' if layer.dropped else ''}  {size}"]
    if kind is Flatten:
        return [f"d{h} = d{y} in the input's shape  {shape(at.grad_y.shape)} -> {size}"]
    if kind is Softmax:
        return [f"d{h} = {y} * (d{y} - sum of d{y} * {y} over the classes)  {size}"]
    if kind is LogSoftmax:
        return [f"d{h} = d{y} - exp({y}) * sum of d{y} over the classes  {size}"]
    if kind is Sigmoid and layer.derivative == "detached":
        return [f"d{h} = d{y}  {size}, detached: without {y} (1 - {y})"]
    if kind is None:
        own = [f"d{name}  {shape(parameter.grad.shape)}" for name, parameter in at.parameters]
        return [*own, f"d{h} = {type(layer).__name__}.backward(d{y})  {shape(at.grad_y.shape)} -> {size}"]
    return [f"d{h} = d{y} * {_in(ELEMENTWISE[kind][1], at)}  {size}"]


def _product_forward(at: LayerArrays) -> str:
    h, layer = at.input, at.layer
    (n, features), units = at.x.shape, layer.weight.data.shape[0]
    result, z = shape(at.y.shape), at.output
    if layer.bias_is_input:
        return f"{z} = [{h} 1] [W b]^T  {shape((n, features + 1))} x {shape((features + 1, units))} = {result}"
    bias, plus = ("", "") if layer.bias is None else (" + b", f" + {shape((units,))}")
    return f"{z} = {h} W^T{bias}  {shape(at.x.shape)} x {shape((features, units))}{plus} = {result}"


def _products_backward(at: LayerArrays) -> list[str]:
    h, layer = at.input, at.layer
    (n, features), units = at.x.shape, layer.weight.data.shape[0]
    dz, dz_T, W = shape((n, units)), shape((units, n)), shape((units, features))
    d = f"d{at.output}"
    dx = f"d{h} = {d} W  {dz} x {W} = {shape(at.grad_x.shape)}"
    if layer.bias_is_input:
        augmented = f"{dz_T} x {shape((n, features + 1))} = {shape((units, features + 1))}"
        return [f"[dW db] = {d}^T [{h} 1]  {augmented}", dx]
    dW = f"dW = {d}^T {h}  {dz_T} x {shape(at.x.shape)} = {W}"
    return [dW, dx] if layer.bias is None else [dW, f"db = sum of {d} over the batch  {dz} -> {shape((units,))}", dx]


def _let_through(at: LayerArrays) -> str:
    return f"{np.count_nonzero(at.x > 0)} of {at.x.size}"


def loss_formulas(loss: Any, z: str, output_shape: tuple[int, ...], value: float, y: Array) -> tuple[str, str]:
    """The loss of the outputs, which are called z, with its value; and the gradient that backward starts from."""
    if type(loss) in (CrossEntropyLoss, NLLLoss) and not _plain(loss):
        left, right = _weighted(loss, z, output_shape, value, y)
        return left, f"{right}  {shape(output_shape)}"
    n = output_shape[0]
    divisor = f" / {n}" if loss.reduction == "mean" and n > 1 else ""
    over = f"{'mean' if loss.reduction == 'mean' else 'sum'} over {n} of " if n > 1 else ""
    terms, where, gradient = f"{type(loss).__name__}({z}, y)", "", f"dL/d{z}"
    if isinstance(loss, CrossEntropyLoss) and _plain(loss):
        terms, where = f"{over}-log p[y]", f",  p = exp({z}) / sum exp({z})"
        gradient = f"(p - Y){divisor},  Y the labels as one-hot rows"
    elif isinstance(loss, NLLLoss) and _plain(loss):
        terms, gradient = f"{over}-{z}[y]", f"-Y{divisor},  Y the labels as one-hot rows"
    elif isinstance(loss, BCEWithLogitsLoss):
        terms, where = f"{over}-y log s - (1 - y) log(1 - s)", f",  s = 1 / (1 + exp(-{z}))"
        gradient = f"(s - y){divisor}"
    elif isinstance(loss, MSELoss):
        count = {"mean": n * int(np.prod(output_shape[1:])), "per_sample": n, "half_sum": 2}.get(loss.reduction, 1)
        quotient = f" / {count}" if count > 1 else ""
        terms, gradient = f"sum of ({z} - y)^2{quotient}", f"2 ({z} - y){quotient}"
    if loss.averages and loss.gradient == "sum" and n > 1:
        gradient += f",  {f'times {n}: ' if _plain(loss) else ''}the division by the batch is left out"
    return f"L = {terms} = {value:.6g}{where}", f"d{z} = {gradient}  {shape(output_shape)}"


def _weighted(loss: Any, z: str, output_shape: tuple[int, ...], value: float, y: Array) -> tuple[str, str]:
    """`loss_formulas` with class weights, label smoothing or an epsilon: as the classes' docstrings have them."""
    n, classes = output_shape
    smoothing, epsilon = getattr(loss, "label_smoothing", 0.0), getattr(loss, "epsilon", 0.0)
    likely = type(loss) is CrossEntropyLoss  # which makes probabilities of its logits itself
    by_weight = loss.weight is not None and not are_probabilities(y)
    divisor = ("sum w[y]" if by_weight else str(n)) if loss.reduction == "mean" else ""
    over = f" / {divisor}" if divisor not in ("", "1") else ""

    rows = "Y'" if smoothing else "Y"
    counted = f"w {rows}" if loss.weight is not None else rows
    logarithm = (f"log(p + {epsilon:g})" if epsilon else "log p") if likely else z
    where = [f"p = exp({z}) / sum exp({z})"] if likely else []
    if smoothing:
        where.append(f"Y' = {1 - smoothing:g} Y + {smoothing:g} / {classes}")
    where.append(f"Y the {'class probabilities' if are_probabilities(y) else 'labels as one-hot rows'}")
    if loss.weight is not None:
        where.append("w a weight for each class")
    if over and by_weight:
        where.append(f"sum w[y] = {loss.divisor:g} over the batch")

    if not likely:
        gradient, explained = f"-{counted}", ""
    elif epsilon:
        gradient, explained = "p sum V - V", f",  V = {counted} p / (p + {epsilon:g}), summed over the classes"
    elif loss.weight is not None:
        gradient, explained = f"p sum {counted} - {counted}", ",  summed over the classes"
    else:
        gradient, explained = f"p - {rows}", ""  # these rows sum to 1
    if over and likely:
        gradient = f"({gradient})"
    gradient += over + explained
    if over and loss.gradient == "sum":
        gradient += f",  times {divisor}: the division by the batch is left out"
    return f"L = -sum {counted} {logarithm}{over} = {value:.6g},  {',  '.join(where)}", f"d{z} = {gradient}"


def update_formula(optimizer: Any) -> str:
    """How each parameter p with gradient g moves, with the lr of the moment."""
    if not isinstance(optimizer, Optimizer):
        return f"p <- p + update,  by {type(optimizer).__name__}.step"
    lr, decay, l1 = f"{optimizer.lr:g}", optimizer.weight_decay, optimizer.l1
    decoupled = isinstance(optimizer, AdamW)
    added = (f" + {decay:g} p" if decay and not decoupled else "") + (f" + {l1:g} sign(p)" if l1 else "")
    first = f"p <- (1 - {lr} x {decay:g}) p,  " if decay and decoupled else ""
    return first + (f"g <- g{added},  " if added else "") + _rule(optimizer, lr)


def _rule(optimizer: Optimizer, lr: str) -> str:
    match optimizer:
        case SGD(momentum=0):
            return f"p <- p - {lr} g"
        case SGD(momentum=mu, dampening=dampening, nesterov=nesterov):
            b = f"b <- {mu:g} b + {f'{1 - dampening:g} ' if dampening else ''}g (at first b = g)"
            return f"{b},  p <- p - {lr} {f'(g + {mu:g} b)' if nesterov else 'b'}"
        case Adagrad(lr_decay=0, eps=eps):
            return f"s <- s + g^2,  p <- p - {lr} g / (sqrt(s) + {eps:g})"
        case RMSprop(centered=False, momentum=0, alpha=alpha, eps=eps):
            return f"v <- {alpha:g} v + {1 - alpha:g} g^2,  p <- p - {lr} g / (sqrt(v) + {eps:g})"
        case Adam(amsgrad=False, betas=(beta1, beta2), eps=eps):
            m = f"m <- {beta1:g} m + {1 - beta1:g} g,  v <- {beta2:g} v + {1 - beta2:g} g^2"
            t = optimizer.steps
            corrected = f"(m / (1 - {beta1:g}^{t})) / (sqrt(v / (1 - {beta2:g}^{t})) + {eps:g})"
            return f"{m},  p <- p - {lr} {corrected}"
        case _:
            return f"p <- p + update,  by {type(optimizer).__name__}.step"


def _plain(loss: Any) -> bool:
    """Without class weights, label smoothing or an epsilon: then the short formulas hold."""
    options = (getattr(loss, name, None) for name in ("weight", "label_smoothing", "epsilon"))
    return all(option is None or (np.ndim(option) == 0 and not option) for option in options)


def _scale(layer: Any) -> str:
    return f" / {1 - layer.p:g}" if layer.scaling == "inverted" and layer.p < 1 else ""


def _in(formula: str, at: LayerArrays) -> str:
    """The formula under the names that input and output have here."""
    names = {"z": at.input, "h": at.output}
    words, word = [], ""
    for character in formula + " ":
        if character.isalnum():
            word += character
            continue
        words += [names.get(word, word), character]
        word = ""
    return "".join(words).strip()
