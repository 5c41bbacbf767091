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
def weigh(row: Any, columns: Any, present: Any, variances: Any, others: Any, groups: Any, L: int, out: Any) -> None:
    """Weights of the pairs of a row with the columns, which depend on presence patterns only.

    Args:
        row: pattern of the row's gene.
        columns: patterns of the columns' genes.
        out: (weights, variances, shares, sums, scales, degrees), filled here: 1/V and V of every metric and study, the
            shares of the cohorts among the others, and of every metric and technology 1/S1, 1/C and k - 1.
    """
    weights, spreads, shares, inverse_sum, inverse_c, degrees = out
    for j in range(columns.size):
        if j > 0 and columns[j] == columns[j - 1]:
            for array in out:
                for cell in range(array.shape[0]):
                    array[cell, j] = array[cell, j - 1]
        else:
            both = present[row] & present[columns[j]]
            _weigh_studies(both, variances, others, L, j, weights, spreads, shares)
            _weigh_sums(spreads, groups, j, variances.size // L, inverse_sum, inverse_c, degrees)


@compiled
def _weigh_studies(
    both: Any, variances: Any, others: Any, L: int, j: int, weights: Any, spreads: Any, shares: Any
) -> None:
    """Variance and weight of each metric in each study, of one pair of patterns."""
    v = np.empty(METRICS)
    studies = variances.size // L
    for s in range(studies):
        at = s * L
        total = 0.0
        for c in range(at, at + L):
            total += 1.0 / variances[c] if others[c - at] and both[c] else 0.0
        for c in range(at, at + L):
            shares[c, j] = F32((1.0 / variances[c]) / total) if others[c - at] and both[c] else ZERO
        v[:] = np.inf
        if both[at + CASE] and both[at + REFERENCE]:
            v[SS] = variances[at + CASE] + variances[at + REFERENCE]
        if both[at + CASE] and total > 0:
            v[SOTH] = variances[at + CASE] + 1.0 / total
        for c in range(3):
            if both[at + c]:
                v[2 + c] = variances[at + c]
        for m in range(METRICS):
            spreads[m * studies + s, j] = F32(v[m])
            weights[m * studies + s, j] = F32(1.0 / v[m])


@compiled
def _weigh_sums(
    spreads: Any, groups: Any, j: int, studies: int, inverse_sum: Any, inverse_c: Any, degrees: Any
) -> None:
    """1/S1, 1/C = 1/(S1 - S2/S1) and k - 1 of each metric in each technology, of one pair of patterns."""
    for m in range(METRICS):
        for g in range(groups.size - 1):
            s1, s2, k = 0.0, 0.0, 0
            for s in range(groups[g], groups[g + 1]):
                w = 1.0 / np.float64(spreads[m * studies + s, j])
                s1 += w
                s2 += w * w
                k += int(w > 0)
            cell = m * (groups.size - 1) + g
            inverse_sum[cell, j] = F32(1.0 / s1) if k > 0 else ZERO
            inverse_c[cell, j] = F32(1.0 / (s1 - s2 / s1)) if k > 1 else ZERO
            degrees[cell, j] = F32(k - 1)


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
