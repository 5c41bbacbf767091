"""Databases that several tests of a module share."""

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
    name = f"expressway_test_{os.getpid()}_shared_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
