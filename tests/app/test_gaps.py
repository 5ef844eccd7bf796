"""Missing cells, text, components and expansions on the screens and in the decision map."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.app.support import bench, line_of, opened, saying, text_of, until
from tui.app.facts import DataReady
from tui.app.glyphs import GLYPHS
from tui.app.reducers import apply
from tui.app.services.data import telling_features, varied_features
from tui.app.services.maps import MapRequest, MapService
from tui.app.session import Session
from tui.app.widgets.data_words import facts_text
from tui.lab.build import load_data, split_and_scale
from tui.lab.spec import Spec, for_file, set_values


class Answers:
    def post_fact(self, fact: object) -> None: ...

    def dispatch(self, fact: object) -> None: ...


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    lines = ["a,colour,b,c,y"]
    for k in range(90):
        a = "" if k % 6 == 1 else f"{rng.normal(3):.3f}"
        colour = "" if k == 2 else ("[b]red", "green", "green")[k % 3]
        lines.append(f"{a},{colour},{rng.normal(50, 20):.2f},{rng.normal():.3f},{k % 2}")
    path = tmp_path / "gaps.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def drawn(spec: Spec, features: tuple[int, int]):
    prepared = split_and_scale(spec, load_data(spec))
    return prepared, MapService(Answers())._draw(MapRequest(spec, prepared, features, 12, 8), None)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("features", [(0, 2), (0, 1), (2, 3)])
@pytest.mark.parametrize("how", ["mean", "drop"])
def test_a_map_over_columns_with_gaps_and_text(table: Path, features: tuple[int, int], how: str) -> None:
    prepared, state = drawn(set_values(for_file(str(table)), [f"data.missing={how}"]), features)
    assert np.isfinite(state.data.confidence).all()
    assert state.data.classes.shape == (8, 12)
    assert np.isfinite(state.data.x_range).all()
    missing = np.isnan(prepared.view[prepared.split.validation][:, features]).any()
    assert np.isnan(state.data.points.x).any() == (missing and features[0] == 0)
    assert state.others.startswith("others")


def test_a_map_goes_over_the_features_that_are_expanded() -> None:
    spec = set_values(Spec(), ["data.source=pg-circle", "data.expand=square", "model.hidden="])
    prepared = split_and_scale(spec, load_data(spec))
    service = MapService(Answers())
    request = MapRequest(spec, prepared, (0, 1), 30, 30, run=Path("."))
    net = service._built(request)
    net[0].weight.data[...] = [[0, 0, 1, 1], [0, 0, -1, -1]]  # beyond the circle, or within it
    net[0].bias.data[...] = [-9, 9]
    state = service._draw(request, None)
    assert state.others == ""
    x, y = (low + (np.arange(30) + 0.5) * (high - low) / 30 for low, high in (state.data.x_range, state.data.y_range))
    outside = np.add.outer(y[::-1] ** 2, x**2) > 9
    np.testing.assert_array_equal(state.data.classes == 0, outside)


def test_a_map_over_two_components() -> None:
    spec = set_values(Spec(), ["data.source=tp4", "data.scale=standard", "data.components=2", "data.expand=product"])
    prepared, state = drawn(spec, (0, 1))
    assert prepared.in_features == 3
    low, high = prepared.view[:, 0].min(), prepared.view[:, 0].max()
    assert state.data.x_range[0] < low < high < state.data.x_range[1]
    assert state.others == ""


def test_features_to_look_at_are_found_among_gaps() -> None:
    nothing = np.full(4, np.nan)
    X = np.column_stack([np.ones(4), [1, np.nan, 2, 3], nothing, [np.nan, 7, 7, 7], [0, 5, np.nan, 9]])
    assert varied_features(X) == (1, 4)
    assert telling_features(X, (1, 4)) == (1, 4)


def test_components_turn_the_look_to_themselves() -> None:
    spec = set_values(Spec(), ["data.source=tp4", "data.scale=standard"])
    dataset = load_data(spec)
    plain = split_and_scale(spec, dataset)
    session = apply(DataReady(plain, (3, 4), tuple(range(10))), Session(spec=spec))
    assert session.features == (3, 4)
    again = apply(DataReady(split_and_scale(spec, dataset), (0, 1), tuple(range(10))), session)
    assert again.features == (3, 4)  # another split changes nothing
    two = split_and_scale(set_values(spec, ["data.components=2"]), dataset)
    assert apply(DataReady(two, (0, 1), (0, 1)), again).features == (0, 1)
    words = facts_text(two, GLYPHS["ascii"]).plain
    assert "variance kept" in words
    assert words.count("inputs") == 1


@pytest.mark.usefixtures("no_maps")
async def test_the_data_screen_shows_gaps_as_gaps_and_texts_as_they_are(table: Path) -> None:
    app = bench(for_file(str(table)))
    async with app.run_test(size=(160, 60)) as pilot:
        await opened(pilot)
        await saying(pilot, "WHAT IT SEEMS TO BE")
        shown = text_of(app)
        assert "[b]red" in shown
        assert "one-hot" in shown
        assert re.search(r" 1 +▲ 1 +· +green ", shown)
        assert re.search(r"missing +mean ", shown)
        assert "gaps.csv is ready" in shown


@pytest.mark.usefixtures("no_maps")
async def test_settings_of_the_split_show_what_they_do() -> None:
    app = bench(set_values(Spec(), ["data.options.n_samples=100", "data.folds=4", "data.fold=2"]))
    async with app.run_test(size=(160, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "fold 2 of 4" in line_of(app, "validation"))
        assert re.search(r"missing +none missing", text_of(app))
        assert "train 60 val 20 test 20" in text_of(app)
