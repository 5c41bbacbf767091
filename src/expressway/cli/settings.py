"""`expressway settings`."""

from __future__ import annotations

import typer

from expressway.cli.context import options
from expressway.cli.output import Format, print_json, show


def settings(context: typer.Context) -> None:
    """The settings in force, secrets hidden."""
    found = options(context).settings().describe()
    if options(context).format is Format.json:
        print_json(found)
    else:
        rows = [{"setting": name, "value": "" if value is None else str(value)} for name, value in found.items()]
        show(rows, options(context).format, whole=True)
