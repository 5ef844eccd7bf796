"""The probe: what it measures, and that the training never notices it."""

from pathlib import Path

import numpy as np
import pytest

from mlcore import gradient_norms
from tests.lab.support import new_run, read_events, small_spec, train_here
from tui.lab.build import make_loss, make_optimizer, network, prepare
from tui.lab.events import Probe
from tui.lab.health import probe


def test_probe_measures_a_trial_step_and_changes_nothing() -> None:
    spec = small_spec("model.dropout=0")
    data = prepare(spec)
    net = network(spec, data.in_features, 2)
    loss, optimizer = make_loss(spec, data), make_optimizer(spec, net)
    X, y = data.train
    net[0].weight.data[:2] = 0
    net[0].bias.data[:2] = -1  # two of eight units are shut for good
    before = {name: array.copy() for name, array in net.state_dict().items()}
    said = probe(net, loss, optimizer, X, y, epoch=3)
    for name, array in net.state_dict().items():
        assert np.array_equal(array, before[name])
    assert not any(parameter.grad.any() for parameter in net.parameters())
    assert said.dead == 2 / 8
    assert [layer.dead for layer in said.layers if layer.dead is not None] == [2 / 8]
    loss.forward(net.forward(X[:256]), y[:256])
    net.backward(loss.backward())
    assert said.gradient_norms == pytest.approx(gradient_norms(net))
    optimizer.step()
    moved = np.linalg.norm(net[0].weight.data - before["0.weight"]) / np.linalg.norm(before["0.weight"])
    assert said.update_ratios["0.weight"] == pytest.approx(moved, rel=1e-5)


def test_a_run_says_its_health_at_growing_distances(tmp_path: Path) -> None:
    folder = new_run(small_spec("training.epochs=12"), tmp_path)
    assert train_here(folder) == 0
    probes = [event for event in read_events(folder) if isinstance(event, Probe)]
    assert [event.epoch for event in probes] == [1, 2, 3, 4, 5, 6, 8, 10, 12]
