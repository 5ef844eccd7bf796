"""`mlp-tui find-lr`, `trace` and `time`: looks into an experiment before it is trained."""

from typing import Annotated, Any

import typer

from tui.commands.experiment import Data, RecipeName, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input, columns, print_json

Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


def find_lr(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    iterations: Annotated[int, typer.Option("--iterations", min=2, max=100_000, help="Batches to train on.")] = 100,
    json: Json = False,
) -> int:
    """Train a little while the learning rate grows, and suggest one. Exit status 1 where the loss never falls."""
    with bad_input():
        from tui.lab.build import prepare
        from tui.lab.looks import find_learning_rate
        from tui.lab.spec import Spec

        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        curve = find_learning_rate(spec, prepare(spec), iterations=iterations)
    if json:
        for point in curve.points:
            print_json({"lr": point.lr, "loss": point.loss, "smoothed": point.smoothed})
        print_json({"suggestion": curve.suggestion, "reason": curve.reason})
    else:
        table = [["lr", "loss", "smoothed"]]
        table += [[f"{p.lr:.3g}", f"{p.loss:.4g}", f"{p.smoothed:.4g}"] for p in curve.points]
        for line in columns(table):
            print(line)
        ends = {
            "end": "the last rate was tried",
            "rising": "the loss rose to four times its least",
            "not finite": "the loss left the finite numbers",
        }
        print(f"ended: {ends[curve.reason]}")
        if curve.suggestion is not None:
            print(f"suggestion, where the loss falls fastest: --set training.lr={curve.suggestion:.2g}")
    if curve.suggestion is None:
        typer.echo("the loss never falls: no learning rate can be suggested; try more --iterations", err=True)
        return 1
    return 0


def trace(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    sample: Annotated[int, typer.Option("--sample", min=0, help="Which training sample, from 0.")] = 0,
    dot: Annotated[bool, typer.Option("--dot", help="Graphviz DOT, as for `dot -Tsvg`.")] = False,
    json: Json = False,
) -> int:
    """Every addition and product of one sample, with its value and its gradient."""
    if dot and json:
        raise typer.BadParameter("name one of --dot and --json", param_hint="--dot")
    with bad_input():
        from tui.lab.build import prepare
        from tui.lab.looks import trace_sample
        from tui.lab.spec import Spec

        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        graph = trace_sample(spec, prepare(spec), sample)
    if dot:
        print(graph.to_dot(), end="")
        return 0
    if json:
        import dataclasses

        for node in graph.nodes:
            print_json(dataclasses.asdict(node))
        return 0
    table = [["node", "operation", "of", "value", "gradient", "name"]]
    for node in graph.nodes:
        numbers = [f"{node.value:.6g}", f"{node.gradient:.6g}"]
        table.append([str(node.id), node.op, " ".join(map(str, node.inputs)), *numbers, node.label])
    for line in columns(table):
        print(line)
    return 0


def time(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    json: Json = False,
) -> int:
    """Where the time of a step goes: each readable layer's forward and backward pass, and a whole step of the run."""
    with bad_input():
        from tui.lab.build import prepare
        from tui.lab.looks import time_batch, time_step
        from tui.lab.spec import Spec

        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        prepared = prepare(spec)
        times, step = time_batch(spec, prepared), time_step(spec, prepared)
    rows: list[dict[str, Any]] = [
        {
            "layer": layer.index,
            "name": layer.name,
            "forward": layer.forward,
            "backward": layer.backward,
            "share": times.share(layer),
        }
        for layer in times.layers
    ]
    if json:
        for row in rows:
            print_json(row)
        print_json({"step": step.seconds, "steps": step.steps, "form": "layers" if step.readable else "fast"})
        return 0
    table = [["layer", "", "forward", "backward", "share"]]
    for row in rows:
        seconds = [f"{row[key] * 1e6:,.0f} µs" for key in ("forward", "backward")]
        table.append([row["layer"], row["name"], *seconds, f"{row['share']:.0%}".replace("%", " %")])
    for line in columns(table):
        print(line)
    print(f"the readable layers: one pass {times.total * 1e6:,.0f} µs, without batch and update;")
    print(f"their bottleneck: {times.bottleneck.index} {times.bottleneck.name}")
    took = f"{step.seconds * 1e6:,.0f} µs a step, batch and update included"
    if step.readable:
        print(f"the run itself trains with these layers: {took}")
        print(f"(no fast form: {step.readable})")
    else:
        print(f"the run itself trains with the fast form: {took}")
    return 0
