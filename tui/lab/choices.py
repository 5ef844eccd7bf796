"""What can be chosen from in a field: the value as it is written, its label, and a sentence on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    help: str


def choices(*rows: tuple[str, str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(*row) for row in rows)


SCALES = choices(
    ("none", "off", "the numbers as they are"),
    ("standard", "standard", "each feature to mean 0 and standard deviation 1"),
    ("minmax", "min-max", "each feature to 0 … 1"),
    ("unit", "x / 255", "pixels 0 … 255 to 0 … 1"),
    ("symmetric", "to -1 … 1", "(x / 255 - 0.5) / 0.5, as torchvision's Normalize(0.5, 0.5)"),
)
MISSING = choices(
    ("mean", "mean", "the cell gets its column's mean over the training part"),
    ("median", "median", "the cell gets its column's median over the training part"),
    ("drop", "leave row out", "the row is left out of all parts"),
)
EXPANSIONS = choices(
    ("square", "x²", "the square of each feature"),
    ("product", "x·y", "the product of each two features"),
    ("sin", "sin x", "the sine of each feature"),
)
TARGET_SCALES = choices(
    ("none", "off", "the numbers to predict as they are"),
    ("standard", "standard", "the numbers to predict less their mean, in deviations; R² stays the same"),
)
UNDRAWN = choices(
    ("auto", "auto", "0 where that is like them, else their mean"),
    ("zero", "0", "0, as lab sheet TP4 asks"),
    ("mean", "mean", "their mean"),
    ("principal", "principal plane", "none is held: the map lies along the two principal components"),
)
ACTIVATIONS = choices(
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
NORMALIZATIONS = choices(
    ("none", "none", "what a Linear gives goes into the activation as it is"),
    ("batch", "batch", "each unit to mean 0 and deviation 1 over the batch, then a scale and a shift that are learnt"),
    ("layer", "layer", "each sample to mean 0 and deviation 1 over the units, then a scale and a shift of each unit"),
)
INITIALISATIONS = choices(
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
OUTPUTS = choices(
    ("linear", "linear", "the last Linear as it is; softmax belongs to the loss"),
    ("sigmoid", "sigmoid", "a sigmoid with its derivative, for the squared error"),
    (
        "detached_sigmoid",
        "sigmoid, detached",
        "a sigmoid that backward skips, as the micrograd sheet writes it",
    ),
)
LOSSES = choices(
    ("cross_entropy", "cross-entropy", "-ln of the probability given to the right class, mean of the batch"),
    ("mse", "squared error", "mean of (output - target)²: for numbers; classes as one-hot rows, or 0 and 1"),
    ("bce", "BCE, one logit", "binary cross-entropy: one output with a sigmoid inside the loss; two classes only"),
)
OPTIMIZERS = choices(
    ("sgd", "SGD", "w -= lr · gradient, with momentum if asked"),
    ("adam", "Adam", "step sizes from running means of gradient and its square"),
    ("adamw", "AdamW", "Adam with weight decay apart from the gradient"),
    ("rmsprop", "RMSprop", "gradient divided by the root of its running mean square"),
    ("adagrad", "Adagrad", "gradient divided by the root of all its squares so far"),
)
SCHEDULES = choices(
    ("constant", "constant", "lr stays"),
    ("step", "step", "lr times gamma 0.1 after every step_size epochs, a third of the run"),
    ("multistep", "multistep", "lr times gamma 0.1 after each of the milestones, half and three quarters of the run"),
    ("linear", "linear", "lr falls in a straight line to a tenth of itself at the last epoch"),
    ("cosine", "cosine", "lr falls to 0 along half a cosine"),
    ("exponential", "exponential", "lr times gamma 0.95 after every epoch"),
    ("one_cycle", "one cycle", "lr rises from a 25th of itself for pct_start 0.3 of the run, then falls to almost 0"),
    ("warmup", "warm-up", "lr rises from a third of itself for warmup_epochs 5, then stays (or then=cosine, ...)"),
    (
        "reduce_on_plateau",
        "reduce on plateau",
        "lr times factor 0.1 after more than patience 10 epochs without a lower validation loss",
    ),
    ("micrograd", "micrograd", "lr times 1 - 0.9 k / 100 in epoch k from 0, as the micrograd sheet"),
)
SAMPLINGS = choices(
    ("permuted", "permuted", "a fresh order every epoch, each sample once"),
    ("replacement", "with replacement", "each batch drawn anew; a sample may come twice or not at all"),
    ("sequential", "in order", "as the data stands, never shuffled"),
)

# Switches that the lab sheets force: what one sheet takes for granted, another one does otherwise.

BIASES = choices(
    ("vector", "vector", "y = x W^T + b"),
    ("input", "further input", "y = [x, 1] [W, b]^T: one more input that is always 1; the same numbers, one matrix"),
)
BIAS_INITIALISATIONS = (
    Choice("", "as the weights'", "what the initialisation of the weights says of biases"),
    *(Choice(init.value, init.label, f"the biases of {init.help}") for init in INITIALISATIONS),
)
DROPOUT_SCALINGS = choices(
    ("inverted", "inverted", "units that stay are multiplied by 1 / (1 - p): the sum is kept on average"),
    ("none", "none", "they are not: the next layer sees less in training than afterwards"),
)
SQUARED_ERRORS = choices(
    ("mean", "all elements", "sum of squares divided by batch x outputs, as PyTorch"),
    ("per_sample", "per sample", "sum of squares divided by the batch: outputs times as much"),
    ("half_sum", "half sum", "half the sum of squares, divided by nothing: its gradient is output - target"),
)
LABELS = choices(
    ("integers", "integers", "0, 1, 2, ...: the loss looks up the right class"),
    ("one_hot", "one-hot", "rows of 0 with a 1 at the right class; the same loss"),
)
GRADIENTS = choices(
    ("mean", "mean of the batch", "backward divides by the batch, as the loss does"),
    ("sum", "sum of the batch", "backward leaves it out: a step is batch size times longer"),
)
REPORTED_LOSSES = choices(
    ("epoch_mean", "epoch's mean", "mean over all samples of the epoch, as they were met"),
    ("last_batch", "last batch", "of the epoch's last batch alone, as many sheets print it: it jumps"),
)
DTYPES = choices(("float32", "float32", "7 digits"), ("float64", "float64", "16 digits"))
