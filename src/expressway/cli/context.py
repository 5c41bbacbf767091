"""What every command shares: the global options, the settings they make, and how an error ends the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from expressway.cli.output import Format
from expressway.settings import Settings, load_settings
from expressway.warehouse.warehouse import Warehouse


@dataclass(slots=True)
class Options:
    """The global options of the command line."""

    warehouse: str | None = None
    config: Path | None = None
    format: Format = Format.table
    overrides: dict[str, Any] = field(default_factory=dict)

    def settings(self, **overrides: Any) -> Settings:
        """Settings with the command line on top; options that were not given are left out."""
        given = {"warehouse": self.warehouse} | overrides
        return load_settings(self.config, {name: value for name, value in given.items() if value is not None})


def options(context: typer.Context) -> Options:
    """The global options of this invocation."""
    found = context.find_object(Options)
    return found if found is not None else Options()


def open_warehouse(context: typer.Context, **overrides: Any) -> Warehouse:
    """The warehouse that the global options name."""
    return Warehouse(options(context).settings(**overrides))
