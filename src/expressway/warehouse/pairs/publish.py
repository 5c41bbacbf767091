"""Write the pairs of a slice in the place of those it had: one transaction holds them, their run and its ledger row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import insert, text

from expressway.coexpression.catalog import Q_STRICT, SCOPE, features
from expressway.errors import KeyNotResolved, ReconciliationFailed
from expressway.studies.study import Message
from expressway.warehouse import ledger
from expressway.warehouse.engines.base import Connection, Engine, crash_point
from expressway.warehouse.ledger import Outcome, Run, as_json, utc_now
from expressway.warehouse.pairs.runs import replace_runs
from expressway.warehouse.schema import feature_run
from expressway.warehouse.schema.pairs import BOUND_COLUMNS, META_STUDIES, STRICT_COLUMNS

FACT = "fact.fact_gene_pair_metrics"
VALUES = "fact.fact_feature_values"
OF_SLICE = "disease_key = :disease AND technology = :technology AND organism = :organism"

NEW_PAIRS = """
INSERT INTO dim.dim_gene_pair (genea_key, geneb_key, pair_natural_key, pair_uid, genea_symbol, geneb_symbol)
SELECT s.genea_key, s.geneb_key, s.pair_natural_key, s.pair_uid, a.gene_symbol, b.gene_symbol
FROM published s JOIN dim.dim_gene a ON a.gene_key = s.genea_key JOIN dim.dim_gene b ON b.gene_key = s.geneb_key
WHERE NOT EXISTS (
    SELECT 1 FROM dim.dim_gene_pair p WHERE p.genea_key = s.genea_key AND p.geneb_key = s.geneb_key)
ORDER BY s.pair_uid
"""
NEW_SYMBOLS = """
UPDATE dim.dim_gene_pair AS p SET genea_symbol = a.gene_symbol, geneb_symbol = b.gene_symbol
FROM published s, dim.dim_gene a, dim.dim_gene b
WHERE p.genea_key = s.genea_key AND p.geneb_key = s.geneb_key AND a.gene_key = s.genea_key
  AND b.gene_key = s.geneb_key
  AND (p.genea_symbol IS DISTINCT FROM a.gene_symbol OR p.geneb_symbol IS DISTINCT FROM b.gene_symbol)
"""
PAIR_KEYS = """
SELECT s.genea_key, s.geneb_key, p.pair_key
FROM published s JOIN dim.dim_gene_pair p ON p.genea_key = s.genea_key AND p.geneb_key = s.geneb_key
"""


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """The outcome of an analysis of a slice, ready for the warehouse."""

    disease_key: int
    technology: str
    organism: str
    feature_run_id: str
    """A UUID of its own."""
    pairs: pl.DataFrame
    """pair_uid, the 134 features by name, the nine `<q>_bound` flags, q_star_strict with its own, and genea_key and
    geneb_key, the keys of the two genes in either order."""
    run_values: Mapping[str, Any] = field(default_factory=dict)
    """Other columns of `meta.feature_run`; what ends in `_json` may be a mapping or list."""
    messages: Sequence[Message] = ()
    """For the validation log."""
    feature_values: bool = False
    """Whether to write `fact.fact_feature_values` too, a row for each pair and feature."""
    step: str = "aggregate"
    """The step of the ledger that this finishes, which the caller has begun."""
    status: Callable[[], str] = lambda: "CURRENT"
    """Called while nobody can change a study: CURRENT, or STALE where one has changed since it was read."""


def publish(engine: Engine, connection: Connection, run: Run, published: Published) -> int:
    """Replace the pairs of a slice; returns the pairs stored. On any error the slice keeps the pairs it had.

    Pairs that were stored before, in any slice, keep their pair_key.

    Args:
        run: the run whose step `published.step` ends here.

    Raises:
        KeyNotResolved: a gene key is not in dim_gene.
        BusyStudy: another process kept the pairs for too long.
        WarehouseError: the transaction was rolled back.
    """
    with engine.write_lock(), connection.transaction():
        engine.pairs_lock(connection)
        facts = _facts(published, _pair_keys(connection, published))
        _delete_slice(connection, published)
        replace_runs(connection, published.disease_key, published.technology, published.organism)
        connection.execute(insert(feature_run).values(_run_row(published)))
        constants = {
            "metrics_scope": META_STUDIES,
            "technology": published.technology,
            "organism": published.organism,
            "feature_run_id": published.feature_run_id,
        }
        connection.append(FACT, facts, constants)
        if published.feature_values:
            _write_feature_values(connection, published, facts)
        _reconcile(connection, published)
        engine.gather_statistics(connection, "dim.dim_gene", "dim.dim_gene_pair", FACT)
        ledger.log_messages(connection, run.run_id, None, None, published.messages)
        context = {"feature_run_id": published.feature_run_id, "feature_values": published.feature_values}
        tested = published.run_values.get("pairs_tested")
        run.finish(
            connection,
            published.step,
            Outcome("SUCCESS", rows_read=tested, rows_written=facts.height, context=context),
        )
        crash_point("before_publish_commit")
    return facts.height


def _pair_keys(connection: Connection, published: Published) -> pl.DataFrame:
    """The published pairs with canonical gene keys and pair_key, after those that are new got one."""
    low, high = pl.min_horizontal("genea_key", "geneb_key"), pl.max_horizontal("genea_key", "geneb_key")
    pairs = published.pairs.with_columns(genea_key=low.cast(pl.Int32), geneb_key=high.cast(pl.Int32))
    natural = pl.format("{}_{}", "genea_key", "geneb_key").alias("pair_natural_key")
    connection.stage("published", pairs.select("genea_key", "geneb_key", natural, "pair_uid"))
    connection.execute(NEW_PAIRS)
    connection.execute(NEW_SYMBOLS)
    keys = connection.frame(PAIR_KEYS)
    if keys.height != pairs.height:
        missing = pairs.join(keys, on=["genea_key", "geneb_key"], how="anti")
        raise KeyNotResolved(
            f"{missing.height} pairs have a gene that dim_gene does not have", value=missing["pair_uid"].first()
        )
    return pairs.join(keys, on=["genea_key", "geneb_key"]).sort("pair_uid")


def _facts(published: Published, pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows of the fact table, numbers and flags only, in its types; NaN is NULL there."""
    numbers = [
        pl.col(feature.name).cast(pl.Int32).alias(feature.column)
        if feature.is_count
        else pl.col(feature.name).cast(pl.Float64).fill_nan(None).alias(feature.column)
        for feature in features()
    ]
    numbers.append(pl.col(Q_STRICT).cast(pl.Float64).fill_nan(None))
    bounds = (*BOUND_COLUMNS, STRICT_COLUMNS[1])
    flags = pairs.rename(str.lower).select(pl.col(name).cast(pl.Boolean) for name in bounds)
    keys = [pl.col("pair_key").cast(pl.Int64), pl.lit(published.disease_key, pl.Int32).alias("disease_key")]
    return pairs.select(*keys, *numbers).hstack(flags)


def _delete_slice(connection: Connection, published: Published) -> None:
    of_slice = {
        "disease": published.disease_key,
        "technology": published.technology,
        "organism": published.organism,
    }
    runs = f"SELECT feature_run_id FROM meta.feature_run WHERE {OF_SLICE}"
    for where in (
        f"{VALUES} WHERE entity_scope = '{SCOPE}' AND feature_run_id IN ({runs})",
        f"{FACT} WHERE metrics_scope = '{META_STUDIES}' AND {OF_SLICE}",
    ):
        connection.execute(text(f"DELETE FROM {where}").bindparams(**of_slice))


def _run_row(published: Published) -> dict[str, Any]:
    given = {
        name: value if value is None or isinstance(value, str) or not name.endswith("_json") else as_json(value)
        for name, value in published.run_values.items()
    }
    return {
        "started_at": utc_now(),
        "ended_at": utc_now(),
        **given,
        "feature_run_id": published.feature_run_id,
        "disease_key": published.disease_key,
        "technology": published.technology,
        "organism": published.organism,
        "pairs_stored": published.pairs.height,
        "status": published.status(),
    }


def _write_feature_values(connection: Connection, published: Published, facts: pl.DataFrame) -> None:
    for feature in features():
        value = pl.col(feature.column).cast(pl.Float64).alias("feature_value")
        constants = {
            "entity_scope": SCOPE,
            "feature_name": feature.name,
            "technology": published.technology,
            "feature_run_id": published.feature_run_id,
        }
        connection.append(
            VALUES, facts.select(pl.col("pair_key").alias("entity_id_1"), "disease_key", value), constants
        )


def _reconcile(connection: Connection, published: Published) -> None:
    """Every pair arrived, and nothing else is in the slice."""
    expected = {FACT: published.pairs.height, VALUES: 0}
    if published.feature_values:
        expected[VALUES] = published.pairs.height * len(features())
    for table, rows in expected.items():
        query = text(f"SELECT count(*) FROM {table} WHERE feature_run_id = :run")
        found = connection.scalar(query.bindparams(run=published.feature_run_id))
        if found != rows:
            raise ReconciliationFailed(f"expected {rows} rows of this run in {table}, found {found}")
