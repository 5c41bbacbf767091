"""Rows for tests of the schema: written with plain SQL, so that they need nothing but the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expressway.warehouse.engines.postgresql import ddl as postgresql

Fact = tuple[int, int, float | None, bool | None]
"""sample_key, gene_key, expression_value, is_detected; the raw value is the value plus 100."""


def literal(value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def insert(connection: Any, table: str, **values: Any) -> None:
    """One row."""
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(map(literal, values.values()))})")


def add_batch(connection: Any, key: int, study: int, **values: Any) -> None:
    """A batch of a study."""
    hashes = dict.fromkeys(("file_hash", "metadata_hash", "settings_hash", "value_settings_hash"), "h" * 64)
    batch = {"batch_key": key, "batch_id": f"{key:064d}", "study_accession_code": f"GSE{study}", "study_key": study}
    insert(connection, "meta.batch", **(batch | hashes | {"status": "LOADED"} | values))


def add_genes(connection: Any, count: int) -> None:
    """Genes with the keys 1 to `count`, each its own analysis gene."""
    for key in range(1, count + 1):
        insert(connection, "dim.dim_gene", gene_id=f"ENSG{key:011d}", gene_id_type="ENSEMBL", organism="HOMO_SAPIENS")
    connection.execute("UPDATE dim.dim_gene SET analysis_gene_key = gene_key, gene_symbol = 'SYM' || gene_key")


def add_study(connection: Any, key: int, labels: Sequence[str], *, scale: str = "LOG2", status: str = "ACTIVE") -> None:
    """A study with one sample for each label; its samples have the keys 100 * key + 1, + 2, ..."""
    connection.execute(
        "INSERT INTO dim.dim_platform (platform_accession, platform_name) SELECT 'p', 'Platform' "
        "WHERE NOT EXISTS (SELECT 1 FROM dim.dim_platform)"
    )
    insert(
        connection,
        "dim.dim_study",
        study_key=key,
        study_accession_code=f"GSE{key}",
        study_title=f"Study {key}",
        study_technology="RNA-SEQ",
        study_status=status,
    )
    for number, label in enumerate(labels, 1):
        sample = 100 * key + number
        insert(
            connection,
            "dim.dim_sample",
            sample_key=sample,
            sample_accession_code=f"GSM{sample}",
            platform_key=1,
            sample_title=f"title of {sample}",
            study_key=key,
        )
        connection.execute(
            "INSERT INTO dim.study_sample (study_key, sample_key, illness_key, illness_method) "
            f"SELECT {key}, {sample}, illness_key, 'TITLE' FROM dim.dim_illness WHERE illness_label = '{label}'"
        )
    add_batch(connection, key, study=key, is_current=True, value_scale=scale)


def add_facts(connection: Any, study: int, facts: Sequence[Fact]) -> None:
    """The facts of a study's batch, and the counts of the batch."""
    table = "fact.fact_gene_expression"
    if connection.engine == "postgresql":
        name = postgresql.partition_name(study, study, 1)
        table = f"fact.{name}"
        for statement in postgresql.create_partition(study, study, 1):
            connection.execute(statement)
    rows = ", ".join(
        f"({sample}, {gene}, {study}, {study}, {literal(None if value is None else value + 100)}, {literal(value)}, "
        f"{literal(detected)})"
        for sample, gene, value, detected in facts
    )
    connection.execute(
        f"INSERT INTO {table} (sample_key, gene_key, study_key, batch_key, expression_value_raw, expression_value, "
        f"is_detected) VALUES {rows}"
    )
    if connection.engine == "postgresql":
        for statement in [*postgresql.index_partition(study, study, 1), *postgresql.attach_partition(name, study)]:
            connection.execute(statement)
    genes, samples = len({fact[1] for fact in facts}), len({fact[0] for fact in facts})
    connection.execute(
        f"UPDATE meta.batch SET genes = {genes}, samples = {samples}, cells_in = {len(facts)}, "
        f"cells_loaded = {len(facts)}, cells_quarantined = 0, cells_skipped = 0, cells_merged = 0 "
        f"WHERE batch_key = {study}"
    )


def add_small_study(connection: Any) -> None:
    """Study 1: two genes, a control and a patient with sepsis."""
    add_genes(connection, 2)
    add_study(connection, 1, ["CONTROL", "SEPSIS"])
    add_facts(connection, 1, [(101, 1, 1.0, True), (102, 1, 2.0, True), (101, 2, None, None), (102, 2, 0.5, False)])
