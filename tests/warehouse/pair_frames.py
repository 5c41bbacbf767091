"""Frames of pairs as an analysis gives them, made up; and the least that has to be in a warehouse to publish them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations, islice
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl

from expressway.coexpression.catalog import Q_COLUMNS, Q_STRICT, Feature, features
from expressway.studies.study import Message
from expressway.warehouse import migrations
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.ledger import Run
from expressway.warehouse.pairs.publish import Published, publish
from expressway.warehouse.urls import engine_for
from tests.warehouse.small_warehouse import add_batch, add_genes, insert

SEPSIS = 1
RNA = "RNA-SEQ"
HUMAN = "HOMO_SAPIENS"


def gene_id(key: int) -> str:
    """The id that `add_genes` gives the gene with this key."""
    return f"ENSG{key:011d}"


def random_feature(feature: Feature, count: int, random: np.random.Generator) -> pl.Series:
    """Values that the bounds of a feature allow, a tenth of them missing where that may be."""
    low = -3.0 if feature.minimum is None else feature.minimum
    high = low + 5.0 if feature.maximum is None else feature.maximum
    values = pl.Series(feature.name, random.uniform(low, high, count))
    if feature.is_count:
        values = values.round().cast(pl.Int64)
    if feature.nullable:
        values = values.to_frame().select(pl.when(pl.Series(random.random(count) >= 0.1)).then(pl.col(feature.name)))[
            feature.name
        ]
    return values


def pair_frame(count: int, *, seed: int = 1, genes: int = 40, **columns: Any) -> pl.DataFrame:
    """Pairs of the genes 1 to `genes` with all 134 features, q_star_strict and ten flags; `columns` replaces some.

    The keys of two genes come in either order, as those of sorted ids may.
    """
    random = np.random.default_rng(seed)
    keys = list(islice(combinations(range(1, genes + 1), 2), count))
    turned = random.random(count) < 0.5
    first = [b if turn else a for (a, b), turn in zip(keys, turned, strict=True)]
    second = [a if turn else b for (a, b), turn in zip(keys, turned, strict=True)]
    frame = pl.DataFrame(
        {
            "geneA": [gene_id(a) for a, _ in keys],
            "geneB": [gene_id(b) for _, b in keys],
            "pair_uid": [f"{gene_id(a)}|{gene_id(b)}" for a, b in keys],
            "genea_key": first,
            "geneb_key": second,
        }
    )
    frame = frame.with_columns(random_feature(feature, count, random) for feature in features())
    strict = pl.Series(random.uniform(0, 1, count))
    frame = frame.with_columns(pl.when(strict < 0.9).then(strict).alias(Q_STRICT))
    flagged = (*Q_COLUMNS, Q_STRICT)
    frame = frame.with_columns(pl.Series(f"{name}_bound", frame[name].is_null()) for name in flagged)
    return frame.with_columns(**{name: _series(name, values) for name, values in columns.items()})


def _series(name: str, values: Any) -> pl.Series:
    kind = next((pl.Int64 if feature.is_count else pl.Float64 for feature in features() if feature.name == name), None)
    return pl.Series(name, values, dtype=kind)


@contextmanager
def open_pairs(url: str, genes: int = 40) -> Iterator[tuple[Engine, Connection]]:
    """A warehouse with genes and the batch of a study, made at the first call."""
    engine = engine_for(url)
    connection = engine.connect()
    try:
        if migrations.upgrade(connection):
            add_genes(connection, genes)
            insert(connection, "dim.dim_study", study_key=1, study_accession_code="GSE1")
            add_batch(connection, 1, study=1, is_current=True, file_name="GSE1.tsv", cells_loaded=0)
        yield engine, connection
    finally:
        connection.close()
        engine.close()


def published(pairs: pl.DataFrame, technology: str = RNA, run_id: str | None = None, **values: Any) -> Published:
    """What an analysis of a slice hands over."""
    run_values: Mapping[str, Any] = {
        "settings_json": {"tau2_method": "DL", "fdr": "BH"},
        "settings_hash": "5" * 64,
        "versions_json": {"expressway": "0"},
        "input_batches_json": [f"{1:064d}"],
        "genes": 40,
        "pairs_tested": 780,
        "clipped": 2,
        "dropped": 0,
    }
    defaults = {"messages": [Message("FEW_STUDIES", "WARNING", "SS has one study")], "run_values": run_values}
    return Published(SEPSIS, technology, HUMAN, run_id or str(uuid4()), pairs, **(defaults | values))


def publish_pairs(engine: Engine, connection: Connection, outcome: Published) -> int:
    """Publish within a run of its own."""
    run = Run(engine, connection, "aggregate", {})
    run.start(connection, outcome.step, {})
    stored = publish(engine, connection, run, outcome)
    run.end(connection, failed=0)
    return stored
