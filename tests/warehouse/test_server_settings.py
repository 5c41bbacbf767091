"""Do the settings that a server, a database or a role may have change nothing, or end in a clear refusal?"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from expressway import cli
from expressway.errors import QueryRefused
from tests.warehouse.conftest import connect
from tests.warehouse.pairs.simulated import load_all, open_with, write_matrix

NAMES = ["\N{GRINNING FACE}", "\u00c4", "O'Brien", "back\\slash", "100%s", *(f"G{number}" for number in range(20))]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of genes with names that want escaping."""
    return write_matrix(tmp_path, "ODD", NAMES, 1)


def give(url: str, setting: str) -> None:
    """Make a setting the default of a database."""
    opened = connect(url)
    opened.execute(f"ALTER DATABASE {make_url(url).database} SET {setting}")
    opened.raw.close()


@pytest.mark.parametrize(
    "setting",
    [
        "datestyle = 'German, DMY'",
        "client_encoding = 'LATIN1'",
        "client_encoding = 'SQL_ASCII'",
        "standard_conforming_strings = off",
        "search_path = 'nowhere'",
        "default_transaction_isolation = 'serializable'",
    ],
)
def test_a_setting_that_must_change_nothing(setting: str, postgresql_url: str, study: Path) -> None:
    give(postgresql_url, setting)
    with open_with(postgresql_url) as warehouse:
        load_all(warehouse, study)
        assert warehouse.aggregate("SEPSIS").ok
        pairs = warehouse.top_pairs(limit=1000, q=1, k_min=1, i2_max=100)
        assert set(pairs["genea_id"].to_list() + pairs["geneb_id"].to_list()) == set(NAMES)
        assert warehouse.runs()["status"].to_list() == ["SUCCESS", "SUCCESS"]
        assert list(warehouse.check()) == []


def test_a_statement_that_may_not_take_its_time(
    postgresql_url: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_with(postgresql_url) as warehouse:
        warehouse.init()
    give(postgresql_url, "statement_timeout = '1ms'")
    assert cli.run(["--warehouse", postgresql_url, "load", str(study)]) == 1
    assert "longer statement_timeout" in capsys.readouterr().err
    give(postgresql_url, "statement_timeout = 0")
    with open_with(postgresql_url) as warehouse:
        assert warehouse.studies().is_empty()
        assert list(warehouse.check()) == []


def test_a_statement_that_somebody_cancels(postgresql_url: str) -> None:
    other = connect(postgresql_url)
    cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
    with open_with(postgresql_url) as warehouse, ThreadPoolExecutor(1) as pool:
        warehouse.init()
        asked = pool.submit(warehouse.sql, "SELECT pg_sleep(60)")
        while not other.scalar(cancel):
            time.sleep(0.01)
        with pytest.raises(QueryRefused, match="user request") as refused:
            asked.result()
    assert refused.value.hint.startswith("Somebody cancelled it")
    other.raw.close()
