"""The first iteration, step by step, is the first step of the run."""

import numpy as np
import pytest

from mlcore.train import StepDone, fit
from tests.lab.support import small_spec
from tui.lab.build import make_loss, make_optimizer, make_schedule, network, order_rng, prepare, targets
from tui.lab.errors import LabError
from tui.lab.iteration import STEPS, first_iteration, step_number
from tui.lab.spec import Spec


def after_one_step(spec: Spec) -> dict[str, np.ndarray]:
    """The weights after `fit` has trained on one batch, by the readable layers."""
    data = prepare(spec)
    net, t = network(spec, data.in_features, 2), spec.training
    steps = fit(
        net,
        make_loss(spec, data),
        make_optimizer(spec, net),
        targets(spec, data.train, 2),
        epochs=t.epochs,
        batch_size=t.batch_size,
        sampling=t.sampling,
        schedule=make_schedule(spec),
        clip_norm=t.clip_norm or None,
        clip_value=t.clip_value or None,
        rng=order_rng(spec),
        fast=False,
    )
    assert isinstance(next(steps), StepDone)
    return net.state_dict()


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("training.batch_size=full",),
        ("training.batch_size=1000",),
        ("training.sampling=replacement",),
        ("training.sampling=sequential", "training.optimizer=sgd", "training.momentum=0.9"),
        ("training.schedule=one_cycle", "training.optimizer=sgd"),
        ("training.clip_norm=0.01", "training.optimizer=sgd"),
        ("training.clip_value=0.001", "training.clip_norm=0.002", "training.optimizer=sgd"),
        ("training.class_weight=1,3", "training.label_smoothing=0.1", "training.labels=one_hot"),
    ],
)
def test_it_is_the_runs_own_first_step(settings) -> None:
    spec = small_spec(*settings)
    steps = list(first_iteration(spec, prepare(spec)))
    assert [step.name for step in steps] == list(STEPS)
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
    moved = {array.name: array.array for array in steps[-1].arrays}
    for name, weights in after_one_step(spec).items():
        np.testing.assert_array_equal(moved[name], weights, err_msg=name)


def test_clipping_is_said_before_the_rule() -> None:
    spec = small_spec("training.clip_norm=0.01", "training.clip_value=0.5")
    *_, last = first_iteration(spec, prepare(spec))
    assert last.formulas[0] == "first clipped: each entry of g within ±0.5, then all of g together at most 0.01 long"
    *_, last = first_iteration(small_spec(), prepare(small_spec()))
    assert "clipped" not in " ".join(last.formulas)


def test_a_step_is_named_by_its_word_or_its_number() -> None:
    assert [step_number(text) for text in ("1", "backward", "step", "6")] == [1, 5, 6, 6]
    for wrong in ("0", "7", "back", "", "²"):
        with pytest.raises(LabError, match="expected one of 1 batch, 2 zero_grad"):
            step_number(wrong)
