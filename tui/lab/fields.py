"""Every setting of an experiment, once: its key, its words, what it takes.

The command line reads `--set` with it, the screens build their forms from it, and both say the same
sentence about a wrong value.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

from tui.lab.choices import (
    ACTIVATIONS,
    BIAS_INITIALISATIONS,
    BIASES,
    DROPOUT_SCALINGS,
    DTYPES,
    EXPANSIONS,
    GRADIENTS,
    INITIALISATIONS,
    LABELS,
    LOSSES,
    MISSING,
    NORMALIZATIONS,
    OPTIMIZERS,
    OUTPUTS,
    REPORTED_LOSSES,
    SAMPLINGS,
    SCALES,
    SCHEDULES,
    SQUARED_ERRORS,
    TARGET_SCALES,
    UNDRAWN,
    Choice,
)

__all__ = ["ACTIVATIONS", "FIELDS", "LOSSES", "SOURCE_OPTIONS", "Choice", "Field", "FieldError", "explain_unknown"]

Kind = Literal["int", "float", "flag", "choice", "sizes", "several", "weights", "batch", "text"]


class FieldError(ValueError):
    """A value its field does not take; `str()` says what was expected and what was received."""


@dataclass(frozen=True)
class Field:
    """One setting. ``low`` and ``high`` are inclusive unless ``open_low`` or ``open_high``; ``steps`` are the
    numbers that a form steps through, where 1, 2, 5, 10 would make no sense."""

    key: str
    label: str
    kind: Kind
    group: str
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[Choice, ...] = ()
    steps: tuple[float, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(choice.value for choice in self.choices)

    def expected(self) -> str:
        """What the field takes, in words that fit after "expected"."""
        if self.kind == "choice":
            *first, last = (value or '""' for value in self.values)
            return ", ".join(first) + " or " + last
        if self.kind == "several":
            return f"any of {', '.join(self.values)}, commas between (empty for none)"
        if self.kind == "flag":
            return "true or false"
        if self.kind == "sizes":
            return "whole numbers from 1 with commas between, as 64, 64 (empty for none)"
        if self.kind == "weights":
            return "balanced, or one number above 0 a class with commas between, as 1, 2, 5 (empty for none)"
        if self.kind == "batch":
            return 'a whole number from 1, or "full"'
        if self.kind == "text":
            return "some text"
        what = "a whole number" if self.kind == "int" else "a number"
        if self.low is not None and self.high is not None:
            low = f"above {_number(self.low)}" if self.open_low else f"from {_number(self.low)}"
            high = f"below {_number(self.high)}" if self.open_high else f"to {_number(self.high)}"
            return f"{what} {low} {high}" if not self.open_low else f"{what} {low}, {high}"
        if self.low is not None:
            return f"{what} {'above' if self.open_low else 'from'} {_number(self.low)}"
        return what


def _number(value: float) -> str:
    """A limit in words: 4,294,967,295 or 0.95."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


_ALL = (
    Field("name", "name", "text", "experiment", "a name for the run's folder"),
    Field("data.source", "source", "text", "data", "a built-in set, a file or a folder"),
    Field("data.classes", "classes", "text", "split and scale",
          "classes to keep, commas between; 3+8 is one of two, 3+8:round names it, * all others; empty for all"),
    Field("data.missing", "missing", "choice", "split and scale",
          "what becomes of a cell without a value; means and medians are those of the training part",
          choices=MISSING),
    Field("data.test", "test share", "float", "split and scale",
          "kept aside until training has ended; 0 for none", low=0, high=1, open_high=True),
    Field("data.validation", "validation", "float", "split and scale",
          "looked at after every epoch, never trained on; 0 for none", low=0, high=1, open_high=True),
    Field("data.stratify", "stratified", "flag", "split and scale",
          "every part gets each class in the same share"),
    Field("data.split_seed", "split seed", "int", "split and scale",
          "which samples go where; the same seed gives the same split", low=0, high=2**32 - 1),
    Field("data.folds", "folds", "int", "split and scale",
          "validation is one of so many equal folds of all rows but the test's, whatever its share says; 0 for none",
          low=0, steps=(0, 2, 3, 4, 5, 10, 20)),
    Field("data.fold", "fold", "int", "split and scale",
          "which of the folds is the validation part", low=1, steps=tuple(range(1, 21))),
    Field("data.scale", "normalise", "choice", "split and scale",
          "fitted on the training part only, applied to all", choices=SCALES),
    Field("data.components", "components", "int", "split and scale",
          "so many principal components in place of the features, after scaling; 2 make a plane, 0 for none",
          low=0, steps=(0, 2, 3, 5, 10, 20, 50, 100)),
    Field("data.expand", "expand", "several", "split and scale",
          "more features out of these: square, product, sin; after scaling and components", choices=EXPANSIONS),
    Field("data.scale_target", "scale target", "choice", "split and scale",
          "for numbers to predict, fitted on the training part; classes stay as they are", choices=TARGET_SCALES),
    Field("model.channels", "convolutions", "sizes", "finer points",
          "channels of each convolution, with a pooling that halves the image; empty for none (images only)",
          low=1, high=1024),
    Field("model.kernel_size", "kernel", "int", "finer points",
          "height and width of the window of a convolution", unit="pixels", low=1, high=15, steps=(1, 3, 5, 7)),
    Field("model.hidden", "hidden sizes", "sizes", "network",
          "units of each hidden layer; empty for a linear model", low=1, high=65536),
    Field("model.activation", "activation", "choice", "network",
          "the bend after every hidden Linear", choices=ACTIVATIONS),
    Field("model.normalization", "normalisation", "choice", "finer points",
          "what stands between a hidden Linear and its activation: batch or layer normalisation",
          choices=NORMALIZATIONS),
    Field("model.dropout", "dropout", "float", "network",
          "share of hidden units silenced at random in each training step", low=0, high=1, open_high=True),
    Field("model.init", "initialisation", "choice", "network",
          "how the first weights are drawn", choices=INITIALISATIONS),
    Field("training.dtype", "precision", "choice", "network",
          "float32 trains twice as fast; float64 is for printed figures", choices=DTYPES),
    Field("training.loss", "loss", "choice", "training", "what training makes small", choices=LOSSES),
    Field("training.class_weight", "class weights", "weights", "finer points",
          "how much each class counts (cross-entropy); balanced: rare ones as much as common ones"),
    Field("training.label_smoothing", "label smoothing", "float", "finer points",
          "share of the right answer spread over all classes (cross-entropy)", low=0, high=1),
    Field("training.optimizer", "optimiser", "choice", "training",
          "how a gradient becomes a step", choices=OPTIMIZERS),
    Field("training.lr", "learning rate", "float", "training",
          "how far a step goes: w becomes w - lr · gradient", low=0, open_low=True),
    Field("training.momentum", "momentum", "float", "training",
          "share of the last step kept in this one (SGD, RMSprop)", low=0, high=1, open_high=True),
    Field("training.dampening", "dampening", "float", "finer points",
          "share of the new gradient that momentum leaves out (SGD)", low=0, high=1),
    Field("training.nesterov", "Nesterov", "flag", "finer points",
          "momentum that looks one step ahead (SGD)"),
    Field("training.amsgrad", "AMSGrad", "flag", "finer points",
          "the largest mean square so far: no step grows again (Adam, AdamW)"),
    Field("training.centered", "centred", "flag", "finer points",
          "divides by the gradient's deviation instead of its mean square (RMSprop)"),
    Field("training.weight_decay", "weight decay", "float", "training",
          "pulls every weight towards 0: its share is added to the gradient", low=0),
    Field("training.l1", "L1", "float", "finer points",
          "pulls every weight towards 0 by the same amount: its sign is added to the gradient", low=0),
    Field("training.clip_norm", "clip norm", "float", "finer points",
          "longest gradient, all of them as one vector; 0 for any length", low=0,
          steps=(0, 0.1, 0.2, 0.5, 1, 2, 5, 10)),
    Field("training.clip_value", "clip value", "float", "finer points",
          "largest entry of a gradient; 0 for any size", low=0, steps=(0, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10)),
    Field("training.schedule", "schedule", "choice", "training",
          "how the learning rate changes over the epochs", choices=SCHEDULES),
    Field("training.batch_size", "batch size", "batch", "training",
          'samples a step; "full" takes the whole training part', unit="samples", low=1),
    Field("training.epochs", "epochs", "int", "training",
          "times through all training samples", low=1, high=1_000_000),
    Field("training.patience", "patience", "int", "training",
          "stops after so many epochs without a lower validation loss (without one: training loss); 0 never stops",
          unit="epochs", low=0, high=1_000_000, steps=(0, 1, 2, 3, 5, 10, 20, 50, 100)),
    Field("training.min_delta", "least gain", "float", "finer points",
          "how much lower the loss must be for patience to count it", low=0, steps=(0, 1e-5, 1e-4, 1e-3, 0.01, 0.1)),
    Field("training.checkpoint_epochs", "checkpoint", "int", "finer points",
          "epochs from one checkpoint to the next; 0 goes by the seconds below", unit="epochs", low=0, high=1_000_000,
          steps=(0, 1, 2, 5, 10, 20, 50, 100)),
    Field("training.checkpoint_seconds", "... by time", "float", "finer points",
          "least age of the last checkpoint for another at an epoch's end", unit="s", low=0,
          steps=(0, 1, 2, 5, 10, 30, 60, 300)),
    Field("seed", "seed", "int", "training",
          "weights, order and dropout; the same seed gives the same run", low=0, high=2**32 - 1),
    Field("model.output", "output", "choice", "switches of the lab sheets",
          "what stands after the last Linear", choices=OUTPUTS),
    Field("model.bias", "bias", "choice", "switches of the lab sheets",
          "how the bias of a Linear is written", choices=BIASES),
    Field("model.bias_init", "first biases", "choice", "switches of the lab sheets",
          "how the first biases are drawn, where not as the weights' initialisation says",
          choices=BIAS_INITIALISATIONS),
    Field("model.dropout_scaling", "dropout scaling", "choice", "switches of the lab sheets",
          "whether the units that dropout keeps make up for those it silences", choices=DROPOUT_SCALINGS),
    Field("model.weights", "first weights", "text", "finer points",
          "a safetensors file to begin with, as of a PyTorch network; empty: drawn by the initialisation"),
    Field("data.undrawn", "unused features", "choice", "switches of the lab sheets",
          "where the decision map holds the features that it does not draw", choices=UNDRAWN),
    Field("training.labels", "labels", "choice", "switches of the lab sheets",
          "what the loss is given as the right answer", choices=LABELS),
    Field("training.mse", "squared error", "choice", "switches of the lab sheets",
          "what the squared error is divided by", choices=SQUARED_ERRORS),
    Field("training.epsilon", "log epsilon", "float", "switches of the lab sheets",
          "cross-entropy as -ln(p + epsilon); 0 for the plain logarithm", low=0, high=1e-3,
          steps=(0, 1e-16)),
    Field("training.gradient", "gradient", "choice", "switches of the lab sheets",
          "whether backward divides by the batch as the loss does", choices=GRADIENTS),
    Field("training.sampling", "batches", "choice", "switches of the lab sheets",
          "how an epoch is cut into batches; one by one is batch size 1, the full gradient batch size full",
          choices=SAMPLINGS),
    Field("training.reported_loss", "reported loss", "choice", "switches of the lab sheets",
          "which of the two is printed; the events of a run hold both", choices=REPORTED_LOSSES),
)  # fmt: skip
FIELDS: dict[str, Field] = {field.key: field for field in _ALL}


SOURCE_OPTIONS = (
    *("n_samples", "noise", "random_state"),
    *("target", "task", "drop", "text", "delimiter", "decimal", "header", "encoding", "na_values"),
)
"""Options of data sources that people write without their table."""


def explain_unknown(key: str) -> str:
    name = key.split(".")[-1]
    if name in SOURCE_OPTIONS:
        return f"{key}: no such setting; did you mean data.options.{name}?"
    near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)
    if not near:  # lr for training.lr
        near = [known for known in FIELDS if known.split(".")[-1] == name][:1]
    options = "data.options.NAME, model.init_options.NAME and training.schedule_options.NAME"
    hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(FIELDS)}, {options}"
    return f"{key}: no such setting; {hint}"
