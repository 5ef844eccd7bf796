import numpy as np
import pytest

from datasets import Dataset
from tests.lab.support import small_spec, write_images
from tui.lab.build import prepare
from tui.lab.errors import LabError
from tui.lab.sources import load_data, only_classes
from tui.lab.spec import looks_like_path


def test_the_sample_of_the_micrograd_sheet() -> None:
    data = prepare(small_spec("data.source=neuron", "data.test=0", "data.validation=0", "data.stratify=no"))
    np.testing.assert_allclose(data.train[0], [[0.888, 0.777]], rtol=1e-6)
    assert data.train[1].tolist() == [1]
    assert data.class_names == ("0", "1")
    assert not looks_like_path("neuron")


def test_some_classes_of_a_set_with_parts() -> None:
    y = np.array([3, 0, 1, 3, 0, 2, 3, 1], dtype=np.int64)
    parts = {"train": range(0, 5), "test": range(5, 8)}
    dataset = Dataset(np.arange(8.0).reshape(8, 1), y, ("x",), ("0", "1", "7", "8"), "some", "", parts)
    kept = only_classes(dataset, ["8", "1"])
    assert kept.X.ravel().tolist() == [0, 2, 3, 6, 7]
    assert kept.y.tolist() == [0, 1, 0, 0, 1]
    assert kept.class_names == ("8", "1")
    assert kept.parts == {"train": range(0, 3), "test": range(3, 5)}


def test_classes_come_from_the_spec(tmp_path) -> None:
    source = write_images(tmp_path / "images").parent
    dataset = load_data(small_spec(f"data.source={source}", "data.classes=2, 0"))
    assert (dataset.n_samples, dataset.class_names) == (20, ("2", "0"))
    for wrong, words in (("0,9", "has no class 9: its classes are 0, 1, 2"), ("1", "two or more"), ("1,1", "two or")):
        with pytest.raises(LabError, match=words):
            load_data(small_spec(f"data.source={source}", f"data.classes={wrong}"))
