"""`expressway load`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.output import Format, print_json, show, talk
from expressway.cli.progress import progress_bar

if TYPE_CHECKING:
    from expressway.warehouse.load import StudyResult
    from expressway.warehouse.loading import LoadResult


def load(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="refine.bio downloads, or matrices with a sample sheet.")
    ],
    workers: Annotated[int | None, typer.Option(min=1, help="Studies at the same time.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory to use, e.g. 2GiB.")] = None,
    samplesheet: Annotated[Path | None, typer.Option(help="Sample sheet of a plain matrix.")] = None,
    samples_as_rows: Annotated[
        bool | None, typer.Option("--samples-as-rows/--genes-as-rows", help="How a plain matrix lies.")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Column of labels inside a matrix of samples as rows.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Accession for a plain matrix; its file name by default.")] = None,
    units: Annotated[str | None, typer.Option(help="Declare the units: COUNTS, TPM, CPM, FPKM, LOG2, ...")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and touch nothing.")] = False,
) -> None:
    """Load studies into the warehouse, each all or nothing."""
    defaults = {
        "samplesheet": None if samplesheet is None else samplesheet.absolute(),  # a replay may start elsewhere
        "samples_as_rows": samples_as_rows,
        "label_column": label_column,
        "accession": study,
        "units": units,
    }
    given = {name: value for name, value in defaults.items() if value is not None}
    warehouse = open_warehouse(context, read_only=dry_run, memory=memory, workers=workers, defaults=given or None)
    with warehouse, progress_bar(warehouse.settings.progress) as progress:
        result = warehouse.load(*paths, dry_run=dry_run, progress=progress)
    report(result, options(context).format)


def report(result: LoadResult, form: Format) -> None:
    """Print what happened to each study, warnings and errors on stderr; ends with code 1 where one was not loaded."""
    if form is Format.json:
        print_json(as_dict(result))
    else:
        show([row(study) for study in result.studies], form, empty="no study found")
    tell(result)
    if not result.ok:
        raise typer.Exit(1)


def as_dict(result: LoadResult) -> dict[str, Any]:
    """Everything that is known about a load."""
    return {"run_id": result.run_id, "studies": [_full_row(study) for study in result.studies]}


def row(study: StudyResult) -> dict[str, Any]:
    """What happened to a study, in one line."""
    return {
        "study": study.study,
        "action": study.action,
        "genes": study.genes,
        "samples": study.samples,
        "cells": study.cells_loaded,
        "units": study.unit_tag,
        "quality": study.quality_score,
        "seconds": study.seconds,
        "batch": study.batch_id,
    }


def tell(result: LoadResult) -> None:
    """Say warnings and errors on stderr."""
    for study in result.studies:
        for message in study.messages:
            if message.severity == "WARNING":
                talk(f"{study.study}: warning {message.code}: {message.details}")
        if study.error is not None:
            talk(f"{study.study}: error {study.error['code']} {study.error['name']}: {study.error['message']}")
            talk(f"hint: {str(study.error['hint']).replace('STUDY', study.study)}")


def _full_row(study: StudyResult) -> dict[str, Any]:
    messages = [{"code": m.code, "severity": m.severity, "details": m.details} for m in study.messages]
    return row(study) | {"messages": messages, "error": study.error}
