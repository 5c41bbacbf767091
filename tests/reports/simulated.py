"""A report's data made of simulated samples: five studies, three cohorts, real statistics on invented genes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from expressway.reports.report import ReportData

STUDIES = ("SRP901001", "SRP901002", "SRP901003", "SRP901004", "SRP901005")
COHORTS = ("CONTROL", "SEPSIS", "SEPTIC_SHOCK")
SIZES = {
    "SRP901001": (30, 30, 30),
    "SRP901002": (22, 24, 21),
    "SRP901003": (18, 35, 40),
    "SRP901004": (25, 0, 27),
    "SRP901005": (12, 14, 9),
}
SYMBOLS = ("CD177", "HLA-DRA", "IL1R2", "MMP8", "ARG1", "CD74", "LCN2", "OLFM4", "BCL2", "CX3CR1", "S100A12", "CCR7")


@dataclass(frozen=True)
class Evidence:
    """What the warehouse hands out for a pair."""

    gene_a: str
    gene_b: str
    symbols: tuple[str | None, str | None]
    statistics: dict[str, Any]
    studies: pl.DataFrame
    samples: pl.DataFrame
    stored: bool = True
    notes: list[str] = field(default_factory=list)


def evidence(seed: int = 1, *, studies: tuple[str, ...] = STUDIES, effect: float = 0.8) -> Evidence:
    """One pair whose correlation is `effect` in septic shock and small elsewhere."""
    rng = np.random.default_rng(seed)
    samples = [part for study in studies for part in _samples(rng, study, effect)]
    frame = pl.DataFrame(samples, schema=["study", "sample", "cohort", "value_a", "value_b"], orient="row")
    rows = [_study_row(study, frame.filter(pl.col("study") == study)) for study in studies]
    statistics: dict[str, Any] = {"total_samples": frame.height, "included_study_count": len(studies)}
    for key in ("ss", "soth"):
        statistics |= _pooled(rows, key)
    for label in COHORTS:
        statistics |= _cohort(rows, label.lower())
    q = [statistics[f"q_{key}"] for key in ("ss", "soth") if statistics.get(f"q_{key}") is not None]
    statistics |= {"q_combined": min(q, default=None), "power_score": 0.81, "combined_effect_size": 0.44}
    statistics |= {"q_star": min(q, default=1.0), "i2_star": statistics["dz_soth_I2"] or 0.0, "metrics_score": 0.83}
    first, second = SYMBOLS[seed % len(SYMBOLS)], SYMBOLS[(seed + 3) % len(SYMBOLS)]
    table = pl.DataFrame(rows, infer_schema_length=None)
    return Evidence(f"ENSG0000000{seed:04d}", f"ENSG0000001{seed:04d}", (first, second), statistics, table, frame)


def _samples(rng: np.random.Generator, study: str, effect: float) -> list[tuple[str, str, str, float, float]]:
    rows = []
    for cohort, size, rho in zip(
        COHORTS, SIZES[study], (0.05, 0.1, min(effect + rng.normal(0, 0.08), 0.93)), strict=True
    ):
        values = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size)
        shift = COHORTS.index(cohort)
        rows += [
            (study, f"{study}{cohort}{i}", cohort, 8 + 1.2 * a + shift, 6 + 0.8 * b - 0.7 * shift)
            for i, (a, b) in enumerate(values)
        ]
    return rows


def _study_row(study: str, samples: pl.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"study": study, "technology": "RNA-SEQ"}
    z, variance = {}, {}
    for label in COHORTS:
        part, name = samples.filter(pl.col("cohort") == label), label.lower()
        row[f"n_{name}"] = part.height
        r = float(stats.spearmanr(part["value_a"], part["value_b"]).statistic) if part.height > 3 else None
        r = None if r is None else min(r, 0.98)
        row[f"r_{name}"] = r
        if r is not None:
            z[label], variance[label] = math.atanh(r), 1 / (part.height - 3)
    row["n_others"] = row["n_control"] + row["n_sepsis"]
    for key, others in (("ss", ["SEPSIS"]), ("soth", ["CONTROL", "SEPSIS"])):
        there = [label for label in others if label in z]
        total = sum(1 / variance[label] for label in there)
        row[f"dz_{key}"] = row[f"se_{key}"] = row[f"weight_{key}"] = None
        if there:
            row[f"dz_{key}"] = z["SEPTIC_SHOCK"] - sum(z[label] / variance[label] for label in there) / total
            row[f"se_{key}"] = math.sqrt(variance["SEPTIC_SHOCK"] + 1 / total)
    absent = "no SEPSIS sample" if row["n_sepsis"] == 0 else None
    hashes = {"batch_id": _hash(study, "b"), "file_name": f"{study}.tsv", "file_hash": _hash(study, "f")}
    return row | {"absent_because": absent} | hashes


def _hash(study: str, salt: str) -> str:
    return (salt + study[-1]) * 32


def _pooled(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """DerSimonian-Laird; weights are written back into the rows."""
    there = [row for row in rows if row[f"dz_{key}"] is not None]
    dz, se = (np.array([row[f"{name}_{key}"] for row in there]) for name in ("dz", "se"))
    k = len(there)
    names = ("mean", "se", "ci_low", "ci_high", "Q", "Q_p", "I2", "tau2", "pi_low", "pi_high", "loo_max_p")
    if k == 0:
        return {f"dz_{key}_{name}": None for name in names} | {
            f"n_studies_{key}": 0,
            f"q_{key}": None,
            f"p_{key}": None,
        }
    mean, error, tau2, q = _random_effects(dz, se)
    weights = 1 / (se**2 + tau2)
    for row, weight in zip(there, weights, strict=True):
        row[f"weight_{key}"] = float(weight)
    p = float(2 * stats.norm.sf(abs(mean / error)))
    wide = float(stats.t.ppf(0.975, k - 2)) * math.sqrt(tau2 + error**2) if k > 2 else None
    direction = float(weights[np.sign(dz) == np.sign(mean)].sum() / weights.sum())
    left_out = [_random_effects(np.delete(dz, i), np.delete(se, i)) for i in range(k)] if k > 1 else []
    loo = max((float(2 * stats.norm.sf(abs(m / s))) for m, s, _, _ in left_out), default=None)
    hk = math.sqrt(float((weights * (dz - mean) ** 2).sum() / (k - 1) / weights.sum())) if k > 1 else None
    values = {"mean": mean, "se": error, "Q": q, "loo_max_p": loo, "z": mean / error, "hk_se": hk}
    values |= {"ci_low": mean - 1.959964 * error, "ci_high": mean + 1.959964 * error}
    values |= {"pi_low": mean - wide if wide else None, "pi_high": mean + wide if wide else None}
    values["Q_p"] = float(stats.chi2.sf(q, k - 1)) if k > 1 else None
    values |= {"I2": 100 * max(0, (q - k + 1) / q) if k > 1 else None, "tau2": tau2 if k > 1 else None}
    return {f"dz_{key}_{name}": value for name, value in values.items()} | {
        f"n_studies_{key}": k,
        f"p_{key}": p,
        f"q_{key}": min(1.0, p * 50),
        f"p_{key}_hk": float(2 * stats.t.sf(abs(mean / hk), k - 1)) if hk else None,
        f"direction_consistency_{key}": direction if k > 1 else None,
        f"power_{key}": float(stats.norm.cdf(0.3 / error - 1.96)),
        f"kappa_{key}": 1.0 if k > 1 else None,
        f"n_case_{key}": sum(row["n_septic_shock"] for row in there),
    }


def _random_effects(dz: np.ndarray, se: np.ndarray) -> tuple[float, float, float, float]:
    w = 1 / se**2
    fixed = (w * dz).sum() / w.sum()
    q = float((w * (dz - fixed) ** 2).sum())
    spread = w.sum() - (w**2).sum() / w.sum()
    tau2 = max(0.0, (q - len(dz) + 1) / spread) if len(dz) > 1 else 0.0
    w = 1 / (se**2 + tau2)
    return float((w * dz).sum() / w.sum()), float(1 / math.sqrt(w.sum())), float(tau2), q


def _cohort(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    there = [(math.atanh(row[f"r_{name}"]), row[f"n_{name}"] - 3) for row in rows if row[f"r_{name}"] is not None]
    if not there:
        return {f"r_{name}": None, f"n_studies_r_{name}": 0, f"n_samples_{name}": 0}
    z, total = sum(z * w for z, w in there) / sum(w for _, w in there), sum(w for _, w in there)
    half = 1.96 / math.sqrt(total)
    return {
        f"r_{name}": math.tanh(z),
        f"r_{name}_ci_low": math.tanh(z - half),
        f"r_{name}_ci_high": math.tanh(z + half),
        f"n_studies_r_{name}": len(there),
        f"n_samples_{name}": sum(row[f"n_{name}"] for row in rows),
    }


SETTINGS = {
    "contrasts": {"name": "sepsis", "control": "CONTROL", "reference": "SEPSIS", "case": "SEPTIC_SHOCK",
                  "others": ["SEPSIS", "NO_SEPSIS", "CONTROL"]},
    "genes": "all", "keep": 100_000, "min_n": 5, "max_missing": 0.2, "detection": 0.5, "se_method": "fisher",
    "others": "stratified", "tau2_method": "DL", "ci_method": "z", "combine": "overlap", "fdr": "BH", "tail": 0.05,
    "delta": 0.3, "by_technology": False, "q_bound": 0.05, "q_accuracy": 1e-06,
}  # fmt: skip


def report_data(**changes: Any) -> ReportData:
    """A report of 30 ranked pairs with the evidence of the best three."""
    shown = [evidence(seed) for seed in range(1, 31)]
    shown.sort(key=lambda pair: pair.statistics["q_star"])
    values: dict[str, Any] = {
        "disease": "SEPSIS",
        "technology": "RNA-SEQ",
        "organism": "HOMO_SAPIENS",
        "pairs": ranked(shown),
        "evidence": shown[:3],
        "studies": _studies(),
        "units": _units(),
        "labels": _labels(),
        "quality": _quality(),
        "overlaps": pl.DataFrame({"study": [STUDIES[0]], "other": [STUDIES[2]], "samples": [2]}),
        "messages": pl.DataFrame(
            {
                "code": ["54100", "SAMPLE_OVERLAP"],
                "severity": ["INFO", "WARNING"],
                "details": ["312 pairs are left out: I2 above 75", "2 samples are also in SRP901003: SRR1, SRR2"],
            }
        ),
        "genes": pl.DataFrame(
            {
                "reason": ["in no cohort is it detected in 50% of 5 samples"],
                "genes": [719],
                "example": ["ENSG3"],
            }
        ),
        "distributions": distributions(),
        "counts": {
            "pairs_tested": 4_498_500, "pairs_stored": 100_000, "pairs_passing": 30, "genes": 3000, "genes_dropped": 1,
            "clipped": 12, "tested_ss": 4_400_000, "tested_soth": 4_498_500, "tested_combined": 4_498_500,
        },
        "settings": SETTINGS,
        "filters": {"q": 0.05, "k_min": 3, "i2_max": 75.0, "i2_rule": "LEAST", "k_rule": "INCLUDED", "limit": 100},
        "versions": {"expressway": "0.1.0", "numpy": "2.4.1", "python": "3.11.8"},
        "files": pl.DataFrame(
            {
                "study": STUDIES,
                "file_name": [f"{study}.tsv" for study in STUDIES],
                "file_hash": [_hash(study, "f") for study in STUDIES],
                "container_hash": [_hash(study, "c") for study in STUDIES],
                "metadata_hash": [_hash(study, "m") for study in STUDIES],
                "batch_id": [_hash(study, "b") for study in STUDIES],
            }
        ),
    }  # fmt: skip
    return ReportData(**values | changes)


def ranked(shown: list[Evidence]) -> pl.DataFrame:
    """The ranked view: names as in the warehouse, all lower case."""
    rows = [
        {name.lower(): value for name, value in pair.statistics.items()}
        | {
            "genea": pair.gene_a, "geneb": pair.gene_b, "pair_uid": f"{pair.gene_a}|{pair.gene_b}",
            "genea_symbol": pair.symbols[0], "geneb_symbol": pair.symbols[1], "q_ss_bound": False,
        }
        for pair in shown
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def distributions() -> dict[str, pl.DataFrame]:
    """p of 1,000,000 pairs, of which 2,000 differ."""
    rng = np.random.default_rng(4)
    bars, dots = [], []
    edges = np.linspace(0, 1, 41)
    for family, inflation in (("ss", 1.1), ("soth", 1.16), ("combined", 1.12)):
        z = np.concatenate([rng.normal(0, inflation, 100_000), rng.normal(4.2, 1, 400)])
        p = np.sort(2 * stats.norm.sf(np.abs(z)))
        shares = np.histogram(p, edges)[0] / len(p)
        bars.append(pl.DataFrame({"family": family, "low": edges[:-1], "high": edges[1:], "share": shares}))
        picked = np.unique(np.geomspace(1, len(p), 200).astype(int)) - 1
        expected, observed = -np.log10((picked + 1) / len(p)), -np.log10(p[picked])
        dots.append(pl.DataFrame({"family": family, "expected": expected, "observed": observed}))
    return {"p_values": pl.concat(bars), "quantiles": pl.concat(dots)}


def _studies() -> pl.DataFrame:
    rows = [
        {
            "study": study, "title": f"Whole blood in sepsis and septic shock, centre {number}",
            "technology": "RNA-SEQ",
            "platform": "Illumina NovaSeq 6000", "unit_tag": "QN_TARGET", "value_scale": "QN", "genes": 3000,
            "samples": sum(SIZES[study]), "n_control": SIZES[study][0], "n_sepsis": SIZES[study][1],
            "n_septic_shock": SIZES[study][2], "tied_floor_share": 0.21 + number / 100, "quality_score": 96.2 - number,
        }
        for number, study in enumerate(STUDIES, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _units() -> pl.DataFrame:
    steps = [("flags", "QN_TARGET", "quantile_normalized = true"), ("floor", "tied", "floors 0.73 to 1.45 set to 0.73")]
    rows = [(study, *step) for study in STUDIES for step in steps]
    return pl.DataFrame(rows, schema=["study", "step", "outcome", "evidence"], orient="row")


def _labels() -> pl.DataFrame:
    rows = [
        (study, label, "TITLE", f"sepsis_v1:{rule}", size, f'refinebio_title="{label.title()} 1"')
        for study in STUDIES
        for label, rule, size in zip(COHORTS, (11, 10, 7), SIZES[study], strict=True)
        if size
    ]
    names = ["study", "illness", "method", "rule", "samples", "example"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _quality() -> pl.DataFrame:
    parts = ("completeness", "validity", "consistency", "accuracy", "uniqueness", "timeliness")
    return pl.DataFrame(
        [
            {"study": study, "score": 96.2 - n} | {part: 99.1 - n - i for i, part in enumerate(parts)}
            for n, study in enumerate(STUDIES, 1)
        ]
    )


def planted(data: ReportData) -> pl.DataFrame:
    """A planted truth of which most ranked pairs are part, and ten pairs that nobody found."""
    uids = [uid for place, uid in enumerate(data.pairs["pair_uid"]) if place % 7 != 5]
    lost = [f"ENSGA{i}|ENSGB{i}" for i in range(10)]
    return pl.DataFrame({"pair_uid": uids + lost, "kind": ["gain"] * len(uids) + ["loss"] * 10})
