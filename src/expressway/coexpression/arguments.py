"""What the statistics take: float64 arrays and names of methods."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expressway.errors import InvalidSetting

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def floats(values: ArrayLike) -> FloatArray:
    """The values as a float64 array, copied only if they are not one already."""
    return np.asarray(values, dtype=np.float64)


def study_table(values: ArrayLike, what: str) -> FloatArray:
    """Float64 of shape (studies, metrics); InvalidSetting for any other number of dimensions."""
    table = floats(values)
    if table.ndim != 2:
        raise InvalidSetting(
            f"{what}: expected an array of shape (studies, metrics), found shape {table.shape}",
            value=table.shape,
            hint="Put studies in rows; for a single metric write `values[:, None]`.",
        )
    return table


def check_choice(option: str, value: str, valid: Iterable[str]) -> None:
    """Raises InvalidSetting, with the nearest valid name, unless the value is one of the valid ones."""
    names = list(valid)
    if value in names:
        return
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(str(value).casefold(), folded, n=1)
    guess = f"Did you mean {folded[near[0]]!r}? " if near else ""
    raise InvalidSetting(
        f"{option}: there is no {value!r}", value=value, hint=f"{guess}Valid for {option}: {', '.join(names)}."
    )
