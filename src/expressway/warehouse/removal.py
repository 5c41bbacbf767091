"""Take a study out of the warehouse again."""

from __future__ import annotations

import polars as pl
from sqlalchemy import delete, select, update

from expressway.warehouse.dimensions import update_owners
from expressway.warehouse.diseases import study_key
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.pairs.runs import mark_stale
from expressway.warehouse.schema import batch, dim_sample, dim_study, meta_study_qc, study_disease_map, study_sample


def remove_study(engine: Engine, connection: Connection, study: str) -> int:
    """Remove the facts, samples and labels of a study in one transaction; returns the facts removed.

    The batch row stays as REPLACED and the ledger keeps its rows, so that a later load of the same file is a load.
    Stored pairs that the study entered stay too; their run becomes STALE.

    Raises:
        UnknownStudyOrDisease: no such study.
    """
    key = study_key(connection, study)
    facts = connection.scalar(f"SELECT count(*) FROM fact.fact_gene_expression WHERE study_key = {key}")
    with connection.transaction():
        engine.study_lock(connection, study)
        engine.delete_facts(connection, key)
        samples = connection.fetchall(select(study_sample.c.sample_key).where(study_sample.c.study_key == key))
        former = pl.DataFrame({"sample_key": [row[0] for row in samples]}, schema={"sample_key": pl.Int32})
        connection.stage("former_samples", former)
        mark_stale(connection, study)
        connection.execute(
            update(batch)
            .where(batch.c.study_accession_code == study, batch.c.is_current)
            .values(is_current=False, status="REPLACED")
        )
        connection.execute(update(batch).where(batch.c.study_key == key).values(study_key=None))
        connection.execute(delete(meta_study_qc).where(meta_study_qc.c.study_key == key))
        connection.execute(delete(study_sample).where(study_sample.c.study_key == key))
        connection.execute(delete(study_disease_map).where(study_disease_map.c.study_key == key))
        owned = update(dim_sample).where(dim_sample.c.study_key == key)
        connection.execute(owned.values(study_key=None, illness_key=None))
        update_owners(connection)
        connection.execute(
            "DELETE FROM dim.dim_sample WHERE sample_key IN (SELECT sample_key FROM former_samples) AND NOT EXISTS "
            "(SELECT 1 FROM dim.study_sample ss WHERE ss.sample_key = dim.dim_sample.sample_key)"
        )
        connection.execute(delete(dim_study).where(dim_study.c.study_key == key))
    return int(facts or 0)
