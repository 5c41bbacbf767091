from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest

from expressway.errors import InvalidSetting
from expressway.warehouse import migrations
from expressway.warehouse.check import check_schema
from expressway.warehouse.ddl import render_ddl
from expressway.warehouse.engines import ENGINES
from expressway.warehouse.engines.postgresql import ddl as postgresql
from expressway.warehouse.engines.sqlserver import ddl as sqlserver
from expressway.warehouse.schema import SCHEMAS, VIEWS, metadata, table
from tests.warehouse.conftest import PlainConnection, connect
from tests.warehouse.small_warehouse import add_batch, add_facts, add_genes, add_small_study, add_study, insert

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "EXPRESSWAY_TEST_UPDATE_SNAPSHOTS"

# Tables with a natural key: a row of it, and a column that may change.
NATURAL_KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "dim.dim_study": ({"study_accession_code": "GSE1"}, "study_title"),
    "dim.dim_sample": ({"sample_accession_code": "GSM1"}, "sample_title"),
    "dim.dim_gene": ({"gene_id": "Il8", "gene_id_type": "SYMBOL", "organism": "MUS_MUSCULUS"}, "gene_name"),
    "dim.dim_illness": ({"illness_label": "SIRS"}, "illness_definition"),
    "dim.dim_platform": ({"platform_accession": "hgu133"}, "platform_name"),
    "dim.dim_disease": ({"disease_label": "MALARIA"}, "disease_ontology"),
    "dim.gene_alias": ({"organism": "H", "alias": "IL-8", "approved_symbol": "CXCL8"}, "annotation_source"),
}


@pytest.mark.parametrize("name", ENGINES)
def test_ddl_is_as_reviewed(name: str) -> None:
    snapshot = SNAPSHOTS / f"{name}.sql"
    rendered = render_ddl(name)
    if os.environ.get(UPDATE):
        snapshot.write_text(rendered, encoding="utf-8")
    assert rendered == snapshot.read_text(encoding="utf-8"), f"review the change, then run again with {UPDATE}=1"


def test_an_unknown_engine_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidSetting, match="oracle") as caught:
        render_ddl("oracle")  # type: ignore[arg-type]
    assert "postgresql" in caught.value.hint


def test_the_script_leaves_the_same_warehouse_as_the_migrations(connection: PlainConnection) -> None:
    connection.execute(render_ddl(connection.engine))
    assert migrations.current_version(connection) == migrations.latest_version()
    assert check_schema(connection) == []


def test_every_name_is_lower_case_and_every_table_has_a_comment() -> None:
    for name, definition in metadata.tables.items():
        names = [name, *definition.columns.keys(), *(str(index.name) for index in definition.indexes)]
        assert names == [word.lower() for word in names]
        assert definition.comment
    assert {str(definition.schema) for definition in metadata.tables.values()} == set(SCHEMAS) - {"analytics"}


def test_comments_reach_the_database(warehouse: PlainConnection) -> None:
    query = {
        "duckdb": "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() UNION ALL "
        "SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE NOT internal",
        "postgresql": "SELECT c.oid::regclass::text, obj_description(c.oid, 'pg_class') FROM pg_class c "
        "WHERE relkind IN ('r', 'p', 'v')",
    }[warehouse.engine]
    comments = dict(warehouse.fetchall(query))
    assert {name: comments[name] for name in metadata.tables} == {
        name: definition.comment for name, definition in metadata.tables.items()
    }
    assert all(comments[f"analytics.{view}"].endswith(".") for view in VIEWS)


def test_seeds(warehouse: PlainConnection) -> None:
    illnesses = dict(warehouse.fetchall("SELECT illness_label, illness_definition FROM dim.dim_illness"))
    assert set(illnesses) == {"CONTROL", "NO_SEPSIS", "SEPSIS", "SEPTIC_SHOCK", "UNKNOWN"}
    assert all(illnesses.values())
    diseases = warehouse.fetchall("SELECT disease_label, is_active FROM dim.dim_disease ORDER BY disease_key")
    assert diseases == [("SEPSIS", True), ("SEPTIC_SHOCK", True), ("CONTROL", True)]


@pytest.mark.parametrize("name", NATURAL_KEYS)
def test_a_row_with_a_natural_key_may_change_often_in_one_transaction(warehouse: PlainConnection, name: str) -> None:
    key, column = NATURAL_KEYS[name]
    where = " AND ".join(f"{part} = '{value}'" for part, value in key.items())
    with warehouse.transaction():
        insert(warehouse, name, **key)
        for value in ("a", "b"):
            warehouse.execute(f"UPDATE {name} SET {column} = '{value}' WHERE {where}")
        warehouse.execute(f"DELETE FROM {name} WHERE {where}")
        insert(warehouse, name, **key, **{column: "c"})
        for value in ("d", "e"):
            same_key = ", ".join(f"{part} = '{text}'" for part, text in key.items())
            warehouse.execute(f"UPDATE {name} SET {same_key}, {column} = '{value}' WHERE {where}")
    assert warehouse.fetchall(f"SELECT {column} FROM {name} WHERE {where}") == [("e",)]


@pytest.mark.parametrize("name", NATURAL_KEYS)
def test_natural_keys_stay_unique(warehouse: PlainConnection, name: str) -> None:
    key, _ = NATURAL_KEYS[name]
    insert(warehouse, name, **key)
    with pytest.raises(Exception, match=r"(?i)duplicate key"):
        insert(warehouse, name, **key)


def test_gene_ids_differ_by_case(warehouse: PlainConnection) -> None:
    for gene in ("Il8", "IL8"):
        insert(warehouse, "dim.dim_gene", gene_id=gene, gene_id_type="SYMBOL", organism="MUS_MUSCULUS")
    assert warehouse.fetchall("SELECT gene_id FROM dim.dim_gene ORDER BY gene_id") == [("IL8",), ("Il8",)]


def test_a_study_has_one_current_batch_and_one_active_disease(warehouse: PlainConnection) -> None:
    add_study(warehouse, 1, [])
    insert(warehouse, "dim.study_disease_map", study_key=1, disease_key=1)
    with pytest.raises(Exception, match=r"(?i)duplicate key"):
        add_batch(warehouse, 2, study=1, is_current=True)
    with pytest.raises(Exception, match=r"(?i)duplicate key"):
        insert(warehouse, "dim.study_disease_map", study_key=1, disease_key=2)


def test_a_current_batch_is_replaced_and_comes_back_in_one_transaction(warehouse: PlainConnection) -> None:
    add_study(warehouse, 1, [])
    with warehouse.transaction():
        warehouse.execute("UPDATE meta.batch SET is_current = false, status = 'REPLACED' WHERE study_key = 1")
        add_batch(warehouse, 2, study=1, is_current=True)
        warehouse.execute("UPDATE meta.batch SET is_current = false WHERE batch_key = 2")
        warehouse.execute("UPDATE meta.batch SET is_current = true, status = 'LOADED' WHERE batch_key = 1")
        warehouse.execute("UPDATE meta.batch SET quality_score = 99 WHERE batch_key = 1")
    assert warehouse.fetchall("SELECT batch_key FROM meta.batch WHERE is_current") == [(1,)]


def test_mappings_keep_any_length_of_history(warehouse: PlainConnection) -> None:
    add_study(warehouse, 1, [])
    for disease in (1, 2, 3, 1):
        with warehouse.transaction():
            warehouse.execute("UPDATE dim.study_disease_map SET is_active = false WHERE study_key = 1 AND is_active")
            insert(warehouse, "dim.study_disease_map", study_key=1, disease_key=disease)
    rows = warehouse.fetchall("SELECT disease_key, is_active FROM dim.study_disease_map ORDER BY study_disease_map_key")
    assert rows == [(1, False), (2, False), (3, False), (1, True)]


def test_inserts_may_omit_keys_and_dates(warehouse: PlainConnection) -> None:
    insert(warehouse, "dim.dim_study", study_accession_code="GSE1")
    key, technology, status, created = warehouse.fetchall(
        "SELECT study_key, study_technology, study_status, etl_created_date FROM dim.dim_study"
    )[0]
    assert (key, technology, status) == (1, "OTHER", "ACTIVE")
    assert created is not None


def test_words_outside_a_closed_list_are_refused(warehouse: PlainConnection) -> None:
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        insert(warehouse, "dim.dim_study", study_accession_code="GSE1", study_technology="RNASEQ")


def test_times_are_utc_on_duckdb_whatever_the_session_says(duckdb_url: str) -> None:
    opened = connect(duckdb_url)
    migrations.upgrade(opened)
    opened.execute("SET TimeZone = 'Pacific/Auckland'")
    insert(opened, "dim.dim_study", study_accession_code="GSE1")
    late = opened.scalar("SELECT abs(epoch(etl_created_date) - epoch(current_timestamp)) FROM dim.dim_study")
    opened.raw.close()
    assert late < 3600


def test_duckdb_still_refuses_to_change_a_row_that_others_refer_to() -> None:
    """Why the DuckDB schema has no foreign keys: when this fails, they can come back."""
    with duckdb.connect() as raw:
        raw.execute("CREATE TABLE parent (k INTEGER PRIMARY KEY, name VARCHAR UNIQUE, title VARCHAR)")
        raw.execute("CREATE TABLE child (k INTEGER REFERENCES parent (k))")
        raw.execute("INSERT INTO parent VALUES (1, 'a', 'b')")
        raw.execute("INSERT INTO child VALUES (1)")
        with pytest.raises(duckdb.ConstraintException):
            raw.execute("UPDATE parent SET name = 'a', title = 'c'")


def test_servers_enforce_keys_between_dimensions(postgresql_warehouse: PlainConnection) -> None:
    with pytest.raises(Exception, match="foreign key"):
        insert(postgresql_warehouse, "dim.study_disease_map", study_key=1, disease_key=1)


def test_facts_have_no_key_on_any_engine() -> None:
    definition = table("fact.fact_gene_expression")
    assert not definition.primary_key.columns
    assert not definition.foreign_keys
    assert not definition.indexes


def locks_on_facts(connection: PlainConnection) -> set[str]:
    query = (
        "SELECT mode FROM pg_locks WHERE relation = 'fact.fact_gene_expression'::regclass AND pid = pg_backend_pid()"
    )
    return {mode for (mode,) in connection.fetchall(query)}


def test_a_partition_is_filled_without_a_lock_on_the_facts(postgresql_warehouse: PlainConnection) -> None:
    warehouse = postgresql_warehouse
    name = postgresql.partition_name(3, 7, 1)
    seen: list[str] = []
    warehouse.raw.add_notice_handler(lambda notice: seen.append(notice.message_primary))
    with warehouse.transaction():
        for statement in postgresql.create_partition(3, 7, 1):
            warehouse.execute(statement)
        warehouse.execute(f"INSERT INTO fact.{name} (sample_key, gene_key) VALUES (1, 1), (2, 1)")
        for statement in postgresql.index_partition(3, 7, 1):
            warehouse.execute(statement)
        assert locks_on_facts(warehouse) == set()
        warehouse.execute("SET LOCAL client_min_messages = debug1")
        for statement in postgresql.attach_partition(name, 3):
            warehouse.execute(statement)
        assert locks_on_facts(warehouse) == {"ShareUpdateExclusiveLock"}
    assert any("implied by existing constraints" in message for message in seen), "ATTACH scanned the facts"
    rows = warehouse.fetchall("SELECT sample_key, gene_key, study_key, batch_key FROM fact.fact_gene_expression")
    assert rows == [(1, 1, 3, 7), (2, 1, 3, 7)]
    assert warehouse.scalar(f"SELECT count(*) FROM pg_index WHERE indrelid = 'fact.{name}'::regclass") == 1


def test_two_loads_replace_their_studies_at_once(postgresql_warehouse: PlainConnection, postgresql_url: str) -> None:
    first = postgresql_warehouse
    add_genes(first, 1)
    for study in (1, 2):
        add_study(first, study, ["CONTROL"])
        add_facts(first, study, [(100 * study + 1, 1, 1.0, True)])
    second = connect(postgresql_url)
    loads = ((first, 1), (second, 2))
    for connection, study in loads:
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("BEGIN")
        for statement in postgresql.create_partition(study, study, 2):
            connection.execute(statement)
        name = postgresql.partition_name(study, study, 2)
        connection.execute(f"INSERT INTO fact.{name} (sample_key, gene_key, expression_value) VALUES ({study}01, 1, 9)")
    for connection, study in loads:
        new = postgresql.partition_name(study, study, 2)
        for (old,) in connection.fetchall(postgresql.partitions_of(study)):
            for statement in postgresql.drop_partition(old):
                connection.execute(statement)
        for statement in postgresql.attach_partition(new, study):
            connection.execute(statement)
        connection.execute("COMMIT")
    assert second.fetchall(postgresql.partitions_of(2)) == [(postgresql.partition_name(2, 2, 2),)]
    values = second.fetchall("SELECT study_key, expression_value FROM fact.fact_gene_expression ORDER BY 1")
    second.raw.close()
    assert values == [(1, 9.0), (2, 9.0)]


def test_a_killed_load_leaves_no_partition(postgresql_warehouse: PlainConnection, postgresql_url: str) -> None:
    loader = connect(postgresql_url)
    loader.execute("BEGIN")
    for statement in postgresql.create_partition(1, 1, 1):
        loader.execute(statement)
    loader.raw.close()
    assert check_schema(postgresql_warehouse) == []


def refused(connection: PlainConnection, sql: str) -> bool:
    import psycopg.errors

    try:
        connection.execute(sql)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_roles_may_do_what_they_need_and_no_more(postgresql_warehouse: PlainConnection) -> None:
    warehouse = postgresql_warehouse
    add_small_study(warehouse)
    warehouse.execute("SET ROLE etl_reader")
    assert warehouse.scalar("SELECT count(*) FROM analytics.vw_expression_long") == 4
    for sql in (
        "DELETE FROM dim.dim_study",
        "INSERT INTO meta.schema_version (version, name) VALUES (99, 'x')",
        "DELETE FROM staging.expression_rows",
        "DELETE FROM fact.fact_gene_expression",
    ):
        assert refused(warehouse, sql), sql

    warehouse.execute("SET ROLE etl_loader")
    add_study(warehouse, 2, ["CONTROL"])
    add_facts(warehouse, 2, [(201, 1, 1.0, True)])
    insert(warehouse, "meta.meta_etl_process_log", run_id="r", step="load", status="RUNNING")
    for (old,) in warehouse.fetchall(postgresql.partitions_of(1)):
        for statement in postgresql.drop_partition(old):
            warehouse.execute(statement)
    for sql in (
        "DROP TABLE dim.dim_study",
        "DELETE FROM meta.meta_etl_process_log",
        "UPDATE meta.schema_version SET name = 'x'",
        "DELETE FROM meta.meta_data_validation_log",
        "CREATE TABLE dim.mine (i int)",
    ):
        assert refused(warehouse, sql), sql

    warehouse.execute("SET ROLE etl_admin")
    warehouse.execute("ALTER TABLE dim.dim_study ADD COLUMN extra int")
    warehouse.execute("ALTER TABLE fact.fact_gene_expression ADD COLUMN extra int")


def test_a_user_who_may_not_create_roles_gets_a_warehouse_all_the_same(
    postgresql_url: str, postgresql_server: str
) -> None:
    import psycopg

    database = urlsplit(postgresql_url).path.removeprefix("/")
    user = f"plain_{database}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE ROLE {user}")
        server.execute(f"ALTER DATABASE {database} OWNER TO {user}")
        opened = connect(postgresql_url)
        opened.execute(f"SET SESSION AUTHORIZATION {user}")
        notices: list[str] = []
        opened.raw.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        try:
            migrations.upgrade(opened)
            assert check_schema(opened) == []
            add_small_study(opened)
            assert opened.scalar("SELECT count(*) FROM analytics.vw_expression_long") == 4
            assert any("Skipped" in notice for notice in notices)
        finally:
            opened.raw.close()
            with psycopg.connect(postgresql_url, autocommit=True) as owner:
                owner.execute(f"DROP OWNED BY {user} CASCADE")
                owner.execute(f"ALTER DATABASE {database} OWNER TO CURRENT_USER")
            server.execute(f"DROP ROLE {user}")


def sqlserver_batches() -> list[str]:
    return [batch.strip() for batch in re.split(r"^GO$", render_ddl("sqlserver"), flags=re.MULTILINE) if batch.strip()]


def test_sqlserver_facts_are_a_partitioned_columnstore_without_keys() -> None:
    script = render_ddl("sqlserver")
    create = script[script.index("CREATE TABLE fact.fact_gene_expression") :].split("GO")[0]
    assert create.rstrip().endswith(") ON ps_study (study_key);")
    assert "CONSTRAINT" not in create
    assert "CREATE CLUSTERED COLUMNSTORE INDEX cci_fact_gene_expression ON fact.fact_gene_expression ON ps_" in script
    assert "CREATE PARTITION FUNCTION pf_study (int) AS RANGE RIGHT FOR VALUES (1);" in script


def test_sqlserver_types_are_its_own() -> None:
    columns = re.findall(r"^    (\w+) ((?:[A-Z]\w*)(?:\([\w ]+\))?)", render_ddl("sqlserver"), flags=re.MULTILINE)
    types = {kind.partition("(")[0] for name, kind in columns if not name.isupper()}
    assert types == {"INTEGER", "BIGINT", "BIT", "FLOAT", "CHAR", "VARCHAR", "NVARCHAR", "DATETIME2"}
    assert "gene_id NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL" in render_ddl("sqlserver")
    assert "CONSTRAINT ck_dim_sample_source_json_is_json CHECK (ISJSON(source_json) = 1)" in render_ddl("sqlserver")


def test_sqlserver_statements_that_must_stand_alone_do() -> None:
    alone = re.compile(r"^(CREATE (OR ALTER )?VIEW|CREATE SCHEMA)", flags=re.MULTILINE)
    for batch in sqlserver_batches():
        first = next(line for line in batch.splitlines() if line and not line.startswith("--"))
        assert not alone.search(batch) or alone.match(first), batch
        assert batch.count("CREATE TABLE") + batch.count("CREATE OR ALTER VIEW") <= 1 or batch.startswith("--")


def test_sqlserver_unique_rules_are_filtered_indexes() -> None:
    script = render_ddl("sqlserver")
    assert "CREATE UNIQUE INDEX uq_batch_is_current ON meta.batch (study_key) WHERE is_current = 1;" in script
    assert "ON dim.study_disease_map (study_key) WHERE is_active = 1;" in script


def test_a_sqlserver_study_gets_a_partition_that_ends_before_the_next_study() -> None:
    boundaries = re.findall(r"SPLIT RANGE \((\d+)\)", " ".join(sqlserver.open_partition(5)))
    assert boundaries == ["5", "6"]
    assert sqlserver.empty_partition(5) == [
        "TRUNCATE TABLE fact.fact_gene_expression WITH (PARTITIONS ($PARTITION.pf_study(5)))"
    ]
