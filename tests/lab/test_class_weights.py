"""Class weights and label smoothing as settings: what they are, and what they do to a training."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mlcore import inference_mode, log_softmax
from tests.lab.support import new_run, small_spec, train_here
from tui.lab import gradients
from tui.lab.build import make_loss, network, prepare
from tui.lab.checkpoints import load
from tui.lab.class_weights import class_weights, refuse_class_weights
from tui.lab.fields import FIELDS
from tui.lab.spec import Spec, SpecError, load_spec, set_values, spec_from_table
from tui.lab.values import read_text, show_value, step_value


def overlapping(folder: Path, *counts: int) -> Path:
    """A csv of clouds along a line, so many samples each; they overlap."""
    rng = np.random.default_rng(3)
    rows = ["a,b,c"]
    for label, count in enumerate(counts):
        for a, b in rng.normal((1.5 * label, 0), 1, (count, 2)).tolist():
            rows.append(f"{a!r},{b!r},{'xyz'[label]}")
    file = folder / "clouds.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


def cloud_spec(file: Path, *settings: str) -> Spec:
    plain = ["model.hidden=", "training.epochs=60", "training.dtype=float64", "data.stratify=true"]
    return set_values(Spec(), [f"data.source={file}", *plain, *settings])


def test_balanced_is_scikit_learns_of_the_training_part(tmp_path) -> None:
    spec = cloud_spec(overlapping(tmp_path, 70, 20, 10), "data.stratify=false", "training.class_weight=balanced")
    data = prepare(spec)
    y = data.train[1]
    weight = make_loss(spec, data).weight
    np.testing.assert_allclose(weight, compute_class_weight("balanced", classes=np.arange(3), y=y))
    whole = compute_class_weight("balanced", classes=np.arange(3), y=data.dataset.y)
    assert not np.allclose(weight, whole)  # the test part does not tell the training anything


def test_the_loss_is_the_formula() -> None:
    spec = small_spec("training.class_weight=1, 3", "training.label_smoothing=0.2")
    loss = make_loss(spec, prepare(spec))
    z, y = np.array([[2.0, -1.0], [0.5, 0.25], [0.0, 4.0]]), np.array([0, 1, 1])
    log_p = log_softmax(z)
    w, s = np.array([1.0, 3.0]), 0.2
    # torch.nn.CrossEntropyLoss: both terms weighted by class, divided by the weights of the labels.
    right = sum(w[label] * -log_p[row, label] for row, label in enumerate(y))
    spread = sum(w[c] * -log_p[row, c] for row in range(3) for c in range(2))
    expected = ((1 - s) * right + s / 2 * spread) / w[y].sum()
    assert loss.forward(z, y) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("labels", ["integers", "one_hot"])
def test_a_gradient_check_takes_the_same_loss(labels) -> None:
    settings = ("training.class_weight=balanced", "training.label_smoothing=0.1", f"training.labels={labels}")
    spec = small_spec("data.stratify=false", *settings)
    data = prepare(spec)
    *_, report = gradients.check(spec, data)
    assert report.ok
    assert make_loss(spec, data).weight is not None


def test_balanced_finds_more_of_the_rare_class(tmp_path) -> None:
    file = overlapping(tmp_path, 570, 30)
    recalls = {}
    for asked in ("", "balanced"):
        spec = cloud_spec(file, f"training.class_weight={asked}")
        folder = new_run(spec, tmp_path)
        assert train_here(folder) == 0
        assert folder.read_spec().training.class_weight == (asked or ())
        data = prepare(spec)
        net = network(spec, data.in_features, 2)
        net.load_state_dict(load(folder.last_path).weights)
        X, y = data.test
        with inference_mode(net):
            found = net.forward(X).argmax(axis=1)
        recalls[asked] = (found[y == 1] == 1).mean()
    assert recalls["balanced"] >= recalls[""] + 0.3


def test_smoothed_labels_keep_the_loss_away_from_0(tmp_path) -> None:
    spec = small_spec("training.label_smoothing=0.2", "training.epochs=3")
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 0
    data = prepare(spec)
    certain = np.array([[50.0, -50.0]])
    assert make_loss(spec, data).forward(certain, [0]) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [("1,2,5", "expected 2 numbers, one for each of 0, 1; received 3"), ("7", "received 1")],
)
def test_a_wrong_count_names_the_classes(asked, words) -> None:
    spec = small_spec(f"training.class_weight={asked}")
    data = prepare(spec)
    with pytest.raises(SpecError, match=r"^training\.class_weight: expected 2 numbers") as error:
        make_loss(spec, data)
    assert words in str(error.value)
    assert refuse_class_weights(small_spec(), data.train[1], data.class_names) is None
    balanced = small_spec("training.class_weight=balanced")
    assert refuse_class_weights(balanced, np.array([0.5, 1.5]), ()) is None  # targets that are numbers


def test_balanced_needs_a_sample_of_each_class() -> None:
    spec = small_spec("training.class_weight=balanced")
    with pytest.raises(SpecError, match=r"the training part has none of b: set data\.stratify to true"):
        class_weights(spec, np.zeros(5, np.int64), ("a", "b"))


def test_written_in_a_file_as_a_person_would(tmp_path) -> None:
    file = tmp_path / "mine.toml"
    for written, value in (('"balanced"', "balanced"), ("[1, 2.5]", (1.0, 2.5)), ("[]", ()), ('""', ())):
        file.write_text(f"[training]\nclass_weight = {written}\n")
        spec = load_spec(file)
        assert spec.training.class_weight == value
        assert spec_from_table(spec.to_table()) == spec
    file.write_text("seed = 1\n[training]\nclass_weight = 2\n")
    with pytest.raises(SpecError, match=r"mine\.toml:3: training\.class_weight: expected balanced"):
        load_spec(file)


def test_in_a_form() -> None:
    field = FIELDS["training.class_weight"]
    assert [show_value(field, value) for value in ((), "balanced", (1.0, 0.5))] == ["none", "balanced", "1, 0.5"]
    assert [step_value(field, value, 1) for value in ((), "balanced", (1.0, 2.0))] == ["balanced", (), (1.0, 2.0)]
    assert read_text(field, "Balanced") == "balanced"
    assert read_text(field, "none") == read_text(field, "") == ()
    assert read_text(field, "[1, 2 5]") == (1.0, 2.0, 5.0)
