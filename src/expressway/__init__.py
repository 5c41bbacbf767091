"""Gene-expression studies, from file to ranked gene pair.

import expressway

with expressway.open_warehouse("duckdb:///expressway.duckdb") as warehouse:
    warehouse.load("SRP164913.zip")
    warehouse.map_study("SRP164913", "SEPSIS")
    warehouse.aggregate("SEPSIS")
    warehouse.top_pairs("SEPSIS")
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expressway.errors import ExpresswayError

if TYPE_CHECKING:
    from expressway.pipeline import PipelineResult, run_pipeline
    from expressway.warehouse.load import StudyResult
    from expressway.warehouse.loading import LoadResult
    from expressway.warehouse.pairs.outcome import AggregateResult
    from expressway.warehouse.warehouse import Warehouse

__all__ = [
    "AggregateResult",
    "ExpresswayError",
    "LoadResult",
    "PipelineResult",
    "StudyResult",
    "Warehouse",
    "open_warehouse",
    "run_pipeline",
]

_HOMES = {
    "AggregateResult": "expressway.warehouse.pairs.outcome",
    "LoadResult": "expressway.warehouse.loading",
    "PipelineResult": "expressway.pipeline",
    "StudyResult": "expressway.warehouse.load",
    "Warehouse": "expressway.warehouse.warehouse",
    "run_pipeline": "expressway.pipeline",
}


def open_warehouse(url: str | None = None, *, config: Path | str | None = None) -> Warehouse:
    """The warehouse at `url`, to be used in a `with` block; the first load creates it.

    Args:
        url: `duckdb:///FILE` or `postgresql://USER@HOST/DATABASE`; the setting `warehouse` when omitted.
        config: a settings file; `expressway.yaml` in the working folder when omitted and present.

    Raises:
        InvalidWarehouseUrl: not a URL of an engine this version knows.
        SettingsError: the settings are wrong.
    """
    from expressway.settings import load_settings
    from expressway.warehouse.warehouse import Warehouse

    overrides = {} if url is None else {"warehouse": url}
    return Warehouse(load_settings(None if config is None else Path(config), overrides))


def __getattr__(name: str) -> Any:
    """What needs a warehouse, imported when first asked for: the numerics are usable without a database."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
