"""Does a missing service fail where it was promised, and skip, with a reason, where it was not?

A failure here means that continuous integration could be green without having tested PostgreSQL or the real studies.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT
from tests.databases import empty

ASKS = "def test_postgresql(postgresql_server): pass\ndef test_data(data_dir): pass\n"
NOBODY = "postgresql://postgres@127.0.0.1:9/postgres"


def outcome(folder: Path, **environment: str) -> str:
    """What pytest says about two tests, one for a server and one for the studies, in an environment."""
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_asks.py").write_text(ASKS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and "EXPRESSWAY" not in name}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env=kept | environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


def test_continuous_integration_without_services_fails(tmp_path: Path) -> None:
    said = outcome(tmp_path, CI="true", EXPRESSWAY_TEST_DATA=str(tmp_path / "absent"))

    assert "2 errors" in said
    assert "EXPRESSWAY_TEST_POSTGRESQL is not set" in said
    assert "set EXPRESSWAY_TEST_DATA" in said


def test_a_server_promised_by_name_must_answer_and_absent_studies_skip(tmp_path: Path) -> None:
    said = outcome(tmp_path, EXPRESSWAY_TEST_POSTGRESQL=NOBODY, EXPRESSWAY_TEST_DATA=str(tmp_path / "absent"))

    assert "1 skipped, 1 error" in said
    assert "does not answer" in said


def test_every_test_gets_an_empty_database(postgresql_url: str) -> None:
    somebody = psycopg.connect(postgresql_url, autocommit=True)
    name = somebody.info.dbname
    somebody.execute('CREATE SCHEMA "of somebody"')
    somebody.execute('CREATE TABLE "of somebody".things (thing int)')
    somebody.execute("CREATE TABLE public.things (thing int)")
    somebody.execute(f"ALTER DATABASE {name} SET datestyle = 'German'")
    somebody.execute("BEGIN")
    somebody.execute("LOCK TABLE public.things")

    empty(postgresql_url)

    somebody.close()
    with psycopg.connect(postgresql_url) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1").fetchall()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        style = connection.execute("SHOW datestyle").fetchone()
    assert name.startswith("expressway_test_")
    assert schemas == [("information_schema",), ("public",)]
    assert (tables, style) == ((0,), ("ISO, MDY",))


def test_settings_of_the_person_do_not_reach_the_tests(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    from tests.conftest import pytest_configure

    monkeypatch.setenv("EXPRESSWAY_WAREHOUSE", "duckdb:///mine.duckdb")
    monkeypatch.setenv("EXPRESSWAY_TEST_DATA_X", "kept")
    pytest_configure(request.config)

    assert "EXPRESSWAY_WAREHOUSE" not in os.environ
    assert "EXPRESSWAY_TEST_DATA_X" in os.environ
