"""Facts go in block by block: a block that is lost, comes twice or cannot be read leaves what was there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from expressway import open_warehouse
from expressway.errors import NoSpaceLeft, ReconciliationFailed
from expressway.studies.study import Block
from expressway.studies.transform import StudyValues
from tests.warehouse.natural import natural_state
from tests.warehouse.studies import change_cell, write_download

Blocks = Iterator[Block]


def lost(blocks: Blocks) -> Blocks:
    next(blocks)
    yield from blocks


def twice(blocks: Blocks) -> Blocks:
    """The first block again in the place of the second: as many rows, other genes."""
    first = next(blocks)
    yield first
    next(blocks)
    yield first
    yield from blocks


def without_a_value(blocks: Blocks) -> Blocks:
    first = next(blocks)
    raw = first.raw.copy()
    raw[0, 0] = np.nan
    yield replace(first, raw=raw)
    yield from blocks


def unreadable(blocks: Blocks) -> Blocks:
    yield next(blocks)
    raise NoSpaceLeft("the temporary folder is full")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lost, ReconciliationFailed.code),
        (twice, ReconciliationFailed.code),
        (without_a_value, ReconciliationFailed.code),
        (unreadable, NoSpaceLeft.code),
    ],
)
def test_blocks_that_are_not_those_of_the_matrix(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Blocks], Blocks], code: int
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write_download(before)
    change_cell(write_download(after), 3, 2, "5.5")
    original = StudyValues.blocks
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(before)
        state = natural_state(warehouse)
        monkeypatch.setattr(StudyValues, "blocks", lambda self, _: change(original(self, 7)))
        study = warehouse.load(after).studies[0]
        assert (study.action, (study.error or {}).get("code")) == ("FAILED", code)
        assert natural_state(warehouse) == state
        monkeypatch.undo()
        assert warehouse.load(after).studies[0].action == "REPLACED"
        assert list(warehouse.check()) == []
