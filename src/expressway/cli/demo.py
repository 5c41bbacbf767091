"""`expressway demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expressway.cli.context import options
from expressway.cli.load import as_dict, row, tell
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
    """Simulate five studies, load and show them."""
    from expressway.pipeline import run_demo

    with progress_bar() as progress:
        result = run_demo(folder, warehouse=options(context).warehouse, progress=progress)
    talk(f"Simulated and loaded five studies in {folder}/:")
    _show(result, options(context).format)
    talk(f"\nNext: expressway --warehouse {result.warehouse} studies show {result.load.studies[0].study}")
    if not result.load.ok:
        raise typer.Exit(1)


def _show(result: DemoResult, form: Format) -> None:
    """Three tables; as JSON one document, as CSV one table with a line for each study."""
    studies = [row(study) for study in result.load.studies]
    if form is Format.json:
        labels, quality = result.labels.to_dicts(), result.quality.to_dicts()
        print_json(as_dict(result.load) | {"labels": labels, "quality": quality})
        return
    if form is Format.csv:
        parts = {part["study"]: part for part in result.quality.to_dicts()}
        show([line | parts.get(line["study"], {}) for line in studies], form)
        return
    show(studies, form)
    tell(result.load)
    talk("\nLabels, with the rule that gave them:")
    show(result.labels, form)
    talk("\nQuality, 0 to 100, and its parts:")
    show(result.quality, form)
