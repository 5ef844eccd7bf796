import pytest

from mlcore.train import Diverged
from tests.lab.support import new_run, read_events, small_spec, train_here
from tui.lab import events
from tui.lab.divergence import divergence_text
from tui.lab.stability import FIRST_WEIGHTS

NAN = float("nan")


def said(tensor: str, loss: float, *limit: object, epoch: int = 3, batch: int = 7, lr: float = 0.5) -> str:
    return divergence_text(Diverged(epoch, batch, tensor, loss, lr), *limit)


@pytest.mark.parametrize(
    ("tensor", "loss", "limit", "words"),
    [
        ("2.weight", 1.5, (), "The values of 2.weight left the finite numbers in epoch 3, batch 7; the steps are too"),
        ("2.weight.grad", 1.5, (), "The gradient of 2.weight left"),
        ("output", NAN, (), "The output left the finite numbers"),
        ("loss", 3.2e11, (), "The loss grew to 3.2e+11 in epoch 3, batch 7; the steps are too long: try a learning"),
        ("loss", 3.2e11, (0.043,), "rate 0.5 is above 2/lambda_max = 0.043 at the last good weights: try 0.02."),
        ("loss", NAN, (0.043, FIRST_WEIGHTS), "rate 0.5 is above 2/lambda_max = 0.043 at the first weights: try 0.02."),
        ("loss", NAN, (0.9,), "such as 0.05 (0.5 is below 2/lambda_max = 0.9 at the last good weights, but"),
        ("input", NAN, (0.9,), "The data itself holds a number that is not finite"),
    ],
)
def test_a_divergence_is_one_sentence(tensor, loss, limit, words) -> None:
    text = said(tensor, loss, *limit)
    assert words in text
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("optimizer", "lr", "limit", "advised"),
    [
        ("sgd", 1e9, (), "0.1"),
        ("adam", 1e9, (), "0.001"),
        ("adamw", 0.005, (), "0.0005"),
        ("rmsprop", 3.0, (), "0.01"),
        ("adagrad", 3.0, (), "0.01"),
        ("", 1e9, (), "0.01"),
        ("sgd", 50.0, (90.0,), "0.1 (50 is below"),
    ],
)
def test_the_advised_rate_is_one_to_train_with(optimizer, lr, limit, advised) -> None:
    event = Diverged(3, 7, "loss", NAN, lr)
    assert f"try a learning rate below {lr:g}, such as {advised}" in divergence_text(event, *limit, optimizer=optimizer)


def test_before_the_first_step_it_is_not_the_learning_rate() -> None:
    for tensor, loss, words in (
        ("output", NAN, "The first loss is not finite already"),
        ("0.weight.grad", 2.0, "The first gradient is not finite already"),
        ("loss", 4e12, "The first loss is 4e+12 already"),
    ):
        text = said(tensor, loss, 0.01, epoch=1, batch=1)
        assert words in text
        assert "learning rate" not in text
    assert "too long" in said("0.weight", 2.0, epoch=1, batch=1)  # the first step itself


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_loss_beyond_reason_ends_a_run_in_words(tmp_path, optimizer) -> None:
    settings = ("training.loss=mse", f"training.optimizer={optimizer}", "training.lr=1e7", "training.dtype=float64")
    folder = new_run(small_spec(*settings), tmp_path)
    assert train_here(folder) == 1
    last = read_events(folder)[-1]
    assert isinstance(last, events.Diverged)
    assert last.tensor == "loss"
    assert last.message.startswith("The loss grew to ")
    assert (last.lr_limit is None) == (optimizer == "adam")
