"""One summary of the two contrasts, SS (shock against sepsis) and SOTH (shock against all others).

Both contain the shock cohort, and the others contain the sepsis cohort, so they are far from independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from expressway.coexpression.arguments import FloatArray, check_choice, floats
from expressway.coexpression.fisher import Z_975, two_sided_p

Rho = Literal["overlap", "none"]


@dataclass(frozen=True, slots=True)
class Combined:
    """Both contrasts in one; fields have the shape of the input, NaN where both contrasts are missing."""

    estimate: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    z: FloatArray
    p: FloatArray


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def combine(
    ss_estimate: ArrayLike,
    ss_se: ArrayLike,
    soth_estimate: ArrayLike,
    soth_se: ArrayLike,
    rho: Rho = "overlap",
    degrees: ArrayLike | None = None,
) -> Combined:
    """The inverse-variance mean of SS and SOTH with the standard error that their correlation leaves it.

    estimate = g SS + h SOTH, g and h proportional to 1/SE^2; SE^2 = g^2 SE_ss^2 + h^2 SE_soth^2
    + 2 g h rho SE_ss SE_soth. Where the others are stratified and contain the reference cohort,
    Cov(SS, SOTH) = Var(SOTH), hence rho = min(1, SE_soth / SE_ss). Estimate, interval and p agree with each other.
    It summarises two overlapping views and is no more precise than SOTH alone.
    Where one contrast is missing the other stands alone.

    Args:
        ss_estimate: pooled SS, any shape; NaN is missing.
        ss_se: its standard error; not positive or not finite is missing too.
        soth_estimate: pooled SOTH.
        soth_se: its standard error.
        rho: `overlap` as above; `none` takes them for independent, which finds 10% to 15% of nulls at 0.05.
        degrees: degrees of freedom of the t that p and interval are of; a normal when omitted. Contrasts with Hartung
            and Knapp's standard errors need one: that of the contrast with fewer studies is on the safe side.
    """
    check_choice("rho", rho, get_args(Rho))
    ss, ss_error = _known(ss_estimate, ss_se)
    soth, soth_error = _known(soth_estimate, soth_se)
    precision_ss, precision_soth = 1.0 / ss_error**2, 1.0 / soth_error**2
    g = precision_ss / (precision_ss + precision_soth)
    h = precision_soth / (precision_ss + precision_soth)
    correlation = np.minimum(1.0, soth_error / ss_error) if rho == "overlap" else np.zeros_like(g)
    a, b = g * ss_error, h * soth_error
    estimate = _or_other(g * ss + h * soth, ss, soth)
    std_error = _or_other(np.sqrt(a * a + b * b + 2.0 * correlation * a * b), ss_error, soth_error)
    z = estimate / std_error
    half = (Z_975 if degrees is None else stdtrit(floats(degrees), 0.975)) * std_error
    return Combined(estimate, std_error, estimate - half, estimate + half, z, two_sided_p(z, degrees))


def stouffer(z_ss: ArrayLike, n_ss: ArrayLike, z_soth: ArrayLike, n_soth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Stouffer's Z of the two contrasts and its two-sided p, as if they were independent (they are not).

    Args:
        z_ss: z of SS, any shape; NaN is missing, and leaves the other alone.
        n_ss: samples behind it; weights are square roots of these.
        z_soth: z of SOTH.
        n_soth: samples behind it.
    """
    z = weighted_z(np.stack(np.broadcast_arrays(z_ss, z_soth)), np.stack(np.broadcast_arrays(n_ss, n_soth)))
    return z, two_sided_p(z)


@np.errstate(divide="ignore", invalid="ignore")
def weighted_z(z: ArrayLike, n: ArrayLike) -> FloatArray:
    """sum sqrt(n) z / sqrt(sum n) over the first axis, skipping what is missing; NaN where all is.

    Stouffer et al. (1949), The American Soldier; the weights are those of Liptak (1958).
    """
    scores, samples = np.broadcast_arrays(floats(z), floats(n))
    present = np.isfinite(scores) & np.isfinite(samples) & (samples > 0)
    total, weight = np.zeros(scores.shape[1:]), np.zeros(scores.shape[1:])
    for score, size, known in zip(scores, samples, present, strict=True):
        total += np.where(known, np.sqrt(np.where(known, size, 0.0)) * np.where(known, score, 0.0), 0.0)
        weight += np.where(known, size, 0.0)
    return total / np.sqrt(np.where(weight > 0, weight, np.nan))


def _known(estimate: ArrayLike, std_error: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Both NaN unless both are there."""
    values, errors = np.broadcast_arrays(floats(estimate), floats(std_error))
    known = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    return np.where(known, values, np.nan), np.where(known, errors, np.nan)


def _or_other(both: FloatArray, ss: FloatArray, soth: FloatArray) -> FloatArray:
    alone = np.where(np.isnan(ss), soth, ss)
    return np.where(np.isnan(ss) | np.isnan(soth), alone, both)
