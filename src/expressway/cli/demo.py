"""`expressway demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expressway.cli.aggregate import row as slice_row
from expressway.cli.aggregate import tell
from expressway.cli.context import options
from expressway.cli.load import as_dict
from expressway.cli.load import row as study_row
from expressway.cli.load import tell as tell_load
from expressway.cli.output import Format, print_json, show, talk
from expressway.cli.progress import progress_bar

if TYPE_CHECKING:
    from expressway.pipeline import DemoResult


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to work; kept for you to look at.")] = Path(
        "expressway-demo"
    ),
) -> None:
    """Simulate studies and do the whole job.

    Five studies with planted pairs: what was found beside what was planted.
    """
    from expressway.pipeline import run_demo

    with progress_bar() as progress:
        result = run_demo(folder, warehouse=options(context).warehouse, progress=progress)
    talk(f"Simulated and loaded five studies in {folder}/:")
    _show(result, options(context).format)
    talk(f"\nThe report, for a browser: {result.report}")
    a, b = result.top["pair_uid"][0].split("|") if result.top.height else ("GENE_A", "GENE_B")
    talk(f"Next: expressway --warehouse {result.warehouse} pair {a} {b}")
    if not (result.load.ok and result.aggregated.ok):
        raise typer.Exit(1)


def _show(result: DemoResult, form: Format) -> None:
    """Tables; as JSON one document, as CSV the best pairs."""
    studies = [study_row(study) for study in result.load.studies]
    slices = [slice_row(one) for one in result.aggregated.slices]
    if form is Format.json:
        tables = {"top": result.top, "recovered": result.recovered, "quality": result.quality}
        shown = {name: frame.to_dicts() for name, frame in tables.items()}
        print_json(as_dict(result.load) | {"slices": slices} | shown | {"report": str(result.report)})
        return
    if form is Format.csv:
        show(result.top, form)
        return
    show(studies, form)
    tell_load(result.load)
    talk("\nAll pairs of genes, in every cohort of every study, pooled:")
    show(slices, form)
    tell(result.aggregated)
    talk("\nThe best pairs, beside what was planted:")
    show(result.top, form)
    talk("\nHow much of what was planted the list finds:")
    show(result.recovered, form)
