"""`expressway samplesheet`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.output import talk
from expressway.studies.samplesheet import write_samplesheet

app = typer.Typer(help="Sample sheets for plain matrices.", no_args_is_help=True)


@app.command("init")
def init(
    matrix: Annotated[Path, typer.Argument(metavar="MATRIX", help="The matrix the sheet is for.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write; beside the matrix by default.")] = None,
    samples_as_rows: Annotated[
        bool | None, typer.Option("--samples-as-rows/--genes-as-rows", help="How the matrix lies; guessed by default.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of labels inside the matrix.")] = None,
) -> None:
    """Write a sample sheet to fill in, one line for each sample of the matrix."""
    target = output or matrix.with_name(f"{matrix.name.split('.')[0]}.samplesheet.csv")
    write_samplesheet(matrix, target, samples_as_rows, label_column)
    talk(f"wrote {target}; fill in its column illness, then: expressway load {matrix} --samplesheet {target}")
