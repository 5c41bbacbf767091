from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import make_url

from expressway import open_warehouse
from expressway.errors import SchemaDiffers, WarehouseNotWritable
from expressway.warehouse import migrations
from expressway.warehouse.check import check_schema
from expressway.warehouse.migrations import Connection, Migration
from tests.warehouse.conftest import PlainConnection, connect
from tests.warehouse.small_warehouse import add_small_study

NAMES = [
    "0001 star_schema",
    "0002 analytics_views",
    "0003 gene_pairs",
    "0004 pair_views",
    "0005 readers_see_quarantine",
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
