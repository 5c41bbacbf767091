"""PostgreSQL databases for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
import pytest
from sqlalchemy import make_url

_numbers = count(1)
slow_on_a_server = pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
"""For what takes long on a server, and is proved there in small by other tests."""


@contextmanager
def postgresql_database(server: str) -> Iterator[str]:
    """The URL of a fresh database on a server, dropped at the end."""
    name = f"expressway_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCHEMAS = "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"


def empty(url: str) -> None:
    """Make a database as it was when it was new: nobody else in it, no schema of anybody's, no settings of its own."""
    with psycopg.connect(url, autocommit=True, options="-c client_encoding=UTF8") as connection:
        connection.execute(OTHERS)
        schemas = [name for (name,) in connection.execute(SCHEMAS)]
        connection.execute(f"DROP SCHEMA {', '.join(schemas)} CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        connection.execute(f"ALTER DATABASE {make_url(url).database} RESET ALL")
