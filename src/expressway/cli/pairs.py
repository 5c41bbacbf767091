"""`expressway pairs` and `expressway pair`: what was found, and what it rests on."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expressway.cli.aggregate import Disease, Organism, Technology
from expressway.cli.context import open_warehouse, options
from expressway.cli.output import Format, print_json, show, talk

if TYPE_CHECKING:
    import polars as pl

    from expressway.warehouse.pairs.evidence import PairEvidence

SHOWN = (
    "pair_uid",
    "genea_symbol",
    "geneb_symbol",
    "q_star",
    "new_rank_score",
    "combined_effect_size",
    "dz_ss_mean",
    "q_ss",
    "dz_soth_mean",
    "q_soth",
    "included_study_count",
    "i2_star",
    "power_score",
)
"""Columns of the table for reading; JSON, CSV and Parquet have all."""


class PairFormat(StrEnum):
    """How pairs are printed."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


def pairs(
    context: typer.Context,
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
    q: Annotated[float, typer.Option("--q", help="Largest q_star, 0 to 1.")] = 0.05,
    k_min: Annotated[int, typer.Option(help="Fewest studies.")] = 3,
    i2_max: Annotated[float, typer.Option(help="Largest I2, 0 to 100 per cent.")] = 75.0,
    i2_rule: Annotated[
        str, typer.Option(help="I2 of a pair: LEAST of both contrasts, GREATEST, or MATCHED.")
    ] = "LEAST",
    k_rule: Annotated[str, typer.Option(help="Studies of a pair: INCLUDED, or MATCHED.")] = "INCLUDED",
    limit: Annotated[int, typer.Option(help="Most pairs, 1 to 1000.")] = 100,
    form: Annotated[PairFormat | None, typer.Option("--format", help="How pairs are printed.")] = None,
) -> None:
    """The best pairs, as the ranked view has them."""
    from expressway.warehouse.pairs.ranked import Filters

    rules = {"i2_rule": i2_rule.upper(), "k_rule": k_rule.upper()}
    filters = Filters(q=q, k_min=k_min, i2_max=i2_max, limit=limit, **rules)
    with open_warehouse(context, read_only=True) as warehouse:
        found = warehouse.ranked_pairs(filters, disease, technology, organism)
    wanted = form or PairFormat(options(context).format.value)
    _print(found.pairs, wanted)
    if found.note:
        talk(found.note)


def _print(frame: pl.DataFrame, form: PairFormat) -> None:
    if form is PairFormat.parquet:
        if sys.stdout.isatty():
            raise typer.BadParameter("Parquet is not for a terminal: send it into a file, with > pairs.parquet")
        frame.write_parquet(sys.stdout.buffer)
    elif form is PairFormat.table:
        show(frame.select(name for name in SHOWN if name in frame.columns), Format.table, empty="no pair to show")
    else:
        show(frame, Format(form.value))


def pair(
    context: typer.Context,
    gene_a: Annotated[str, typer.Argument(metavar="GENE_A", help="Symbol or id.")],
    gene_b: Annotated[str, typer.Argument(metavar="GENE_B", help="Symbol or id.")],
    disease: Disease = None,
    technology: Technology = None,
    organism: Organism = None,
) -> None:
    """Everything about one pair.

    Every statistic, each study's part in it recomputed from the facts, and the SHA-256 of every file behind it; also
    of a pair that is not in the list.
    """
    with open_warehouse(context, read_only=True) as warehouse:
        found = warehouse.pair(gene_a, gene_b, disease=disease, technology=technology, organism=organism)
    form = options(context).format
    if form is Format.json:
        print_json(_document(found))
        return
    studies = found.studies.to_dicts()
    if form is Format.csv:
        show(found.studies, form)
        return
    both = zip((found.gene_a, found.gene_b), found.symbols, strict=True)
    talk(" and ".join(f"{gene} ({symbol})" if symbol else gene for gene, symbol in both))
    for note in found.notes:
        talk(note)
    talk("\nStudies:")
    show([{name: value for name, value in row.items() if "_hash" not in name} for row in studies], form)
    talk("\nFiles:")
    names = ("study", "file_name", "file_hash", "container_hash", "metadata_hash", "batch_id")
    show([{name: row[name] for name in names if name in row} for row in studies], form, whole=True)
    talk("\nStatistics:")
    show([{"feature": name, "value": value} for name, value in found.statistics.items() if value is not None], form)


def _document(found: PairEvidence) -> dict[str, Any]:
    return {
        "gene_a": found.gene_a,
        "gene_b": found.gene_b,
        "symbols": list(found.symbols),
        "stored": found.stored,
        "notes": list(found.notes),
        "statistics": dict(found.statistics),
        "studies": found.studies.to_dicts(),
        "samples": found.samples.to_dicts(),
    }
