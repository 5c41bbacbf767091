"""`expressway studies`: what is loaded, and what it is about."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.load import report
from expressway.cli.output import Format, print_json, show, talk, written_time

app = typer.Typer(help="Studies in the warehouse.", no_args_is_help=True)
Study = Annotated[str, typer.Argument(metavar="STUDY", help="Accession of a loaded study.")]


@app.command("list")
def list_studies(context: typer.Context) -> None:
    """One line for each study."""
    with open_warehouse(context, read_only=True) as warehouse:
        show(warehouse.studies(), options(context).format, empty="no study is loaded")


@app.command("show")
def show_study(context: typer.Context, study: Study) -> None:
    """Everything known about a study.

    Its units with their evidence, quality, labels with their rules, messages, batches.
    """
    with open_warehouse(context, read_only=True) as warehouse:
        found = warehouse.study(study)
    form = options(context).format
    if form is Format.json:
        print_json(found)
        return
    sections = _sections(found)
    if form is Format.csv:
        show(list(_long(sections)), form)
        return
    for title, rows in sections.items():
        talk(f"\n{title}")
        show(rows, form, whole=True)


def _sections(found: Mapping[str, Any]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """What is known as tables, by their titles."""
    study = found["study"] | {"disease": found["disease"]}
    return {
        "study": _pairs(study),
        "batch": _pairs(found["batch"]),
        "quality": _pairs(found["quality"]),
        "qc": _pairs(found["qc"] or {}),
        "unit evidence": [_step(step) for step in found["units"]["evidence"] or []],
        "labels": found["labels"],
        "messages": found["messages"],
        "history": found["history"],
    }


def _long(sections: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Every field of every table in a line of its own: CSV has one table only."""
    for section, rows in sections.items():
        for number, row in enumerate(rows, start=1):
            if row.keys() == {"field", "value"}:
                yield {"section": section, "row": 1, **row}
            else:
                for field, value in row.items():
                    yield {"section": section, "row": number, "field": field, "value": _text(value)}


def _pairs(section: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"field": key, "value": _text(value)}
        for name, value in section.items()
        for key, value in (value.items() if isinstance(value, dict) else [(name, value)])
        if value is not None
    ]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return written_time(value)
    return "" if value is None else str(value)


def _step(step: Mapping[str, Any]) -> dict[str, str]:
    return {
        "step": str(step.get("step")),
        "outcome": str(step.get("outcome")),
        "figures": ", ".join(f"{key}={value}" for key, value in step.items() if key not in {"step", "outcome"}),
    }


@app.command("map")
def map_study(
    context: typer.Context,
    study: Study,
    disease: Annotated[str, typer.Option(help="Disease the study is about, e.g. SEPSIS.")],
) -> None:
    """Say which disease a study is about.

    The former mapping ends.
    """
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
    """Apply the present label rules to a study.

    Rules, overrides and metadata are read again; facts change only where the file has changed.
    """
    with open_warehouse(context) as warehouse:
        result = warehouse.relabel(study)
    report(result, options(context).format)


@app.command("remove")
def remove(
    context: typer.Context,
    study: Study,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a study with its facts.

    The ledger keeps its history.
    """
    if not yes and not _agreed(study):
        raise typer.Exit(1)
    with open_warehouse(context) as warehouse:
        removed = warehouse.remove_study(study)
    talk(f"{study} is removed, {removed:,} facts")


def _agreed(study: str) -> bool:
    """Whether the person at the terminal says yes; nobody there means no. The question must not go to stdout."""
    talk(f"Remove {study} and all its facts? [y/N]")
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    talk("nothing is removed; --yes removes without asking")
    return False
