"""`mlp-tui stability`: how large a learning rate may be before gradient descent runs away."""

import textwrap
from typing import Annotated

import typer

from tui.commands.experiment import Data, RecipeName, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input, columns, print_json


def stability(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> int:
    """The learning rate held against 2/E|x|² and 2/lambda_max, at the first weights."""
    with bad_input():
        import dataclasses

        from tui.lab import stability as limits
        from tui.lab.build import prepare
        from tui.lab.spec import Spec

        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        found = limits.stability(spec, prepare(spec))
    if json:
        print_json({"at": "first weights", "optimizer": spec.training.optimizer, **dataclasses.asdict(found)})
        return 0
    sampled = f"{found.samples:,} of" if found.samples < found.of else "all"
    settled = "" if found.converged else ", not settled: a lower bound"
    table = [
        ["2/E|x|²", f"{found.input_limit:.4g}", f"{found.of:,} training samples, the bias as an input 1"],
        ["lambda_max", f"{found.largest:.4g}", f"{sampled} {found.of:,} samples; {found.products} products{settled}"],
        ["lr limit", f"{found.lr_limit:.4g}", _limit_words(spec.training.optimizer, spec.training.momentum)],
        ["training.lr", f"{found.lr:.4g}", spec.training.optimizer],
    ]
    for line in columns(table):
        print(line)
    print()
    for line in textwrap.wrap(f"{found.sentence}.", 80):
        print(line)
    print("All of it at the first weights: the curvature changes while the network learns.")
    return 0


def _limit_words(optimizer: str, momentum: float) -> str:
    if optimizer == "sgd" and momentum:
        return f"2/lambda_max, times what momentum {momentum:g} allows"
    return "2/lambda_max: gradient descent is stable below it"
