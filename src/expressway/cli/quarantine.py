"""`expressway quarantine`: batches that were refused."""

from __future__ import annotations

from typing import Annotated

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.load import report
from expressway.cli.output import show, talk

app = typer.Typer(help="Batches that were refused, with their reason.", no_args_is_help=True)
Study = Annotated[str, typer.Argument(metavar="STUDY", help="Accession of a study in quarantine.")]


@app.command("list")
def list_batches(context: typer.Context) -> None:
    """One line for each quarantined batch."""
    with open_warehouse(context, read_only=True) as warehouse:
        show(warehouse.quarantined(), options(context).format, empty="nothing is in quarantine", whole=True)


@app.command("show")
def show_cells(context: typer.Context, study: Study) -> None:
    """The offending cells of a study: line, gene, sample, text, code."""
    with open_warehouse(context, read_only=True) as warehouse:
        cells = warehouse.quarantined_cells(study)
    show(cells, options(context).format, empty=f"{study}: no single cell is to blame", whole=True)


@app.command("replay")
def replay(
    context: typer.Context,
    study: Study,
    units: Annotated[str | None, typer.Option(help="Declare the units: COUNTS, TPM, CPM, FPKM, LOG2, ...")] = None,
) -> None:
    """Load a quarantined study again from where its file lies."""
    defaults = {"units": units} if units is not None else None
    with open_warehouse(context, defaults=defaults) as warehouse:
        result = warehouse.replay(study)
    report(result, options(context).format)


@app.command("drop")
def drop(context: typer.Context, study: Study) -> None:
    """Forget the quarantined batches of a study.

    The ledger keeps its rows.
    """
    with open_warehouse(context) as warehouse:
        dropped = warehouse.drop_quarantined(study)
    talk(f"{dropped} quarantined batches of {study} are forgotten")
