"""A network in numbers before it is built: layers, output shapes, parameters.

Counted from the spec alone, so that a network far too large can be shown, and refused, without its weights.
"""

from dataclasses import dataclass
from itertools import pairwise

from mlcore.init import INITIALISATIONS, check_init_options
from tui.lab.choices import ACTIVATIONS
from tui.lab.convolutions import flattened, stages
from tui.lab.spec import Spec

MOST_PARAMETERS = 100_000_000
NORMALIZING = {"batch": ("BatchNorm1d", "over the batch"), "layer": ("LayerNorm", "over the units")}


@dataclass(frozen=True)
class LayerRow:
    """One layer. ``index`` is its place in the Sequential, None for input and softmax, which are no layers."""

    index: int | None
    name: str
    detail: str
    output: str
    parameters: int = 0
    std: float | None = None


def outline(spec: Spec, in_features: int, out_features: int) -> tuple[LayerRow, ...]:
    """The rows of a table of layers, input first. ``std`` is the asked standard deviation of the weights, None
    where the initialisation does not take its options."""
    model = spec.model
    activation = next(choice.label for choice in ACTIVATIONS if choice.value == model.activation)
    rows = [LayerRow(None, "input", "", f"(n, {in_features})")]
    rows += _front(spec, in_features, activation)
    fan_in = flattened(spec, in_features)
    sizes = (*model.hidden, out_features)
    for depth, size in enumerate(sizes):
        hidden = depth < len(model.hidden)
        std = _asked_std(spec, fan_in, size)
        shape = f"(n, {size})"
        rows.append(LayerRow(len(rows) - 1, "Linear", f"{fan_in} → {size}", shape, (fan_in + 1) * size, std))
        if hidden:
            if model.normalization != "none":
                name, detail = NORMALIZING[model.normalization]
                rows.append(LayerRow(len(rows) - 1, name, detail, shape, 2 * size))
            rows.append(LayerRow(len(rows) - 1, "Identity" if activation == "none" else activation, "", shape))
            if model.dropout:
                kept = "" if model.dropout_scaling == "inverted" else ", not scaled"
                rows.append(LayerRow(len(rows) - 1, "Dropout", f"p {model.dropout:g}{kept}", shape))
        fan_in = size
    shape = f"(n, {out_features})"
    if model.output != "linear":
        detail = "detached" if model.output == "detached_sigmoid" else ""
        rows.append(LayerRow(len(rows) - 1, "Sigmoid", detail, shape))
    elif spec.training.loss == "cross_entropy":
        rows.append(LayerRow(None, "softmax", "in the loss", shape))
    elif spec.training.loss == "bce":
        rows.append(LayerRow(None, "sigmoid", "in the loss", shape))
    return tuple(rows)


def _front(spec: Spec, in_features: int, activation: str) -> list[LayerRow]:
    """The rows of the convolutions."""
    sizes = stages(spec, in_features)
    if not sizes:
        return []
    first = sizes[0]
    rows = [LayerRow(0, "Unflatten", "pixels to images", f"(n, {first.inputs}, {first.side}, {first.side})")]
    for stage in sizes:
        before, after = f"(n, {stage.outputs}, {stage.convolved}, {stage.convolved})", stage.pooled
        std = _asked_std(spec, stage.inputs * stage.area, stage.outputs * stage.area)
        detail = f"{stage.inputs} → {stage.outputs}, {stage.kernel} x {stage.kernel}"
        rows += [
            LayerRow(len(rows), "Conv2d", detail, before, stage.parameters, std),
            LayerRow(len(rows) + 1, "Identity" if activation == "none" else activation, "", before),
            LayerRow(len(rows) + 2, "MaxPool2d", "2 x 2", f"(n, {stage.outputs}, {after}, {after})"),
        ]
    return [*rows, LayerRow(len(rows), "Flatten", "", f"(n, {flattened(spec, in_features)})")]


def _asked_std(spec: Spec, fan_in: int, fan_out: int) -> float | None:
    model = spec.model
    if fan_in < 1:  # convolutions that leave nothing of the image
        return None
    try:
        check_init_options(model.init, model.init_options)
    except ValueError:
        return None
    return INITIALISATIONS[model.init].std(fan_in, fan_out, model.activation, **model.init_options)


def count_parameters(spec: Spec, in_features: int, out_features: int) -> int:
    """Weights and biases of the whole network, and scales and shifts of what normalises."""
    front = stages(spec, in_features)
    sizes = (flattened(spec, in_features), *spec.model.hidden, out_features)
    dense = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    scales = 0 if spec.model.normalization == "none" else 2 * sum(spec.model.hidden)
    return dense + scales + sum(stage.parameters for stage in front)
