"""Schedules. tests/mlcore/test_against_pytorch.py compares their factors."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import SCHEDULE_KINDS, SCHEDULES, schedule


@given(st.sampled_from(list(SCHEDULE_KINDS)), st.integers(1, 200))
def test_factors_lie_in_0_to_1(name: str, epochs: int) -> None:
    plan = schedule(name, epochs)
    factors = [plan.factor(epoch) for epoch in range(1, epochs + 3)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert max(factors) > 0.3  # none of them leaves a run without learning
    if name in SCHEDULES:
        assert factors == [SCHEDULES[name](epoch, epochs) for epoch in range(1, epochs + 3)]


def test_step_without_options_takes_thirds() -> None:
    plan = schedule("step", 9)
    assert [plan.factor(epoch) for epoch in range(1, 10)] == pytest.approx([1] * 3 + [0.1] * 3 + [0.01] * 3)
    plan = schedule("multistep", 8)
    assert [plan.factor(epoch) for epoch in range(1, 9)] == pytest.approx([1] * 4 + [0.1] * 2 + [0.01] * 2)


def test_a_plateau_is_left_after_more_than_patience_bad_epochs() -> None:
    plan = schedule("reduce_on_plateau", 50, patience=3)
    for epoch, figure in enumerate([1.0, 0.5, 0.5, 0.5, 0.49999, float("nan")], 1):
        assert plan.factor(epoch) == 1
        plan.observe(figure)
    assert plan.factor(7) == pytest.approx(0.1)
    rising = schedule("reduce_on_plateau", 50, patience=0, mode="max", monitor="val_accuracy")
    rising.observe(0.8)
    rising.observe(0.9)
    assert rising.factor(3) == 1
    rising.observe(0.9)
    assert rising.factor(4) == pytest.approx(0.1)


def test_a_plateau_ends_near_1e_8_as_torch_does() -> None:
    plan = schedule("reduce_on_plateau", 100, patience=0)
    for _ in range(30):
        plan.observe(1.0)
    assert plan.factor(31) == pytest.approx(1e-8)
    on = schedule("reduce_on_plateau", 100, patience=0, eps=0.0)
    for _ in range(30):
        on.observe(1.0)
    assert on.factor(31) < 1e-20


def test_warm_up_goes_on_with_another() -> None:
    plan = schedule("warmup", 10, warmup_epochs=2, start_factor=0.5, then="linear")
    expected = [0.5, 0.75, *(SCHEDULES["linear"](epoch, 8) for epoch in range(1, 9))]
    assert [plan.factor(epoch) for epoch in range(1, 11)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("odd", {}, "unknown schedule 'odd': choose one of constant, step, "),
        ("step", {"size": 3}, "schedule 'step' has no option size: it takes step_size, gamma"),
        ("constant", {"gamma": 3}, "it takes none"),
        ("one_cycle", {"pct_start": 2}, r"pct_start must lie in 0\.\.1"),
        ("one_cycle", {"anneal_strategy": "sin"}, "anneal_strategy must be"),
        ("warmup", {"then": "warmup"}, "cannot be followed by warmup"),
        ("reduce_on_plateau", {"mode": "up"}, "mode must be"),
        ("reduce_on_plateau", {"factor": 1}, "factor must lie between 0 and 1"),
        ("reduce_on_plateau", {"monitor": "speed"}, "unknown monitor 'speed'"),
        ("reduce_on_plateau", {"patience": -1}, "patience must be at least 0, received -1"),
        ("step", {"step_size": 0}, "step_size must be at least 1, received 0"),
        ("step", {"gamma": -1.0}, "gamma must be at least 0"),
        ("multistep", {"milestones": 5}, "milestones is a list of epochs, received 5"),
        ("exponential", {"gamma": float("nan")}, "gamma must be at least 0, received nan"),
        ("cosine", {"T_max": 0}, "T_max must be at least 1, received 0"),
        ("linear", {"total_iters": -1}, "total_iters must be at least 0"),
        ("one_cycle", {"div_factor": 0}, "div_factor must be larger than 0, received 0"),
        ("one_cycle", {"final_div_factor": -1.0}, "final_div_factor must be larger than 0"),
        ("warmup", {"warmup_epochs": -3}, "warmup_epochs must be at least 0, received -3"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        schedule(name, 10, **options)


def test_options_have_the_names_and_defaults_of_torch() -> None:
    def defaults(name: str) -> dict[str, object]:
        return {key: value.default for key, value in inspect.signature(SCHEDULE_KINDS[name]).parameters.items()}

    assert defaults("step")["gamma"] == 0.1
    assert defaults("one_cycle")["pct_start"] == 0.3
    plateau = defaults("reduce_on_plateau")
    assert (plateau["factor"], plateau["patience"], plateau["threshold"]) == (0.1, 10, 1e-4)
