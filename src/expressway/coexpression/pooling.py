"""Random-effects pooling over studies, for many metrics at once.

The notation is that of the meta-analysis literature: k studies, weights w = 1 / SE^2, Cochran's Q, I^2, tau^2.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfc, gamma, stdtrit

from expressway.coexpression import tau2 as between
from expressway.coexpression.arguments import FloatArray, IntArray, check_choice, study_table
from expressway.coexpression.fisher import Z_975, two_sided_p
from expressway.errors import InvalidSetting

Tau2Method = Literal["DL", "PM", "REML", "HE", "SJ", "EE"]
CiMethod = Literal["z", "HK", "HK_floor"]

_NO_SPREAD = 1e-24
"""Hartung-Knapp's q below this is rounding: a spread of 1e-12 standard errors."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """What pooling says of each metric; every field has shape (metrics,), NaN where it does not exist."""

    estimate: FloatArray
    std_error: FloatArray
    z: FloatArray
    """estimate / std_error; with a Hartung-Knapp interval this is a t with k - 1 degrees of freedom."""
    p: FloatArray
    """Two-sided, of the same distribution as the interval."""
    ci_low: FloatArray
    ci_high: FloatArray
    Q: FloatArray
    """Cochran's Q about the fixed-effect mean."""
    Q_p: FloatArray
    """Upper tail of Q in a chi-square with k - 1 degrees of freedom."""
    I2: FloatArray
    """max(0, (Q - (k - 1)) / Q), in per cent (Higgins & Thompson 2002, Stat Med 21, 1539)."""
    tau2: FloatArray
    k: IntArray
    """How many studies are present."""


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def pool(estimates: ArrayLike, std_errors: ArrayLike, method: Tau2Method = "DL", ci: CiMethod = "z") -> Pooled:
    """Estimates pooled over studies, with heterogeneity.

    w = 1/SE^2; fixed mean = sum w y / sum w; Q = sum w (y - fixed mean)^2; tau^2 by `method`; w* = 1/(SE^2 + tau^2);
    estimate = sum w* y / sum w*; SE = 1/sqrt(sum w*); z = estimate / SE. With ci="HK" the SE is multiplied by sqrt(q),
    q = sum w* (y - estimate)^2 / (k - 1), and z is a t with k - 1 degrees of freedom; "HK_floor" takes max(1, q).

    No study: everything is NaN, k is 0. One study: estimate, SE, z, p and interval are its own, Q is 0, and tau^2, I^2
    and Q_p are NaN; with HK and HK_floor SE, z, p and interval are NaN as well. Where q is 0 the SE stays that of z.

    Args:
        estimates: one row per study, shape (studies, metrics).
        std_errors: their standard errors, same shape. A study is absent from a metric where either is not finite, or
            the standard error is not positive.
        method: of tau^2: DL DerSimonian-Laird, PM Paule-Mandel, REML restricted likelihood, HE Hedges, SJ
            Sidik-Jonkman, EE equal effects (tau^2 = 0).
        ci: z normal; HK Hartung-Knapp; HK_floor Hartung-Knapp never narrower than with its q at 1.

    Raises:
        InvalidSetting: another shape, method or interval.

    References:
        DerSimonian & Laird (1986), Control Clin Trials 7, 177. Hartung & Knapp (2001), Stat Med 20, 3875.
        The other estimators: see `tau2`.
    """
    check_choice("ci_method", ci, get_args(CiMethod))
    return summarise(fit(estimates, std_errors, method), ci)


@dataclass(frozen=True, slots=True)
class Fit:
    """The pooled estimate of each metric before anything is said of its interval; fields of shape (metrics,)."""

    data: between.Deviations
    fixed_mean: FloatArray
    """The mean with weights 1/SE^2: the estimate of equal effects."""
    tau2: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    """That of a z interval."""
    q: FloatArray
    """Hartung and Knapp's: sum w* (y - estimate)^2 / (k - 1)."""

    def of(self, metrics: slice) -> Fit:
        """Only these metrics."""
        rest = (getattr(self, field.name)[metrics] for field in fields(self)[1:])
        return Fit(self.data.of(metrics), *rest)


def fit(estimates: ArrayLike, std_errors: ArrayLike, method: Tau2Method = "DL") -> Fit:
    """The part of `pool` that is the same whatever the interval; the arguments are its."""
    check_choice("tau2_method", method, get_args(Tau2Method))
    return _fit(*checked_studies(estimates, std_errors), method)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _fit(table: FloatArray, variances: FloatArray, method: Tau2Method) -> Fit:
    fixed_mean, data = _deviations(table, variances)
    tau2 = np.where(data.k >= 2, between.ESTIMATORS[method](data), np.nan)
    weights = data.weights(np.where(data.k == 1, 0.0, tau2))
    shift = between.weighted_mean(data.values, weights)
    std_error = 1.0 / np.sqrt(between.add_studies(weights))
    estimate = fixed_mean + shift
    std_error[np.isnan(estimate)] = np.nan
    q = between.scatter(data.values, weights, shift) / (data.k - 1)
    return Fit(data, fixed_mean, tau2, estimate, std_error, q)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def summarise(fitted: Fit, ci: CiMethod = "z") -> Pooled:
    """What `pool` says, of a fit."""
    data = fitted.data
    std_error, z, p = significance(fitted, ci)
    half = std_error * (Z_975 if ci == "z" else _t_quantile(data.k - 1))
    return Pooled(
        estimate=fitted.estimate,
        std_error=std_error,
        z=z,
        p=p,
        ci_low=fitted.estimate - half,
        ci_high=fitted.estimate + half,
        Q=data.Q,
        Q_p=chi_square_tail(data.Q, data.k - 1),
        I2=_i_squared(data),
        tau2=fitted.tau2,
        k=data.k,
    )


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def significance(fitted: Fit, ci: CiMethod = "z") -> tuple[FloatArray, FloatArray, FloatArray]:
    """Standard error, z (with Hartung-Knapp t) and two-sided p of a fit."""
    std_error = _std_error(fitted, ci)
    z = fitted.estimate / std_error
    return std_error, z, _p_value(z, fitted.data.k, ci)


def _std_error(fitted: Fit, ci: CiMethod) -> FloatArray:
    if ci == "z":
        return fitted.std_error
    return fitted.std_error * _hartung_knapp_scale(fitted.q, fitted.data.k, floor=ci == "HK_floor")


def _p_value(z: FloatArray, k: IntArray, ci: CiMethod) -> FloatArray:
    return two_sided_p(z, None if ci == "z" else np.maximum(k - 1, 1))


def prediction_interval(pooled: Pooled) -> tuple[FloatArray, FloatArray]:
    """Where the true value of one more study lies, 95%: estimate -+ t_{k-2, .975} sqrt(tau^2 + SE^2); NaN for k < 3.

    Higgins, Thompson & Spiegelhalter (2009), J R Stat Soc A 172, 137.
    """
    half = _t_quantile(pooled.k - 2) * np.sqrt(pooled.tau2 + pooled.std_error**2)
    return pooled.estimate - half, pooled.estimate + half


def leave_one_out(estimates: ArrayLike, std_errors: ArrayLike, method: Tau2Method = "DL", ci: CiMethod = "z") -> Pooled:
    """Row s of every field is `pool` without study s, shape (studies, metrics).

    Where study s is absent anyway, nothing was left out: row s is NaN there, its k 0.

    Args:
        estimates: shape (studies, metrics).
        std_errors: same shape.
        method: as in `pool`.
        ci: as in `pool`.
    """
    table, errors = study_table(estimates, "estimates"), study_table(std_errors, "std_errors")
    _, variances = checked_studies(table, errors)
    columns: dict[str, Any] = {
        field.name: np.zeros(table.shape, np.int64 if field.name == "k" else np.float64) for field in fields(Pooled)
    }
    for study, absent in enumerate(np.isinf(variances)):
        others = table.copy()
        others[study] = np.nan
        row = pool(others, errors, method, ci)
        for name, column in columns.items():
            column[study] = np.where(absent, 0 if name == "k" else np.nan, getattr(row, name))
    return Pooled(**columns)


def largest_p_without_one(
    estimates: ArrayLike, std_errors: ArrayLike, method: Tau2Method = "DL", ci: CiMethod = "z"
) -> FloatArray:
    """The largest p over the poolings that leave one present study out, shape (metrics,); NaN for fewer than two."""
    check_choice("tau2_method", method, get_args(Tau2Method))
    table, variances = checked_studies(estimates, std_errors)
    absent = np.isinf(variances)
    smallest = np.full(table.shape[1], np.nan)
    for study in range(len(table)):
        others = np.arange(len(table)) != study
        fitted = _fit(table[others], variances[others], method)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            z = np.abs(fitted.estimate / _std_error(fitted, ci))
        smallest = np.where(absent[study], smallest, np.fmin(smallest, z))
    return _p_value(smallest, (~absent).sum(axis=0) - 1, ci)  # p falls with |z|, and all have k - 1 studies


@np.errstate(divide="ignore", over="ignore", invalid="ignore")
def checked_studies(estimates: ArrayLike, std_errors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Estimates and variances, both (studies, metrics); 0 and infinity where the study is absent."""
    table, errors = study_table(estimates, "estimates"), study_table(std_errors, "std_errors")
    if table.shape != errors.shape:
        raise InvalidSetting(
            f"estimates have shape {table.shape} and std_errors {errors.shape}",
            value=errors.shape,
            hint="Give every estimate its standard error; NaN marks an absent study.",
        )
    variances = errors * errors
    # An error so large or so small that its weight is no longer a number carries no information either.
    absent = ~(np.isfinite(table) & (errors > 0) & np.isfinite(variances) & np.isfinite(1.0 / variances))
    if absent.any():
        table = np.where(absent, 0.0, table)
        variances[absent] = np.inf
    return table, variances


def _deviations(table: FloatArray, variances: FloatArray) -> tuple[FloatArray, between.Deviations]:
    k = np.isfinite(variances).sum(axis=0)
    weights = 1.0 / variances
    mean = between.weighted_mean(table, weights)
    misfit = between.scatter(table, weights, mean)
    misfit[k == 1] = 0.0
    misfit[k == 0] = np.nan
    return mean, between.Deviations(table - mean, variances, misfit, k)


def chi_square_tail(x: FloatArray, degrees: IntArray) -> FloatArray:
    """P(X > x) of a chi-square with whole degrees of freedom, both of shape (metrics,); NaN for fewer than one.

    P(x; v + 2) = P(x; v) + (x/2)^(v/2) e^(-x/2) / Gamma(v/2 + 1), from P(x; 2) = e^(-x/2) and P(x; 1) = erfc(sqrt(x/2))
    (Abramowitz & Stegun 1964, 26.4.4, 26.4.5): all terms are positive, so nothing cancels.
    """
    half, found = 0.5 * np.minimum(x, 1e9), np.full(x.shape, np.nan)  # infinity times e^-infinity is no number
    most = int(degrees.max(initial=0))
    for least in (1, 2):
        if not (degrees % 2 == least % 2).any():
            continue
        term = np.exp(-half)
        tail = term.copy() if least == 2 else erfc(np.sqrt(half))
        term *= half if least == 2 else np.sqrt(half) / gamma(1.5)
        for v in range(least, most + 1, 2):
            np.copyto(found, tail, where=degrees == v)
            tail += term
            term *= half / (v / 2 + 1)
    return found


def _i_squared(data: between.Deviations) -> FloatArray:
    share = 100.0 * (data.Q - (data.k - 1)) / data.Q
    return np.where(data.k >= 2, np.where(data.Q > 0, np.maximum(share, 0.0), 0.0), np.nan)


def _hartung_knapp_scale(q: FloatArray, k: IntArray, *, floor: bool) -> FloatArray:
    scale = np.where(q < _NO_SPREAD, 1.0, np.sqrt(q))
    if floor:
        scale = np.maximum(scale, 1.0)
    return np.where(k >= 2, scale, np.nan)


def _t_quantile(degrees: IntArray) -> FloatArray:
    """The 0.975 quantile of t, shape of the degrees of freedom; NaN where they are below 1."""
    most = int(degrees.max(initial=0))
    table = np.full(most + 1, np.nan)
    table[1:] = stdtrit(np.arange(1.0, most + 1.0), 0.975)
    return table[np.maximum(degrees, 0)]
