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
from mlcore.conv import AvgPool2d, Conv2d, MaxPool2d
from mlcore.finder import LRCurve, LRPoint, find_lr, iter_find_lr
from mlcore.gradcheck import check_gradient, iter_gradient_check
from mlcore.gradreport import CheckProgress, GradientReport, TensorCheck
from mlcore.init import INITIALISATIONS, check_init_options, initialise
from mlcore.layers import (
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    Parameter,
    Sequential,
    Unflatten,
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
from mlcore.schedules import SCHEDULE_KINDS, SCHEDULES, Schedule, schedule
from mlcore.stability import Curvature, input_limit, largest_curvature
from mlcore.stopping import EarlyStopping
from mlcore.train import (
    Diverged,
    EarlyStopped,
    EpochDone,
    EpochTrained,
    Evaluation,
    Position,
    StepDone,
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
    "Evaluation",
    "Flatten",
    "GradientReport",
    "Identity",
    "LRCurve",
    "LRPoint",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MLPClassifier",
    "MSELoss",
    "MaxPool2d",
    "NLLLoss",
    "Parameter",
    "Perceptron",
    "Position",
    "RMSprop",
    "ReLU",
    "Schedule",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StepDone",
    "Tanh",
    "TensorCheck",
    "Unflatten",
    "accuracy",
    "build_mlp",
    "check_gradient",
    "check_init_options",
    "clip_grad_norm_",
    "clip_grad_value_",
    "confusion_matrix",
    "evaluate",
    "find_lr",
    "fit",
    "inference_mode",
    "initialise",
    "input_limit",
    "iter_find_lr",
    "iter_gradient_check",
    "largest_curvature",
    "log_softmax",
    "one_hot",
    "r2_score",
    "schedule",
    "softmax",
]
