"""Neural networks in NumPy with backpropagation written by hand, to be read. PyTorch's names throughout.

net = Sequential(Linear(10, 64, rng=rng), ReLU(), Linear(64, 4, rng=rng))
loss = CrossEntropyLoss()
value = loss.forward(net.forward(x), y)
net.backward(loss.backward())
net.step(lr=0.1)
"""

from mlcore.activations import ACTIVATIONS, ELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from mlcore.gradcheck import check_gradient, iter_gradient_check
from mlcore.gradreport import CheckProgress, GradientReport, TensorCheck
from mlcore.init import INITIALISATIONS, check_init_options, initialise
from mlcore.layers import Dropout, Flatten, Identity, Layer, Linear, Parameter, Sequential, inference_mode
from mlcore.losses import (
    LOSSES,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    MSELoss,
    log_softmax,
    one_hot,
    softmax,
)
from mlcore.metrics import accuracy, confusion_matrix
from mlcore.model import MLPClassifier, build_mlp
from mlcore.optim import OPTIMIZERS, SGD, Adagrad, Adam, AdamW, RMSprop
from mlcore.schedules import SCHEDULES
from mlcore.train import Diverged, EpochDone, EpochTrained, Evaluation, Position, StepDone, evaluate, fit

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "INITIALISATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "BCEWithLogitsLoss",
    "CheckProgress",
    "CrossEntropyLoss",
    "Diverged",
    "Dropout",
    "EpochDone",
    "EpochTrained",
    "Evaluation",
    "Flatten",
    "GradientReport",
    "Identity",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MLPClassifier",
    "MSELoss",
    "Parameter",
    "Position",
    "RMSprop",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "StepDone",
    "Tanh",
    "TensorCheck",
    "accuracy",
    "build_mlp",
    "check_gradient",
    "check_init_options",
    "confusion_matrix",
    "evaluate",
    "fit",
    "inference_mode",
    "initialise",
    "iter_gradient_check",
    "log_softmax",
    "one_hot",
    "softmax",
]
