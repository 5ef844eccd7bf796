"""Images stay bytes up to the batch that is trained on: the same results in a fourth of the memory."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets import Dataset
from mlcore import EpochDone, Rows, evaluate, fit
from tests.lab.support import new_run, read_events, small_spec, train_here, write_images
from tui.lab import events, gradients, recipes
from tui.lab.build import make_loss, make_optimizer, network, order_rng, prepare, targets
from tui.lab.iteration import first_iteration
from tui.lab.looks import find_learning_rate, time_batch
from tui.lab.spec import Spec, set_values
from tui.lab.stability import limit_at, stability

DATA = os.environ.get("MLP_TUI_TEST_DATA", "")
SCALES = ("none", "unit", "symmetric", "standard", "minmax")


def images(parts: bool = False) -> Dataset:
    X = np.random.default_rng(0).integers(0, 256, (90, 6, 6), dtype=np.uint8)
    X[:, 0, 0] = 7
    given = {"train": range(70), "test": range(70, 90)} if parts else {}
    return Dataset(X, np.arange(90) % 3, (), ("a", "b", "c"), "", "", given)


def spec_of(*settings: str) -> Spec:
    return small_spec("data.stratify=no", *settings)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", SCALES)
def test_ready_rows_are_the_numbers_that_the_scale_gives(scale: str, dtype: str) -> None:
    data = prepare(spec_of(f"data.scale={scale}", f"training.dtype={dtype}"), images())
    flat = data.dataset.X.reshape(90, -1)
    for part, rows in ((data.train, data.split.train), (data.test, data.split.test)):
        assert part is not None
        X, y = part
        assert X.dtype == np.uint8
        assert len(X) == len(y) == len(rows)
        expected = data.scale(flat[rows], dtype)
        np.testing.assert_array_equal(data.ready(X), expected)
        np.testing.assert_array_equal(data.ready(X[2:5]), expected[2:5])
        assert data.ready(X[:1]).dtype == dtype
        asked = flat[rows] * data.scaling["scale"] + data.scaling["shift"]
        np.testing.assert_allclose(asked, expected, rtol=1e-5, atol=1e-5)


def test_no_bytes_are_copied() -> None:
    data = prepare(spec_of("data.validation=0", "data.test=0"), images(parts=True))
    assert isinstance(data.train[0], Rows)  # the split has shuffled them
    assert data.test is not None
    for X in (data.train[0].X, data.test[0]):
        assert np.shares_memory(X, data.dataset.X)


def test_numbers_are_scaled_once_and_for_all() -> None:
    data = prepare(small_spec())
    assert data.scaling == {}
    assert isinstance(data.train[0], np.ndarray)
    assert data.ready(data.train[0]) is data.train[0]


@pytest.mark.parametrize("scale", ["symmetric", "standard"])
@pytest.mark.parametrize(
    "settings", [(), ("training.batch_size=full",), ("training.labels=one_hot",), ("model.channels=3",)]
)
def test_bytes_train_as_numbers_do(tmp_path: Path, scale: str, settings: tuple[str, ...]) -> None:
    source = write_images(tmp_path / "images", 8, 8, count=90).parent
    spec = small_spec(f"data.source={source}", f"data.scale={scale}", "training.epochs=3", "model.dropout=0", *settings)
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 0
    epochs = [event for event in read_events(folder) if isinstance(event, events.Epoch)]
    # The same by the numbers themselves.
    data = prepare(spec)
    net = network(spec, data.in_features, 3)
    loss = make_loss(spec, data)
    train, held_out, test = (
        targets(spec, (data.ready(part[0]), part[1]), 3) for part in (data.train, data.validation, data.test) if part
    )
    steps = fit(
        net,
        loss,
        make_optimizer(spec, net),
        train,
        held_out,
        epochs=3,
        batch_size=spec.training.batch_size,
        rng=order_rng(spec),
    )
    expected = [event for event in steps if isinstance(event, EpochDone)]
    for ours, theirs in zip(epochs, expected, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-4)
        assert ours.val_loss == pytest.approx(theirs.val_loss, rel=1e-4)
    last = read_events(folder)[-1]
    assert last.test_loss == pytest.approx(evaluate(net, loss, *test).loss, rel=1e-4)


def test_whoever_looks_sees_numbers() -> None:
    """Of bytes, and of the same as float tables."""
    spec = spec_of("data.scale=symmetric", "training.optimizer=sgd", "model.dropout=0")
    as_bytes = prepare(spec, images())
    as_numbers = prepare(spec, replace(as_bytes.dataset, X=as_bytes.dataset.X.astype(np.float64)))
    assert as_numbers.train[0].dtype == np.float32
    seen = []
    for data in (as_bytes, as_numbers):
        *_, report = gradients.check(spec, data, max_entries=5)
        assert report.ok
        limits = stability(spec, data)
        seen.append(
            [
                report.max_relative_error,
                limits.input_limit,
                limits.lr_limit,
                limit_at(spec, data, None),
                *(point.loss for point in find_learning_rate(spec, data, iterations=20).points),
                *(np.sum(array) for step in first_iteration(spec, data) for array in _arrays(step)),
            ]
        )
        assert time_batch(spec, data).layers
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-4, atol=1e-6)


def _arrays(step) -> list[np.ndarray]:
    return [value for value in vars(step).values() if isinstance(value, np.ndarray)]


@pytest.mark.skipif(not DATA or os.name == "nt", reason="MLP_TUI_TEST_DATA names no folder of real data")
def test_mnist_is_trained_on_in_150_mib(tmp_path: Path) -> None:
    recipe = recipes.load("mnist-mlp").spec
    spec = set_values(recipe, [f"data.source={DATA}/mnist_idx", "training.epochs=1"])
    folder = new_run(spec, tmp_path)
    root = Path(__file__).resolve().parents[2]
    # A new process counts the memory of the one that it comes from as its own: this one's is too much.
    launcher = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    trainer = [sys.executable, "-P", "-m", "tui.lab.trainer", str(folder.path)]
    said = subprocess.check_output(
        [sys.executable, "-c", launcher, *trainer], env={**os.environ, "PYTHONPATH": str(root)}
    )
    peak = int(said.split()[-1]) / (2**20 if sys.platform == "darwin" else 2**10)
    assert 60 < peak < 150
    last = read_events(folder)[-1]
    assert isinstance(last, events.Finished)
