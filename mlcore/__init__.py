"""Neural networks in NumPy with backpropagation written by hand, to be read. PyTorch's names throughout.

net = Sequential(Linear(10, 64, rng=rng), ReLU(), Linear(64, 4, rng=rng))
loss = CrossEntropyLoss()
value = loss.forward(net.forward(x), y)
net.backward(loss.backward())
net.step(lr=0.1)
"""

from mlcore.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.conv import AvgPool2d, Conv2d, MaxPool2d, Unflatten
from mlcore.finder import LRCurve, LRPoint, find_lr, iter_find_lr
from mlcore.gradcheck import (
    CheckProgress,
    ErrorCurve,
    GradientReport,
    TensorCheck,
    check_gradient,
    error_curve,
    iter_gradient_check,
)
from mlcore.init import INITIALISATIONS, check_init_options, initialise
from mlcore.iteration import IterationStep, LayerStep, NamedArray, iterate
from mlcore.layers import (
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    Parameter,
    Sequential,
    inference_mode,
)
from mlcore.losses import (
    LOSSES,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    MSELoss,
    NLLLoss,
    log_softmax,
    one_hot,
    softmax,
)
from mlcore.metrics import accuracy, confusion_matrix, r2_score
from mlcore.model import MLPClassifier, build_mlp
from mlcore.normalization import BatchNorm1d, LayerNorm
from mlcore.optim import OPTIMIZERS, SGD, Adagrad, Adam, AdamW, RMSprop
from mlcore.perceptron import DeltaRule, Perceptron
from mlcore.probes import (
    InitialLoss,
    LayerActivity,
    NonFinite,
    first_nonfinite,
    gradient_norms,
    initial_loss,
    layer_activity,
    update_ratios,
)
from mlcore.schedules import SCHEDULE_KINDS, SCHEDULES, Schedule, schedule
from mlcore.stability import Curvature, input_limit, largest_curvature
from mlcore.stopping import EarlyStopping
from mlcore.timing import LayerTime, LayerTimes, time_layers
from mlcore.trace import Node, Trace
from mlcore.train import (
    Diverged,
    EarlyStopped,
    EpochDone,
    EpochTrained,
    Evaluation,
    Position,
    Rows,
    StepDone,
    WeightsRestored,
    evaluate,
    fit,
)

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "INITIALISATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "SCHEDULE_KINDS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "CheckProgress",
    "Conv2d",
    "CrossEntropyLoss",
    "Curvature",
    "DeltaRule",
    "Diverged",
    "Dropout",
    "EarlyStopped",
    "EarlyStopping",
    "EpochDone",
    "EpochTrained",
    "ErrorCurve",
    "Evaluation",
    "Flatten",
    "GradientReport",
    "Identity",
    "InitialLoss",
    "IterationStep",
    "LRCurve",
    "LRPoint",
    "Layer",
    "LayerActivity",
    "LayerNorm",
    "LayerStep",
    "LayerTime",
    "LayerTimes",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MLPClassifier",
    "MSELoss",
    "MaxPool2d",
    "NLLLoss",
    "NamedArray",
    "Node",
    "NonFinite",
    "Parameter",
    "Perceptron",
    "Position",
    "RMSprop",
    "ReLU",
    "Rows",
    "Schedule",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StepDone",
    "Tanh",
    "TensorCheck",
    "Trace",
    "Unflatten",
    "WeightsRestored",
    "accuracy",
    "build_mlp",
    "check_gradient",
    "check_init_options",
    "clip_grad_norm_",
    "clip_grad_value_",
    "confusion_matrix",
    "error_curve",
    "evaluate",
    "find_lr",
    "first_nonfinite",
    "fit",
    "gradient_norms",
    "inference_mode",
    "initial_loss",
    "initialise",
    "input_limit",
    "iter_find_lr",
    "iter_gradient_check",
    "iterate",
    "largest_curvature",
    "layer_activity",
    "log_softmax",
    "one_hot",
    "r2_score",
    "schedule",
    "softmax",
    "time_layers",
    "update_ratios",
]
