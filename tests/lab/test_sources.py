import numpy as np
import pytest

from tests.lab.support import small_spec, write_images
from tui.lab.build import prepare
from tui.lab.errors import LabError
from tui.lab.sources import load_data
from tui.lab.spec import looks_like_path


def test_the_sample_of_the_micrograd_sheet() -> None:
    data = prepare(small_spec("data.source=neuron", "data.test=0", "data.validation=0", "data.stratify=no"))
    np.testing.assert_allclose(data.train[0], [[0.888, 0.777]], rtol=1e-6)
    assert data.train[1].tolist() == [1]
    assert data.class_names == ("0", "1")
    assert not looks_like_path("neuron")


def test_classes_come_from_the_spec(tmp_path) -> None:
    source = write_images(tmp_path / "images").parent
    dataset = load_data(small_spec(f"data.source={source}", "data.classes=2, 0"))
    assert (dataset.n_samples, dataset.class_names) == (20, ("2", "0"))
    with pytest.raises(LabError, match="no class '9': its classes are '0', '1', '2'"):
        load_data(small_spec(f"data.source={source}", "data.classes=0,9"))
