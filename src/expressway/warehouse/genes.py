"""Genes in the warehouse: annotation in, symbols and aliases resolved to the gene that studies are pooled under."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import text

from expressway.studies.annotation import GENE_SCHEMA, Annotation, resolve
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.runs import mark_moved_stale
from expressway.warehouse.upserts import or_nothing, upsert

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
MISSING_GENES = """
INSERT INTO dim.dim_gene (gene_key, gene_id, gene_id_type, organism, analysis_gene_key)
SELECT key, gene_id, gene_id_type, organism, CASE WHEN gene_id_type = 'ENSEMBL' THEN key END
FROM (SELECT nextval('dim.gene_key_seq') AS key, gene_id, gene_id_type, organism FROM (
    SELECT gene_id, gene_id_type, organism FROM genes_of_study s WHERE NOT EXISTS (
        SELECT 1 FROM dim.dim_gene t
        WHERE t.gene_id = s.gene_id AND t.gene_id_type = s.gene_id_type AND t.organism = s.organism)
    ORDER BY 1, 2, 3) missing) numbered
"""
"""An Ensembl gene is pooled under itself: said at once, as an update of as many rows takes longer than the rest."""
HGNC = "HGNC: "
"""Stands before the source of a row that only a table of names describes."""


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

    Stored pairs of studies with a gene that is now pooled under another one become STALE. Names change no number.

    What a table does not say of a gene stays as it is, what it says differently replaces what was there. But names and
    locus types of HGNC only fill the gaps of an Ensembl table or a GTF, whichever of them comes first; a symbol of HGNC
    that gives way becomes an alias.
    """
    organism = annotation.organism
    with connection.transaction():
        genes = _described(annotation, _genes(connection, organism))
        rows = genes.drop("lost_symbol").rename({"entrez": "entrez_id"})
        rows = rows.with_columns(gene_id_type=pl.lit("ENSEMBL"), organism=pl.lit(organism))
        upsert(connection, "dim.dim_gene", rows, ["gene_id", "gene_id_type", "organism"], staged="annotated")
        lost = genes.select(alias="lost_symbol", approved_symbol="gene_symbol").drop_nulls("alias")
        aliases = pl.concat([annotation.aliases, lost]).unique(maintain_order=True)
        aliases = aliases.with_columns(organism=pl.lit(organism), annotation_source=pl.lit(annotation.source))
        _write_aliases(connection, aliases)
        resolved = resolve_genes(connection, organism, only_new=False)
    return GenesLoaded(organism, annotation.source, genes.height, aliases.height, resolved)


def _described(annotation: Annotation, known: pl.DataFrame) -> pl.DataFrame:
    """The genes of an annotation as they are to stand, and the symbol of HGNC that gives way, if one does."""
    from_hgnc = annotation.is_hgnc
    source = HGNC + annotation.source if from_hgnc else annotation.source
    new = annotation.genes.with_columns(annotation_source=pl.lit(source))
    old = known.filter(gene_id_type="ENSEMBL").select(new.columns)
    both = new.join(old, on="gene_id", how="left", suffix="_old")
    was_hgnc = pl.col("annotation_source_old").str.starts_with(HGNC)
    old_stands = (pl.lit(from_hgnc) & ~was_hgnc).fill_null(False)
    names = [name for name in new.columns if name != "gene_id"]
    both = both.with_columns(
        old_stands=old_stands,
        lost_symbol=pl.when(was_hgnc != from_hgnc).then(
            pl.when(old_stands).then("gene_symbol").otherwise("gene_symbol_old")
        ),
    )
    standing = both.with_columns(
        pl.when("old_stands")
        .then(pl.coalesce(f"{name}_old", name))
        .otherwise(pl.coalesce(name, f"{name}_old"))
        .alias(name)
        for name in names
    )
    gave_way = pl.col("lost_symbol") != pl.col("gene_symbol")
    return standing.select(*new.columns, lost_symbol=pl.when(gave_way).then("lost_symbol"))


def _write_aliases(connection: Connection, aliases: pl.DataFrame) -> None:
    """Add aliases; what was said of the same names before goes."""
    if aliases.is_empty():
        return
    upsert(connection, "dim.gene_alias", aliases, ["organism", "alias", "approved_symbol"], staged="aliases")
    connection.execute(
        "DELETE FROM dim.gene_alias AS t WHERE (t.organism, t.alias) IN (SELECT organism, alias FROM aliases) "
        "AND NOT EXISTS (SELECT 1 FROM aliases s WHERE s.organism = t.organism AND s.alias = t.alias "
        "AND s.approved_symbol = t.approved_symbol)"
    )


def add_genes(connection: Connection, genes: pl.DataFrame) -> None:
    """Add the genes of a study (gene_id, gene_id_type, organism) that are missing; part of a transaction."""
    connection.stage("genes_of_study", genes)
    connection.execute(MISSING_GENES + or_nothing(connection))


def resolve_new_genes(connection: Connection, organism: str) -> None:
    """Give every gene without an analysis gene the one it is pooled under; part of a transaction."""
    resolve_genes(connection, organism, only_new=True)


def resolve_genes(connection: Connection, organism: str, *, only_new: bool) -> int:
    """Point genes of an organism at their analysis gene; returns how many are pooled under another gene."""
    connection.execute(
        "UPDATE dim.dim_gene SET analysis_gene_key = gene_key "
        "WHERE gene_id_type = 'ENSEMBL' AND analysis_gene_key IS NULL"
    )
    if only_new and not connection.scalar(text(WAITING).bindparams(organism=organism)):
        return 0
    genes = _genes(connection, organism)
    others = genes.filter(pl.col("gene_id_type") != "ENSEMBL")
    wanted = others.filter(pl.col("analysis_gene_key").is_null()) if only_new else others
    if wanted.height == 0:
        return 0
    ensembl = genes.filter(pl.col("gene_id_type") == "ENSEMBL")
    aliases = connection.frame(text(ALIASES).bindparams(organism=organism))
    annotated = ensembl.filter(pl.col("annotation_source").is_not_null()).select(list(GENE_SCHEMA))
    found = resolve(wanted.select("gene_key", "gene_id", "gene_id_type"), annotated, aliases)
    targets = (
        found.select("gene_key", "analysis_gene_id", symbol="gene_symbol")
        .join(ensembl.select(target="gene_key", analysis_gene_id="gene_id"), on="analysis_gene_id", how="left")
        .select("gene_key", "symbol", target=pl.coalesce("target", "gene_key"))
    )
    connection.stage("resolved", targets)
    before = others.select("gene_key", former="analysis_gene_key").drop_nulls()
    moved = targets.join(before, on="gene_key").filter(pl.col("target") != pl.col("former"))
    if moved.height:
        connection.stage("moved", moved.select("gene_key"))
        mark_moved_stale(connection, organism)
    connection.execute(
        "UPDATE dim.dim_gene AS t SET analysis_gene_key = r.target, gene_symbol = coalesce(r.symbol, t.gene_symbol) "
        "FROM resolved r WHERE t.gene_key = r.gene_key AND (t.analysis_gene_key IS DISTINCT FROM r.target "
        "OR t.gene_symbol IS DISTINCT FROM coalesce(r.symbol, t.gene_symbol))"
    )
    return targets.filter(pl.col("target") != pl.col("gene_key")).height


def _genes(connection: Connection, organism: str) -> pl.DataFrame:
    """Every gene of an organism."""
    return connection.frame(text(GENES).bindparams(organism=organism))
