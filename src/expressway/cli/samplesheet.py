"""`expressway samplesheet`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.output import talk

app = typer.Typer(help="Sample sheets for plain matrices.", no_args_is_help=True)


@app.command("init")
def init(
    matrix: Annotated[Path, typer.Argument(metavar="MATRIX", help="The matrix the sheet is for.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; beside the matrix by default.")
    ] = None,
    samples_as_rows: Annotated[
        bool | None, typer.Option("--samples-as-rows/--genes-as-rows", help="How the matrix lies; guessed by default.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of labels inside the matrix.")] = None,
) -> None:
    """Write a sample sheet to fill in.

    It has one line for each sample of the matrix.
    """
    from expressway.studies.samplesheet import default_sheet, write_samplesheet

    draft = write_samplesheet(matrix, output or default_sheet(matrix), samples_as_rows, label_column)
    talk(f"wrote {draft.target}, {draft.samples} samples; fill in its column illness, then:")
    talk(f"expressway load {matrix}" + (f" --samplesheet {draft.target}" if output else ""))
