"""From a warehouse URL to its engine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from expressway.errors import InvalidWarehouseUrl
from expressway.settings import redact_url
from expressway.warehouse.engines.base import Engine


def engine_for(url: str, *, memory: int | None = None, read_only: bool = False) -> Engine:
    """The engine a URL names; nothing is opened yet.

    Args:
        url: `duckdb:///relative.duckdb`, `duckdb:////absolute.duckdb` or `postgresql://user@host/database`.
        memory: bytes this process may use; DuckDB gets half of it.
        read_only: nothing will be written; several processes may then read a DuckDB file at once.

    Raises:
        InvalidWarehouseUrl: any other scheme, or no path.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise InvalidWarehouseUrl(f"{redact_url(url)} is not a warehouse URL", value=redact_url(url))
    if scheme == "duckdb":
        path = unquote(rest.removeprefix("/"))
        if not rest.startswith("/") or not path:
            raise InvalidWarehouseUrl(
                f"{url} names no file", value=url, hint="Three slashes, then the path: duckdb:///expressway.duckdb"
            )
        from expressway.warehouse.engines.duckdb.engine import DuckDBEngine

        return DuckDBEngine(Path(path), memory, read_only)
    if scheme in {"postgresql", "postgres"}:
        from expressway.warehouse.engines.postgresql.engine import PostgreSQLEngine

        return PostgreSQLEngine(url)
    raise InvalidWarehouseUrl(
        f"{scheme}:// is not a warehouse this version can open (duckdb, postgresql)", value=redact_url(url)
    )
