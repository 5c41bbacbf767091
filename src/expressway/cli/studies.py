"""`expressway studies`: what is loaded, and what it is about."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.load import report
from expressway.cli.output import Format, print_json, show, talk

app = typer.Typer(help="Studies in the warehouse.", no_args_is_help=True)
Study = Annotated[str, typer.Argument(metavar="STUDY", help="Accession of a loaded study.")]


@app.command("list")
def list_studies(context: typer.Context) -> None:
    """One line for each study."""
    with open_warehouse(context) as warehouse:
        show(warehouse.studies(), options(context).format, empty="no study is loaded")


@app.command("show")
def show_study(context: typer.Context, study: Study) -> None:
    """Everything known about a study: units with their evidence, quality, labels, messages, batches."""
    with open_warehouse(context) as warehouse:
        found = warehouse.study(study)
    if options(context).format is Format.json:
        print_json(found)
        return
    for title in ("study", "batch", "quality", "qc"):
        section: Any = found[title]
        talk(f"\n{title}")
        show(_pairs(section or {}), options(context).format)
    units: Any = found["units"]
    talk("\nunit evidence")
    show(_pairs_of_steps(units["evidence"] or []), options(context).format)
    for title in ("labels", "messages", "history"):
        rows: Any = found[title]
        talk(f"\n{title}")
        show(rows, options(context).format)


def _pairs(section: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"field": key, "value": str(value)}
        for name, value in section.items()
        for key, value in (value.items() if isinstance(value, dict) else [(name, value)])
        if value is not None
    ]


def _pairs_of_steps(steps: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "step": str(step.get("step")),
            "outcome": str(step.get("outcome")),
            "figures": ", ".join(f"{key}={value}" for key, value in step.items() if key not in {"step", "outcome"}),
        }
        for step in steps
    ]


@app.command("map")
def map_study(
    context: typer.Context,
    study: Study,
    disease: Annotated[str, typer.Option(help="Disease the study is about, e.g. SEPSIS.")],
) -> None:
    """Say which disease a study is about; the former mapping ends."""
    with open_warehouse(context) as warehouse:
        warehouse.map_study(study, disease)
    talk(f"{study} is mapped to {disease.upper()}")


@app.command("unmap")
def unmap_study(context: typer.Context, study: Study) -> None:
    """End the disease mapping of a study."""
    with open_warehouse(context) as warehouse:
        had = warehouse.unmap_study(study)
    talk(f"the mapping of {study} has ended" if had else f"{study} had no mapping")


@app.command("relabel")
def relabel(context: typer.Context, study: Study) -> None:
    """Apply the present rules and overrides to a study; facts are not loaded again."""
    with open_warehouse(context) as warehouse:
        result = warehouse.relabel(study)
    report(result, options(context).format)
    if not result.ok:
        raise typer.Exit(1)


@app.command("remove")
def remove(
    context: typer.Context,
    study: Study,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a study with its facts; the ledger keeps its history."""
    if not yes and not typer.confirm(f"Remove {study} and all its facts?", err=True):
        raise typer.Exit(1)
    with open_warehouse(context) as warehouse:
        removed = warehouse.remove_study(study)
    talk(f"{study} is removed, {removed:,} facts")
