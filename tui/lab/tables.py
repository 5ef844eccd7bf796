"""The three tables of an experiment, each setting with its default; `tui.lab.fields` says what it means."""

import msgspec

Option = bool | int | float | str
OptionValue = Option | tuple[int, ...]
"""Of a schedule: milestones are several numbers."""


class DataSpec(msgspec.Struct, frozen=True, kw_only=True):
    source: str = "moons"
    options: dict[str, Option] = msgspec.field(default_factory=dict)
    classes: str = ""
    missing: str = "mean"
    test: float = 0.2
    validation: float = 0.2
    stratify: bool = True
    split_seed: int = 0
    folds: int = 0
    fold: int = 1
    scale: str = "none"
    components: int = 0
    expand: tuple[str, ...] = ()
    undrawn: str = "auto"
    scale_target: str = "none"


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True):
    channels: tuple[int, ...] = ()
    kernel_size: int = 3
    hidden: tuple[int, ...] = (16, 16)
    activation: str = "relu"
    normalization: str = "none"
    dropout: float = 0.0
    dropout_scaling: str = "inverted"
    init: str = "kaiming_normal"
    init_options: dict[str, Option] = msgspec.field(default_factory=dict)
    bias: str = "vector"
    bias_init: str = ""
    output: str = "linear"
    weights: str = ""


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    loss: str = "cross_entropy"
    mse: str = "mean"
    epsilon: float = 0.0
    class_weight: str | tuple[float, ...] = ()
    label_smoothing: float = 0.0
    labels: str = "integers"
    gradient: str = "mean"
    optimizer: str = "adam"
    lr: float = 0.01
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    amsgrad: bool = False
    centered: bool = False
    weight_decay: float = 0.0
    l1: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0
    schedule: str = "constant"
    schedule_options: dict[str, OptionValue] = msgspec.field(default_factory=dict)
    batch_size: int | str = 32
    sampling: str = "permuted"
    epochs: int = 100
    checkpoint_epochs: int = 0
    checkpoint_seconds: float = 1.0
    patience: int = 0
    min_delta: float = 0.0
    reported_loss: str = "epoch_mean"
    dtype: str = "float32"
