"""`mlp-tui calc`: the small sums of the lab sheets."""

from typing import Annotated

import typer

from tui.commands.output import bad_input, columns, print_json

app = typer.Typer(help="The small sums of the lab sheets.", rich_markup_mode=None)


@app.command("softmax", context_settings={"ignore_unknown_options": True})
def softmax(
    logits: Annotated[list[float], typer.Argument(metavar="LOGIT ...", help="Two or more numbers.")],
    json: Annotated[bool, typer.Option("--json", help="A JSON line for each class.")] = False,
) -> int:
    """The probability of each class, and the negative log-likelihood where that class is the right one."""
    with bad_input():
        from tui.lab.calc import softmax_table

        rows = [{key: value + 0 for key, value in row.items()} for row in softmax_table(logits)]  # + 0: no -0
    if json:
        for row in rows:
            print_json(row)
        return 0
    table = [["class", "logit", "probability", "NLL"]]
    table += [[str(row["class"]), *(f"{row[key]:.6g}" for key in ("logit", "probability", "nll"))] for row in rows]
    for line in columns(table):
        print(line)
    return 0
