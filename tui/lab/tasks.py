"""What a data set asks of an experiment: classes to tell apart or numbers to predict, and batches that fit it."""

from pathlib import Path

from datasets import Dataset
from tui.lab.spec import Spec


def for_task(spec: Spec, task: str) -> Spec:
    """The spec with a loss that the targets allow: numbers need the squared error."""
    return spec.with_value("training.loss", "mse") if task == "regression" else spec


def loss_was_set(source: str) -> str:
    """What to say where `for_task` has changed the loss."""
    return f"the targets of {Path(source).name} are numbers: the loss is the squared error (training.loss=mse)"


def refuse_task(spec: Spec, dataset: Dataset) -> tuple[str, str] | None:
    """(key, words) of a setting that is for classes where the data's targets are numbers; None where all is well."""
    if dataset.task == "classification":
        return None
    loss, name = spec.training.loss, Path(dataset.source).name
    numbers = f"the targets of {name} are real numbers"
    if loss != "mse":
        classes = "two classes" if loss == "bce" else "classes"
        return "training.loss", f"{loss} tells {classes} apart, {numbers}: set mse"
    if spec.model.output != "linear":
        return "model.output", f"a sigmoid stays within 0 ... 1, {numbers}: set linear"
    if spec.training.labels != "integers":
        return "training.labels", f"one-hot rows are for classes, {numbers}: set integers"
    if spec.data.classes:
        return "data.classes", f"there are no classes to keep, {numbers}: leave it empty"
    return None


def refuse_batches(spec: Spec, samples: int) -> tuple[str, str] | None:
    """(key, words) where batch normalisation would meet a batch of one of the training samples; None elsewhere."""
    size = spec.training.batch_size
    rest = samples % size if isinstance(size, int) and size < samples else samples
    if spec.model.normalization != "batch" or not spec.model.hidden or rest != 1:
        return None
    if samples == 1:
        return "model.normalization", "there is a single sample to train on, batch needs two or more: set layer or none"
    cut = f"{samples} training samples in batches of {size} leave a last batch of one"
    return "training.batch_size", f"{cut}, which batch normalisation cannot take: set another size"
