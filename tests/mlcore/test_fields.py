"""Decision regions."""

import numpy as np
import pytest

from mlcore import CrossEntropyLoss, MSELoss, Sequential, build_mlp
from mlcore.fields import plane, principal_plane, regions, surface
from mlcore.layers import Dropout, Linear

X = np.array([[0.0, 10.0, 5.0], [4.0, 30.0, 7.0]])


def test_centres_of_the_cells() -> None:
    grid = plane(X, columns=6, rows=2, margin=1)
    assert grid.x_range == (-1, 5)
    assert grid.y_range == (9, 31)
    points = grid.points.reshape(2, 6, 3)
    np.testing.assert_allclose(points[0, :, 0], [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5])
    np.testing.assert_allclose(points[:, 0, 1], [25.5, 14.5])  # the top row has the largest y
    assert not points[:, :, 2].any()


def test_other_features_margins_and_choice() -> None:
    grid = plane(X, (2, 0), columns=3, rows=3, margin_share=0.5, others="mean")
    assert grid.x_range == (4, 8)
    assert grid.y_range == (-2, 6)
    assert (grid.points[:, 1] == 20).all()
    constant = plane(np.ones((3, 2)), columns=2, rows=2, margin=0)
    assert constant.x_range == (0, 2)
    holes = plane([[0.0, np.nan], [2.0, 1.0], [np.inf, 3.0]], columns=2, rows=2)
    assert holes.x_range == (-1, 3)
    assert holes.y_range == (0, 4)


def test_wrong_features() -> None:
    with pytest.raises(ValueError, match=r"features \(0, 3\) are not all in 0..2"):
        plane(X, (0, 3), columns=2, rows=2)
    with pytest.raises(ValueError, match="others must be"):
        plane(X, columns=2, rows=2, others="median")


def test_regions_of_a_known_boundary() -> None:
    net = Sequential(Linear(2, 2), Dropout(0.9))
    net[0].load_state_dict({"weight": [[1, 0], [0, 0]], "bias": [0, 0]})  # class 0 where x > 0
    grid = plane(np.array([[-1.0, -1], [1, 1]]), columns=4, rows=3, margin=0)
    result = regions(net, CrossEntropyLoss(), grid)
    np.testing.assert_array_equal(result.classes, [[1, 1, 0, 0]] * 3)
    assert result.classes.dtype == np.int64
    np.testing.assert_allclose(result.confidence[0, 3], 1 / (1 + np.exp(-0.75)), rtol=1e-6)
    assert net.training
    shifted = regions(net, CrossEntropyLoss(), grid, transform=lambda points: points + 10)
    assert not shifted.classes.any()


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), MSELoss()])
@pytest.mark.parametrize("outputs", [2, 5])
def test_confidence_lies_between_chance_and_certainty(loss: CrossEntropyLoss, outputs: int) -> None:
    net = build_mlp(3, [8], outputs, rng=np.random.default_rng(0))
    result = regions(net, loss, plane(X, columns=10, rows=5))
    assert result.classes.shape == result.confidence.shape == (5, 10)
    assert (result.confidence >= 1 / outputs - 1e-6).all()
    assert (result.confidence <= 1 + 1e-6).all()
    net.parameters()[0].data.fill(np.nan)
    assert (regions(net, loss, plane(X, columns=10, rows=5)).confidence == 1 / np.float32(outputs)).all()


def test_the_surface_of_a_regression() -> None:
    network = Sequential(Linear(2, 2, rng=np.random.default_rng(0)))
    network[0].weight.data[...] = [[1.0, 0.0], [0.0, 2.0]]
    network[0].bias.data[...] = [0.0, 1.0]
    X = np.array([[0.0, 0.0], [4.0, 2.0]])
    grid = plane(X, columns=4, rows=2, margin=0)
    values = surface(network, grid)
    assert values.shape == (2, 4, 2)
    np.testing.assert_allclose(values[0, :, 0], [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(values[:, 0, 1], [1 + 2 * 1.5, 1 + 2 * 0.5])
    np.testing.assert_allclose(
        surface(network, grid, transform=lambda points: points / 2)[0, :, 0], [0.25, 0.75, 1.25, 1.75]
    )


@pytest.mark.parametrize(("n", "d"), [(200, 5), (6, 40)])
def test_the_principal_plane_lies_closest_to_the_samples(n: int, d: int) -> None:
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(n, d)) * np.geomspace(4, 0.1, d) + 7
    grid = principal_plane(samples, columns=8, rows=5)
    centred = samples - samples.mean(axis=0)
    np.testing.assert_allclose(grid.directions @ grid.directions.T, np.eye(2), atol=1e-12)
    values = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(np.square(grid.project(samples)).sum(axis=0), np.square(values[:2]))
    np.testing.assert_allclose(grid.project(grid.points)[:8, 1], grid.project(grid.points)[0, 1])  # the top row
    low, high = grid.x_range
    assert low < grid.project(samples)[:, 0].min()
    assert high > grid.project(samples)[:, 0].max()
    again = principal_plane(-samples, columns=8, rows=5)
    np.testing.assert_allclose(again.directions, grid.directions, atol=1e-9)


def test_a_principal_plane_of_one_sample_and_of_one_feature() -> None:
    assert np.isfinite(principal_plane(np.ones((1, 3)), columns=2, rows=2).points).all()
    with pytest.raises(ValueError, match="two features"):
        principal_plane(np.ones((4, 1)), columns=2, rows=2)


def test_samples_on_the_plane_of_two_features() -> None:
    grid = plane(X, (2, 0), columns=3, rows=3, others="mean")
    np.testing.assert_array_equal(grid.project(X), X[:, [2, 0]])
    np.testing.assert_allclose(grid.project(grid.points), grid.points[:, [2, 0]])
