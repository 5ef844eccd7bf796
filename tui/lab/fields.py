"""Every setting of an experiment, once: its key, its words, what it takes.

The command line reads `--set` with it, the screens build their forms from it, and both say the same
sentence about a wrong value.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "float", "flag", "choice", "sizes", "batch", "text"]


class FieldError(ValueError):
    """A value its field does not take; `str()` says what was expected and what was received."""


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    help: str


@dataclass(frozen=True)
class Field:
    """One setting. ``low`` and ``high`` are inclusive unless ``open_low`` or ``open_high``."""

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

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(choice.value for choice in self.choices)

    def expected(self) -> str:
        """What the field takes, in words that fit after "expected"."""
        if self.kind == "choice":
            return ", ".join(self.values[:-1]) + " or " + self.values[-1]
        if self.kind == "flag":
            return "true or false"
        if self.kind == "sizes":
            return "whole numbers from 1 with commas between, as 64, 64 (empty for none)"
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


def _choices(*rows: tuple[str, str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(*row) for row in rows)


SCALES = _choices(
    ("none", "off", "the numbers as they are"),
    ("standard", "standard", "each feature to mean 0 and standard deviation 1"),
    ("minmax", "min-max", "each feature to 0 … 1"),
    ("unit", "x / 255", "pixels 0 … 255 to 0 … 1"),
    ("symmetric", "to -1 … 1", "(x / 255 - 0.5) / 0.5, as torchvision's Normalize(0.5, 0.5)"),
)
ACTIVATIONS = _choices(
    ("relu", "ReLU", "max(0, x): cheap, and its gradient does not shrink; f'(0) = 0"),
    ("leaky_relu", "LeakyReLU", "x, or 0.01 x below 0: no unit can die"),
    ("elu", "ELU", "x, or exp(x) - 1 below 0"),
    ("gelu", "GELU", "x · P(x), P the normal distribution's; smooth"),
    ("silu", "SiLU", "x · sigmoid(x), smooth"),
    ("tanh", "tanh", "-1 … 1, zero-centred; saturates far from 0"),
    ("sigmoid", "sigmoid", "0 … 1; its slope is 0.25 at most, so deep networks learn slowly"),
    ("softplus", "softplus", "ln(1 + exp(x)), a smooth ReLU"),
    ("identity", "none", "no bend: however many layers, the network stays linear"),
)
INITIALISATIONS = _choices(
    ("kaiming_normal", "kaiming_normal", "W ~ N(0, gain² / fan_in), b = 0 (He 2015)"),
    ("kaiming_uniform", "kaiming_uniform", "W ~ U(±gain √(3 / fan_in)), b = 0 (He 2015)"),
    ("xavier_normal", "xavier_normal", "W ~ N(0, 2 gain² / (fan_in + fan_out)), b = 0 (Glorot 2010)"),
    ("xavier_uniform", "xavier_uniform", "W ~ U(±gain √(6 / (fan_in + fan_out))), b = 0 (Glorot 2010)"),
    ("torch", "torch", "W, b ~ U(±1 / √fan_in): what torch.nn.Linear does unasked"),
    ("tp4", "tp4", "W and b ~ N(0, 2 / fan_in), as the sheet MLP en NumPy asks"),
    ("normal", "normal", "W ~ N(0, 0.01²), b = 0"),
    ("micrograd", "micrograd", "W ~ U(±1) from Python's random.Random, b = 0"),
    ("playground", "playground", "W ~ U(±0.5), b = 0.1, as TensorFlow Playground"),
    ("sklearn", "sklearn", "W, b ~ U(±√(6 / (fan_in + fan_out))), as MLPClassifier"),
    ("zeros", "zeros", "all 0: every unit stays the same as its neighbour, and nothing is learnt"),
)
OUTPUTS = _choices(
    ("linear", "linear", "the last Linear as it is; softmax belongs to the loss"),
    ("sigmoid", "sigmoid", "a sigmoid with its derivative, for the squared error"),
    (
        "detached_sigmoid",
        "sigmoid, detached",
        "a sigmoid that backward skips, as the micrograd sheet writes it",
    ),
)
LOSSES = _choices(
    ("cross_entropy", "cross-entropy", "-ln of the probability given to the right class, mean of the batch"),
    ("mse", "squared error", "mean of (output - target)²; classes as one-hot rows, or 0 and 1"),
    ("bce", "BCE, one logit", "binary cross-entropy: one output with a sigmoid inside the loss; two classes only"),
)
OPTIMIZERS = _choices(
    ("sgd", "SGD", "w -= lr · gradient, with momentum if asked"),
    ("adam", "Adam", "step sizes from running means of gradient and its square"),
    ("adamw", "AdamW", "Adam with weight decay apart from the gradient"),
    ("rmsprop", "RMSprop", "gradient divided by the root of its running mean square"),
    ("adagrad", "Adagrad", "gradient divided by the root of all its squares so far"),
)
SCHEDULES = _choices(
    ("constant", "constant", "lr stays"),
    ("linear", "linear", "lr falls in a straight line to a tenth of itself at the last epoch"),
    ("cosine", "cosine", "lr falls to 0 along half a cosine"),
    ("exponential", "exponential", "lr times 0.95 after every epoch"),
    ("micrograd", "micrograd", "lr times 1 - 0.9 k / 100 in epoch k from 0, as the micrograd sheet"),
)
SAMPLINGS = _choices(
    ("permuted", "permuted", "a fresh order every epoch, each sample once"),
    ("replacement", "with replacement", "each batch drawn anew; a sample may come twice or not at all"),
    ("sequential", "in order", "as the data stands, never shuffled"),
)

_ALL = (
    Field("name", "name", "text", "experiment", "a name for the run's folder"),
    Field("data.source", "source", "text", "data", "a built-in set, a file or a folder"),
    Field("data.test", "test share", "float", "split and scale",
          "kept aside until training has ended; 0 for none", low=0, high=1, open_high=True),
    Field("data.validation", "validation", "float", "split and scale",
          "looked at after every epoch, never trained on; 0 for none", low=0, high=1, open_high=True),
    Field("data.stratify", "stratified", "flag", "split and scale",
          "every part gets each class in the same share"),
    Field("data.split_seed", "split seed", "int", "split and scale",
          "which samples go where; the same seed gives the same split", low=0, high=2**32 - 1),
    Field("data.scale", "normalise", "choice", "split and scale",
          "fitted on the training part only, applied to all", choices=SCALES),
    Field("model.hidden", "hidden sizes", "sizes", "network",
          "units of each hidden layer; empty for a linear model", low=1, high=65536),
    Field("model.activation", "activation", "choice", "network",
          "the bend after every hidden Linear", choices=ACTIVATIONS),
    Field("model.dropout", "dropout", "float", "network",
          "share of hidden units silenced at random in each training step", low=0, high=1, open_high=True),
    Field("model.init", "initialisation", "choice", "network",
          "how the first weights are drawn", choices=INITIALISATIONS),
    Field("training.dtype", "precision", "choice", "network",
          "float32 trains twice as fast; float64 is for printed figures", choices=_choices(
              ("float32", "float32", "7 digits"), ("float64", "float64", "16 digits"))),
    Field("training.loss", "loss", "choice", "training", "what training makes small", choices=LOSSES),
    Field("training.optimizer", "optimiser", "choice", "training",
          "how a gradient becomes a step", choices=OPTIMIZERS),
    Field("training.lr", "learning rate", "float", "training",
          "how far a step goes: w becomes w - lr · gradient", low=0, open_low=True),
    Field("training.momentum", "momentum", "float", "training",
          "share of the last step kept in this one (SGD, RMSprop)", low=0, high=1, open_high=True),
    Field("training.weight_decay", "weight decay", "float", "training",
          "pulls every weight towards 0: its share is added to the gradient", low=0),
    Field("training.schedule", "schedule", "choice", "training",
          "how the learning rate changes over the epochs", choices=SCHEDULES),
    Field("training.batch_size", "batch size", "batch", "training",
          'samples a step; "full" takes the whole training part', unit="samples", low=1),
    Field("training.epochs", "epochs", "int", "training",
          "times through all training samples", low=1, high=1_000_000),
    Field("seed", "seed", "int", "training",
          "weights, order and dropout; the same seed gives the same run", low=0, high=2**32 - 1),
    Field("model.output", "output", "choice", "switches of the lab sheets",
          "what stands after the last Linear", choices=OUTPUTS),
    Field("training.gradient", "gradient", "choice", "switches of the lab sheets",
          "whether backward divides by the batch as the loss does", choices=_choices(
              ("mean", "mean of the batch", "backward divides by the batch, as the loss does"),
              ("sum", "sum of the batch", "backward leaves it out: a step is batch size times longer"))),
    Field("training.sampling", "batches", "choice", "switches of the lab sheets",
          "how an epoch is cut into batches", choices=SAMPLINGS),
)  # fmt: skip
FIELDS: dict[str, Field] = {field.key: field for field in _ALL}


SOURCE_OPTIONS = ("n_samples", "noise", "random_state", "target", "drop", "missing", "delimiter", "decimal", "header")
"""Options of data sources that people write without their table."""


def explain_unknown(key: str) -> str:
    name = key.split(".")[-1]
    if name in SOURCE_OPTIONS:
        return f"{key}: no such setting; did you mean data.options.{name}?"
    near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)
    if not near:  # lr for training.lr
        near = [known for known in FIELDS if known.split(".")[-1] == name][:1]
    hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(FIELDS)}, and data.options.NAME"
    return f"{key}: no such setting; {hint}"
