"""`expressway run`: the main way, from files to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.aggregate import row, tell
from expressway.cli.context import options
from expressway.cli.load import as_dict
from expressway.cli.load import row as study_row
from expressway.cli.load import tell as tell_load
from expressway.cli.output import Format, print_json, show, talk
from expressway.cli.progress import progress_bar


def run(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Argument(metavar="PIPELINE.yaml", help="Settings file; expressway.yaml when left out.")
    ] = None,
) -> None:
    """Do everything: load, aggregate, report.

    `sources` in the settings file says what to load, `disease` of a study or of `defaults` what it is about. A study
    that fails leaves the others alone; the exit code is 1 then.
    """
    from expressway.pipeline import run_pipeline

    given = options(context)
    if config is not None:
        given.config = config
    settings = given.settings()
    with progress_bar(settings.progress) as progress:
        result = run_pipeline(settings, progress=progress)
    if given.format is Format.json:
        slices = [row(one) for aggregated in result.aggregated for one in aggregated.slices]
        reports = [str(path) for path in result.reports]
        print_json({"load": as_dict(result.load), "slices": slices, "reports": reports, "ok": result.ok})
    else:
        show([study_row(study) for study in result.load.studies], given.format, empty="no study found")
        tell_load(result.load)
        slices = [row(one) for aggregated in result.aggregated for one in aggregated.slices]
        show(slices, given.format, empty="no study is mapped to a disease")
    for aggregated in result.aggregated:
        tell(aggregated)
    for problem in result.problems:
        talk(f"error: {problem}")
        talk(f"hint: {problem.hint}")
    for path in result.reports:
        talk(f"wrote {path}")
    if not result.ok:
        raise typer.Exit(1)
