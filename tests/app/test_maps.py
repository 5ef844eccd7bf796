"""Where the decision map lies: what it holds the features at that it does not draw."""

import numpy as np
import pytest

from tests.app.support import NO_RUNS
from tui.app.services.maps import MapRequest, MapService
from tui.app.session import MapState
from tui.lab.build import load_data, prepare
from tui.lab.spec import Spec, set_values

SPEC = set_values(Spec(), ["data.source=tp4", "model.hidden=", "data.scale=standard"])
PREPARED = prepare(SPEC, load_data(SPEC))


class Nobody:
    def post_fact(self, fact: object) -> None:
        raise AssertionError(fact)

    dispatch = post_fact


def drawn(undrawn: str, prepared=PREPARED) -> tuple[MapService, MapState]:
    service = MapService(Nobody())  # type: ignore[arg-type]
    request = MapRequest(SPEC, prepared, (0, 1), 12, 8, undrawn, run=NO_RUNS)
    return service, service._draw(request, None)


@pytest.mark.parametrize(
    ("undrawn", "held", "words"),
    [("auto", 0.0, "others = 0"), ("zero", 0.0, "others = 0"), ("mean", None, "others = mean")],
)
def test_features_that_are_not_drawn(undrawn: str, held: float | None, words: str) -> None:
    service, state = drawn(undrawn)
    assert state.others == words
    grid, _ = service._plane(MapRequest(SPEC, PREPARED, (0, 1), 12, 8, undrawn, run=NO_RUNS))
    expected = PREPARED.dataset.X.mean(axis=0)[2:] if held is None else np.zeros(8)
    np.testing.assert_allclose(grid.points[:, 2:], np.broadcast_to(expected, (96, 8)), atol=1e-12)


def test_the_principal_plane_is_that_of_the_networks_inputs() -> None:
    _, state = drawn("principal")
    assert state.others == ""
    assert state.data is not None
    assert state.data.points is not None
    Z = PREPARED.scale(PREPARED.dataset.X)
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(Z.T))[::-1][:2])
    np.testing.assert_allclose([state.data.points.x.std(), state.data.points.y.std()], spread, rtol=0.1)
    # Points and cells are drawn on one scale: a point that is shown lies on the map.
    for values, (low, high) in ((state.data.points.x, state.data.x_range), (state.data.points.y, state.data.y_range)):
        assert low - 1 < values.min() < values.max() < high + 1


def test_the_plane_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = drawn("principal")
    monkeypatch.setattr("tui.app.services.maps.principal_plane", None)
    service._draw(MapRequest(SPEC, PREPARED, (0, 1), 12, 8, "principal", run=NO_RUNS), None)
