"""Files that people ask for: whole or not at all, and what a failed write means to them."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from expressway.errors import InvalidSetting, NoSpaceLeft


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside the target that takes its place at the end, so that a failure leaves what was there.

    Raises:
        InvalidSetting: the folder is not there or cannot be written.
        NoSpaceLeft: the disk is full.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            unfinished = Path(folder) / f"unfinished{target.suffix}"
            yield unfinished
            unfinished.replace(target)
    except (OSError, pl.exceptions.ComputeError) as error:
        failure = _refusal(error, target)
    else:
        return
    raise failure


def _refusal(error: Exception, target: Path) -> NoSpaceLeft | InvalidSetting:
    """What a failed write means to the user; polars tells the cause in words only."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    number = getattr(error, "errno", None) or (int(found[1]) if found else None)
    if number in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
        return NoSpaceLeft(
            f"there is no space to write {target}", value=target, hint="Free some space, then try again."
        )
    reason = os.strerror(number) if number else str(error)
    return InvalidSetting(f"cannot write {target}: {reason}", value=target, hint="Choose a folder you may write to.")
