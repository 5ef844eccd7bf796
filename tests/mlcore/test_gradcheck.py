"""The gradient check: right gradients pass, mistakes are found and named, nothing is left changed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    CheckProgress,
    CrossEntropyLoss,
    Dropout,
    GradientReport,
    Identity,
    Layer,
    Linear,
    MLPClassifier,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    TensorCheck,
    build_mlp,
    check_gradient,
    iter_gradient_check,
)

N = 16


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(N, 6))


@pytest.fixture
def y(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 4, N)


def by_name(report: GradientReport) -> dict[str, TensorCheck]:
    return {tensor.name: tensor for tensor in report.tensors}


@settings(max_examples=40, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 7), max_size=3),
    activation=st.sampled_from(list(ACTIVATIONS)),
    dropout=st.sampled_from([0.0, 0.4]),
    init=st.sampled_from(["torch", "tp4", "xavier_normal", "playground"]),
    loss=st.sampled_from(["cross_entropy", "mse"]),
    seed=st.integers(0, 2**32),
)
def test_random_networks_pass(
    hidden: list[int], activation: str, dropout: float, init: str, loss: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    net = build_mlp(3, hidden, 3, activation=activation, dropout=dropout, init=init, rng=rng, dtype=np.float64)
    report = check_gradient(
        net,
        rng.normal(size=(5, 3)),
        rng.integers(0, 3, 5),
        loss={"mse": MSELoss(), "cross_entropy": CrossEntropyLoss()}[loss],
    )
    # Biases that start at 0 lie on their kink where the layer before is dead: nothing is wrong with them.
    assert all(tensor.ok or tensor.unjudged for tensor in report.tensors), report


@pytest.mark.parametrize("seed", range(5))
def test_10_32_4(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = build_mlp(10, [32], 4, init="tp4", rng=rng, dtype=np.float64)
    report = check_gradient(
        net, rng.normal(size=(32, 10)), rng.integers(0, 4, 32), loss=CrossEntropyLoss(), max_entries=None
    )
    assert report.ok
    assert report.max_relative_error < 1e-6
    assert [tensor.checked for tensor in report.tensors] == [320, 320, 32, 128, 4]
    assert report.diagnosis.startswith("All 5 gradients are right: worst ")
    assert report.worst.worst_entry in report.diagnosis


class WrongFactor(Linear):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad += 3 * grad.T @ self.x
        self.bias.grad += grad.sum(axis=0)
        return grad @ self.weight.data


class WrongSign(Linear):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad -= grad.T @ self.x
        self.bias.grad += grad.sum(axis=0)
        return grad @ self.weight.data


class Transposed(Linear):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad += self.x.T @ grad
        self.bias.grad += grad.sum(axis=0)
        return grad @ self.weight.data


class BiasForgotten(Linear):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad += grad.T @ self.x
        return grad @ self.weight.data


class BiasNotSummed(Linear):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad += grad.T @ self.x
        self.bias.grad += grad[0]
        return grad @ self.weight.data


class NoDerivative(ReLU):
    def backward(self, grad: np.ndarray) -> np.ndarray:
        return grad


@pytest.mark.parametrize(
    ("broken", "tensor", "diagnosis"),
    [
        (WrongFactor(6, 6, dtype=np.float64), "1.weight", "too large by a factor of 3"),
        (WrongSign(6, 6, dtype=np.float64), "1.weight", "wrong sign"),
        (Transposed(6, 6, dtype=np.float64), "1.weight", "transposed"),
        (BiasForgotten(6, 6, dtype=np.float64), "1.bias", "missing: backward leaves it at zero"),
        (BiasNotSummed(6, 6, dtype=np.float64), "1.bias", "the gradient of the first sample only"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Linear) else "",
)
def test_broken_linear(
    broken: Linear, tensor: str, diagnosis: str, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> None:
    net = Sequential(Linear(6, 6, rng=rng), broken, Sigmoid(), Linear(6, 4, rng=rng))
    report = check_gradient(net, x, y, loss=CrossEntropyLoss())
    assert not report.ok
    assert [name for name, check in by_name(report).items() if not check.ok] == [tensor]
    wrong = by_name(report)[tensor]
    assert wrong.diagnosis.startswith(diagnosis)
    assert wrong.layer == f"{type(broken).__name__}(6, 6)"
    assert report.worst is wrong
    # The entry named is one where the two numbers do differ, and the losses are those of that entry.
    assert abs(wrong.analytic - wrong.numeric) > 1e-6
    assert wrong.numeric == pytest.approx((wrong.loss_plus - wrong.loss_minus) / 2e-5, rel=1e-6)
    assert wrong.errors[wrong.worst_index] == wrong.max_relative_error
    assert "1 of 7 wrong" in report.diagnosis
    assert wrong.worst_entry in report.diagnosis
    assert wrong.diagnosis in str(report)
    # `wrong` holds the rule, entry by entry: nothing but a picture of it.
    assert report.rule == "|a - n| <= 1e-05 |n| + 1e-07 max|n| + rounding"
    assert {check.name for check in report.tensors if check.wrong.any()} == {tensor}
    assert wrong.wrong.shape == wrong.shape
    assert wrong.wrong.dtype == bool
    assert wrong.wrong[wrong.worst_index]
    assert wrong.errors[wrong.wrong].min() > report.rtol
    assert (wrong.errors[~wrong.wrong] < 1e-3).all()


def test_missing_derivative_of_ones_own_relu(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    net = Sequential(Linear(6, 8, rng=rng), NoDerivative(), Linear(8, 4, rng=rng))
    report = check_gradient(net, x, y, loss=CrossEntropyLoss())
    checks = by_name(report)
    assert [name for name, check in checks.items() if check.ok] == ["2.weight", "2.bias"]
    assert checks["0.weight"].diagnosis == "missing derivative of the ReLU (layer 1)"


def test_detached_sigmoid_is_flagged(x: np.ndarray, rng: np.random.Generator) -> None:
    net = build_mlp(6, [4], 1, output="detached_sigmoid", rng=rng, dtype=np.float64)
    report = check_gradient(net, x, rng.integers(0, 2, N), loss=MSELoss())
    assert not any(tensor.ok for tensor in report.tensors)
    assert {tensor.diagnosis for tensor in report.tensors} == {"missing derivative of the sigmoid, s (1 - s) (layer 3)"}
    assert net[3].derivative == "detached"
    true = build_mlp(6, [4], 1, output="sigmoid", rng=rng, dtype=np.float64)
    assert check_gradient(true, x, rng.integers(0, 2, N), loss=MSELoss()).ok


@pytest.mark.parametrize("loss", [CrossEntropyLoss(gradient="sum"), None])
def test_gradient_not_divided_by_the_batch(
    loss: CrossEntropyLoss | None, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> None:
    if loss is None:  # the classifier's own loss
        net: Any = MLPClassifier(6, 5, 4, 0.2, gradient="sum", rng=rng)
    else:
        net = build_mlp(6, [5], 4, rng=rng)
    report = check_gradient(net, x, y, loss=loss)
    assert {tensor.diagnosis for tensor in report.tensors} == {"too large by a factor of 16 = the batch size"}
    assert "5 of 5 wrong" in report.diagnosis
    assert "Every gradient: too large by a factor of 16 = the batch size." in report.diagnosis


def test_classifier_of_the_sheet_is_right(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    model = MLPClassifier(6, 5, 4, 0.2, rng=rng)
    assert check_gradient(model, x, y).ok
    assert check_gradient(model, x, y, loss=CrossEntropyLoss()).ok
    assert check_gradient(model, x).ok

    class Wrong(MLPClassifier):
        def backward(self, y: Any) -> np.ndarray:
            grad = super().backward(y)
            self.parameters()[0].grad *= 2
            return grad

    report = check_gradient(Wrong(6, 5, 4, rng=rng), x, y)
    assert [t.name for t in report.tensors if not t.ok] == ["0.weight"]
    assert report.worst.diagnosis == "too large by a factor of 2"


@pytest.mark.parametrize("scale", [1e-7, 1e-9])
def test_a_tiny_gradient_that_is_wrong_does_not_pass(scale: float, x: np.ndarray, rng: np.random.Generator) -> None:
    net = Sequential(WrongFactor(6, 4, rng=rng), Linear(4, 1, rng=rng))
    net[1].parameters()[0].data *= scale  # so the gradients of the first layer are about that small
    report = check_gradient(net, x)
    assert np.abs(report.tensors[1].numeric) < 100 * scale
    assert [tensor.name for tensor in report.tensors if not tensor.ok] == ["0.weight"]
    assert report.worst.diagnosis == "too large by a factor of 3"


def test_kinks_are_labelled_and_never_a_failure(rng: np.random.Generator) -> None:
    net = Sequential(Linear(3, 4, init="zeros", rng=rng), ReLU(), Linear(4, 2, rng=rng))
    net[0].weight.data[:] = rng.normal(size=(4, 3))  # type: ignore[attr-defined]
    x = rng.normal(size=(5, 3))
    x[2] = 0  # with zero biases all units of this sample sit exactly at the kink
    x[3] = 1e-6  # and those of this one within eps of it, but not within eps / 10
    report = check_gradient(net, x, [0, 1, 0, 1, 0], loss=CrossEntropyLoss())
    checks = by_name(report)
    # Sample 2 puts every bias on its kink: nothing is known about these, and nothing is wrong.
    assert [tensor.name for tensor in report.tensors if not tensor.ok] == ["0.bias"]
    assert checks["0.bias"].unjudged
    assert not any(tensor.wrong.any() for tensor in report.tensors)
    start = "4 of 5 right, 1 not judged. 0.bias: not judged: "
    assert report.diagnosis == start + "all 4 entries compared lie on a kink."
    assert checks["input"].kinks >= 3
    assert {(2, 0), (2, 1), (2, 2)} <= set(checks["input"].kink_entries)
    assert np.isnan(checks["input"].errors[2]).all()
    assert checks["0.bias"].kinks == 4


def test_kink_of_a_layer_that_does_not_tell(rng: np.random.Generator) -> None:
    class OwnReLU(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return np.where(self.x > 0, self.x, 0)

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return grad * (self.x > 0)

    x = np.array([[1.0, -2.0, 0.0, 4e-6, 3.0]])
    report = check_gradient(OwnReLU(), x)
    assert report.ok, report
    assert report.tensors[0].kink_entries == [(0, 2), (0, 3)]


def snapshot(net: Sequential) -> dict[str, Any]:
    return {
        "data": [(id(p.data), p.data.dtype, p.data.tobytes()) for p in net.parameters()],
        "grad": [(id(p.grad), p.grad.tobytes()) for p in net.parameters()],
        "layers": [{k: id(v) for k, v in vars(layer).items()} for layer in net.modules()],
        "rng": [layer.rng.bit_generator.state for layer in net.modules() if isinstance(layer, Dropout)],
    }


def interrupted(steps: int, items: Iterator[Any]) -> None:
    for _ in range(steps):
        next(items)
    items.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("steps", [1, 3, 6, 1000])
def test_everything_is_put_back(
    dtype: type, steps: int, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> None:
    net = build_mlp(6, [8], 4, dropout=0.5, output="detached_sigmoid", rng=rng, dtype=dtype)
    loss = CrossEntropyLoss()
    loss.forward(net.forward(x), y)
    net.backward(loss.backward())
    before, x_before = snapshot(net), x.copy()
    items = iter_gradient_check(net, x, y, loss=loss)
    if steps == 1000:
        *_, report = items
        assert isinstance(report, GradientReport)
    else:
        interrupted(steps, items)
    assert snapshot(net) == before
    np.testing.assert_array_equal(x, x_before)


def test_progress_comes_often_and_tensors_as_they_end(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    net = build_mlp(6, [40], 4, rng=rng)
    items = list(iter_gradient_check(net, x, y, loss=CrossEntropyLoss()))
    progress = [item for item in items if isinstance(item, CheckProgress)]
    tensors = [item for item in items if isinstance(item, TensorCheck)]
    total = 96 + 200 + 40 + 160 + 4
    assert [item.total for item in progress] == [total] * len(progress)
    assert np.diff([0, *(item.done for item in progress)]).max() <= 50
    assert progress[-1].done == total
    assert isinstance(items[-1], GradientReport)
    assert items[-1].tensors == tensors
    assert [tensor.name for tensor in tensors] == ["input", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert np.isfinite(tensors[1].errors).sum() == tensors[1].checked == 200
    assert not any(tensor.wrong.any() for tensor in tensors)


def test_the_same_rng_checks_the_same_entries(x: np.ndarray, rng: np.random.Generator) -> None:
    net = build_mlp(6, [60], 4, rng=rng)
    first, again = (check_gradient(net, x, rng=np.random.default_rng(1), max_entries=20) for _ in range(2))
    for a, b in zip(first.tensors, again.tensors, strict=True):
        np.testing.assert_array_equal(a.errors, b.errors)


@pytest.mark.parametrize("layer", [Linear(6, 3), *(kind() for kind in ACTIVATIONS.values()), Dropout(0.4)], ids=repr)
def test_a_layer_alone(layer: Layer, x: np.ndarray) -> None:
    report = check_gradient(layer, x)
    assert report.ok, report
    if isinstance(layer, Linear):
        assert [tensor.name for tensor in report.tensors] == ["input", "weight", "bias"]


def test_an_object_of_no_known_class() -> None:
    class Scaler:
        """Keeps a plain array and hands out new parameters each time."""

        def __init__(self, factor: float) -> None:
            self.w, self.dw, self.factor = np.array([1.5, -0.5]), np.zeros(2), factor

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.w

        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.dw = (grad * self.x).sum(axis=0) * self.factor
            return grad * self.w

        def parameters(self) -> list[Any]:
            class Pair:
                data, grad = self.w, self.dw

            return [Pair()]

    data = np.random.default_rng(0).normal(size=(3, 2))
    assert check_gradient(Scaler(1), data).ok
    report = check_gradient(Scaler(-1 / 3), data)
    assert by_name(report)["parameter 0"].diagnosis == "wrong sign, and too small by a factor of 3 = the batch size"


def test_what_cannot_be_checked_is_said_in_words(x: np.ndarray, rng: np.random.Generator) -> None:
    class OnlyForward:
        def forward(self, x: np.ndarray) -> np.ndarray:
            return x

    class Noise(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return x + rng.normal(size=x.shape)

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return grad

    class WrongShape(Linear):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.weight.grad = self.x.T @ grad
            return grad @ self.weight.data

    class Added(Linear):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.weight.grad += self.x.T @ grad
            return grad @ self.weight.data

    class Nothing(ReLU):
        def backward(self, grad: np.ndarray) -> Any:
            return None

    with pytest.raises(TypeError, match=r"OnlyForward has no backward\(\)"):
        check_gradient(OnlyForward(), x)
    with pytest.raises(ValueError, match=r"two forward passes on one input differ: Noise\(\) draws anew each time"):
        check_gradient(Noise(), x)
    with pytest.raises(ValueError, match=r"differ: Noise\(\) \(layer 1\.0\) draws anew each time"):
        check_gradient(Sequential(Linear(6, 3, rng=rng), Sequential(Noise())), x)
    with pytest.raises(ValueError, match="the loss is nan"):
        check_gradient(ReLU(), np.full((2, 2), np.nan))
    with pytest.raises(TypeError, match=r"the backward of Nothing\(\) returns None: it must return the gradient of"):
        check_gradient(Nothing(), x)
    with pytest.raises(TypeError, match=r"the backward of Nothing\(\) \(layer 1\) returns None"):
        check_gradient(Sequential(Linear(6, 3, rng=rng), Nothing(), Linear(3, 2, rng=rng)), x)
    with pytest.raises(
        ValueError, match=r"Added\(6, 2\) \(layer 0\) fails: .*: is the gradient of a weight transposed"
    ):
        check_gradient(Sequential(Added(6, 2, rng=rng), ReLU()), x)
    report = check_gradient(WrongShape(6, 2, rng=rng), x)
    assert by_name(report)["weight"].diagnosis == "the gradient has shape (6, 2): transposed?"
    assert not by_name(report)["weight"].ok
    assert by_name(report)["weight"].wrong.all()


def test_report_reads_as_a_table(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    text = str(check_gradient(build_mlp(6, [8], 4, rng=rng), x, y, loss=CrossEntropyLoss()))
    lines = text.splitlines()
    assert lines[0].split()[:3] == ["tensor", "shape", "checked"]
    assert lines[1].startswith("input")
    assert lines[1].endswith("right")
    assert lines[-1].startswith("All 5 gradients are right: worst ")


class OwnReLU(ReLU):
    """Keeps its mask under another name than the ReLU that it derives from."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad: np.ndarray) -> np.ndarray:
        return grad * self.mask


class OwnTanh(Tanh):
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad: np.ndarray) -> np.ndarray:
        return grad * (1 - self.out**2)


@pytest.mark.parametrize("own", [OwnReLU, OwnTanh])
def test_an_activation_with_a_forward_of_its_own(own: type[Layer], x: np.ndarray, y: np.ndarray) -> None:
    layer = own()
    net = Sequential(Linear(6, 8, dtype=np.float64), layer, Linear(8, 4, dtype=np.float64))
    assert check_gradient(net, x, y).ok
    layer.backward = lambda grad: grad  # type: ignore[method-assign]
    report = check_gradient(net, x, y)
    assert by_name(report)["0.bias"].diagnosis.startswith(f"missing derivative of the {own.__base__.__name__} in ")


def test_a_forward_replaced_on_the_instance(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    layer = ReLU()
    layer.forward = lambda x: np.abs(x)  # type: ignore[method-assign]
    layer.backward = lambda grad: grad  # type: ignore[method-assign]
    report = check_gradient(Sequential(Linear(6, 8, rng=rng), layer, Linear(8, 4, rng=rng)), x, y)
    assert not by_name(report)["0.weight"].ok


@pytest.mark.parametrize(
    ("x", "why"), [(np.zeros((3, 4)), "all 12 entries compared lie on a kink"), (None, "there are")]
)
def test_what_cannot_be_judged_is_neither_right_nor_wrong(x: np.ndarray | None, why: str) -> None:
    class Wrong(ReLU):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            return -7 * grad

    report = check_gradient(Wrong(), np.zeros((0, 4)) if x is None else x)
    (tensor,) = report.tensors
    assert not report.ok
    assert not tensor.ok
    assert tensor.unjudged
    assert tensor.diagnosis.startswith(f"not judged: {why}")
    assert report.diagnosis.startswith("0 of 1 right, 1 not judged. input: not judged: ")
    assert "right" not in str(report).splitlines()[1]
    assert "WRONG" not in str(report)
    assert tensor.diagnosis in str(report)


def test_one_wrong_and_one_not_judged(rng: np.random.Generator) -> None:
    class Broken(Linear):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            return 2 * super().backward(grad)

    net = Sequential(ReLU(), Broken(4, 3, rng=rng, dtype=np.float64))
    assert check_gradient(net, np.zeros((3, 4)), [0, 1, 2]).tensors[0].unjudged
    wide = Sequential(Broken(4, 3, rng=rng), Identity(), ReLU(), Linear(3, 2, init="zeros", bias=False))
    assert not check_gradient(wide, rng.normal(size=(3, 4))).worst.unjudged
