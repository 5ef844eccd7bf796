"""From a spec to the things that train: the data's parts, the network, its loss and its optimiser."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import DataError, Dataset, Split, load, split
from datasets.transforms import Scale, fit_scale
from mlcore import Sequential
from mlcore.init import check_init_options
from mlcore.layers import Dropout
from mlcore.losses import LOSSES, Loss
from mlcore.model import build_mlp
from mlcore.optim import OPTIMIZERS, Optimizer
from tui.lab.errors import LabError
from tui.lab.outline import MOST_PARAMETERS, count_parameters
from tui.lab.spec import Spec, SpecError, is_absent_images

USER_ERRORS = (LabError, SpecError, DataError)
"""What a person can put right: each one's `str()` is one line, shown without a traceback."""

Part = tuple[NDArray[Any], NDArray[np.int64]]
"""X (n, in_features) in the spec's dtype, scaled; y (n,) int64."""

_ONE_OUTPUT = ("sigmoid", "detached_sigmoid")


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data that is ready to be trained on; `validation` and `test` are None where the spec asks for none."""

    dataset: Dataset
    split: Split
    scale: Scale
    train: Part
    validation: Part | None
    test: Part | None
    in_features: int
    class_names: tuple[str, ...]


def load_data(spec: Spec) -> Dataset:
    """The data set that the spec names. Raises DataError, or LabError where it is nowhere yet."""
    source = spec.data.source
    if is_absent_images(source):
        raise LabError(f"{source}: the files are not here: name their folder with --data FOLDER, or open it with o")
    return load(os.path.expanduser(source), **spec.data.options)


def prepare(spec: Spec, dataset: Dataset | None = None) -> Prepared:
    """Loads the data (unless it is given), splits it, and scales it by what the training part shows.

    Raises one of USER_ERRORS.
    """
    dataset = load_data(spec) if dataset is None else dataset
    rows = split(
        dataset,
        test=spec.data.test,
        validation=spec.data.validation,
        stratify=spec.data.stratify,
        seed=spec.data.split_seed,
    )
    flat = dataset.X.reshape(dataset.n_samples, -1)
    training = flat[rows.train]
    scale = fit_scale(spec.data.scale, training)
    dtype = np.dtype(spec.training.dtype)

    def part(which: NDArray[np.int64]) -> Part | None:
        return (scale(flat[which], dtype), dataset.y[which]) if len(which) else None

    return Prepared(
        dataset=dataset,
        split=rows,
        scale=scale,
        train=(scale(training, dtype), dataset.y[rows.train]),
        validation=part(rows.validation),
        test=part(rows.test),
        in_features=flat.shape[1],
        class_names=dataset.class_names,
    )


def out_features(spec: Spec, classes: int) -> int:
    """Outputs that the loss needs: one a class, or a single one for two classes behind a sigmoid."""
    loss = spec.training.loss
    single = loss == "bce" or (loss == "mse" and classes == 2 and spec.model.output in _ONE_OUTPUT)
    return 1 if single else classes


def refusal(spec: Spec, in_features: int, classes: int) -> tuple[str, str] | None:
    """(key, words) of the setting because of which this network cannot be built for this data; None where it can."""
    if spec.training.loss == "bce" and classes != 2:
        return "training.loss", f"bce tells two classes apart, the data has {classes}: set cross_entropy"
    for name, value in spec.model.init_options.items():
        try:
            check_init_options(spec.model.init, {name: value})
        except ValueError as error:
            return f"model.init_options.{name}", str(error)
    parameters = count_parameters(spec, in_features, out_features(spec, classes))
    if parameters > MOST_PARAMETERS:
        words = f"{parameters:,} parameters are more than the {MOST_PARAMETERS:,} a bench holds: choose smaller layers"
        return "model.hidden", words
    return None


def network(spec: Spec, in_features: int, classes: int, *, dtype: Any = None) -> Sequential:
    """The spec's network with its first weights; the same spec gives the same ones. Raises SpecError."""
    if refused := refusal(spec, in_features, classes):
        raise SpecError(": ".join(refused))
    weights, _, dropout = _seeds(spec)
    built = build_mlp(
        in_features,
        list(spec.model.hidden),
        out_features(spec, classes),
        activation=spec.model.activation,
        dropout=spec.model.dropout,
        init=spec.model.init,
        init_options=dict(spec.model.init_options),
        output=spec.model.output,
        rng=np.random.default_rng(weights),
        dtype=np.dtype(dtype or spec.training.dtype),
    )
    layers = [layer for layer in built.modules() if isinstance(layer, Dropout)]
    for layer, seed in zip(layers, dropout.spawn(len(layers)), strict=True):
        layer.rng = np.random.default_rng(seed)
    return built


def order_rng(spec: Spec) -> np.random.Generator:
    """What shuffles the training samples, apart from what draws weights and dropout."""
    return np.random.default_rng(_seeds(spec)[1])


def make_loss(spec: Spec) -> Loss:
    return LOSSES[spec.training.loss](gradient=spec.training.gradient)


def make_optimizer(spec: Spec, network: Sequential) -> Optimizer:
    t = spec.training
    options: dict[str, Any] = {"lr": t.lr, "weight_decay": t.weight_decay}
    if t.optimizer in ("sgd", "rmsprop"):
        options["momentum"] = t.momentum
    return OPTIMIZERS[t.optimizer](network.parameters(), **options)


def _seeds(spec: Spec) -> list[np.random.SeedSequence]:
    """Independent seeds for weights, order and dropout: more of one never shifts another."""
    return np.random.SeedSequence(spec.seed).spawn(3)


def feature_names(prepared: Prepared) -> tuple[str, ...]:
    """A name for each flattened feature."""
    names = prepared.dataset.feature_names
    if len(names) == prepared.in_features:
        return names
    return tuple(f"x{j}" for j in range(prepared.in_features))
