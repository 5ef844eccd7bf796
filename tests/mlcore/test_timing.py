"""Time per layer, by a clock that only moves when a layer says so: every figure is known exactly."""

from time import perf_counter

import numpy as np
import pytest

from mlcore import CrossEntropyLoss, Dropout, Layer, Linear, ReLU, Sequential, build_mlp
from mlcore.normalization import BatchNorm1d
from mlcore.timing import time_layers


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Takes(Layer):
    """Costs so many seconds forward and backward; the first pass ten times as many."""

    def __init__(self, clock: Clock, forward: float, backward: float) -> None:
        self.clock, self.costs, self.first = clock, (forward, backward), [True, True]

    def _spend(self, way: int) -> None:
        self.clock.now += self.costs[way] * (10 if self.first[way] else 1)
        self.first[way] = False

    def forward(self, x: np.ndarray) -> np.ndarray:
        self._spend(0)
        return x

    def backward(self, grad: np.ndarray) -> np.ndarray:
        self._spend(1)
        return grad


@pytest.mark.parametrize("repeats", [1, 2, 5])
def test_each_layer_has_its_own_time_and_the_first_pass_does_not_count(repeats: int) -> None:
    clock = Clock()
    net = Sequential(Takes(clock, 1, 2), Sequential(Takes(clock, 4, 8)), Takes(clock, 16, 0))
    times = time_layers(net, np.ones((3, 2)), clock=clock, repeats=repeats)
    assert [(t.index, t.forward, t.backward) for t in times.layers] == [("0", 1, 2), ("1.0", 4, 8), ("2", 16, 0)]
    assert times.total == 31
    assert times.bottleneck.index == "2"
    assert times.share(times.bottleneck) == 16 / 31
    assert times.repeats == repeats


def test_median_ignores_an_outlier() -> None:
    clock = Clock()

    class Hiccup(Layer):
        calls = 0

        def forward(self, x: np.ndarray) -> np.ndarray:
            Hiccup.calls += 1
            clock.now += 1000 if Hiccup.calls == 3 else 1
            return x

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return grad

    assert time_layers(Sequential(Hiccup()), np.ones((1, 1)), clock=clock, repeats=5).layers[0].forward == 1


def test_the_loss_has_a_row_and_shares_add_up_to_one() -> None:
    rng = np.random.default_rng(0)
    net = build_mlp(200, [300], 4, rng=rng)
    x, y = rng.normal(size=(64, 200)), rng.integers(0, 4, 64)
    times = time_layers(net, x, y, loss=CrossEntropyLoss(), clock=perf_counter, repeats=5)
    assert [t.name for t in times.layers] == [
        "Linear(200, 300)",
        "ReLU()",
        "Linear(300, 4)",
        "CrossEntropyLoss(mean)",
    ]
    assert times.layers[-1].index == "loss"
    assert all(t.forward > 0 and t.backward > 0 for t in times.layers)
    assert sum(map(times.share, times.layers)) == pytest.approx(1)
    still = time_layers(net, x, clock=lambda: 0.0, repeats=1)
    assert still.total == still.share(still.layers[0]) == 0


def test_everything_is_put_back() -> None:
    norm = BatchNorm1d(4, dtype=np.float64)
    net = Sequential(Linear(3, 4, dtype=np.float64), Dropout(0.5, rng=np.random.default_rng(0)), ReLU(), norm)
    net.forward(np.ones((5, 3)))
    net.backward(np.ones((5, 4)))
    grad, mask = net[0].weight.grad.copy(), net[1].mask
    state, weights = net[1].rng.bit_generator.state, net.state_dict()
    time_layers(net, np.zeros((7, 3)), clock=perf_counter, repeats=2)
    np.testing.assert_array_equal(net[0].weight.grad, grad)
    assert net[1].mask is mask
    assert all(np.array_equal(array, weights[name]) for name, array in net.state_dict().items())
    assert net[1].rng.bit_generator.state == state
    assert net[0].x.shape == (5, 3)


def test_refusals_in_words() -> None:
    net = Sequential(ReLU())
    with pytest.raises(ValueError, match="repeats must be at least 1, received 0"):
        time_layers(net, np.ones((1, 1)), clock=perf_counter, repeats=0)
    with pytest.raises(ValueError, match="no layers"):
        time_layers(Sequential(), np.ones((1, 1)), clock=perf_counter)
    with pytest.raises(ValueError, match="needs labels"):
        time_layers(net, np.ones((1, 1)), loss=CrossEntropyLoss(), clock=perf_counter)
