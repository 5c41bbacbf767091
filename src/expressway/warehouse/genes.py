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
       entrez_id AS entrez, annotation_source, analysis_gene_key
FROM dim.dim_gene WHERE organism = :organism ORDER BY gene_key
"""
ALIASES = "SELECT alias, approved_symbol FROM dim.gene_alias WHERE organism = :organism ORDER BY 1, 2"
WAITING = """
SELECT count(*) FROM dim.dim_gene
WHERE organism = :organism AND gene_id_type <> 'ENSEMBL' AND analysis_gene_key IS NULL
"""
HGNC = "HGNC: "
"""Stands before the source of a row that only a table of names describes; such a table brings aliases, others do not."""


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
    """Write an annotation and resolve every gene of its organism anew; facts stay as they are.

    What a table does not say of a gene stays as it is; what it says differently replaces what was there. But HGNC's names
    and locus types only fill the gaps of an Ensembl table or a GTF, whichever of them comes first; a symbol that gives
    way becomes an alias.
    """
    organism = annotation.organism
    with connection.transaction():
        known = _genes(connection, organism).filter(pl.col("gene_id_type") == "ENSEMBL")
        genes = _described(annotation, known)
        written = genes.select(*_DESCRIPTION, "gene_id", gene_id_type=pl.lit("ENSEMBL"), organism=pl.lit(organism))
        keys = ["gene_id", "gene_id_type", "organism"]
        upsert(connection, "dim.dim_gene", written.rename({"entrez": "entrez_id"}), keys, staged="annotated")
        aliases = pl.concat([annotation.aliases, genes.select(_LOST_SYMBOL).drop_nulls().unnest("lost")])
        aliases = aliases.unique(maintain_order=True).with_columns(
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
