"""Weights as safetensors files: of PyTorch, for PyTorch, by name, by order and shape, and refused in words."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mlcore import BatchNorm1d, Conv2d, Flatten, Linear, ReLU, Sequential, inference_mode
from tests.lab.support import new_run, read_events, small_spec, train_here
from tui.lab.build import network, refusal
from tui.lab.checkpoints import load
from tui.lab.errors import LabError
from tui.lab.events import Finished
from tui.lab.spec import Spec, SpecError, load_spec, set_values, spec_from_table
from tui.lab.weights import load_weights, read_shapes, save_weights


def two_layers(dtype: type = np.float32) -> Sequential:
    rng = np.random.default_rng(5)
    return Sequential(Linear(2, 16, rng=rng, dtype=dtype), ReLU(), Linear(16, 3, rng=rng, dtype=dtype))


def tensors(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """fc1__weight=(16, 2) becomes "fc1.weight", with numbers that differ from tensor to tensor."""
    rng = np.random.default_rng(1)
    return {name.replace("__", "."): rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


RIGHT = {"fc1__weight": (16, 2), "fc1__bias": (16,), "fc2__weight": (3, 16), "fc2__bias": (3,)}


def written(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    file = folder / "theirs.safetensors"
    save_file(arrays, file, metadata={"format": "pt"})
    return file


def test_ours_come_back_with_the_spec(tmp_path) -> None:
    spec, net = small_spec("model.hidden=16"), two_layers()
    file = tmp_path / "a.safetensors"
    save_weights(file, net, spec)
    again = two_layers()
    for parameter in again.parameters():
        parameter.data[...] = 0
    assert load_weights(file, again) == "all 4 tensors by name"
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[name], array)
    raw = file.read_bytes()
    metadata = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    assert metadata["format"] == "pt"
    assert spec_from_table(tomllib.loads(metadata["spec"])) == spec
    assert [file.name] == [path.name for path in tmp_path.iterdir()]  # nothing half written is left


def test_a_weight_that_is_a_view_is_written_in_order(tmp_path) -> None:
    net = Sequential(Linear(3, 4, bias="input", rng=np.random.default_rng(0)))
    file = tmp_path / "a.safetensors"
    save_weights(file, net, Spec())
    np.testing.assert_array_equal(load_file(file)["0.weight"], net.state_dict()["0.weight"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_with_names_of_their_own_by_order_and_shape(tmp_path, dtype) -> None:
    arrays, net = tensors(**RIGHT), two_layers(dtype)
    words = load_weights(written(tmp_path, arrays), net)
    assert words == "by order and shape: fc1 to 0, fc2 to 2"
    state = net.state_dict()
    for theirs, ours in {"fc1.weight": "0.weight", "fc1.bias": "0.bias", "fc2.weight": "2.weight"}.items():
        np.testing.assert_array_equal(state[ours], arrays[theirs])
        assert state[ours].dtype == dtype


def test_layer_10_comes_after_layer_2(tmp_path) -> None:
    arrays = tensors(**{f"fc{k}__weight": (4, 4) for k in range(1, 12)})
    net = Sequential(*(Linear(4, 4, bias=False) for _ in range(11)))
    load_weights(written(tmp_path, arrays), net)
    for index in range(11):
        np.testing.assert_array_equal(net[index].weight.data, arrays[f"fc{index + 1}.weight"])


def test_names_that_give_no_order_are_matched_by_shape(tmp_path) -> None:
    # "head" comes before "hidden" in the alphabet.
    shapes = {"hidden__weight": (16, 2), "hidden__bias": (16,), "head__weight": (3, 16), "head__bias": (3,)}
    assert load_weights(written(tmp_path, tensors(**shapes)), two_layers()).endswith("hidden to 0, head to 2")


def test_a_network_with_convolutions_and_buffers(tmp_path) -> None:
    def build() -> Sequential:
        return Sequential(Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(8, 4), BatchNorm1d(4), ReLU(), Linear(4, 2))

    arrays = {}
    for theirs, ours in {"conv1": "0", "fc1": "3", "fc2_norm": "4", "fc3": "6"}.items():
        for name, array in build().state_dict().items():
            if name.startswith(f"{ours}."):
                arrays[name.replace(ours, theirs, 1)] = np.full(array.shape, 3, array.dtype)
    net = build()
    load_weights(written(tmp_path, arrays), net)
    assert all((array == 3).all() for array in net.state_dict().values())
    assert net[4].num_batches_tracked == 3


WRONG = [
    ({"fc1__weight": (16, 3)}, "fc1.weight has shape (16,3), Linear(2, 16) (layer 0) takes (16,2)"),
    ({"fc1__weight": (2, 16)}, "takes (16,2): it is transposed, (in, out) as Keras has it"),
    ({"fc2__bias": (4,)}, "fc2.bias has shape (4,), Linear(16, 3) (layer 2) takes (3,)"),
    ({"fc3__weight": (1, 3)}, "has weights of 3 layers (fc1, fc2, fc3), the network has those of 2 (0, 2)"),
    ({"fc2__running_mean": (3,)}, "fc2.running_mean (3,) has no place: Linear(16, 3) (layer 2) takes weight and bias"),
    ({"loose": (3,)}, "loose (3,) names no layer: expected names as fc1.weight"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_does_not_fit_is_said_in_one_sentence(tmp_path, change, words) -> None:
    file, net = written(tmp_path, tensors(**{**RIGHT, **change})), two_layers()
    before = net.state_dict()
    with pytest.raises(LabError) as error:
        load_weights(file, net)
    assert words in str(error.value)
    assert str(error.value).startswith(f"{file}: ")
    assert "\n" not in str(error.value)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_missing_bias_and_keras_names(tmp_path) -> None:
    no_bias = {name: shape for name, shape in RIGHT.items() if name != "fc1__bias"}
    with pytest.raises(LabError, match=r"takes a bias \(16,\), fc1 has fc1\.weight \(16,2\)"):
        load_weights(written(tmp_path, tensors(**no_bias)), two_layers())
    keras = {"d1__kernel": (2, 16), "d1__bias": (16,), "d2__kernel": (16, 3), "d2__bias": (3,)}
    with pytest.raises(LabError, match=r"these are Keras's names, its weights are \(in, out\)"):
        load_weights(written(tmp_path, tensors(**keras)), two_layers())


def test_two_layers_of_one_shape_need_an_order(tmp_path) -> None:
    square = Sequential(Linear(4, 4), ReLU(), Linear(4, 4))
    shapes = {"up__weight": (4, 4), "up__bias": (4,), "down__weight": (4, 4), "down__bias": (4,)}
    with pytest.raises(LabError, match="their names give no order: number them, as fc1 and fc2"):
        load_weights(written(tmp_path, tensors(**shapes)), square)


def test_files_that_are_none(tmp_path) -> None:
    whole = written(tmp_path, tensors(**RIGHT)).read_bytes()
    for name, data in {"empty": b"", "text": b"hello, this is text", "half": whole[:-4], "more": whole + b"x"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LabError, match="no safetensors file, or not a whole one"):
            read_shapes(tmp_path / name)
    with pytest.raises(LabError, match="absent: No such file"):
        read_shapes(tmp_path / "absent")
    header = json.dumps({"fc1.weight": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "bf16").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(LabError, match="BF16: save the weights as float32"):
        read_shapes(tmp_path / "bf16")


# As the setting model.weights


def fitting(spec: Spec, folder: Path) -> Path:
    """A file as a Module of somebody's own has it, for a network of 2-8-2."""
    return written(folder, tensors(fc1__weight=(8, 2), fc1__bias=(8,), fc2__weight=(2, 8), fc2__bias=(2,)))


def test_a_run_begins_with_the_weights_of_a_file(tmp_path, capsys) -> None:
    file = fitting(small_spec(), tmp_path)
    spec = small_spec(f"model.weights={file}", "training.epochs=2")
    np.testing.assert_array_equal(network(spec, 2, 2).state_dict()["0.weight"], load_file(file)["fc1.weight"])
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 0
    assert "by order and shape: fc1 to 0, fc2 to 3" in capsys.readouterr().err  # 1 and 2: ReLU and dropout
    assert len(folder.read_record()["weights_sha256"]) == 64
    # Its own checkpoint is a file of weights as well, the optimiser's arrays in it are left alone.
    more = network(small_spec(f"model.weights={folder.last_path}"), 2, 2)
    np.testing.assert_array_equal(more.state_dict()["0.weight"], load(folder.last_path).weights["0.weight"])
    assert isinstance(read_events(folder)[-1], Finished)


def test_a_file_that_has_changed_is_refused(tmp_path) -> None:
    file = fitting(small_spec(), tmp_path)
    folder = new_run(small_spec(f"model.weights={file}", "training.epochs=1"), tmp_path)
    assert train_here(folder) == 0
    longer = folder.read_spec().with_value("training.epochs", 2)
    assert train_here(folder, longer) == 0  # unchanged, it goes on
    arrays = load_file(file)
    save_file({name: array * 2 for name, array in arrays.items()}, file)
    with pytest.raises(LabError, match=r"theirs\.safetensors: not the weights that this run began with"):
        train_here(folder, longer.with_value("training.epochs", 3))


def test_the_file_is_looked_for_beside_the_spec_and_kept_whole_in_the_run(tmp_path, monkeypatch) -> None:
    fitting(small_spec(), tmp_path)
    spec = set_values(small_spec(), ["model.weights=theirs.safetensors"])
    (tmp_path / "mine.toml").write_text(spec.to_toml())
    assert load_spec(tmp_path / "mine.toml").model.weights == str(tmp_path / "theirs.safetensors")
    monkeypatch.chdir(tmp_path)
    assert new_run(spec, tmp_path).read_spec().model.weights == str(tmp_path / "theirs.safetensors")


def test_a_setting_that_does_not_fit_is_named(tmp_path) -> None:
    file = fitting(small_spec(), tmp_path)
    spec = small_spec(f"model.weights={file}", "model.hidden=9")
    key, words = refusal(spec, 2, 2)
    assert key == "model.weights"
    assert "fc1.weight has shape (8,2), Linear(2, 9) (layer 0) takes (9,2)" in words
    with pytest.raises(SpecError, match=r"^model\.weights: "):
        network(spec, 2, 2)
    assert refusal(small_spec("model.weights=/nowhere.safetensors"), 2, 2)[0] == "model.weights"


# Beside PyTorch, where it is installed


def test_pytorch_takes_ours(tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    spec = small_spec("model.hidden=16,8", "model.dropout=0.25", "training.epochs=2")
    net = network(spec, 2, 2)
    file = tmp_path / "ours.safetensors"
    save_weights(file, net, spec)
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.25), nn.Linear(16, 8), nn.ReLU(), nn.Dropout(0.25), nn.Linear(8, 2)
    ).eval()
    assert str(theirs.load_state_dict(load_torch(file))) == "<All keys matched successfully>"
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    with inference_mode(net), torch.no_grad():
        np.testing.assert_allclose(theirs(torch.from_numpy(x)).numpy(), net.forward(x), atol=1e-6)


def test_we_take_a_module_of_pytorch(tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2, self.fc3 = (torch.nn.Linear(*sizes) for sizes in ((2, 16), (16, 16), (16, 2)))

        def forward(self, x):
            return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

    theirs, file = Net(), tmp_path / "theirs.safetensors"
    save_torch(theirs.state_dict(), file)
    net = network(small_spec("model.hidden=16,16", "model.dropout=0", f"model.weights={file}"), 2, 2)
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    with inference_mode(net), torch.no_grad():
        np.testing.assert_allclose(theirs(torch.from_numpy(x)).numpy(), net.forward(x), atol=1e-6)
