"""What every command shares: the global options, and the settings and the warehouse they name.

Commands import what they work with when they run: `--help` and the completion of a shell answer at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from expressway.cli.output import Format

if TYPE_CHECKING:
    from expressway.settings import Settings
    from expressway.warehouse.warehouse import Warehouse


@dataclass(slots=True)
class Options:
    """The global options of the command line."""

    warehouse: str | None = None
    config: Path | None = None
    format: Format = Format.table

    def settings(self, **overrides: Any) -> Settings:
        """Settings with the command line on top; options that were not given are left out."""
        from expressway.settings import load_settings

        given = {"warehouse": self.warehouse} | overrides
        return load_settings(self.config, {name: value for name, value in given.items() if value is not None})


def options(context: typer.Context) -> Options:
    """The global options of this invocation."""
    found = context.find_object(Options)
    return found if found is not None else Options()


def open_warehouse(context: typer.Context, *, read_only: bool = False, **overrides: Any) -> Warehouse:
    """The warehouse that the global options name; a command that only reads leaves it open to other readers."""
    from expressway.warehouse.warehouse import Warehouse

    return Warehouse(options(context).settings(**overrides), read_only=read_only)
