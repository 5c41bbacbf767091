"""Every statistic of given pairs in float64: from correlations in cohorts to the columns of the feature catalogue."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
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
METRICS = ("ss", "soth", *COHORTS)
"""What is pooled: Fisher z differences of the two contrasts, and Fisher z of the cohorts."""
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
    estimates: Array
    """(studies, METRICS, pairs)"""
    std_errors: Array
    others_n: NDArray[np.int64]
    """Samples of the others that count."""

    def of(self, metric: str) -> tuple[Array, Array]:
        """Estimates of a metric and their standard errors, (studies, pairs)."""
        number = METRICS.index(metric)
        return self.estimates[:, number], self.std_errors[:, number]


@dataclass(frozen=True, slots=True)
class Units:
    """What is pooled, (units, METRICS x pairs), and how: the studies, or what each technology pooled to."""

    estimates: Array
    std_errors: Array
    method: Tau2Method
    ci: CiMethod


@dataclass(frozen=True, slots=True)
class Tested:
    """A test of each pair: its statistic, and the two-sided p."""

    z: Array
    p: Array


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
        estimates = [z[:, CASE] - z[:, REFERENCE], z[:, CASE] - mean]
        errors = [
            np.sqrt(se[:, CASE] ** 2 + se[:, REFERENCE] ** 2),
            np.sqrt(se[:, CASE] ** 2 + np.where(total > 0, 1 / total, np.nan)),
        ]
    estimates += [z[:, label] for label in COHORTS.values()]
    errors += [se[:, label] for label in COHORTS.values()]
    return Components(r, z, se, n, np.stack(estimates, axis=1), np.stack(errors, axis=1), others_n)


def _units(layout: Layout, parts: Components, choices: Choices) -> Units:
    shape = (len(layout.studies), -1)
    estimates, errors = parts.estimates.reshape(shape), parts.std_errors.reshape(shape)
    if len(layout.groups) == 2:
        return Units(estimates, errors, choices.tau2_method, choices.ci_method)
    each = [
        pool(estimates[a:b], errors[a:b], method=choices.tau2_method, ci=choices.ci_method)
        for a, b in zip(layout.groups[:-1], layout.groups[1:], strict=True)
    ]
    return Units(np.stack([one.estimate for one in each]), np.stack([one.std_error for one in each]), "EE", "z")


def _by_metric(pooled: Pooled) -> dict[str, Pooled]:
    """What was pooled for all metrics at once, for each."""
    columns = [getattr(pooled, field.name).reshape(len(METRICS), -1) for field in fields(pooled)]
    return {name: Pooled(*(column[number] for column in columns)) for number, name in enumerate(METRICS)}


def z_statistics(layout: Layout, found: Correlations, choices: Choices) -> Array:
    """|z| of the nine families, (families, pairs): of a p that is not normal, the z that has this p."""
    parts = components(layout, found, choices)
    units = _units(layout, parts, choices)
    pooled = _by_metric(pool(units.estimates, units.std_errors, units.method, units.ci))
    differences = [_difference(pooled[a], pooled[b], units.ci) for a, b in DIFFERENCES.values()]
    return _families(pooled, _combined(pooled, parts, choices, units.ci), differences, units.ci)


def _families(pooled: dict[str, Pooled], both: Combined, differences: list[Tested], ci: CiMethod) -> Array:
    three = [pooled[name] for name in COHORTS]
    tests: list[Pooled | Combined | Tested] = [pooled["ss"], pooled["soth"], both, *three, *differences]
    return np.stack([_equivalent(one, ci) for one in tests])


def _equivalent(tested: Pooled | Combined | Tested, ci: CiMethod) -> Array:
    """|z|, or of the p of a t that of the normal with the same p; infinite where that p is 0."""
    from scipy.special import ndtri

    if ci == "z":
        return np.abs(tested.z)
    return np.asarray(-ndtri(tested.p / 2))


def _difference(a: Pooled, b: Pooled, ci: CiMethod) -> Tested:
    """The test of two pooled estimates against each other; of t, with the fewer studies, where theirs are."""
    z = (a.estimate - b.estimate) / np.sqrt(a.std_error**2 + b.std_error**2)
    return Tested(z, two_sided_p(z, None if ci == "z" else _degrees(a, b)))


def _degrees(a: Pooled, b: Pooled) -> Array:
    """Degrees of freedom of what two t make: those of the one with fewer studies, or of the only one."""
    each = [np.where(np.isnan(one.std_error), np.nan, one.k - 1.0) for one in (a, b)]
    return np.fmin(*each)


def _combined(pooled: dict[str, Pooled], parts: Components, choices: Choices, ci: CiMethod) -> Combined:
    ss, soth = pooled["ss"], pooled["soth"]
    rho: Rho = "none" if choices.combine == "none" else "overlap"
    degrees = None if ci == "z" else _degrees(ss, soth)
    both = combine(ss.estimate, ss.std_error, soth.estimate, soth.std_error, rho=rho, degrees=degrees)
    if choices.combine == "stouffer":
        n_ss = _sum_where(parts.n[:, CASE] + parts.n[:, REFERENCE], parts.of("ss")[0])
        n_soth = _sum_where(parts.n[:, CASE] + parts.others_n, parts.of("soth")[0])
        normal = [np.copysign(_equivalent(one, ci), one.z) for one in (ss, soth)]
        z, p = stouffer(normal[0], n_ss, normal[1], n_soth)
        both = replace(both, z=z, p=p)
    return both


def _sum_where(counts: NDArray[np.int64], estimates: Array) -> Array:
    return np.asarray(np.where(np.isnan(estimates), 0, counts).sum(axis=0), dtype=np.float64)


def pair_metrics(layout: Layout, first: NDArray[Any], second: NDArray[Any], choices: Choices) -> Columns:
    """All statistics of the pairs that rest on the pair alone: the catalogue without q values, scores and expression.

    Returns:
        One float64 array for each feature, NaN where its null policy says NULL, and for each family `|z| FAMILY`.
    """
    columns: Columns = {}
    for start in range(0, max(len(first), 1), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        found = correlations(layout, first[part], second[part], choices.min_n)
        for name, values in metrics_of(layout, found, choices).items():
            columns.setdefault(name, np.empty(len(first)))[part] = values
    return columns


def metrics_of(layout: Layout, found: Correlations, choices: Choices) -> Columns:
    """As `pair_metrics`, of correlations that are known."""
    parts = components(layout, found, choices)
    units = _units(layout, parts, choices)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        fitted = fit(units.estimates, units.std_errors, units.method)
        pooled = _by_metric(summarise(fitted, units.ci))
        both = _combined(pooled, parts, choices, units.ci)
        columns = _contrasts(parts, units, fitted, pooled, choices)
        for name in COHORTS:
            columns |= _cohort(name, parts, pooled[name])
        differences = [_difference(pooled[a], pooled[b], units.ci) for a, b in DIFFERENCES.values()]
        for (name, (a, b)), tested in zip(DIFFERENCES.items(), differences, strict=True):
            columns |= _cohort_difference(name, pooled[a], pooled[b], tested)
        columns |= _both(both) | _quality(columns, layout, parts)
        rows = _families(pooled, both, differences, units.ci)
    return columns | {f"|z| {family}": row for family, row in zip(FAMILIES, rows, strict=True)}


def _contrasts(parts: Components, units: Units, fitted: Fit, pooled: dict[str, Pooled], choices: Choices) -> Columns:
    """The columns of ss and soth, which are the first of the metrics; what takes long is done for both at once."""
    pairs = parts.r.shape[2]
    both = slice(0, 2 * pairs)
    estimates, errors = units.estimates[:, both], units.std_errors[:, both]
    hk_error, _, hk_p = significance(fitted.of(both), "HK")
    same = agreement(estimates, errors, np.nan_to_num(fitted.tau2[both]))
    without = largest_p_without_one(estimates, errors, units.method, units.ci)
    columns: Columns = {}
    for number, name in enumerate(METRICS[:2]):
        part = slice(number * pairs, (number + 1) * pairs)
        columns |= _contrast(name, parts, pooled[name], choices) | {
            f"kappa_{name}": same.kappa[part],
            f"dz_{name}_fe_mean": fitted.fixed_mean[part],
            f"dz_{name}_hk_se": hk_error[part],
            f"p_{name}_hk": hk_p[part],
            f"direction_consistency_{name}": same.direction[part],
            f"magnitude_consistency_{name}": same.magnitude[part],
            f"dz_{name}_loo_max_p": np.where(pooled[name].k >= 3, without[part], np.nan),
        }
    return columns


def _contrast(name: str, parts: Components, pooled: Pooled, choices: Choices) -> Columns:
    per_study, _ = parts.of(name)
    low, high = prediction_interval(pooled)
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
        f"abs_dz_{name}": np.abs(pooled.estimate),
        f"n_studies_{name}": _sum_where(np.ones_like(reference), per_study),
        f"n_case_{name}": _sum_where(parts.n[:, CASE], per_study),
        f"n_ref_{name}": _sum_where(reference, per_study),
        f"dz_{name}_pi_low": low,
        f"dz_{name}_pi_high": high,
        f"power_{name}": power(pooled.std_error, choices.delta),
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
        f"n_samples_{name}": _sum_where(counts, parts.of(name)[0]),
        f"n_studies_r_{name}": _sum_where(np.ones_like(counts), parts.of(name)[0]),
    }


def _cohort_difference(name: str, a: Pooled, b: Pooled, tested: Tested) -> Columns:
    return {
        f"delta_r_{name}": np.tanh(a.estimate) - np.tanh(b.estimate),
        f"z_diff_{name}": tested.z,
        f"p_diff_{name}": tested.p,
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
    return np.asarray(np.where(np.isnan(parts.of("soth")[0]), own, own + further).sum(axis=0), dtype=np.float64)


def _in_others(layout: Layout, label: int) -> bool:
    return bool(layout.others[label]) or layout.labels[label] in layout.mixed
