"""`expressway export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.aggregate import Disease, Organism, Technology
from expressway.cli.context import open_warehouse
from expressway.cli.output import talk, warn_of_formulas

app = typer.Typer(help="Take data out of the warehouse.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Take data out of the warehouse."""


@app.command("expression")
def expression(
    context: typer.Context,
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Accession of a loaded study.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.parquet, FILE.csv or FILE.h5ad.")],
) -> None:
    """Write the expression of a study: Parquet, CSV or AnnData."""
    with open_warehouse(context, read_only=True) as warehouse:
        rows = warehouse.export_expression(study, output)
    _told(output, f"{rows:,} rows")


@app.command("pairs")
def pairs(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.parquet, FILE.csv or FILE.h5ad.")],
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
) -> None:
    """Write the stored pairs of a slice.

    A manifest beside them has checksums, settings, versions and citations.
    """
    with open_warehouse(context, read_only=True) as warehouse:
        rows = warehouse.export_pairs(output, disease, technology, organism)
    _told(output, f"{rows:,} pairs")


def _told(output: Path, size: str) -> None:
    talk(f"wrote {output}, {size}")
    if output.suffix.lower() == ".csv":
        import polars as pl

        warn_of_formulas(pl.scan_csv(output, infer_schema=False, glob=False))
