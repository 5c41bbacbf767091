"""The weights by which the pairs of one row of a tile are pooled: they change where presence patterns do.

Everything is done lane by lane in fixed order without re-association, so the statistics of a pair are the same bits in
any tile and on any thread. Each loop reads few arrays: LLVM gives up vector code where too many might overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from expressway.coexpression.engine.layout import CASE, REFERENCE
from expressway.coexpression.engine.operations import (
    F32,
    ONE,
    TINY,
    ZERO,
    compiled,
    fma,
    larger,
)

SS, SOTH = 0, 1
FAMILIES: tuple[str, ...] = ("ss", "soth", "combined", "control", "sepsis", "septic_shock")
FAMILIES += ("shock_vs_sepsis", "shock_vs_control", "sepsis_vs_control")
METRICS = 5
"""Pooled quantities: ss, soth, then the cohorts case, reference, control."""
TWO = F32(2)


@compiled
def weigh(mine: Any, theirs: Any, variances: Any, others: Any, groups: Any, L: int, out: Any) -> None:
    """Weights of the pairs of one gene with those of the lanes, which depend on who is present where only.

    Args:
        mine: whether the gene of the row counts in each slot.
        theirs: 1 where the gene of a lane counts in a slot, else 0; (slots, lanes).
        variances: of z, in every slot.
        out: filled here, each (cells, lanes): 1/V and V of every metric and study, the shares of the cohorts among the
            others, and of every metric and technology 1/S1, 1/C and k - 1.
    """
    weights, spreads, shares, inverse_sum, inverse_c, degrees = out
    studies = variances.size // L
    for s in range(studies):
        at = s * L
        total = weights[s]  # its own value comes last
        total[:] = ZERO
        for c in range(at, at + L):
            if others[c - at] and mine[c]:
                add_scaled(total, theirs[c], ONE / variances[c])
        for c in range(at, at + L):
            if others[c - at] and mine[c]:
                share(shares[c], theirs[c], ONE / variances[c], total)
            else:
                shares[c, :] = ZERO
        case, reference = at + CASE, at + REFERENCE
        if mine[case]:
            spread_of_others(spreads[SOTH * studies + s], theirs[case], variances[case], total)
        else:
            spreads[SOTH * studies + s, :] = np.inf
        if mine[case] and mine[reference]:
            both = variances[case] + variances[reference]
            spread_of_two(spreads[SS * studies + s], theirs[case], theirs[reference], both)
        else:
            spreads[SS * studies + s, :] = np.inf
        for c in range(3):
            if mine[at + c]:
                spread(spreads[(2 + c) * studies + s], theirs[at + c], variances[at + c])
            else:
                spreads[(2 + c) * studies + s, :] = np.inf
    for m in range(METRICS):
        for g in range(groups.size - 1):
            cell = m * (groups.size - 1) + g
            inverse_sum[cell, :] = ZERO
            inverse_c[cell, :] = ZERO
            degrees[cell, :] = -ONE
            for s in range(groups[g], groups[g + 1]):
                invert(weights[m * studies + s], spreads[m * studies + s])
                add_weight(inverse_sum[cell], inverse_c[cell], degrees[cell], weights[m * studies + s])
            finish_weights(inverse_sum[cell], inverse_c[cell])


@compiled
def add_scaled(total: Any, a: Any, factor: Any) -> None:
    """total += factor a."""
    for j in range(total.size):
        total[j] = fma(a[j], factor, total[j])


@compiled
def share(out: Any, there: Any, weight: Any, total: Any) -> None:
    """The share of a cohort in the others: u / sum u; 0 where it is absent."""
    for j in range(out.size):
        out[j] = there[j] * weight / larger(total[j], TINY)


@compiled
def spread(out: Any, there: Any, variance: Any) -> None:
    """V of a cohort; infinite where it is absent."""
    for j in range(out.size):
        out[j] = variance / there[j]


@compiled
def spread_of_two(out: Any, there: Any, also: Any, variance: Any) -> None:
    """V of a difference of two cohorts; infinite where one is absent."""
    for j in range(out.size):
        out[j] = variance / (there[j] * also[j])


@compiled
def spread_of_others(out: Any, there: Any, variance: Any, total: Any) -> None:
    """V of the case cohort against others whose precisions add up to `total`; infinite where either is absent."""
    for j in range(out.size):
        out[j] = (variance + ONE / total[j]) / there[j]


@compiled
def invert(weight: Any, variance: Any) -> None:
    """weight = 1 / variance."""
    for j in range(weight.size):
        weight[j] = ONE / variance[j]


@compiled
def add_weight(total: Any, products: Any, degrees: Any, weight: Any) -> None:
    """Add a study to sum w, to the sum of w_i w_j over pairs of studies, and to k - 1."""
    for j in range(total.size):
        products[j] = fma(weight[j], total[j], products[j])
        total[j] = total[j] + weight[j]
        degrees[j] = degrees[j] + (ONE if weight[j] > ZERO else ZERO)


@compiled
def finish_weights(total: Any, products: Any) -> None:
    """1 / S1, and 1 / C with C = S1 - S2 / S1 = 2 sum_{i<j} w_i w_j / S1; 0 for fewer than two studies."""
    for j in range(total.size):
        products[j] = total[j] / (TWO * products[j]) if products[j] > ZERO else ZERO
        total[j] = ONE / larger(total[j], TINY)
