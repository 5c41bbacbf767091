"""Every statistic of given pairs in float64: from correlations in cohorts to the columns of the feature catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.choices import Choices
from expressway.coexpression.combination import Combined, Rho, combine, stouffer
from expressway.coexpression.consistency import agreement
from expressway.coexpression.engine.layout import CASE, CONTROL, REFERENCE, Layout
from expressway.coexpression.engine.survivors import Correlations, correlations
from expressway.coexpression.engine.weights import FAMILIES
from expressway.coexpression.fisher import fisher_z, std_error, two_sided_p
from expressway.coexpression.pooling import (
    CiMethod,
    Fit,
    Pooled,
    Tau2Method,
    fit,
    largest_p_without_one,
    pool,
    prediction_interval,
    significance,
    summarise,
)
from expressway.coexpression.sensitivity import power

Array = NDArray[np.float64]
Columns = dict[str, Array]
COHORTS = {"control": CONTROL, "sepsis": REFERENCE, "septic_shock": CASE}
DIFFERENCES = {
    "shock_vs_sepsis": ("septic_shock", "sepsis"),
    "shock_vs_control": ("septic_shock", "control"),
    "sepsis_vs_control": ("sepsis", "control"),
}
PAIRS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Components:
    """What each study says of each pair; arrays of shape (studies, pairs), NaN where it says nothing."""

    r: Array
    """(studies, labels, pairs)"""
    z: Array
    """(studies, labels, pairs)"""
    se: Array
    """(studies, labels, pairs)"""
    n: NDArray[np.int64]
    """(studies, labels, pairs)"""
    estimates: dict[str, Array]
    """Fisher z differences of ss and soth, Fisher z of control, sepsis and septic_shock."""
    std_errors: dict[str, Array]
    others_n: NDArray[np.int64]
    """Samples of the others that count."""


def components(layout: Layout, found: Correlations, choices: Choices) -> Components:
    """Fisher z of every cohort and both contrasts of every study (science: Fisher 1915; differences of independent z).

    The others of soth are weighed by 1/SE^2 over the cohorts that count: z_oth = sum u z / sum u, SE_oth^2 = 1 / sum u.
    """
    shape = (len(layout.studies), len(layout.labels), -1)
    r, n = found.r.reshape(shape), found.n.reshape(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = fisher_z(r, n)
        se = np.where(np.isnan(z), np.nan, std_error(n, r, method=choices.se_method))
        u = np.where(np.isnan(se), 0.0, 1 / se**2)
        total = np.zeros((shape[0], r.shape[2]))
        weighed = np.zeros_like(total)
        others_n = np.zeros(total.shape, np.int64)
        for label in np.flatnonzero(layout.others).tolist():
            total += u[:, label]
            weighed += u[:, label] * np.nan_to_num(z[:, label])
            others_n += np.where(np.isnan(z[:, label]), 0, n[:, label])
        mean = np.where(total > 0, weighed / total, np.nan)
        estimates = {"ss": z[:, CASE] - z[:, REFERENCE], "soth": z[:, CASE] - mean}
        errors = {
            "ss": np.sqrt(se[:, CASE] ** 2 + se[:, REFERENCE] ** 2),
            "soth": np.sqrt(se[:, CASE] ** 2 + np.where(total > 0, 1 / total, np.nan)),
        }
    for name, label in COHORTS.items():
        estimates[name], errors[name] = z[:, label], se[:, label]
    return Components(r, z, se, n, estimates, errors, others_n)


def pooled_units(layout: Layout, parts: Components, name: str, choices: Choices) -> tuple[Array, Array, Tau2Method]:
    """Estimates and standard errors that are pooled, and how: the studies, or what each technology pooled to."""
    estimates, errors = parts.estimates[name], parts.std_errors[name]
    if len(layout.groups) == 2:
        return estimates, errors, choices.tau2_method
    each = [
        pool(estimates[a:b], errors[a:b], method=choices.tau2_method, ci=choices.ci_method)
        for a, b in zip(layout.groups[:-1], layout.groups[1:], strict=True)
    ]
    return np.stack([one.estimate for one in each]), np.stack([one.std_error for one in each]), "EE"


def z_statistics(layout: Layout, found: Correlations, choices: Choices) -> Array:
    """|z| of the nine families, (families, pairs): of a p that is not normal, the z that has this p."""
    parts = components(layout, found, choices)
    pooled = {name: pool(*_args(layout, parts, name, choices)) for name in parts.estimates}
    both = _combined(pooled, parts, choices)
    rows = [_equivalent(pooled["ss"], choices), _equivalent(pooled["soth"], choices), np.abs(both.z)]
    rows += [_equivalent(pooled[name], choices) for name in COHORTS]
    rows += [np.abs(_difference(pooled[a], pooled[b])) for a, b in DIFFERENCES.values()]
    return np.stack(rows)


def _args(layout: Layout, parts: Components, name: str, choices: Choices) -> tuple[Array, Array, Tau2Method, CiMethod]:
    estimates, errors, method = pooled_units(layout, parts, name, choices)
    return estimates, errors, method, choices.ci_method if len(layout.groups) == 2 else "z"


def _equivalent(pooled: Pooled, choices: Choices) -> Array:
    from scipy.special import ndtri

    if choices.ci_method == "z":
        return np.abs(pooled.z)
    return np.asarray(-ndtri(pooled.p / 2))


def _difference(a: Pooled, b: Pooled) -> Array:
    return np.asarray((a.estimate - b.estimate) / np.sqrt(a.std_error**2 + b.std_error**2))


def _combined(pooled: dict[str, Pooled], parts: Components, choices: Choices) -> Combined:
    ss, soth = pooled["ss"], pooled["soth"]
    rho: Rho = "none" if choices.combine == "none" else "overlap"
    both = combine(ss.estimate, ss.std_error, soth.estimate, soth.std_error, rho=rho)
    if choices.combine == "stouffer":
        n_ss = _sum_where(parts.n[:, CASE] + parts.n[:, REFERENCE], parts.estimates["ss"])
        n_soth = _sum_where(parts.n[:, CASE] + parts.others_n, parts.estimates["soth"])
        z, p = stouffer(ss.z, n_ss, soth.z, n_soth)
        both = replace(both, z=z, p=p)
    return both


def _sum_where(counts: NDArray[np.int64], estimates: Array) -> Array:
    return np.asarray(np.where(np.isnan(estimates), 0, counts).sum(axis=0), dtype=np.float64)


def pair_metrics(layout: Layout, first: NDArray[Any], second: NDArray[Any], choices: Choices) -> Columns:
    """All statistics of the pairs that rest on the pair alone: the catalogue without q values, scores and expression.

    Returns:
        One float64 array for each feature, NaN where its null policy says NULL, and for each family `|z| FAMILY`.
    """
    blocks = []
    for start in range(0, max(len(first), 1), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        found = correlations(layout, first[part], second[part], choices.min_n)
        blocks.append(metrics_of(layout, found, choices))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def metrics_of(layout: Layout, found: Correlations, choices: Choices) -> Columns:
    """As `pair_metrics`, of correlations that are known."""
    parts = components(layout, found, choices)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        fits, pooled = {}, {}
        for name in parts.estimates:
            estimates, errors, method, ci = _args(layout, parts, name, choices)
            fits[name] = fit(estimates, errors, method)
            pooled[name] = summarise(fits[name], ci)
        both = _combined(pooled, parts, choices)
        columns: Columns = {}
        for name in ("ss", "soth"):
            columns |= _contrast(name, layout, parts, fits[name], choices)
        for name in COHORTS:
            columns |= _cohort(name, parts, pooled[name])
        for name, (a, b) in DIFFERENCES.items():
            columns |= _cohort_difference(name, pooled[a], pooled[b])
        columns |= _both(both) | _quality(columns, layout, parts)
        rows = [_equivalent(pooled["ss"], choices), _equivalent(pooled["soth"], choices), np.abs(both.z)]
        rows += [_equivalent(pooled[name], choices) for name in COHORTS]
        rows += [np.abs(columns[f"z_diff_{name}"]) for name in DIFFERENCES]
    return columns | {f"|z| {family}": row for family, row in zip(FAMILIES, rows, strict=True)}


def _contrast(name: str, layout: Layout, parts: Components, fitted: Fit, choices: Choices) -> Columns:
    estimates, errors, method, ci = _args(layout, parts, name, choices)
    pooled = summarise(fitted, ci)
    per_study = parts.estimates[name]
    low, high = prediction_interval(pooled)
    hk_error, _, hk_p = significance(fitted, "HK")
    same = agreement(estimates, errors, np.nan_to_num(pooled.tau2))
    without = largest_p_without_one(estimates, errors, method, ci)
    reference = parts.n[:, REFERENCE] if name == "ss" else parts.others_n
    return {
        f"dz_{name}_mean": pooled.estimate,
        f"dz_{name}_se": pooled.std_error,
        f"dz_{name}_ci_low": pooled.ci_low,
        f"dz_{name}_ci_high": pooled.ci_high,
        f"dz_{name}_Q": pooled.Q,
        f"dz_{name}_Q_p": pooled.Q_p,
        f"dz_{name}_I2": pooled.I2,
        f"dz_{name}_tau2": pooled.tau2,
        f"dz_{name}_z": pooled.z,
        f"p_{name}": pooled.p,
        f"kappa_{name}": same.kappa,
        f"abs_dz_{name}": np.abs(pooled.estimate),
        f"n_studies_{name}": _sum_where(np.ones_like(reference), per_study),
        f"n_case_{name}": _sum_where(parts.n[:, CASE], per_study),
        f"n_ref_{name}": _sum_where(reference, per_study),
        f"dz_{name}_pi_low": low,
        f"dz_{name}_pi_high": high,
        f"dz_{name}_fe_mean": fitted.fixed_mean,
        f"dz_{name}_hk_se": hk_error,
        f"p_{name}_hk": hk_p,
        f"direction_consistency_{name}": same.direction,
        f"magnitude_consistency_{name}": same.magnitude,
        f"power_{name}": power(pooled.std_error, choices.delta),
        f"dz_{name}_loo_max_p": np.where(pooled.k >= 3, without, np.nan),
    }


def _cohort(name: str, parts: Components, pooled: Pooled) -> Columns:
    r = np.tanh(pooled.estimate)
    counts = parts.n[:, COHORTS[name]]
    return {
        f"r_{name}": r,
        f"se_r_{name}": (1 - r * r) * pooled.std_error,
        f"r_{name}_ci_low": np.tanh(pooled.ci_low),
        f"r_{name}_ci_high": np.tanh(pooled.ci_high),
        f"Q_r_{name}": pooled.Q,
        f"I2_r_{name}": pooled.I2,
        f"tau2_r_{name}": pooled.tau2,
        f"z_stat_{name}": pooled.z,
        f"p_value_{name}": pooled.p,
        f"n_samples_{name}": _sum_where(counts, parts.estimates[name]),
        f"n_studies_r_{name}": _sum_where(np.ones_like(counts), parts.estimates[name]),
    }


def _cohort_difference(name: str, a: Pooled, b: Pooled) -> Columns:
    z = _difference(a, b)
    return {
        f"delta_r_{name}": np.tanh(a.estimate) - np.tanh(b.estimate),
        f"z_diff_{name}": z,
        f"p_diff_{name}": two_sided_p(z),
    }


def _both(both: Combined) -> Columns:
    return {
        "combined_effect_size": both.estimate,
        "combined_se": both.std_error,
        "combined_ci_low": both.ci_low,
        "combined_ci_high": both.ci_high,
        "combined_z_score": both.z,
        "combined_p_value": both.p,
        "abs_combined_effect_size": np.abs(both.estimate),
    }


def _quality(columns: Columns, layout: Layout, parts: Components) -> Columns:
    consistency = {
        name: 0.5 * columns[f"kappa_{name}"]
        + 0.3 * columns[f"magnitude_consistency_{name}"]
        + 0.2 * (1 - columns[f"dz_{name}_I2"] / 100)
        for name in ("ss", "soth")
    }
    i2 = [np.where(np.isnan(columns[f"dz_{name}_I2"]), 100.0, columns[f"dz_{name}_I2"]) for name in ("ss", "soth")]
    return {
        "power_score": np.fmax(columns["power_ss"], columns["power_soth"]),
        "consistency_score": _by_studies(columns, consistency),
        "direction_consistency": _by_studies(columns, _both_contrasts(columns, "direction_consistency")),
        "magnitude_consistency": _by_studies(columns, _both_contrasts(columns, "magnitude_consistency")),
        "total_samples": _total_samples(layout, parts),
        "included_study_count": (~np.isnan(parts.z[:, :3])).any(axis=1).sum(axis=0).astype(np.float64),
        "i2_star": np.minimum(*i2),
    }


def _both_contrasts(columns: Columns, stem: str) -> dict[str, Array]:
    return {name: columns[f"{stem}_{name}"] for name in ("ss", "soth")}


def _by_studies(columns: Columns, values: dict[str, Array]) -> Array:
    """Mean of both contrasts weighted by their studies; one of them where the other is NULL."""
    total, weights = np.zeros_like(values["ss"]), np.zeros_like(values["ss"])
    for name, value in values.items():
        k = np.where(np.isnan(value), 0.0, columns[f"n_studies_{name}"])
        total += k * np.nan_to_num(value)
        weights += k
    return np.asarray(np.where(weights > 0, total / weights, np.nan))


def _total_samples(layout: Layout, parts: Components) -> Array:
    """Samples in any statistic of a pair; those of the other others where there is a contrast with them."""
    counted = np.where(np.isnan(parts.z), 0, parts.n)
    own = counted[:, :3].sum(axis=1)
    further = parts.others_n - sum(counted[:, label] for label in range(3) if _in_others(layout, label))
    return np.asarray(np.where(np.isnan(parts.estimates["soth"]), own, own + further).sum(axis=0), dtype=np.float64)


def _in_others(layout: Layout, label: int) -> bool:
    return bool(layout.others[label]) or layout.labels[label] in layout.mixed
