"""Missing cells, text, components, expansions and folds, from the spec to what is trained on."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold

from datasets import DataError, load
from tests.lab.support import new_run, read_events, small_spec, train_here
from tui.lab import gradients
from tui.lab.build import feature_names, prepare
from tui.lab.spec import set_values

EXACT = "training.dtype=float64"


@pytest.fixture
def people(tmp_path):
    """120 rows: numbers with gaps, a colour with gaps, a class."""
    rng = np.random.default_rng(0)
    lines = ["age,colour,height,y"]
    for k in range(120):
        age = "" if k % 10 == 3 else f"{rng.integers(18, 80)}"
        colour = "NA" if k % 15 == 7 else ("red", "green", "blue")[k % 3]
        lines.append(f"{age},{colour},{rng.normal(170, 10):.1f},{k % 2}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def spec_of(path, *settings):
    base = small_spec("model.hidden=4", EXACT)
    return set_values(base, [f"data.source={path}", *settings])


@pytest.mark.parametrize("how", ["mean", "median"])
def test_gaps_are_filled_with_what_the_training_part_says(people, how) -> None:
    data = prepare(spec_of(people, f"data.missing={how}", "data.options.text=drop"))
    raw, rows = data.dataset.X, data.split
    imputer = SimpleImputer(strategy=how).fit(raw[rows.train])
    for part, which in ((data.train, rows.train), (data.validation, rows.validation), (data.test, rows.test)):
        np.testing.assert_allclose(part[0], imputer.transform(raw[which]))
    assert np.isnan(raw).any()
    assert data.in_features == 2


def test_rows_with_gaps_can_be_left_out_of_all_parts(people) -> None:
    data = prepare(spec_of(people, "data.missing=drop"))
    assert data.dataset.n_samples == 120 - 12 - 8
    assert data.dataset.missing == 0
    assert sum(map(len, (data.split.train, data.split.validation, data.split.test))) == data.dataset.n_samples


def test_every_row_with_gaps(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n" + "1,,0\n,2,1\n" * 10)
    with pytest.raises(DataError, match=r"every row has missing cells: set data\.missing=mean"):
        prepare(spec_of(path, "data.missing=drop"))


def test_text_becomes_columns_of_0_and_1_that_no_scale_touches(people) -> None:
    data = prepare(spec_of(people, "data.scale=standard"))
    assert data.inputs.feature_names == ("age", "colour=blue", "colour=green", "colour=red", "height")
    assert feature_names(data) == ("age", "colour", "height")
    assert data.in_features == 5
    X = data.train[0]
    assert set(np.unique(X[:, 1:4])) == {0, 1}
    np.testing.assert_allclose(X[:, [0, 4]].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X[:, [0, 4]].std(axis=0), 1)
    missing = np.isnan(data.dataset.X[data.split.train, 1])
    assert missing.any()
    assert not X[missing, 1:4].any()


def test_a_text_that_no_training_row_has_is_zeros(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("c,x,y\n" + "".join(f"{'abc'[k % 2 + (k == 7)]},{k},{k % 2}\n" for k in range(40)))
    for seed in range(20):
        data = prepare(spec_of(path, f"data.split_seed={seed}"))
        if 7 not in data.split.train:
            break
    assert data.inputs.feature_names == ("c=a", "c=b", "x")
    assert data.inputs(data.dataset.X[[7]])[0, :2].tolist() == [0, 0]


def test_playgrounds_features() -> None:
    data = prepare(small_spec("data.source=pg-xor", "data.expand=square,product,sin", EXACT))
    assert data.inputs.feature_names == ("x0", "x1", "x0^2", "x1^2", "x0*x1", "sin(x0)", "sin(x1)")
    x, y = data.dataset.X[data.split.train].T
    np.testing.assert_allclose(data.train[0], np.column_stack([x, y, x**2, y**2, x * y, np.sin(x), np.sin(y)]))
    assert feature_names(data) == ("x0", "x1")
    np.testing.assert_array_equal(data.view, data.dataset.X)


def test_numbers_alone_are_expanded_and_after_the_scale(people) -> None:
    data = prepare(spec_of(people, "data.scale=standard", "data.expand=square"))
    assert data.inputs.feature_names[-2:] == ("age^2", "height^2")
    assert data.in_features == 7
    np.testing.assert_allclose(data.train[0][:, -1], data.train[0][:, 4] ** 2)


def test_components_are_those_of_the_scaled_training_part() -> None:
    data = prepare(small_spec("data.source=tp4", "data.scale=standard", "data.components=2", EXACT))
    X = data.dataset.X
    train = X[data.split.train]
    scaled = (X - train.mean(axis=0)) / train.std(axis=0)
    theirs = PCA(2, svd_solver="full").fit(scaled[data.split.train])
    for axis in (0, 1):
        got, expected = data.view[:, axis], theirs.transform(scaled)[:, axis]
        np.testing.assert_allclose(np.abs(got), np.abs(expected), atol=1e-8)
    np.testing.assert_allclose(data.view[data.split.train], data.train[0], atol=1e-12)
    assert feature_names(data) == data.inputs.feature_names == ("pc1", "pc2")


def test_components_of_everything_then_expansions(people) -> None:
    data = prepare(spec_of(people, "data.scale=standard", "data.components=2", "data.expand=product"))
    assert data.inputs.feature_names == ("pc1", "pc2", "pc1*pc2")
    points = np.array([[1.0, 2.0], [0.5, -1.0]])
    np.testing.assert_allclose(data.inputs.from_view(points), [[1, 2, 2], [0.5, -1, -0.5]])
    np.testing.assert_allclose(data.inputs.from_view(data.view), data.inputs(data.dataset.X))
    assert data.view.shape == (120, 2)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["data.components=3"], "components: expected a whole number from 1 to 2, received '3'"),
        (["data.source=pg-xor", "data.scale=unit"], "scale unit"),
        (["data.folds=101"], "folds: expected a whole number from 2 to 80"),
        (["data.folds=50"], "too few for 50 folds"),
    ],
)
def test_what_the_data_does_not_allow_is_said_in_words(settings, words) -> None:
    with pytest.raises(DataError, match=words):
        prepare(small_spec(*settings))


def test_each_row_but_the_tests_is_validated_once() -> None:
    plain = prepare(small_spec())
    folds = [prepare(small_spec("data.folds=4", f"data.fold={fold}")) for fold in (1, 2, 3, 4)]
    for data in folds:
        np.testing.assert_array_equal(data.split.test, plain.split.test)
        assert (len(data.train[0]), len(data.validation[0]), len(data.test[0])) == (60, 20, 20)
        assert not set(data.split.train) & set(data.split.validation)
    together = np.concatenate([data.split.validation for data in folds])
    np.testing.assert_array_equal(np.sort(np.concatenate([together, plain.split.test])), np.arange(100))


def test_folds_have_the_classes_in_their_shares() -> None:
    y = load("moons", n_samples=100).y
    ours = [prepare(small_spec("data.folds=5", f"data.fold={k}", "data.test=0")) for k in range(1, 6)]
    theirs = StratifiedKFold(5).split(np.zeros(100), y)
    for data, (_, rows) in zip(ours, theirs, strict=True):
        assert np.bincount(y[data.split.validation]).tolist() == np.bincount(y[rows]).tolist()
        assert data.test is None


def test_folds_go_over_a_given_validation_part_and_leave_a_given_test_part(tmp_path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    arrays = {
        f"{name}_{part}": v
        for part in ("train", "val", "test")
        for name, v in (("X", rng.normal(size=(30, 2))), ("y", y))
    }
    np.savez(tmp_path / "t.npz", **arrays)
    given = prepare(spec_of(tmp_path / "t.npz"))
    assert (given.split.train.tolist(), given.split.validation.tolist()) != ([], [])
    assert given.split.validation.tolist() == list(range(30, 60))
    data = prepare(spec_of(tmp_path / "t.npz", "data.folds=3"))
    assert data.split.test.tolist() == list(range(60, 90))
    assert sorted([*data.split.train, *data.split.validation]) == list(range(60))


def test_a_run_and_a_gradient_check_on_all_of_it(people, tmp_path) -> None:
    spec = spec_of(
        people,
        *("data.scale=standard", "data.components=3", "data.expand=square,sin", "data.folds=3", "data.fold=2"),
        "training.epochs=3",
    )
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 0
    started = read_events(folder)[0]
    assert started.features == 9
    assert folder.read_spec() == spec
    assert list(gradients.check(spec, prepare(spec)))[-1].ok
