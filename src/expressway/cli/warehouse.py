"""`expressway warehouse`: the database itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from expressway.cli.context import open_warehouse, options
from expressway.cli.output import show, talk
from expressway.errors import SchemaDiffers

app = typer.Typer(help="Create, upgrade and check the warehouse.", no_args_is_help=True)


class EngineName(StrEnum):
    """Engines with a DDL."""

    duckdb = "duckdb"
    postgresql = "postgresql"
    sqlserver = "sqlserver"


@app.command("init")
def init(context: typer.Context) -> None:
    """Create the schema in an empty database."""
    _upgrade(context)


@app.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the schema up to date."""
    _upgrade(context)


def _upgrade(context: typer.Context) -> None:
    with open_warehouse(context) as warehouse:
        applied = warehouse.init()
        talk(f"{warehouse.url}: " + (f"applied {', '.join(applied)}" if applied else "already up to date"))


@app.command("check")
def check(context: typer.Context) -> None:
    """Prove that schema and data are whole.

    The live schema is compared with its definition; keys, counts and batches of the data must add up.
    """
    import polars as pl

    with open_warehouse(context, read_only=True) as warehouse:
        differences = warehouse.check()
        where = warehouse.url
    rows = pl.DataFrame({"difference": [str(one) for one in differences]}, schema={"difference": pl.String})
    show(rows, options(context).format, empty=f"{where}: as defined, and whole", whole=True)
    if differences:
        raise SchemaDiffers(f"{len(differences)} differences in {where}", value=where, hint="Each is listed on stdout.")


@app.command("ddl")
def ddl(engine: Annotated[EngineName, typer.Option(help="Database the script is for.")] = EngineName.duckdb) -> None:
    """Print the DDL: schemas, tables, indexes, seeds, views, roles."""
    from expressway.warehouse.ddl import render_ddl

    typer.echo(render_ddl(engine.value))
