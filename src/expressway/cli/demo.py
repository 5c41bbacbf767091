"""`expressway demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.context import options
from expressway.cli.load import report
from expressway.cli.output import show, talk
from expressway.cli.progress import progress_bar
from expressway.pipeline import run_demo


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to work; kept for you to look at.")] = Path(
        "expressway-demo"
    ),
) -> None:
    """Simulate five studies, load them, and show what is known about them."""
    form = options(context).format
    with progress_bar() as progress:
        result = run_demo(folder, progress=progress)
    talk(f"Simulated and loaded five studies in {folder}/:")
    report(result.load, form)
    talk("\nLabels, with the rule that gave them:")
    show(result.labels, form)
    talk("\nQuality, 0 to 100, and its parts:")
    show(result.quality, form)
    url = f"duckdb:///{folder}/expressway.duckdb"
    talk(f"\nNext: expressway --warehouse {url} studies show {result.load.studies[0].study}")
    if not result.load.ok:
        raise typer.Exit(1)
