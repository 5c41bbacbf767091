from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import make_url

from expressway import open_warehouse
from expressway.errors import SchemaDiffers, WarehouseNotWritable
from expressway.warehouse import migrations, rendering
from expressway.warehouse.check import check_schema
from expressway.warehouse.migrations import Connection, Migration
from expressway.warehouse.schema.pairs import STRICT_COLUMNS
from tests.warehouse.conftest import PlainConnection, connect
from tests.warehouse.pair_frames import RNA, open_pairs, pair_frame, publish_pairs, published
from tests.warehouse.small_warehouse import add_small_study

FACT = "fact.fact_gene_pair_metrics"
NAMES = [
    "0001 star_schema",
    "0002 analytics_views",
    "0003 gene_pairs",
    "0004 pair_views",
    "0005 readers_see_quarantine",
    "0006 strict_q",
]


def test_an_empty_database_has_version_0(connection: PlainConnection) -> None:
    assert migrations.current_version(connection) == 0
    assert migrations.pending(connection) == list(migrations.MIGRATIONS)


def test_upgrade_applies_every_migration_once(connection: PlainConnection) -> None:
    assert migrations.upgrade(connection) == NAMES
    assert migrations.upgrade(connection) == []
    assert migrations.current_version(connection) == migrations.latest_version() == len(NAMES)
    rows = connection.fetchall("SELECT version, name FROM meta.schema_version ORDER BY version")
    assert [f"{version:04d} {name}" for version, name in rows] == NAMES


def test_numbers_run_without_gaps() -> None:
    assert [migration.version for migration in migrations.MIGRATIONS] == list(range(1, len(migrations.MIGRATIONS) + 1))


def test_an_older_warehouse_is_brought_up_to_date(connection: PlainConnection) -> None:
    assert migrations.upgrade(connection, target=1) == ["0001 star_schema"]
    assert migrations.current_version(connection) == 1
    connection.execute("INSERT INTO dim.dim_study (study_accession_code) VALUES ('GSE1')")
    assert any("vw_expression_long" in str(difference) for difference in check_schema(connection))

    assert [str(migration) for migration in migrations.pending(connection)] == NAMES[1:]
    assert migrations.upgrade(connection) == NAMES[1:]
    assert check_schema(connection) == []
    assert connection.fetchall("SELECT study_accession_code FROM dim.dim_study") == [("GSE1",)]


def test_a_warehouse_without_pairs_keeps_its_studies_and_gets_the_tables_of_pairs(connection: PlainConnection) -> None:
    migrations.upgrade(connection, target=2)
    add_small_study(connection)
    assert migrations.upgrade(connection) == NAMES[2:]
    assert check_schema(connection) == []
    assert connection.fetchall("SELECT count(*) FROM meta.meta_feature_catalog") == [(134,)]
    assert connection.fetchall("SELECT count(*) FROM analytics.vw_expression_long") == [(4,)]


def test_pairs_from_before_q_star_strict_stay_and_have_none(warehouse_url: str) -> None:
    names = ("vw_gene_pairs_candidate", "vw_pair_metrics_ranked", "vw_pair_metrics_significant")
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(5)))
        for name in reversed(names):
            connection.execute(f"DROP VIEW analytics.{name}")
        for column in STRICT_COLUMNS:
            connection.execute(f"ALTER TABLE {FACT} DROP COLUMN {column}")
        for name in names:
            old = re.sub(r",\n +\w\.q_star_strict(_bound)?\b", "", rendering.view_sql(engine.name, name))
            connection.execute(old)
            connection.execute(f"CREATE VIEW analytics.my_{name} AS SELECT * FROM analytics.{name}")
        if engine.name == "postgresql":
            connection.execute(f"GRANT SELECT ON analytics.{names[0]} TO etl_reader")
        connection.execute("DELETE FROM meta.schema_version WHERE version > 5")
        before = connection.frame(f"SELECT * FROM {FACT} ORDER BY pair_key")

        assert migrations.upgrade(connection) == NAMES[5:]
        after = connection.frame(f"SELECT * FROM {FACT} ORDER BY pair_key")
        assert after.columns == [*before.columns, *STRICT_COLUMNS]
        assert_frame_equal(after.select(before.columns), before)
        assert after.select(STRICT_COLUMNS).unique().rows() == [(None, False)]
        for name in names:  # what somebody made of a view is still there
            connection.execute(f"DROP VIEW analytics.my_{name}")
        assert check_schema(connection) == []
        publish_pairs(engine, connection, published(pair_frame(5)))
        if engine.name == "postgresql":
            connection.execute("SET ROLE etl_reader")
        with connection.session_values({"disease": "SEPSIS", "technology": RNA}):
            shown = connection.frame(f"SELECT * FROM analytics.{names[0]} ORDER BY pair_uid")
        assert shown["q_star_strict"].to_list() == pair_frame(5).sort("pair_uid")["q_star_strict"].to_list()


def test_a_warehouse_with_pairs_but_without_their_views_gets_both(connection: PlainConnection) -> None:
    migrations.upgrade(connection, target=3)
    for column in STRICT_COLUMNS:
        connection.execute(f"ALTER TABLE {FACT} DROP COLUMN {column}")
    assert migrations.upgrade(connection) == NAMES[3:]
    assert check_schema(connection) == []


def test_a_warehouse_of_a_later_version_is_left_alone(warehouse: PlainConnection) -> None:
    warehouse.execute("INSERT INTO meta.schema_version (version, name) VALUES (99, 'from the future')")
    assert migrations.current_version(warehouse) == 99
    assert migrations.upgrade(warehouse) == []


def break_half_way(connection: Connection) -> None:
    connection.execute("CREATE TABLE dim.half (i INTEGER)")
    connection.execute("ALTER TABLE dim.dim_study ADD COLUMN half INTEGER")
    connection.execute("SELECT nonsense FROM nowhere")


def test_a_migration_that_fails_leaves_nothing(connection: PlainConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration(len(NAMES) + 1, "broken", lambda engine: [], break_half_way)
    whole = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", (*whole, broken))
    with pytest.raises(Exception, match="nowhere"):
        migrations.upgrade(connection)
    assert migrations.current_version(connection) == 0  # not a warehouse in between, which would be refused as older
    monkeypatch.setattr(migrations, "MIGRATIONS", whole)
    migrations.upgrade(connection)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*whole, broken))
    with pytest.raises(Exception, match="nowhere"):
        migrations.upgrade(connection)
    assert migrations.current_version(connection) == len(NAMES)
    assert check_schema(connection) == []


def test_tables_of_somebody_else_are_left_alone(connection: PlainConnection) -> None:
    connection.execute("CREATE SCHEMA dim")
    connection.execute("CREATE TABLE dim.dim_study (mine INTEGER)")
    connection.execute("CREATE TABLE dim.also_mine (mine INTEGER)")
    with pytest.raises(SchemaDiffers, match=r"did not make: dim\.dim_study$") as refused:
        migrations.upgrade(connection)
    assert "a database of its own" in refused.value.hint
    assert migrations.current_version(connection) == 0
    connection.execute("DROP TABLE dim.dim_study")
    assert migrations.upgrade(connection) == NAMES
    assert connection.fetchall("SELECT count(*) FROM dim.also_mine") == [(0,)]


def test_a_version_table_of_somebody_else_is_no_warehouse(warehouse_url: str) -> None:
    with open_warehouse(warehouse_url) as opened:
        other = opened.engine.connect()
        other.execute("CREATE SCHEMA meta")
        other.execute("CREATE TABLE meta.schema_version (mine INTEGER)")
        with pytest.raises(SchemaDiffers, match=r"meta\.schema_version"):
            opened.init()
        other.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_name_is_refused(encoding: str, postgresql_url: str) -> None:
    opened, name = connect(postgresql_url), f"{make_url(postgresql_url).database}_{encoding.lower()}"
    opened.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        url = make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
        with open_warehouse(url) as narrow, pytest.raises(WarehouseNotWritable, match="UTF-8") as refused:
            narrow.init()
        assert "createdb --encoding UTF8" in refused.value.hint
    finally:
        opened.execute(f"DROP DATABASE {name} WITH (FORCE)")
        opened.raw.close()


def test_a_user_without_rights_is_not_told_to_make_another_warehouse(
    postgresql_url: str, postgresql_warehouse: PlainConnection
) -> None:
    name = f"expressway_test_stranger_{os.getpid()}"
    url = make_url(postgresql_url).set(username=name, password="x").render_as_string(hide_password=False)
    postgresql_warehouse.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    try:
        with open_warehouse(url) as opened, pytest.raises(WarehouseNotWritable, match="permission denied"):
            opened.studies()
    finally:
        postgresql_warehouse.execute(f"DROP ROLE {name}")


def test_processes_that_upgrade_at_once_take_turns(postgresql_url: str) -> None:
    def upgrade(_: int) -> list[str]:
        opened = connect(postgresql_url)
        try:
            return migrations.upgrade(opened)
        finally:
            opened.raw.close()

    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(upgrade, range(3)))
    assert sorted(name for names in applied for name in names) == NAMES
