"""A progress bar on stderr, only where somebody sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from expressway.warehouse.warehouse import Progress as Callback


@contextmanager
def progress_bar(mode: str = "auto") -> Iterator[Callback | None]:
    """A callback that draws one bar for each study and stage; None when stderr is no terminal.

    Args:
        mode: auto, on or off.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if mode == "off" or (mode == "auto" and not console.is_terminal):
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[tuple[str, str], TaskID] = {}

        def update(study: str, stage: str, done: int, total: int) -> None:
            key = (study, stage)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{study} {stage}", total=total or None, rate="")
            bars.update(tasks[key], completed=done, total=total or None)
            bars.update(tasks[key], rate=_rate(stage, done, bars.tasks[tasks[key]].elapsed or 0.0))

        yield update


def _rate(stage: str, done: int, seconds: float) -> str:
    """How fast it goes, in pairs, else in millions of bytes or genes."""
    each_second = done / max(seconds, 1e-9)
    return f"{each_second:,.0f} pairs/s" if stage == "pairs" else f"{each_second / 1e6:,.1f} M/s"
