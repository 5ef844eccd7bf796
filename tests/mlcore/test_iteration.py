"""The six steps: the same numbers as a plain loop, formulas that hold for the arrays they come with, the print."""

import copy
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    BatchNorm1d,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    Linear,
    MSELoss,
    Parameter,
    ReLU,
    RMSprop,
    Sequential,
    Sigmoid,
    build_mlp,
)
from mlcore.activations import LogSoftmax
from mlcore.iteration import IterationStep, LayerStep, NamedArray, iterate
from mlcore.losses import NLLLoss

NAMES = ["batch", "zero_grad", "forward", "loss", "backward", "step"]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def arrays_of(step: IterationStep | LayerStep) -> dict[str, np.ndarray]:
    return {array.name: array.array for array in step.arrays}


def all_arrays(steps: list[IterationStep]) -> list[NamedArray]:
    return [array for step in steps for part in (step, *step.layers) for array in part.arrays]


@settings(max_examples=40, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 6), max_size=3),
    activation=st.sampled_from(sorted(set(ACTIVATIONS) - {"softmax"})),
    dropout=st.sampled_from([0.0, 0.4]),
    loss_name=st.sampled_from(list(LOSSES)),
    optimizer_name=st.sampled_from(list(OPTIMIZERS)),
    seed=st.integers(0, 2**32),
)
def test_equal_to_a_plain_loop_bit_for_bit(
    hidden: list[int], activation: str, dropout: float, loss_name: str, optimizer_name: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    outputs = 1 if loss_name == "bce" else 3
    net = build_mlp(4, hidden, outputs, activation=activation, dropout=dropout, rng=rng)
    optimizer = OPTIMIZERS[optimizer_name](net.parameters())
    plain_net, plain_optimizer = copy.deepcopy((net, optimizer))
    x, y, loss = rng.normal(size=(5, 4)), rng.integers(0, 2, 5), LOSSES[loss_name]()
    for _ in range(2):
        steps = list(iterate(net, loss, optimizer, x, y))
        plain_optimizer.zero_grad()
        output = plain_net.forward(x)
        value = loss.forward(output, y)
        grad_x = plain_net.backward(loss.backward())
        plain_optimizer.step()
    assert [step.name for step in steps] == NAMES
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(steps[2].layers[-1].arrays[-1].array, output)
    assert arrays_of(steps[3])["L"] == value
    np.testing.assert_array_equal(steps[4].layers[-1].arrays[-1].array, grad_x)
    after = arrays_of(steps[5])
    for (name, p), q in zip(net.named_parameters(), plain_net.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        np.testing.assert_array_equal(after[name], q.data)
        np.testing.assert_array_equal(after[f"{name}.grad"], q.grad)
    assert all(re.fullmatch(r"[ -~]+", line) for step in steps for line in str(step).splitlines())


def test_products_hold_for_the_arrays_beside_them(rng: np.random.Generator) -> None:
    net = build_mlp(3, [5, 4], 2, rng=rng, dtype=np.float64)
    steps = list(iterate(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.1), rng.normal(size=(6, 3)), [0, 1] * 3))
    products = 0
    for layer in (*steps[2].layers, *steps[4].layers):
        values = arrays_of(layer)
        for formula in layer.formulas:
            # such as "dW = dz^T h  (16,1) x (1,16) = (16,16)"
            match = re.fullmatch(r"(\w+) = (\S+) (\S+)( \+ b)?  (\S+) x (\S+)( \+ \S+)? = (\S+)", formula)
            if not match:
                continue
            result, a, b, bias, *_ = match.groups()
            left, right = ((values[f.removesuffix("^T")].T if f.endswith("^T") else values[f]) for f in (a, b))
            np.testing.assert_allclose(left @ right + (values["b"] if bias else 0), values[result])
            sizes = [tuple(map(int, re.findall(r"\d+", match[i]))) for i in (5, 6, 8)]
            assert sizes == [left.shape, right.shape, values[result].shape]
            products += 1
    assert products == 3 + 6  # z of three layers; dW and dh of three
    for layer in steps[4].layers:
        values = arrays_of(layer)
        if "db" in values:
            np.testing.assert_allclose(values["dz"].sum(axis=0), values["db"])
    last = arrays_of(steps[5])
    np.testing.assert_allclose(last["0.weight.update"], -0.1 * last["0.weight.grad"], rtol=1e-9)
    assert steps[5].formulas == ("p <- p - 0.1 g",)


def test_formulas_of_one_sample_through_2_16_16_2(rng: np.random.Generator) -> None:
    net = build_mlp(2, [16, 16], 2, rng=rng)
    steps = list(iterate(net, CrossEntropyLoss(), SGD(net.parameters()), [[0.57, 0.66]], [0]))
    backward = {layer.index: layer for layer in steps[4].layers}
    assert list(backward) == ["4", "3", "2", "1", "0"]
    assert backward["2"].formulas[0] == "dW = dz^T h  (16,1) x (1,16) = (16,16)"
    assert backward["2"].formulas[1] == "db = sum of dz over the batch  (1,16) -> (16,)"
    assert backward["2"].formulas[2] == "dh = dz W  (1,16) x (16,16) = (1,16)"
    assert backward["0"].formulas[0] == "dW = dz^T x  (16,1) x (1,2) = (16,2)"
    through = int(np.count_nonzero(arrays_of(backward["3"])["dz"]))
    assert f"ReLU let {through} of 16 through" in backward["3"].formulas
    assert steps[2].layers[0].formulas == ("z = x W^T + b  (1,2) x (2,16) + (16,) = (1,16)",)
    assert "354 gradients set to 0" in steps[1].text
    assert steps[0].text == "1 sample of 2 features"


def test_each_step_is_done_when_it_is_yielded_and_its_arrays_stay(rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    optimizer = SGD(net.parameters(), lr=0.5)
    net.forward(np.ones((2, 3)))
    net.backward(np.ones((2, 2)))
    before = net.state_dict()
    x = rng.normal(size=(5, 3))
    running = iterate(net, CrossEntropyLoss(), optimizer, x, [0, 1, 0, 1, 1])
    steps = [next(running)]
    assert all(p.grad.any() for p in net.parameters())
    steps.append(next(running))
    assert not any(p.grad.any() for p in net.parameters())
    steps += [next(running), next(running)]
    assert not any(p.grad.any() for p in net.parameters())
    steps.append(next(running))
    assert all(p.grad.any() for p in net.parameters())
    snapshot = [array.array.copy() for array in all_arrays(steps)]
    for name, weights in net.state_dict().items():
        np.testing.assert_array_equal(weights, before[name])
    steps.append(next(running))
    assert not np.array_equal(net.state_dict()["0.weight"], before["0.weight"])
    x[:] = 0
    for array, kept in zip(all_arrays(steps[:5]), snapshot, strict=True):
        np.testing.assert_array_equal(array.array, kept)
        assert not array.array.flags.writeable
    with pytest.raises(StopIteration):
        next(running)


def test_closed_early_nothing_is_updated(rng: np.random.Generator) -> None:
    net = build_mlp(3, [4], 2, rng=rng)
    before = net.state_dict()
    running = iterate(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.5), np.ones((2, 3)), [0, 1])
    for _ in range(5):
        next(running)
    running.close()
    assert all(np.array_equal(weights, before[name]) for name, weights in net.state_dict().items())


def test_layers_without_a_formula_of_their_own_and_nested_ones(rng: np.random.Generator) -> None:
    class Scale(Layer):
        def __init__(self) -> None:
            self.s = Parameter([2.0])

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.s.data

        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.s.grad += (grad * self.x).sum()
            return grad * self.s.data

    inner = Sequential(Linear(4, 4, rng=rng, bias=False), Dropout(0.5, rng=rng), ReLU())
    net = Sequential(Flatten(), Scale(), inner, Linear(4, 1, rng=rng), Sigmoid("detached"))
    steps = list(iterate(net, MSELoss(), SGD(net.parameters()), rng.normal(size=(3, 2, 2)), [0, 1, 0]))
    forward = {layer.index: layer for layer in steps[2].layers}
    backward = {layer.index: layer for layer in steps[4].layers}
    assert list(forward) == ["0", "1", "2.0", "2.1", "2.2", "3", "4"]
    assert steps[0].text == "3 samples of shape (2, 2)"
    assert forward["0"].formulas == ("h = x in rows  (3,2,2) -> (3,4)",)
    assert forward["1"].formulas == ("h' = Scale(h)  (3,4) -> (3,4)",)
    assert backward["1"].formulas == ("ds  (1,)", "dh = Scale.backward(dh')  (3,4) -> (3,4)")
    assert forward["2.0"].formulas == ("z = h' W^T  (3,4) x (4,4) = (3,4)",)
    assert forward["2.1"].formulas[0] == "h = z * mask / 0.5  (3,4)"
    assert forward["2.2"].formulas[0] == "h' = max(h, 0)  (3,4)"
    assert backward["4"].formulas == ("dz = dh  (3,1), detached: without h (1 - h)",)
    assert list(arrays_of(backward["2.0"])) == ["dz", "h'", "W", "dW", "dh'"]
    assert list(arrays_of(backward["1"])) == ["dh'", "h", "h'", "s", "ds", "dh"]


def test_an_array_has_one_name_in_both_layers_that_know_it(rng: np.random.Generator) -> None:
    layers = [LayerNorm(5), ReLU(), Linear(5, 3, rng=rng), Linear(3, 3, rng=rng), BatchNorm1d(3), Identity(), Sigmoid()]
    net = Sequential(Linear(4, 5, rng=rng), *layers)
    steps = list(iterate(net, MSELoss(), SGD(net.parameters()), rng.normal(size=(3, 4)), [0, 1, 2]))
    for step in (steps[2], steps[4]):
        for one, other in pairwise(step.layers):
            result, taken = one.arrays[-1], other.arrays[0]
            assert result.name == taken.name
            np.testing.assert_array_equal(result.array, taken.array)
            names = [array.name for array in other.arrays]
            assert len(set(names)) == len(names)  # and no layer has two arrays of one name
    assert steps[2].layers[3].formulas[0].startswith("z = h' W^T")
    assert steps[2].layers[4].formulas[0].startswith("z' = z W^T")
    assert steps[4].layers[3].formulas[-1].startswith("dz = dz' W")


def test_bias_as_a_further_input_and_one_hot_rows(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 2, bias="input", rng=rng, dtype=np.float64), LogSoftmax())
    steps = list(iterate(net, NLLLoss(), SGD(net.parameters()), rng.normal(size=(4, 3)), np.eye(2)[[0, 1, 0, 1]]))
    assert steps[2].layers[0].formulas == ("z = [x 1] [W b]^T  (4,4) x (4,2) = (4,2)",)
    assert steps[4].layers[1].formulas[0] == "[dW db] = dz^T [x 1]  (2,4) x (4,4) = (2,4)"
    values = arrays_of(steps[4].layers[1])
    with_ones = np.column_stack([values["x"], np.ones(4)])
    np.testing.assert_allclose(values["dz"].T @ with_ones, np.column_stack([values["dW"], values["db"]]))
    assert steps[3].formulas[0].startswith("L = mean over 4 of -h[y] = ")
    np.testing.assert_array_equal(arrays_of(steps[4])["dh"], -np.eye(2)[[0, 1, 0, 1]] / 4)


def test_a_layer_called_linear_by_somebody_else(rng: np.random.Generator) -> None:
    """A class of the same name need not have our attributes."""

    class Theirs(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 3 * x

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return 3 * grad

    Theirs.__name__ = "Linear"
    net = Sequential(Theirs(), ReLU())
    steps = list(iterate(net, MSELoss(), SGD([Parameter([1.0])]), rng.normal(size=(4, 2)), np.zeros((4, 2))))
    assert steps[2].layers[0].formulas == ("h = Linear(x)  (4,2) -> (4,2)",)


def test_nothing_is_claimed_of_a_backward_that_somebody_else_wrote(rng: np.random.Generator) -> None:
    class Student(Linear):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.weight.grad += 32 * grad.T @ self.x
            return grad @ self.weight.data

    net = Sequential(Student(3, 2, rng=rng))
    steps = list(iterate(net, CrossEntropyLoss(), SGD(net.parameters()), np.ones((4, 3)), [0, 1, 0, 1]))
    assert steps[2].layers[0].formulas == ("h = Student(x)  (4,3) -> (4,2)",)
    assert steps[4].layers[0].formulas == ("dweight  (2,3)", "dbias  (2,)", "dx = Student.backward(dh)  (4,2) -> (4,3)")
    assert list(arrays_of(steps[4].layers[0])) == ["dh", "x", "h", "weight", "bias", "dweight", "dbias", "dx"]


@pytest.mark.parametrize("gradient", ["mean", "sum"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weight", [None, [1.0, 3.0, 0.5]])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("epsilon", [0.0, 0.01])
@pytest.mark.parametrize("given", ["labels", "one-hot", "probabilities"])
def test_cross_entropy_s_options_have_their_formulas(
    gradient: str, reduction: str, weight: list[float] | None, smoothing: float, epsilon: float, given: str
) -> None:
    """What the two lines say, worked out here from their own words, is the value and the gradient."""
    if weight is None and not smoothing and not epsilon:
        pytest.skip("the short formulas")
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 2, 1])
    Y = rng.dirichlet([1, 1, 1], 4) if given == "probabilities" else np.eye(3)[labels]
    y = labels if given == "labels" else Y
    net = Sequential(Linear(3, 3, rng=rng, dtype=np.float64))
    loss = CrossEntropyLoss(reduction, epsilon, weight=weight, label_smoothing=smoothing, gradient=gradient)
    steps = list(iterate(net, loss, SGD(net.parameters()), rng.normal(size=(4, 3)), y))
    (first,), (second,) = steps[3].formulas, steps[4].formulas
    z = arrays_of(steps[3])["z"]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    left, *where = first.split(",  ")
    said, value = re.fullmatch(r"L = -sum (.+) = (\S+)", left).groups()  # type: ignore[union-attr]
    assert ("Y' = 0.9 Y + 0.1 / 3" in where) is bool(smoothing)
    counted = 0.9 * Y + 0.1 / 3 if smoothing else Y
    if weight:
        counted = counted * weight
    words = ("w " if weight else "") + ("Y'" if smoothing else "Y")
    weighted = bool(weight) and given != "probabilities"
    divisor, total = ("sum w[y]", float(np.dot(Y, weight or [1] * 3).sum())) if weighted else ("4", 4.0)
    over = f" / {divisor}" if reduction == "mean" else ""
    assert (f"sum w[y] = {total:g} over the batch" in where) is (weighted and reduction == "mean")
    assert said == f"{words} {'log(p + 0.01)' if epsilon else 'log p'}{over}"
    by = total if over else 1.0
    assert -(counted * np.log(p + epsilon)).sum() / by == pytest.approx(float(value), rel=1e-5)
    assert arrays_of(steps[3])["L"] == pytest.approx(float(value), rel=1e-5)

    if epsilon:
        V = counted * p / (p + epsilon)
        assert second.startswith(
            f"dz = {'(p sum V - V)' if over else 'p sum V - V'}{over},  V = {words} p / (p + 0.01)"
        )
    else:
        V = counted
        parts = f"p sum {words} - {words}" if weight else f"p - {words}"
        assert second.startswith(f"dz = ({parts}){over}" if over else f"dz = {parts}")
    expected = (p * V.sum(axis=1, keepdims=True) - V) / by
    undivided = bool(over) and gradient == "sum"
    assert (f"times {divisor}: the division by the batch is left out" in second) is undivided
    np.testing.assert_allclose(arrays_of(steps[4])["dz"], expected * (by if undivided else 1), rtol=1e-12)
    assert second.endswith("  (4,3)")


def test_log_probabilities_with_class_weights(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 2, rng=rng, dtype=np.float64), LogSoftmax())
    steps = list(iterate(net, NLLLoss(weight=[1.0, 3.0]), SGD(net.parameters()), np.ones((4, 3)), [0, 1, 0, 1]))
    assert steps[3].formulas[0].startswith("L = -sum w Y h / sum w[y] = ")
    assert steps[4].formulas == ("dh = -w Y / sum w[y]  (4,2)",)
    np.testing.assert_allclose(arrays_of(steps[4])["dh"], -np.eye(2)[[0, 1, 0, 1]] * [1, 3] / 8)


def test_labels_have_no_norm(rng: np.random.Generator) -> None:
    assert str(NamedArray("y", np.arange(20))) == "y (20,): 0 1 2 3 4 5 6 7 ..."
    assert str(NamedArray("y", np.arange(3))) == "y (3,): 0 1 2"
    assert str(NamedArray("x", np.ones((4, 4)))) == "x (4,4): norm 4"
    assert NamedArray("x", np.arange(24.0).reshape(2, 3, 4)).first_rows(2, 3) == [[0, 1, 2], [4, 5, 6]]


def test_a_sequential_with_a_backward_of_its_own_is_honoured(rng: np.random.Generator) -> None:
    class Twice(Sequential):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            return super().backward(2 * grad)

    net = Sequential(Twice(Linear(2, 3, rng=rng), ReLU()), Linear(3, 2, rng=rng))
    x, y, loss = rng.normal(size=(4, 2)), [0, 1, 0, 1], CrossEntropyLoss()
    *_, last = iterate(net, loss, SGD(net.parameters(), lr=0), x, y)
    claimed = arrays_of(last)["0.0.weight.grad"]
    net.zero_grad()
    loss.forward(net.forward(x), y)
    net.backward(loss.backward())
    np.testing.assert_array_equal(claimed, net.parameters()[0].grad)


@pytest.mark.parametrize(
    ("loss", "gradient", "formula"),
    [
        (MSELoss(), lambda z, y, n: 2 * (z - y) / n, "dz = 2 (z - y) / 4  (4,1)"),
        (MSELoss("sum"), lambda z, y, n: 2 * (z - y), "dz = 2 (z - y)  (4,1)"),
        (MSELoss("half_sum"), lambda z, y, n: 2 * (z - y) / 2, "dz = 2 (z - y) / 2  (4,1)"),
        (BCEWithLogitsLoss(), lambda z, y, n: (1 / (1 + np.exp(-z)) - y) / n, "dz = (s - y) / 4  (4,1)"),
        (
            BCEWithLogitsLoss(gradient="sum"),
            lambda z, y, n: 1 / (1 + np.exp(-z)) - y,
            "dz = (s - y) / 4,  times 4: the division by the batch is left out  (4,1)",
        ),
    ],
    ids=["mse mean", "mse sum", "mse half sum", "bce", "bce, undivided"],
)
def test_where_backward_starts(loss: object, gradient: object, formula: str, rng: np.random.Generator) -> None:
    net = Sequential(Linear(2, 1, rng=rng, dtype=np.float64))
    y = np.array([0, 1, 1, 0])
    steps = list(iterate(net, loss, SGD(net.parameters()), rng.normal(size=(4, 2)), y))  # type: ignore[arg-type]
    z = arrays_of(steps[3])["z"]
    expected = gradient(z, y[:, np.newaxis], 4)  # type: ignore[operator]
    np.testing.assert_allclose(arrays_of(steps[4])["dz"], expected, rtol=1e-12)
    assert steps[4].formulas == (formula,)


def test_update_rules_name_their_settings(rng: np.random.Generator) -> None:
    net = build_mlp(2, [], 2, rng=rng)

    def rule(optimizer: object) -> str:
        *_, last = iterate(net, CrossEntropyLoss(), optimizer, np.ones((1, 2)), [0])
        return last.formulas[0]

    params = net.parameters()
    momentum = SGD(params, lr=0.1, momentum=0.9, weight_decay=0.01)
    assert rule(momentum) == "g <- g + 0.01 p,  b <- 0.9 b + g (at first b = g),  p <- p - 0.1 b"
    assert rule(SGD(params, lr=0.1, momentum=0.9, nesterov=True)).endswith("p <- p - 0.1 (g + 0.9 b)")
    assert rule(SGD(params, lr=0.1, momentum=0.9, dampening=0.5)).startswith("b <- 0.9 b + 0.5 g (at")
    assert rule(Adam(params, l1=0.1)) == (
        "g <- g + 0.1 sign(p),  m <- 0.9 m + 0.1 g,  v <- 0.999 v + 0.001 g^2,  "
        "p <- p - 0.001 (m / (1 - 0.9^1)) / (sqrt(v / (1 - 0.999^1)) + 1e-08)"
    )
    assert rule(AdamW(params)).startswith("p <- (1 - 0.001 x 0.01) p,  m <- ")
    assert rule(RMSprop(params)) == "v <- 0.99 v + 0.01 g^2,  p <- p - 0.01 g / (sqrt(v) + 1e-08)"
    assert rule(Adagrad(params)) == "s <- s + g^2,  p <- p - 0.01 g / (sqrt(s) + 1e-10)"
    assert rule(RMSprop(params, centered=True)) == "p <- p + update,  by RMSprop.step"


def test_printed_walk_through_of_the_lab_sheets_neuron() -> None:
    net = Sequential(Linear(2, 1, dtype=np.float64), Sigmoid("detached"))
    net.load_state_dict({"0.weight": [[0.2788535969157675, -0.9499784895546661]], "0.bias": [0.0]})
    steps = list(iterate(net, MSELoss(), SGD(net.parameters(), lr=1), [[0.888, 0.777]], [1]))
    assert str(steps[3]).splitlines() == [
        "4 loss   value = loss.forward(output, y)",
        "  MSELoss(mean) of 1 sample is 0.384681",
        "  L = sum of (h - y)^2 = 0.384681",
        "    h (1,1): 0.3798",
        "    y (1,): 1",
        "    L (): 0.3847",
    ]
    assert str(steps[4]).splitlines() == [
        "5 backward   net.backward(loss.backward())",
        "  the chain rule, from the last layer to the first; it ends with dL/dx (1,2)",
        "  dh = 2 (h - y)  (1,1)",
        "    dh (1,1): -1.24",
        "  1 Sigmoid(detached)",
        "    dz = dh  (1,1), detached: without h (1 - h)",
        "      dh (1,1): -1.24",
        "      z (1,1): -0.4905",
        "      h (1,1): 0.3798",
        "      dz (1,1): -1.24",
        "  0 Linear(2, 1)",
        "    dW = dz^T x  (1,1) x (1,2) = (1,2)",
        "    db = sum of dz over the batch  (1,1) -> (1,)",
        "    dx = dz W  (1,1) x (1,2) = (1,2)",
        "      dz (1,1): -1.24",
        "      x (1,2): 0.888 0.777",
        "      W (1,2): 0.2789 -0.95",
        "      b (1,): 0",
        "      dW (1,2): -1.102 -0.9638",
        "      db (1,): -1.24",
        "      dx (1,2): -0.3459 1.178",
    ]
