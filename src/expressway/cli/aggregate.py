"""`expressway aggregate`: from the studies of a disease to its ranked pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.output import Format, print_json, show, talk
from expressway.cli.progress import progress_bar

if TYPE_CHECKING:
    from expressway.warehouse.pairs.outcome import AggregateResult, SliceResult

Disease = Annotated[str | None, typer.Option(help="Disease, e.g. SEPSIS.")]
Technology = Annotated[str | None, typer.Option(help="RNA-SEQ, MICROARRAY, OTHER, or ALL for both stages.")]
Organism = Annotated[str | None, typer.Option(help="Organism, e.g. human.")]


def aggregate(
    context: typer.Context,
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
    genes: Annotated[
        str | None, typer.Option(help="all, mad:N, variance:N, iqr:N, detection:SHARE, file:PATH.")
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Pairs to store; all are tested.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would enter, and touch nothing.")] = False,
) -> None:
    """Correlate, pool and store all gene pairs.

    Of the studies of a disease, every pair is tested and the best are kept. Each technology and organism is a slice of
    its own, replaced as a whole; nothing happens where studies and settings are the same as before.
    """
    given: dict[str, Any] = {"genes": genes, "keep": keep}
    given = {name: value for name, value in given.items() if value is not None}
    with (
        open_warehouse(context, read_only=dry_run, pairs=given or None) as warehouse,
        progress_bar(warehouse.settings.progress) as progress,
    ):
        result = warehouse.aggregate(disease, technology, organism, dry_run=dry_run, progress=progress)
    form = options(context).format
    if form is Format.json:
        print_json({"run_id": result.run_id, "slices": [_whole(one) for one in result.slices]})
    elif dry_run and form is Format.table:
        for one in result.slices:
            if one.plan is not None:
                _show_plan(one, one.plan)
    else:
        show([row(one) for one in result.slices], form, empty="nothing to aggregate")
    tell(result)
    if not result.ok:
        raise typer.Exit(1)


def row(one: SliceResult) -> dict[str, Any]:
    """What happened to a slice, in one line."""
    return {
        "disease": one.disease,
        "technology": one.technology,
        "organism": one.organism,
        "action": one.action,
        "studies": one.studies,
        "samples": one.samples,
        "genes": one.genes,
        "pairs_tested": one.pairs_tested,
        "pairs_stored": one.pairs_stored,
        "seconds": one.seconds,
        "run": one.feature_run_id,
    }


def tell(result: AggregateResult) -> None:
    """Say warnings and errors on stderr."""
    for one in result.slices:
        for message in one.messages:
            if message.severity == "WARNING":
                talk(f"warning {message.code}: {message.details}")
        if one.error is not None:
            talk(
                f"{one.disease} {one.technology}: error {one.error['code']} {one.error['name']}: {one.error['message']}"
            )
            talk(f"hint: {one.error['hint']}")


def _whole(one: SliceResult) -> dict[str, Any]:
    messages = [{"code": m.code, "severity": m.severity, "details": m.details} for m in one.messages]
    return row(one) | {"messages": messages, "error": one.error, "plan": one.plan}


def _show_plan(one: SliceResult, given: Mapping[str, Any]) -> None:
    plan = {name: value for name, value in given.items() if name != "samples"}  # thousands of lines: JSON has them
    talk(f"\n{one.disease} {one.technology} {one.organism}: would {plan['would']}")
    show(plan.pop("studies"), Format.table, whole=True)
    for name, title in (("left_out", "Studies left out"), ("genes_dropped", "Genes left out")):
        if rows := plan.pop(name):
            talk(f"\n{title}:")
            show(rows, Format.table, whole=True)
    figures = {"genes": one.genes, "pairs": one.pairs_tested} | {key: plan[key] for key in plan if key != "would"}
    talk("")
    show([{"figure": name, "value": f"{value:,}"} for name, value in figures.items()], Format.table)
