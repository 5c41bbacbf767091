"""`expressway runs`: the ledger."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.output import Format, print_json, show

app = typer.Typer(help="Runs and their steps.", no_args_is_help=True)


@app.command("list")
def list_runs(
    context: typer.Context,
    status: Annotated[str | None, typer.Option(help="SUCCESS, FAILED, LOST (killed) or RUNNING.")] = None,
) -> None:
    """Runs, newest first."""
    with open_warehouse(context, read_only=True) as warehouse:
        show(warehouse.runs(status), options(context).format, empty="no run")


@app.command("show")
def show_run(
    context: typer.Context, run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, or its first characters.")]
) -> None:
    """The steps of a run; --format json shows their context too."""
    with open_warehouse(context, read_only=True) as warehouse:
        steps = warehouse.run(run)
    form = options(context).format
    if form is Format.json:
        rows = steps.rename({"context_json": "context"}).to_dicts()
        print_json([row | {"context": json.loads(row["context"] or "null")} for row in rows])
    else:
        show(steps.drop("context_json"), form, whole=True)
