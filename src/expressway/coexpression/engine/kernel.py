"""One row of a tile: from the dot products of ranks to nine z statistics of each pair, in float32.

Everything is done lane by lane in fixed order without re-association, so the statistics of a pair are the same bits in
any tile and on any thread. Each loop reads few arrays: LLVM gives up vector code where too many might overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from expressway.coexpression.engine.layout import CASE, CONTROL, REFERENCE
from expressway.coexpression.engine.operations import (
    F32,
    HALF,
    ONE,
    TINY,
    ZERO,
    compiled,
    fma,
    larger,
    logarithm,
    root,
    smaller,
)

SS, SOTH, COMBINED = 0, 1, 2
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


@compiled
def fisher_z(products: Any, scale: Any, row_scale: Any, clip: Any, z: Any) -> None:
    """z = 1/2 ln((D + N) / (D - N)) of a cohort, D the root of both sums of squares, |r| clipped at 1 - 2 / A0."""
    for j in range(z.size):
        denominator = larger(row_scale * scale[j], TINY)
        least = denominator * clip
        most = fma(TWO, denominator, -least)
        plus = smaller(larger(denominator + products[j], least), most)
        minus = smaller(larger(denominator - products[j], least), most)
        z[j] = HALF * logarithm(plus / minus)


@compiled
def count_clipped(z: Any, limit: Any, start: int) -> int:
    """How many |z| stand at their limit; a loop of its own, as counting would halve the vectors of `fisher_z`."""
    clipped = np.int32(0)
    for j in range(start, z.size):
        clipped += np.int32(abs(z[j]) >= limit)
    return int(clipped)


@compiled
def subtract(difference: Any, a: Any, b: Any) -> None:
    """difference = a - b."""
    for j in range(difference.size):
        difference[j] = a[j] - b[j]


@compiled
def add_product(total: Any, a: Any, b: Any) -> None:
    """total += a b."""
    for j in range(total.size):
        total[j] = fma(a[j], b[j], total[j])


@compiled
def multiply(total: Any, factor: Any) -> None:
    """total *= factor."""
    for j in range(total.size):
        total[j] = total[j] * factor[j]


@compiled
def add_deviation(q: Any, estimate: Any, weight: Any, mean: Any) -> None:
    """q += w (estimate - mean)^2."""
    for j in range(q.size):
        d = estimate[j] - mean[j]
        q[j] = fma(weight[j] * d, d, q[j])


@compiled
def between(q: Any, degrees: Any, inverse_c: Any) -> None:
    """q becomes DerSimonian and Laird's variance between studies."""
    for j in range(q.size):
        q[j] = larger((q[j] - degrees[j]) * inverse_c[j], ZERO)


@compiled
def add_random_effect(W: Any, T: Any, estimate: Any, variance: Any, tau2: Any) -> None:
    """W += w*, T += w* estimate, with w* = 1 / (V + tau^2)."""
    for j in range(W.size):
        weight = ONE / (variance[j] + tau2[j])
        W[j] = W[j] + weight
        T[j] = fma(weight, estimate[j], T[j])


@compiled
def standardise(z: Any, W: Any, T: Any) -> None:
    """z = |T| / sqrt(W): the pooled estimate T / W over its standard error 1 / sqrt(W); NaN without a study."""
    for j in range(z.size):
        z[j] = abs(T[j]) / root(W[j])


@compiled
def combine(z: Any, W: Any, T: Any) -> None:
    """|z| of the combined effect: both contrasts share the case cohort, with correlation min(1, SE_soth / SE_ss)."""
    for j in range(z.size):
        a, b = W[SS, j], W[SOTH, j]
        covariance = smaller(a, root(a * b))
        z[j] = abs(T[SS, j] + T[SOTH, j]) / root(a + b + TWO * covariance)


@compiled
def compare(z: Any, Wa: Any, Ta: Any, Wb: Any, Tb: Any) -> None:
    """|z| of the difference of two pooled cohorts; NaN where one has no study."""
    for j in range(z.size):
        z[j] = abs(Ta[j] / Wa[j] - Tb[j] / Wb[j]) / root(ONE / Wa[j] + ONE / Wb[j])


@compiled
def pool_row(z: Any, contrasts: Any, weighed: Any, groups: Any, L: int, fixed: bool, work: Any, out: Any) -> None:
    """From z of every slot to |z| of the nine families.

    Args:
        z: (slots, lanes).
        contrasts: room for the two contrasts of every study, (2 x studies, lanes).
        weighed: what `weigh` made.
        fixed: equal effects: no variance between studies.
        work: room for (W, T), (metrics, lanes) each, and for two rows.
        out: (families, lanes).
    """
    weights, spreads, shares, inverse_sum, inverse_c, degrees = weighed
    W, T, mean, q = work
    studies = z.shape[0] // L
    for s in range(studies):
        at = s * L
        subtract(contrasts[2 * s + SS], z[at + CASE], z[at + REFERENCE])
        others = contrasts[2 * s + SOTH]
        others[:] = ZERO
        for c in range(L):
            add_product(others, shares[at + c], z[at + c])
        subtract(others, z[at + CASE], others)
    for m in range(METRICS):
        W[m, :] = ZERO
        T[m, :] = ZERO
        for g in range(groups.size - 1):
            cell = m * (groups.size - 1) + g
            mean[:] = ZERO
            q[:] = ZERO
            for s in range(groups[g], groups[g + 1]):
                x = contrasts[2 * s + m] if m < 2 else z[s * L + m - 2]
                add_product(mean, weights[m * studies + s], x)
            multiply(mean, inverse_sum[cell])
            if not fixed:
                for s in range(groups[g], groups[g + 1]):
                    x = contrasts[2 * s + m] if m < 2 else z[s * L + m - 2]
                    add_deviation(q, x, weights[m * studies + s], mean)
                between(q, degrees[cell], inverse_c[cell])
            for s in range(groups[g], groups[g + 1]):
                x = contrasts[2 * s + m] if m < 2 else z[s * L + m - 2]
                add_random_effect(W[m], T[m], x, spreads[m * studies + s], q)
    standardise(out[0], W[SS], T[SS])
    standardise(out[1], W[SOTH], T[SOTH])
    combine(out[2], W, T)
    standardise(out[3], W[2 + CONTROL], T[2 + CONTROL])
    standardise(out[4], W[2 + REFERENCE], T[2 + REFERENCE])
    standardise(out[5], W[2 + CASE], T[2 + CASE])
    compare(out[6], W[2 + CASE], T[2 + CASE], W[2 + REFERENCE], T[2 + REFERENCE])
    compare(out[7], W[2 + CASE], T[2 + CASE], W[2 + CONTROL], T[2 + CONTROL])
    compare(out[8], W[2 + REFERENCE], T[2 + REFERENCE], W[2 + CONTROL], T[2 + CONTROL])
