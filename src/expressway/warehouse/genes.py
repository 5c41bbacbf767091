"""Genes in the warehouse: annotation in, symbols and aliases resolved to the gene that studies are pooled under."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import text

from expressway.studies.annotation import GENE_SCHEMA, Annotation, resolve
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.upserts import upsert

GENES = """
SELECT gene_key, gene_id, gene_id_type, gene_symbol, gene_name, gene_type, chromosome, start_position, end_position,
       entrez_id AS entrez, analysis_gene_key
FROM dim.dim_gene WHERE organism = :organism ORDER BY gene_key
"""
ALIASES = "SELECT alias, approved_symbol FROM dim.gene_alias WHERE organism = :organism ORDER BY 1, 2"
TYPES = {"gene_key": pl.Int32, "analysis_gene_key": pl.Int32, "gene_id_type": pl.String} | dict(GENE_SCHEMA)


@dataclass(frozen=True, slots=True)
class GenesLoaded:
    """What an annotation changed."""

    organism: str
    source: str
    genes: int
    aliases: int
    resolved: int
    """Genes of loaded studies that are pooled under an Ensembl gene other than themselves."""


def load_annotation(connection: Connection, annotation: Annotation) -> GenesLoaded:
    """Write an annotation and resolve every gene of its organism anew; facts stay as they are."""
    organism = annotation.organism
    with connection.transaction():
        genes = annotation.genes.select(
            "gene_id",
            "gene_symbol",
            "gene_name",
            "gene_type",
            "chromosome",
            "start_position",
            "end_position",
            entrez_id="entrez",
        ).with_columns(
            gene_id_type=pl.lit("ENSEMBL"), organism=pl.lit(organism), annotation_source=pl.lit(annotation.source)
        )
        upsert(connection, "dim.dim_gene", genes, ["gene_id", "gene_id_type", "organism"], staged="annotated")
        aliases = annotation.aliases.select("alias", "approved_symbol").with_columns(
            organism=pl.lit(organism), annotation_source=pl.lit(annotation.source)
        )
        upsert(connection, "dim.gene_alias", aliases, ["organism", "alias", "approved_symbol"], staged="aliases")
        resolved = resolve_genes(connection, organism, only_new=False)
    return GenesLoaded(organism, annotation.source, genes.height, aliases.height, resolved)


def resolve_new_genes(connection: Connection, organism: str) -> None:
    """Give every gene without an analysis gene the one it is pooled under; part of a transaction."""
    resolve_genes(connection, organism, only_new=True)


def resolve_genes(connection: Connection, organism: str, *, only_new: bool) -> int:
    """Point genes of an organism at their analysis gene; returns how many are pooled under another gene."""
    connection.execute(
        "UPDATE dim.dim_gene SET analysis_gene_key = gene_key "
        "WHERE gene_id_type = 'ENSEMBL' AND analysis_gene_key IS NULL"
    )
    genes = connection.frame(text(GENES).bindparams(organism=organism)).cast(TYPES)  # type: ignore[arg-type]
    others = genes.filter(pl.col("gene_id_type") != "ENSEMBL")
    wanted = others.filter(pl.col("analysis_gene_key").is_null()) if only_new else others
    if wanted.height == 0:
        return 0
    ensembl = genes.filter(pl.col("gene_id_type") == "ENSEMBL")
    aliases = connection.frame(text(ALIASES).bindparams(organism=organism))
    aliases = aliases.cast({"alias": pl.String, "approved_symbol": pl.String})
    found = resolve(wanted.select("gene_key", "gene_id", "gene_id_type"), ensembl.select(list(GENE_SCHEMA)), aliases)
    targets = (
        found.select("gene_key", "analysis_gene_id", symbol="gene_symbol")
        .join(ensembl.select(target="gene_key", analysis_gene_id="gene_id"), on="analysis_gene_id", how="left")
        .select("gene_key", "symbol", target=pl.coalesce("target", "gene_key"))
    )
    connection.stage("resolved", targets)
    connection.execute(
        "UPDATE dim.dim_gene AS t SET analysis_gene_key = r.target, gene_symbol = coalesce(r.symbol, t.gene_symbol) "
        "FROM resolved r WHERE t.gene_key = r.gene_key AND (t.analysis_gene_key IS DISTINCT FROM r.target "
        "OR t.gene_symbol IS DISTINCT FROM coalesce(r.symbol, t.gene_symbol))"
    )
    return targets.filter(pl.col("target") != pl.col("gene_key")).height
