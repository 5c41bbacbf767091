"""What must hold between the rows of a warehouse, proved by query.

DuckDB enforces no foreign keys here, and no engine enforces them on facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expressway.warehouse.migrations import Connection
from expressway.warehouse.schema import metadata

# Keys that point at a row without a foreign key in any engine: (table, column, table it points at).
_LOOSE = (
    ("meta.batch", "study_key", "dim.dim_study"),
    ("meta.meta_study_qc", "study_key", "dim.dim_study"),
    ("meta.meta_study_qc", "batch_key", "meta.batch"),
    ("staging.expression_rows", "batch_key", "meta.batch"),
    ("fact.fact_gene_pair_metrics", "feature_run_id", "meta.feature_run"),
    ("fact.fact_feature_values", "feature_run_id", "meta.feature_run"),
)

# Two passes over the facts answer everything that is asked of them.
_FACTS = """
WITH per_gene AS MATERIALIZED (
    SELECT study_key, batch_key, gene_key, COUNT(*) AS facts,
           COUNT(CASE WHEN expression_value_raw = CAST('NaN' AS DOUBLE PRECISION)
                        OR expression_value = CAST('NaN' AS DOUBLE PRECISION) THEN 1 END) AS not_numbers
    FROM fact.fact_gene_expression GROUP BY study_key, batch_key, gene_key
),
per_sample AS MATERIALIZED (
    SELECT study_key, batch_key, sample_key, COUNT(*) AS facts
    FROM fact.fact_gene_expression GROUP BY study_key, batch_key, sample_key
),
per_batch AS (
    SELECT study_key, batch_key, SUM(facts) AS facts, SUM(not_numbers) AS not_numbers
    FROM per_gene GROUP BY study_key, batch_key
)
SELECT 'have a gene_key without a row in dim.dim_gene', SUM(f.facts) FROM per_gene f
WHERE NOT EXISTS (SELECT 1 FROM dim.dim_gene d WHERE d.gene_key = f.gene_key)
UNION ALL
SELECT 'have a sample_key without a row in dim.dim_sample', SUM(f.facts) FROM per_sample f
WHERE NOT EXISTS (SELECT 1 FROM dim.dim_sample d WHERE d.sample_key = f.sample_key)
UNION ALL
SELECT 'have a study_key without a row in dim.dim_study', SUM(f.facts) FROM per_batch f
WHERE NOT EXISTS (SELECT 1 FROM dim.dim_study d WHERE d.study_key = f.study_key)
UNION ALL
SELECT 'have a batch_key without a row in meta.batch', SUM(f.facts) FROM per_batch f
WHERE NOT EXISTS (SELECT 1 FROM meta.batch b WHERE b.batch_key = f.batch_key)
UNION ALL
SELECT 'are of a sample that dim.study_sample does not have in their study', SUM(f.facts) FROM per_sample f
WHERE NOT EXISTS (
    SELECT 1 FROM dim.study_sample s WHERE s.study_key = f.study_key AND s.sample_key = f.sample_key)
UNION ALL
SELECT 'are of a batch that is not current', SUM(f.facts) FROM per_batch f
JOIN meta.batch b ON b.batch_key = f.batch_key WHERE NOT b.is_current
UNION ALL
SELECT 'are of a batch of another study', SUM(f.facts) FROM per_batch f
JOIN meta.batch b ON b.batch_key = f.batch_key WHERE b.study_key <> f.study_key
UNION ALL
SELECT 'hold NaN where NULL is meant', SUM(f.not_numbers) FROM per_batch f
UNION ALL
SELECT 'are of a gene that has not one fact for each sample of its batch', SUM(f.facts) FROM per_gene f
JOIN meta.batch b ON b.batch_key = f.batch_key WHERE f.facts <> b.samples
UNION ALL
SELECT 'are of a sample that has not one fact for each gene of its batch', SUM(f.facts) FROM per_sample f
JOIN meta.batch b ON b.batch_key = f.batch_key WHERE f.facts <> b.genes
"""

_BATCHES = """
SELECT b.study_accession_code, b.batch_key, b.cells_loaded, COALESCE(f.facts, 0) AS facts,
       b.cells_in, b.cells_loaded + b.cells_quarantined + b.cells_skipped + b.cells_merged AS accounted, b.is_current
FROM meta.batch b
LEFT JOIN (SELECT batch_key, COUNT(*) AS facts FROM fact.fact_gene_expression GROUP BY batch_key) f
       ON f.batch_key = b.batch_key
ORDER BY b.study_accession_code, b.batch_key
"""

_TWICE = (
    (
        "dim.study_disease_map",
        "active mappings",
        "SELECT study_key, COUNT(*) FROM dim.study_disease_map WHERE is_active GROUP BY study_key HAVING COUNT(*) > 1",
    ),
    (
        "meta.batch",
        "current batches",
        "SELECT study_accession_code, COUNT(*) FROM meta.batch WHERE is_current GROUP BY study_accession_code "
        "HAVING COUNT(*) > 1",
    ),
)

# Runs whose pairs are not all there, or still there although another run has taken their place.
_RUNS = """
SELECT r.feature_run_id, r.status, CASE WHEN r.status = 'REPLACED' THEN 0 ELSE r.pairs_stored END AS expected,
       COALESCE(f.pairs, 0) AS pairs
FROM meta.feature_run r
LEFT JOIN (SELECT feature_run_id, COUNT(*) AS pairs FROM fact.fact_gene_pair_metrics GROUP BY feature_run_id) f
       ON f.feature_run_id = r.feature_run_id
WHERE COALESCE(f.pairs, 0) <> CASE WHEN r.status = 'REPLACED' THEN 0 ELSE r.pairs_stored END
ORDER BY r.feature_run_id
"""
_PAIR_GENES = """
SELECT COUNT(*) FROM dim.dim_gene_pair p
JOIN dim.dim_gene a ON a.gene_key = p.genea_key JOIN dim.dim_gene b ON b.gene_key = p.geneb_key
WHERE p.pair_uid NOT IN (a.gene_id || '|' || b.gene_id, b.gene_id || '|' || a.gene_id)
"""


def violations(connection: Connection) -> Iterator[tuple[str, str]]:
    """Everything that does not hold, as (table, what is wrong with it)."""
    yield from _dangling_keys(connection)
    for words, facts in connection.fetchall(_FACTS):
        if facts:
            yield "fact.fact_gene_expression", f"{facts} facts {words}"
    for table, what, query in _TWICE:
        for study, count in connection.fetchall(f"{query} ORDER BY 1"):
            yield table, f"study {study} has {count} {what}"
    for row in connection.fetchall(_BATCHES):
        yield from _batch_counts(*row)
    genes = connection.fetchall("SELECT COUNT(*) FROM dim.dim_gene WHERE analysis_gene_key IS NULL")[0][0]
    if genes:
        yield "dim.dim_gene", f"{genes} genes have no analysis_gene_key"
    for run, status, expected, pairs in connection.fetchall(_RUNS):
        yield "meta.feature_run", f"run {run} is {status} and should have {expected} pairs, it has {pairs}"
    wrong = connection.fetchall(_PAIR_GENES)[0][0]
    if wrong:
        yield "dim.dim_gene_pair", f"{wrong} pairs have a pair_uid that is not that of their genes"


def _dangling_keys(connection: Connection) -> Iterator[tuple[str, str]]:
    declared = [
        (table.fullname, key.parent.name, key.column.table.fullname, key.column.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
    ]
    loose = [(table, column, target, column) for table, column, target in _LOOSE]
    for table, column, target, key in sorted(declared + loose):
        count = connection.fetchall(
            f"SELECT COUNT(*) FROM {table} c WHERE c.{column} IS NOT NULL "
            f"AND NOT EXISTS (SELECT 1 FROM {target} p WHERE p.{key} = c.{column})"
        )[0][0]
        if count:
            yield f"{table}.{column}", f"{count} rows have a key without a row in {target}"


def _batch_counts(
    study: str, key: int, loaded: Any, facts: int, cells_in: Any, accounted: Any, is_current: bool
) -> Iterator[tuple[str, str]]:
    name = f"batch {key} of {study}"
    if is_current and loaded != facts:
        yield "meta.batch", f"{name} says {loaded} cells are loaded, the fact table has {facts}"
    if cells_in is not None and accounted is not None and cells_in != accounted:
        yield "meta.batch", f"{name} had {cells_in} cells, of which {accounted} are accounted for"
