"""`expressway plot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expressway.cli.aggregate import Disease, Organism, Technology
from expressway.cli.context import open_warehouse
from expressway.cli.output import talk

if TYPE_CHECKING:
    from expressway.reports.evidence import Cohorts, PairEvidence

app = typer.Typer(help="Draw a pair of genes.", no_args_is_help=True)

GeneA = Annotated[str, typer.Argument(metavar="GENE_A", help="Symbol or id.")]
GeneB = Annotated[str, typer.Argument(metavar="GENE_B", help="Symbol or id.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="FILE.svg or FILE.png.")]


@app.callback()
def group() -> None:
    """Draw a pair of genes."""


@app.command("forest")
def forest(
    context: typer.Context,
    gene_a: GeneA,
    gene_b: GeneB,
    output: Output,
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
) -> None:
    """Draw what each study says of the pair, and all of them pooled."""
    from expressway.reports import charts

    pair, cohorts = _pair(context, (gene_a, gene_b), disease, technology, organism)
    charts.save(charts.forest(pair, cohorts=cohorts), output)
    talk(f"wrote {output}")


@app.command("scatter")
def scatter(
    context: typer.Context,
    gene_a: GeneA,
    gene_b: GeneB,
    output: Output,
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
) -> None:
    """Draw both genes in every sample, by study."""
    from expressway.reports import charts

    pair, cohorts = _pair(context, (gene_a, gene_b), disease, technology, organism)
    charts.save(charts.scatter(pair, cohorts=cohorts), output)
    talk(f"wrote {output}")


def _pair(
    context: typer.Context, genes: tuple[str, str], disease: str | None, technology: str | None, organism: str | None
) -> tuple[PairEvidence, Cohorts]:
    """The pair, and the labels that the run of its slice compared."""
    from expressway.reports.evidence import Cohorts

    with open_warehouse(context, read_only=True) as warehouse:
        run = warehouse.published_run(warehouse.published_slice(disease, technology, organism))
        pair = warehouse.pair(*genes, disease=disease, technology=technology, organism=organism)
    return pair, Cohorts.of(run["settings"])
