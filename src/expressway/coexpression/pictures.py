"""What pictures of a whole analysis are drawn from: how p is distributed over all pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from expressway.coexpression.engine.falsediscovery import survival
from expressway.coexpression.engine.screen import Screened
from expressway.coexpression.engine.tiles import COARSE_WIDTH
from expressway.coexpression.engine.weights import FAMILIES
from expressway.coexpression.fisher import log_p, two_sided_p

MAIN = FAMILIES[:3]
BARS = 40


def distributions(screened: Screened, tested: Mapping[str, int]) -> dict[str, pl.DataFrame]:
    """`p_values`: shares of pairs in 40 equal intervals of p; `quantiles`: -log10 p, expected and observed."""
    return {
        "p_values": pl.concat(_p_values(screened, number, family) for number, family in enumerate(MAIN)),
        "quantiles": pl.concat(
            _quantiles(screened, number, family, tested[family]) for number, family in enumerate(MAIN)
        ),
    }


def _p_values(screened: Screened, number: int, family: str) -> pl.DataFrame:
    counts = screened.coarse[number].astype(np.float64)
    edges = two_sided_p(np.arange(len(counts) + 1) * COARSE_WIDTH)
    edges[-1] = 0.0
    below = np.concatenate([np.cumsum(counts[::-1])[::-1], [0.0]])  # pairs with p up to each edge
    bounds = np.linspace(0, 1, BARS + 1)
    at_most = np.interp(bounds, edges[::-1], below[::-1])
    total = max(float(counts.sum()), 1.0)
    return pl.DataFrame(
        {"family": [family] * BARS, "low": bounds[:-1], "high": bounds[1:], "share": np.diff(at_most) / total}
    )


def _quantiles(screened: Screened, number: int, family: str, tested: int) -> pl.DataFrame:
    z, at_least = survival(screened.histogram[number])
    return pl.DataFrame(
        {
            "family": [family] * len(z),
            "expected": -np.log10(at_least / max(tested, 1)),
            "observed": -log_p(z) / np.log(10),
        },
        schema={"family": pl.String, "expected": pl.Float64, "observed": pl.Float64},
    )
