"""`expressway genes`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.output import show

app = typer.Typer(help="Gene annotation.", no_args_is_help=True)


@app.command("load")
def load(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Ensembl or annotables table, HGNC table, or GTF; .gz too.")
    ],
    organism: Annotated[str | None, typer.Option(help="e.g. HOMO_SAPIENS; told from the gene ids by default.")] = None,
    release: Annotated[str | None, typer.Option(help="Release to record, e.g. 109.")] = None,
) -> None:
    """Load symbols, names, positions and aliases.

    A table adds to what is known and replaces what is known otherwise; only names and types of an HGNC table never
    replace those of an Ensembl table or a GTF, whichever is loaded first. Facts stay as they are.
    """
    from expressway.studies.annotation import read_annotation

    annotations = [read_annotation(path, organism=organism, release=release) for path in paths]
    with open_warehouse(context) as warehouse:
        rows = [asdict(warehouse.load_genes(annotation)) for annotation in annotations]
    show(rows, options(context).format)
