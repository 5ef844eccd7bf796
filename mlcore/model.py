"""Whole networks: a perceptron from a description, the lab sheet's classifier."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.activations import ACTIVATIONS, ReLU, Sigmoid
from mlcore.init import check_init_options
from mlcore.layers import Dropout, Layer, Linear, Parameter, Sequential, inference_mode
from mlcore.losses import CrossEntropyLoss, one_hot
from mlcore.metrics import accuracy
from mlcore.normalization import BatchNorm1d, LayerNorm

OUTPUTS = ("linear", "sigmoid", "detached_sigmoid")
NORMALIZATIONS: dict[str, type[BatchNorm1d] | type[LayerNorm] | None] = {
    "none": None,
    "batch": BatchNorm1d,
    "layer": LayerNorm,
}


def build_mlp(
    in_features: int,
    hidden: Sequence[int],
    out_features: int,
    *,
    activation: str = "relu",
    normalization: str = "none",
    dropout: float = 0.0,
    init: str = "torch",
    init_options: Mapping[str, Any] | None = None,
    bias: bool | str = True,
    bias_init: str | None = None,
    output: str = "linear",
    rng: np.random.Generator,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Linear, normalisation (if any), activation, Dropout (where dropout > 0) for each hidden size, then
    Linear(.., out_features).

    Shapes: x (n, in_features), output (n, out_features).

    hidden: sizes, may be empty. activation: a name of ACTIVATIONS; its gain scales every layer's draw. bias,
    bias_init: as in Linear. normalization: "none", "batch" (BatchNorm1d) or "layer" (LayerNorm).
    output: what follows the last Linear: nothing ("linear"), a Sigmoid, or one whose derivative is left out
    ("detached_sigmoid"). rng draws the weights in forward order; dropout draws from a generator spawned
    from it. Raises ValueError for an unknown name, a size below 1, a dropout outside 0..1, or an option that init does
    not take.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation {activation!r}: choose one of {', '.join(ACTIVATIONS)}")
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"unknown normalization {normalization!r}: choose one of {', '.join(NORMALIZATIONS)}")
    if output not in OUTPUTS:
        raise ValueError(f"unknown output {output!r}: choose one of {', '.join(OUTPUTS)}")
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout must lie in 0..1, received {dropout}")
    sizes = [in_features, *hidden, out_features]
    if min(sizes) < 1:
        raise ValueError(f"every layer needs at least 1 unit, received {', '.join(map(str, sizes))}")
    given = dict(init_options or {})
    check_init_options(init, given)
    options = {"activation": activation} | given
    dropout_rng = rng.spawn(1)[0] if dropout > 0 else None
    layers: list[Layer] = []
    norm = NORMALIZATIONS[normalization]
    for depth, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        layers.append(
            Linear(fan_in, fan_out, bias, init=init, init_options=options, bias_init=bias_init, rng=rng, dtype=dtype)
        )
        if init == "micrograd":  # one stream of numbers runs through all layers
            options["draws_before"] = options.get("draws_before", 0) + fan_in * fan_out
        if depth == len(hidden):  # after the last Linear comes the output
            break
        if norm is not None:
            layers.append(norm(fan_out, dtype=dtype))
        layers.append(ACTIVATIONS[activation]())
        if dropout_rng is not None:
            layers.append(Dropout(dropout, rng=dropout_rng))
    if output != "linear":
        layers.append(Sigmoid("true" if output == "sigmoid" else "detached"))
    return Sequential(layers)


class MLPClassifier:
    """The classifier of the lab sheet TP4: Linear, Dropout, ReLU, Linear, softmax with cross-entropy.

    Shapes: x (n, in_features), logits (n, num_classes), y labels (n,) or one-hot rows (n, num_classes).

    One training iteration:

        model.forward(x)     # logits (n, num_classes)
        model.loss(y)        # mean of -log p[y]
        model.backward(y)    # gradients, from (p - one_hot(y)) / n
        model.step()         # p <- p - lr * gradient

    gradient "sum" leaves out the division by n, as the sheet does: then lr acts as lr * n. Unlike those of
    bare layers, gradients do not accumulate: each backward starts from zero.
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        num_classes: int,
        dropout: float = 0.0,
        lr: float = 0.1,
        *,
        gradient: str = "mean",
        init: str = "tp4",
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        rng = np.random.default_rng() if rng is None else rng
        self.net = Sequential(
            Linear(in_features, hidden_features, init=init, rng=rng, dtype=dtype),
            Dropout(dropout, rng=rng.spawn(1)[0]),
            ReLU(),
            Linear(hidden_features, num_classes, init=init, rng=rng, dtype=dtype),
        )
        self.lr = lr
        self.num_classes = num_classes
        self.criterion = CrossEntropyLoss(gradient=gradient)
        self.logits: Array | None = None

    def forward(self, x: Array) -> Array:
        """Logits (n, num_classes) for x (n, in_features)."""
        self.logits = self.net.forward(x)
        return self.logits

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def loss(self, x: npt.ArrayLike, y: npt.ArrayLike | None = None) -> float:
        """Mean cross-entropy: loss(x, y) runs x through the network, loss(y) takes the last forward.

        x (n, in_features), y labels (n,) or one-hot rows. Raises RuntimeError before the first forward.
        """
        if y is not None:
            self.forward(np.asarray(x))
        return self.criterion.forward(self._last_logits(), x if y is None else y)

    def one_hot(self, y: npt.ArrayLike) -> Array:
        """Labels (n,) as rows (n, num_classes)."""
        return one_hot(y, self.num_classes)

    def backward(self, y: npt.ArrayLike) -> Array:
        """Gradients of the loss of the last forward for labels y (n,) or one-hot rows. Returns dL/dx (n, in_features).

        Raises RuntimeError before the first forward.
        """
        self.net.zero_grad()
        self.criterion.forward(self._last_logits(), y)
        return self.net.backward(self.criterion.backward())

    def step(self) -> None:
        """One step of gradient descent with `lr`."""
        self.net.step(self.lr)

    def predict(self, x: Array) -> IntArray:
        """The most probable class of each row, (n,), without dropout."""
        with inference_mode(self.net):
            labels: IntArray = self.criterion.predict(self.net.forward(x))
            return labels

    def validate(self, x: Array, y: npt.ArrayLike) -> float:
        """The share of right predictions, 0..1."""
        return accuracy(y, self.predict(x))

    def modules(self) -> list[Layer]:
        """The network, then every layer in it."""
        return list(self.net.modules())

    def parameters(self) -> list[Parameter]:
        """W (hidden, in), b (hidden,), W (classes, hidden), b (classes,)."""
        return self.net.parameters()

    def zero_grad(self) -> None:
        """Set every gradient to zeros; `backward` does it by itself."""
        self.net.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Training mode, where dropout drops, or with False inference mode. Returns the classifier."""
        self.net.train(mode)
        return self

    def eval(self) -> Self:
        """Inference mode. Returns the classifier."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all weights by name, "0.weight"."""
        return self.net.state_dict()

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Put weights of `state_dict` back. Raises ValueError where names or shapes differ."""
        self.net.load_state_dict(state)

    def _last_logits(self) -> Array:
        if self.logits is None:
            raise RuntimeError("call forward(x) first")
        return self.logits

    def __repr__(self) -> str:
        return repr(self.net).replace("Sequential", type(self).__name__, 1)


def dtype_of(network: Any) -> np.dtype[Any]:
    """The dtype that a network computes in: that of its first parameter, float64 without any."""
    parameters = network.parameters()
    return parameters[0].data.dtype if parameters else np.dtype(np.float64)


def leaves(layer: Layer, prefix: str = "") -> list[tuple[str, Layer]]:
    """The layers that are no Sequential, each with its index: ("0", layer), nested ("1.0", layer)."""
    if not isinstance(layer, Sequential):
        return [(prefix or "0", layer)]
    dot = prefix and prefix + "."
    return [leaf for index, child in enumerate(layer) for leaf in leaves(child, f"{dot}{index}")]
