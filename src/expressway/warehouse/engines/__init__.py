"""One folder per database engine, with the same file names in each.

`ddl.py` turns the schema definition into the engine's SQL and needs no driver.
"""

from __future__ import annotations

from typing import Literal

EngineName = Literal["duckdb", "postgresql", "sqlserver"]

ENGINES: tuple[EngineName, ...] = ("duckdb", "postgresql", "sqlserver")
