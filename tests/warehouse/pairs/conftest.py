"""A warehouse without studies, of each engine in turn, through the connection that the code uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from expressway import open_warehouse
from expressway.warehouse.engines.base import Connection


@pytest.fixture
def connection(warehouse_url: str) -> Iterator[Connection]:
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.init()
        with closing(warehouse.engine.connect()) as opened:
            yield opened
