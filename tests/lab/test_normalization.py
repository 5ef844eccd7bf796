"""Batch and layer normalisation as a setting: the network, its table, its checks, and runs that are taken up again."""

import numpy as np
import pytest

from mlcore import BatchNorm1d, LayerNorm, inference_mode
from tests.lab.support import assert_same_training, new_run, read_events, small_spec, train_here
from tests.lab.test_training import interrupt_after
from tui.lab import gradients, steering, training
from tui.lab.build import make_loss, network, prepare
from tui.lab.checkpoints import load
from tui.lab.events import Epoch, Finished, Probe, Started
from tui.lab.export import export_safetensors
from tui.lab.outline import count_parameters, outline
from tui.lab.spec import SpecError, set_values, spec_from_table
from tui.lab.tasks import refuse_batches
from tui.lab.weights import how_matched

KINDS = {"batch": BatchNorm1d, "layer": LayerNorm}
TWO = ("model.hidden=6,5", "model.dropout=0.2")


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_between_a_hidden_linear_and_its_activation(kind) -> None:
    spec = small_spec(f"model.normalization={kind}", *TWO)
    net = network(spec, 2, 3)
    names = ["Linear", KINDS[kind].__name__, "ReLU", "Dropout"] * 2 + ["Linear"]
    assert [type(layer).__name__ for layer in net] == names
    rows = [row for row in outline(spec, 2, 3) if row.index is not None]
    assert [row.name for row in rows] == names
    assert [row.index for row in rows] == list(range(9))
    total = sum(parameter.data.size for parameter in net.parameters())
    assert count_parameters(spec, 2, 3) == sum(row.parameters for row in rows) == total == 18 + 35 + 18 + 12 + 10
    assert all(parameter.data.dtype == np.float32 for parameter in net.parameters())
    assert spec_from_table(spec.to_table()) == spec


def test_the_weights_are_those_without_it() -> None:
    plain = [p.data for p in network(small_spec(*TWO), 2, 2).parameters()]
    normalised = network(small_spec("model.normalization=batch", *TWO), 2, 2)
    others = [p.data for layer in normalised if type(layer).__name__ == "Linear" for p in layer.parameters()]
    for mine, theirs in zip(plain, others, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_check_finds_nothing(kind) -> None:
    spec = small_spec(f"model.normalization={kind}", "model.activation=tanh", *TWO)
    *_, report = gradients.check(spec, prepare(spec))
    assert report.ok, report.diagnosis


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_told_and_resumes_bit_for_bit(tmp_path, monkeypatch, kind) -> None:
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    spec = small_spec("training.epochs=4", f"model.normalization={kind}")
    whole, parted = new_run(spec, tmp_path, "whole"), new_run(spec, tmp_path, "parted")
    assert train_here(whole) == 0
    train_here(parted, signal=interrupt_after(3))
    train_here(parted)
    assert_same_training(parted.last_path, whole.last_path)
    said = read_events(whole)
    assert said[0].engine == "layers"
    assert isinstance(said[0], Started)
    assert isinstance(said[-1], Finished)
    assert {"1.weight", "1.bias"} <= set(next(event for event in said if isinstance(event, Probe)).update_ratios)
    buffers = [name for name in load(whole.last_path).weights if name.startswith("1.")]
    tracked = ["1.running_mean", "1.running_var", "1.num_batches_tracked"] if kind == "batch" else []
    assert sorted(buffers) == sorted(["1.weight", "1.bias", *tracked])
    if tracked:
        assert load(whole.last_path).weights["1.num_batches_tracked"] == 4 * 6  # evaluation has moved nothing


def test_snapshots_are_used_with_the_running_figures(tmp_path) -> None:
    """What stands in a file gives the validation loss that the run has said, whichever rows are shown to it."""
    spec = small_spec("training.epochs=3", "model.normalization=batch", "training.dtype=float64")
    folder = new_run(spec, tmp_path)
    train_here(folder)
    data = prepare(spec)
    net = network(spec, 2, 2)
    X, y = data.validation
    for epoch, path in folder.snapshots():
        net.load_state_dict(load(path).weights)
        with inference_mode(net):
            together = net.forward(X)
            alone = np.concatenate([net.forward(X[i : i + 1]) for i in range(len(X))])
        np.testing.assert_allclose(alone, together, rtol=1e-12)
        said = next(event for event in read_events(folder) if isinstance(event, Epoch) and event.epoch == epoch)
        assert make_loss(spec, data).forward(together, y) == pytest.approx(said.val_loss, rel=1e-12)


def test_a_last_batch_of_one_is_said_in_words(tmp_path) -> None:
    spec = small_spec("model.normalization=batch", "training.batch_size=59", "training.epochs=1")
    with pytest.raises(SpecError, match=r"^training\.batch_size: 60 training samples in batches of 59 leave a last"):
        prepare(spec)
    for setting in ("training.batch_size=full", "training.batch_size=60", "training.batch_size=1000"):
        assert train_here(new_run(set_values(spec, [setting]), tmp_path, setting.replace("=", "-"))) == 0
    assert prepare(set_values(spec, ["model.normalization=layer"])).in_features == 2
    assert refuse_batches(set_values(spec, ["training.batch_size=full"]), 1)[0] == "model.normalization"
    assert refuse_batches(set_values(spec, ["training.batch_size=2"]), 60) is None


@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_takes_the_exported_weights(tmp_path, kind) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    folder = new_run(small_spec("training.epochs=2", f"model.normalization={kind}"), tmp_path)
    train_here(folder)
    file = tmp_path / "exported.safetensors"
    assert export_safetensors(folder, file) == 2
    nn = torch.nn
    norm = nn.BatchNorm1d(8) if kind == "batch" else nn.LayerNorm(8)
    theirs = nn.Sequential(nn.Linear(2, 8), norm, nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2)).eval()
    assert str(theirs.load_state_dict(load_torch(file))) == "<All keys matched successfully>"
    spec = set_values(folder.read_spec(), [f"model.weights={file}"])
    ours = network(spec, 2, 2)
    assert how_matched(spec, ours).endswith("tensors by name")
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    with inference_mode(ours), torch.no_grad():
        np.testing.assert_allclose(theirs(torch.from_numpy(x)).numpy(), ours.forward(x), atol=1e-6)
