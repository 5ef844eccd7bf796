import math

import numpy as np
import pytest

from mlcore import Linear, Sequential, Sigmoid
from tests.lab.support import small_spec
from tui.lab import recipes
from tui.lab.build import prepare
from tui.lab.calc import model_loss, softmax_table
from tui.lab.errors import LabError
from tui.lab.looks import find_learning_rate, time_batch, time_step, trace_sample


def test_softmax_and_nll_of_the_sheet() -> None:
    rows = softmax_table([5] + [1] * 9)
    assert [row["class"] for row in rows] == list(range(10))
    assert rows[0]["probability"] == pytest.approx(0.8585, abs=5e-5)
    assert rows[5]["nll"] == pytest.approx(4.15258, abs=5e-6)
    assert sum(row["probability"] for row in rows) == pytest.approx(1)
    assert softmax_table([1000, 0])[1]["nll"] == 1000
    for wrong in ([1.0], [], [1.0, math.inf], [math.nan, 0.0]):
        with pytest.raises(LabError):
            softmax_table(wrong)


def test_model_loss() -> None:
    network = Sequential(Linear(1, 1, rng=np.random.default_rng(0), dtype=np.float64), Sigmoid())
    network[0].weight.data[:], network[0].bias.data[:] = 1, 0
    loss, share = model_loss(network, [[0.0], [math.log(3)]], [0, 1])
    assert loss == pytest.approx((0.5**2 + 0.25**2) / 2)
    assert share == 1
    assert network.training


def test_a_learning_rate_is_found_where_the_loss_falls() -> None:
    spec = small_spec("training.optimizer=sgd")
    curve = find_learning_rate(spec, prepare(spec))
    assert 1e-4 < curve.suggestion < 10
    assert find_learning_rate(spec, prepare(spec)) == curve


def test_the_graph_of_the_neuron() -> None:
    spec = recipes.load("micrograd-neuron").spec
    data = prepare(spec)
    graph = trace_sample(spec, data)
    assert graph.value == pytest.approx(0.38468, abs=5e-6)
    assert graph["0.bias[0]"].gradient == pytest.approx(2 * (graph["1.out[0]"].value - 1))
    assert graph.to_dot().startswith("digraph")
    with pytest.raises(LabError, match="sample 1: the training part has the samples 0 to 0"):
        trace_sample(spec, data, 1)
    wide = small_spec("model.hidden=4000")
    with pytest.raises(LabError, match="the graph cannot be drawn: "):
        trace_sample(wide, prepare(wide))


@pytest.mark.parametrize("batch", ["full", "10", "1000"])
def test_every_layer_and_the_loss_are_timed(batch) -> None:
    spec = small_spec(f"training.batch_size={batch}", "training.labels=one_hot")
    times = time_batch(spec, prepare(spec))
    assert [layer.index for layer in times.layers] == ["0", "1", "2", "3", "loss"]
    assert times.total > 0


@pytest.mark.parametrize("settings", [(), ("training.batch_size=full",), ("training.batch_size=1", "training.lr=1e30")])
def test_a_step_of_the_run_is_timed(monkeypatch, settings) -> None:
    monkeypatch.setattr("tui.lab.looks.SECONDS", 0.02)
    spec = small_spec(*settings)
    step = time_step(spec, prepare(spec))
    assert step.seconds > 0
    assert step.steps > 0
    assert step.readable == ""


def test_a_network_without_a_fast_form_says_why(monkeypatch) -> None:
    monkeypatch.setattr("tui.lab.looks.SECONDS", 0.02)
    monkeypatch.setattr("tui.lab.looks.why_not", lambda *parts: "it is too curious")
    assert time_step(small_spec(), prepare(small_spec())).readable == "it is too curious"
