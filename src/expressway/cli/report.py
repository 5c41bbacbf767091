"""`expressway report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.aggregate import Disease, Organism, Technology
from expressway.cli.context import open_warehouse
from expressway.cli.output import talk


def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="FILE.html; needs no other file to be read.")] = Path(
        "report.html"
    ),
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
    top: Annotated[int, typer.Option("--top", min=0, help="How many of the listed pairs to show in detail.")] = 20,
) -> None:
    """Write what was found into one HTML file.

    And how far to believe it.
    """
    from expressway.pipeline import write_report

    with open_warehouse(context, read_only=True) as warehouse:
        write_report(warehouse, out, disease=disease, technology=technology, organism=organism, top=top)
    talk(f"wrote {out}")
