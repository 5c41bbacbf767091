"""The command line: `expressway`. Data goes to stdout, talk to stderr; no logic of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from expressway.cli import (
    aggregate,
    demo,
    export,
    genes,
    load,
    pairs,
    pipeline,
    plot,
    quarantine,
    report,
    runs,
    samplesheet,
    settings,
    simulate,
    studies,
    warehouse,
)
from expressway.cli.context import Options
from expressway.cli.output import Format, show_error, talk
from expressway.errors import ExpresswayError, NoSpaceLeft, unexpected
from expressway.files import FULL

GLOBAL_OPTIONS = ("--warehouse", "--config", "--format")
INTERRUPTED = 130

app = typer.Typer(
    name="expressway",
    help="Gene-expression studies, from file to ranked gene pair.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("load")(load.load)
app.add_typer(studies.app, name="studies")
app.add_typer(samplesheet.app, name="samplesheet")
app.add_typer(genes.app, name="genes")
app.add_typer(runs.app, name="runs")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(warehouse.app, name="warehouse")
app.command("aggregate")(aggregate.aggregate)
app.command("pairs")(pairs.pairs)
app.command("pair")(pairs.pair)
app.add_typer(export.app, name="export")
app.add_typer(plot.app, name="plot")
app.command("report")(report.report)
app.command("run")(pipeline.run)
app.command("simulate")(simulate.simulate)
app.command("demo")(demo.demo)
app.command("settings")(settings.settings)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("expressway"))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    warehouse: Annotated[
        str | None,
        typer.Option("--warehouse", metavar="URL", help="duckdb:///FILE or postgresql://USER@HOST/DATABASE."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="Settings file, expressway.yaml by default.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How results are printed.")] = Format.table,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Gene-expression studies, from file to ranked gene pair."""
    context.obj = Options(warehouse=warehouse, config=config, format=form)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.stdout is None:  # closed by the caller, who does not want the data
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    try:
        code = int(_command()(arguments, prog_name="expressway", standalone_mode=False) or 0)
        sys.stdout.flush()
    except ExpresswayError as error:
        show_error(error)
        return 1
    except typer.exceptions.TyperException as error:
        _show_usage(error)
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("EXPRESSWAY_TEST_TRACEBACK"):
            raise
        if str(error) != "Query interrupted":  # what DuckDB makes of Ctrl-C
            show_error(_foreseen(error) or unexpected(error))
            return 1
        code = INTERRUPTED
    if code == INTERRUPTED:
        talk("interrupted; nothing is half-written, run the same command again")
    return code


@cache
def _command() -> Callable[..., Any]:
    """All commands, put together once in a process."""
    return typer.main.get_command(app)


def _show_usage(error: typer.exceptions.TyperException) -> None:
    """What is wrong with the words of a command, and where to look; the help itself when there are no words."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if context is None or message == context.get_help():
        talk(message)
        return
    talk(f"error: {message}")
    option = message.rpartition(" ")[2]
    if option in GLOBAL_OPTIONS:
        talk(f"hint: {option} comes before the command: expressway {option} ... {context.info_name}")
    else:
        talk(f"hint: `{context.command_path} --help` shows what it takes.")


def _foreseen(error: Exception) -> ExpresswayError | None:
    """A disk that is full, wherever it was met: also where stdout goes."""
    if isinstance(error, OSError) and error.errno in FULL:
        return NoSpaceLeft("there is no space left to write to", value=error.filename)
    return None
