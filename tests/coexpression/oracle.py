"""The statistics of all pairs of genes once more, in plain float64: what the engine must agree with.

Written from the definitions, not from the engine: no tiles, no patterns, no histograms; studies are looped over, pairs
are not. It asks of scipy what scipy knows: average ranks, the normal, t and chi-square distributions, BH.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import chi2, false_discovery_control, norm, rankdata, t

from expressway.coexpression.study import CohortStudy

CASE, REFERENCE, CONTROL = "SEPTIC_SHOCK", "SEPSIS", "CONTROL"
OTHERS = ("SEPSIS", "NO_SEPSIS", "CONTROL")
COHORTS = {"control": CONTROL, "sepsis": REFERENCE, "septic_shock": CASE}
DIFFERENCES = {
    "shock_vs_sepsis": ("septic_shock", "sepsis"),
    "shock_vs_control": ("septic_shock", "control"),
    "sepsis_vs_control": ("sepsis", "control"),
}
P_OF = {"ss": "p_ss", "soth": "p_soth", "combined": "combined_p_value"}
P_OF |= {name: f"p_value_{name}" for name in COHORTS} | {name: f"p_diff_{name}" for name in DIFFERENCES}
Q_OF = {"ss": "q_ss", "soth": "q_soth", "combined": "q_combined"}
Q_OF |= {name: f"q_value_{name}" for name in COHORTS} | {name: f"q_diff_{name}" for name in DIFFERENCES}
C975 = norm.ppf(0.975)
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Settings:
    min_n: int = 5
    max_missing: float = 0.2
    detection: float = 0.5
    se_method: str = "fisher"
    others: str = "stratified"
    tau2_method: str = "DL"
    ci_method: str = "z"
    combine: str = "overlap"
    fdr: str = "BH"
    tail: float = 0.05
    delta: float = 0.3
    by_technology: bool = False


class Oracle:
    """All pairs of genes of some studies."""

    def __init__(self, studies: Sequence[CohortStudy], **settings: Any) -> None:
        self.settings = Settings(**settings)
        self.studies = sorted(studies, key=lambda study: study.name)
        everything = sorted({gene for study in studies for gene in study.genes})
        self.duplicates = self._duplicates(everything)
        candidates = [gene for gene in everything if gene not in self.duplicates]
        labels = [*COHORTS.values(), *(label for label in OTHERS if label not in COHORTS.values())]
        self.cohorts: list[dict[str, Any]] = []
        for study in self.studies:
            one = {label: self._cohort(study, [label], candidates) for label in labels}
            if self.settings.others == "pooled":
                one["POOLED"] = self._cohort(study, OTHERS, candidates)
            self.cohorts.append(one)
        counts = np.zeros(len(candidates), bool)
        for one in self.cohorts:
            for label, cohort in one.items():
                if self.settings.others == "stratified" or label in {*COHORTS.values(), "POOLED"}:
                    counts |= cohort["there"]
        self.genes = [gene for gene, known in zip(candidates, counts, strict=True) if known]
        for one in self.cohorts:
            for cohort in one.values():
                for key in ("there", "values", "vectors"):
                    cohort[key] = cohort[key][counts]

    def _duplicates(self, genes: Sequence[str]) -> set[str]:
        rows = [dict(zip(study.genes, study.values, strict=True)) for study in self.studies]
        seen: dict[tuple[bytes | None, ...], str] = {}
        same = set()
        for gene in genes:
            mine = tuple((row[gene] + 0.0).tobytes() if gene in row else None for row in rows)
            if mine in seen:
                same.add(gene)
            seen.setdefault(mine, gene)
        return same

    def _cohort(self, study: CohortStudy, labels: Sequence[str], genes: Sequence[str]) -> dict[str, Any]:
        columns = [i for i, label in enumerate(study.cohorts) if label in labels]
        place = {gene: row for row, gene in enumerate(study.genes)}
        values = np.full((len(genes), len(columns)), np.nan)
        there = np.zeros(len(genes), bool)
        vectors = np.array(
            [(study.values[place[gene]] + 0.0).tobytes() if gene in place else b"" for gene in genes], object
        )
        least = max(self.settings.min_n, 4)
        for number, gene in enumerate(genes):
            if gene not in place or len(columns) < least:
                continue
            row = study.values[place[gene]][columns]
            known = ~np.isnan(row)
            if known.sum() < least or len(set(row[known])) < 2:
                continue
            if (~known).sum() / len(row) > self.settings.max_missing:
                continue
            if study.detected is not None:
                detected = study.detected[place[gene]][columns][known]
                if detected.mean() < self.settings.detection:
                    continue
            values[number], there[number] = row, True
        return {"values": values, "there": there, "vectors": vectors}

    def all_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        return np.triu_indices(len(self.genes), 1)

    def uid(self, first: np.ndarray, second: np.ndarray) -> list[str]:
        return [f"{self.genes[i]}|{self.genes[j]}" for i, j in zip(first, second, strict=True)]

    def correlation(self, cohort: dict[str, Any], first: np.ndarray, second: np.ndarray) -> tuple[Any, Any]:
        """r and n of pairs; NaN and 0 where the pair does not count."""
        values, there = cohort["values"], cohort["there"]
        r, n = np.full(len(first), np.nan), np.zeros(len(first))
        complete = there & ~np.isnan(values).any(axis=1)
        both = there[first] & there[second] & (cohort["vectors"][first] != cohort["vectors"][second])
        plain = both & complete[first] & complete[second]
        if plain.any():
            size = values.shape[1]
            ranks = np.zeros(values.shape)
            ranks[complete] = 2 * rankdata(values[complete], axis=1) - (size + 1)
            products = ranks @ ranks.T
            squares = np.diag(products)
            i, j = first[plain], second[plain]
            r[plain] = products[i, j] / np.sqrt(squares[i] * squares[j])
            n[plain] = size
        gaps = np.flatnonzero(both & ~plain)
        if gaps.size:
            x, y = values[first[gaps]], values[second[gaps]]
            known = ~np.isnan(x) & ~np.isnan(y)
            size = known.sum(axis=1)
            a, b = (self._centred_ranks(v, known) for v in (x, y))
            squares = (a * a).sum(axis=1) * (b * b).sum(axis=1)
            good = (size >= max(self.settings.min_n, 4)) & (squares > 0)
            r[gaps[good]] = (a * b).sum(axis=1)[good] / np.sqrt(squares[good])
            n[gaps[good]] = size[good]
        return r, n

    def _centred_ranks(self, values: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Doubled ranks of the known values of each row, less their mean; 0 where not known."""
        ranks = rankdata(np.where(known, values, np.inf), axis=1)  # what is not known comes last
        return np.where(known, 2 * ranks - (known.sum(axis=1, keepdims=True) + 1), 0)

    def clipped(self) -> int:
        first, second = self.all_pairs()
        total = 0
        for one in self.cohorts:
            for label, cohort in one.items():
                if self.settings.others == "pooled" and label not in {*COHORTS.values(), "POOLED"}:
                    continue
                r, n = self.correlation(cohort, first, second)
                with np.errstate(divide="ignore", invalid="ignore"):
                    total += int((np.abs(r) > 1 - 6 / (n * (n * n - 1))).sum())
        return total

    def components(self, first: np.ndarray, second: np.ndarray) -> list[dict[str, Any]]:
        """Of every study: z, variance and n of each cohort, and both contrasts."""
        found = []
        for one in self.cohorts:
            part: dict[str, Any] = {}
            for label, cohort in one.items():
                r, n = self.correlation(cohort, first, second)
                with np.errstate(all="ignore"):
                    limit = 1 - 6 / (n * (n * n - 1))
                    clipped = np.clip(r, -limit, limit)
                    factor = {"fisher": 1.0, "fieller": 1.06, "bonett_wright": 1 + clipped**2 / 2}
                    variance = factor[self.settings.se_method] / (n - 3) + 0 * r
                    part[label] = (np.arctanh(clipped), variance, np.where(np.isnan(r), 0, n))
            found.append(part | self._contrasts(part))
        return found

    def _contrasts(self, part: dict[str, Any]) -> dict[str, Any]:
        z, v, n = part[CASE]
        zr, vr, nr = part[REFERENCE]
        pooled = self.settings.others == "pooled"
        labels = ("POOLED",) if pooled else OTHERS
        weight, mean, size = np.zeros(len(z)), np.zeros(len(z)), np.zeros(len(z))
        for label in labels:
            zo, vo, no = part[label]
            known = ~np.isnan(zo)
            weight[known] += 1 / vo[known]
            mean[known] += zo[known] / vo[known]
            size[known] += no[known]
        with np.errstate(all="ignore"):
            mean = np.where(weight > 0, mean / weight, np.nan)
            return {
                "ss": (z - zr, v + vr, n, nr),
                "soth": (z - mean, v + 1 / weight, n, size),
                "others": size,
            }

    def statistics(self, first: np.ndarray, second: np.ndarray, *, only_p: bool = False) -> Columns:
        """Everything that a pair tells by itself; or, for millions of them, the nine p alone."""
        parts = self.components(first, second)
        columns: Columns = {}
        pooled = {}
        with np.errstate(all="ignore"):
            for name in ("ss", "soth"):
                y = np.stack([part[name][0] for part in parts])
                v = np.stack([part[name][1] for part in parts])
                n = np.stack([part[name][2] for part in parts])
                m = np.stack([part[name][3] for part in parts])
                if only_p:
                    pooled[name] = pool(*self._units(y, v))
                    there = ~np.isnan(y)
                    columns[f"p_{name}"] = pooled[name]["p"]
                    columns |= {f"n_case_{name}": np.where(there, n, 0).sum(0)}
                    columns |= {f"n_ref_{name}": np.where(there, m, 0).sum(0)}
                else:
                    pooled[name] = self._contrast(columns, name, y, v, n, m)
            for name, label in COHORTS.items():
                y, v, n = (np.stack([part[label][place] for part in parts]) for place in range(3))
                if only_p:
                    pooled[name] = pool(*self._units(y, v))
                    columns[f"p_value_{name}"] = pooled[name]["p"]
                else:
                    pooled[name] = self._cohort_columns(columns, name, y, v, n)
            for name, (a, b) in DIFFERENCES.items():
                z = (pooled[a]["y"] - pooled[b]["y"]) / np.sqrt(pooled[a]["se"] ** 2 + pooled[b]["se"] ** 2)
                columns[f"delta_r_{name}"] = np.tanh(pooled[a]["y"]) - np.tanh(pooled[b]["y"])
                columns[f"z_diff_{name}"] = z
                _, columns[f"p_diff_{name}"] = self._of_t(z, [pooled[a], pooled[b]])
            self._combined(columns, pooled)
            if not only_p:
                self._quality(columns, parts)
        return columns

    def _units(self, y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, str, str]:
        """What is pooled: the studies, or each technology's own result."""
        choices = self.settings
        technologies = sorted({study.technology for study in self.studies})
        if not choices.by_technology or len(technologies) == 1:
            return y, v, choices.tau2_method, choices.ci_method
        each = []
        for technology in technologies:
            rows = [i for i, study in enumerate(self.studies) if study.technology == technology]
            each.append(pool(y[rows], v[rows], choices.tau2_method, choices.ci_method))
        return np.stack([one["y"] for one in each]), np.stack([one["se"] ** 2 for one in each]), "EE", "z"

    def _contrast(self, columns: Columns, name: str, y: Any, v: Any, n: Any, m: Any) -> dict[str, np.ndarray]:
        there = ~np.isnan(y)
        units, variances, method, ci = self._units(y, v)
        one = pool(units, variances, method, ci)
        k = one["k"]
        knapp = pool(units, variances, method, "HK")
        tau2 = np.nan_to_num(one["tau2"])
        present = ~np.isnan(units + variances)
        w = np.where(present, 1 / (variances + tau2), 0.0)
        x = np.where(present, units, 0.0)
        theta = (w * x).sum(0) / w.sum(0)
        agree, total = np.zeros(len(k)), np.zeros(len(k))
        for i, j in combinations(range(len(x)), 2):
            agree += w[i] * w[j] * (np.sign(x[i]) == np.sign(x[j]))
            total += w[i] * w[j]
        half = np.where((np.sign(x) * np.sign(theta)) == 0, 0.5, np.sign(x) == np.sign(theta))
        s2 = k / (k - 1) * (w * (x - theta) ** 2).sum(0) / w.sum(0)
        several = k >= 2
        left_out = np.full(y.shape[1], -np.inf)
        for i in range(len(units)):
            rest = units.copy()
            rest[i] = np.nan
            p = pool(rest, variances, method, ci)["p"]
            left_out = np.where(present[i] & ~np.isnan(p), np.fmax(left_out, p), left_out)
        width = t.ppf(0.975, np.where(k >= 3, k - 2, 1)) * np.sqrt(one["tau2"] + one["se"] ** 2)
        columns |= {
            f"dz_{name}_mean": one["y"],
            f"dz_{name}_se": one["se"],
            f"dz_{name}_ci_low": one["low"],
            f"dz_{name}_ci_high": one["high"],
            f"dz_{name}_Q": one["Q"],
            f"dz_{name}_Q_p": np.where(several, chi2.sf(one["Q"], np.maximum(k - 1, 1)), np.nan),
            f"dz_{name}_I2": one["I2"],
            f"dz_{name}_tau2": one["tau2"],
            f"dz_{name}_z": one["z"],
            f"p_{name}": one["p"],
            f"kappa_{name}": np.where(several, np.maximum(0, 2 * agree / total - 1), np.nan),
            f"abs_dz_{name}": np.abs(one["y"]),
            f"n_studies_{name}": there.sum(0).astype(float),
            f"n_case_{name}": np.where(there, n, 0).sum(0),
            f"n_ref_{name}": np.where(there, m, 0).sum(0),
            f"dz_{name}_pi_low": np.where(k >= 3, one["y"] - width, np.nan),
            f"dz_{name}_pi_high": np.where(k >= 3, one["y"] + width, np.nan),
            f"dz_{name}_fe_mean": pool(units, variances, "EE", "z")["y"],
            f"dz_{name}_hk_se": knapp["se"],
            f"p_{name}_hk": knapp["p"],
            f"direction_consistency_{name}": np.where(several, (w * half).sum(0) / w.sum(0), np.nan),
            f"magnitude_consistency_{name}": np.where(
                several, np.where(s2 > 0, theta**2 / (theta**2 + s2), 1.0), np.nan
            ),
            f"power_{name}": norm.cdf(self.settings.delta / one["se"] - C975)
            + norm.cdf(-self.settings.delta / one["se"] - C975),
            f"dz_{name}_loo_max_p": np.where((k >= 3) & (left_out >= 0), left_out, np.nan),
        }
        return one

    def _cohort_columns(self, columns: Columns, name: str, y: Any, v: Any, n: Any) -> dict[str, np.ndarray]:
        there = ~np.isnan(y)
        one = pool(*self._units(y, v))
        r = np.tanh(one["y"])
        columns |= {
            f"r_{name}": r,
            f"se_r_{name}": (1 - r**2) * one["se"],
            f"r_{name}_ci_low": np.tanh(one["low"]),
            f"r_{name}_ci_high": np.tanh(one["high"]),
            f"Q_r_{name}": one["Q"],
            f"I2_r_{name}": one["I2"],
            f"tau2_r_{name}": one["tau2"],
            f"z_stat_{name}": one["z"],
            f"p_value_{name}": one["p"],
            f"n_samples_{name}": np.where(there, n, 0).sum(0),
            f"n_studies_r_{name}": there.sum(0).astype(float),
        }
        return one

    def _combined(self, columns: Columns, pooled: dict[str, dict[str, np.ndarray]]) -> None:
        y = np.stack([pooled[name]["y"] + 0 * pooled[name]["se"] for name in ("ss", "soth")])
        se = np.stack([pooled[name]["se"] for name in ("ss", "soth")])
        known = ~np.isnan(y)
        weight = np.where(known, 1 / se**2, 0.0)
        weight /= weight.sum(0)
        effect = np.where(known.any(0), (weight * np.nan_to_num(y)).sum(0), np.nan)
        rho = np.minimum(1, se[1] / se[0]) if self.settings.combine != "none" else 0.0
        g = np.where(known, weight * se, 0.0)
        cross = np.where(known.all(0), 2 * g[0] * g[1] * rho, 0.0)
        error = np.where(known.any(0), np.sqrt(g[0] ** 2 + g[1] ** 2 + cross), np.nan)
        z = effect / error
        width, p = self._of_t(z, [pooled[name] for name in ("ss", "soth")])
        if self.settings.combine == "stouffer":
            size = np.stack([columns[f"n_case_{name}"] + columns[f"n_ref_{name}"] for name in ("ss", "soth")])
            zs = np.stack([self._normal(pooled[name]) for name in ("ss", "soth")])
            there = ~np.isnan(zs)
            z = (np.sqrt(size) * np.nan_to_num(zs)).sum(0) / np.sqrt(np.where(there, size, 0).sum(0))
            p = 2 * norm.sf(np.abs(z))
        columns |= {
            "combined_effect_size": effect,
            "combined_se": error,
            "combined_ci_low": effect - width * error,
            "combined_ci_high": effect + width * error,
            "combined_z_score": z,
            "combined_p_value": p,
            "abs_combined_effect_size": np.abs(effect),
        }

    def _hartung_knapp(self) -> bool:
        several = len({study.technology for study in self.studies}) > 1
        return self.settings.ci_method != "z" and not (self.settings.by_technology and several)

    def _normal(self, one: dict[str, np.ndarray]) -> np.ndarray:
        """The z of the normal distribution that has the p of a t, and its sign."""
        return np.sign(one["z"]) * norm.isf(one["p"] / 2) if self._hartung_knapp() else one["z"]

    def _of_t(self, z: np.ndarray, ones: list[dict[str, np.ndarray]]) -> tuple[Any, np.ndarray]:
        """Half an interval in standard errors, and p: of a t of the fewer studies where standard errors are scaled."""
        if not self._hartung_knapp():
            return C975, 2 * norm.sf(np.abs(z))
        degrees = np.fmin.reduce([np.where(np.isnan(one["se"]), np.nan, one["k"] - 1) for one in ones])
        return t.ppf(0.975, degrees), 2 * t.sf(np.abs(z), degrees)

    def _quality(self, columns: Columns, parts: list[dict[str, Any]]) -> None:
        for name in ("ss", "soth"):
            columns[f"consistency_{name}"] = (
                0.5 * columns[f"kappa_{name}"]
                + 0.3 * columns[f"magnitude_consistency_{name}"]
                + 0.2 * (1 - columns[f"dz_{name}_I2"] / 100)
            )
        for stem, out in (
            ("consistency", "consistency_score"),
            ("direction_consistency", "direction_consistency"),
            ("magnitude_consistency", "magnitude_consistency"),
        ):
            both = np.stack([columns[f"{stem}_{name}"] for name in ("ss", "soth")])
            k = np.stack([columns[f"n_studies_{name}"] for name in ("ss", "soth")]) * ~np.isnan(both)
            columns[out] = np.where(k.sum(0) > 0, (k * np.nan_to_num(both)).sum(0) / k.sum(0), np.nan)
        for name in ("ss", "soth"):
            del columns[f"consistency_{name}"]
        columns["power_score"] = np.fmax(columns["power_ss"], columns["power_soth"])
        columns["i2_star"] = np.minimum(
            *(np.where(np.isnan(columns[f"dz_{n}_I2"]), 100, columns[f"dz_{n}_I2"]) for n in ("ss", "soth"))
        )
        samples, studies = np.zeros(len(columns["p_ss"])), np.zeros(len(columns["p_ss"]))
        for part in parts:
            own = sum(part[label][2] for label in COHORTS.values())
            with_others = ~np.isnan(part["soth"][0])
            among = sum(part[label][2] for label in OTHERS if label in COHORTS.values())
            samples += own + np.where(with_others, part["others"] - among, 0)
            studies += (own > 0).astype(float)
        columns["total_samples"], columns["included_study_count"] = samples, studies

    def stored(self, keep: int, at_once: int = 200_000) -> tuple[Columns, np.ndarray, Columns]:
        """The best pairs by pair_uid with all their columns, their places among all pairs, and every p of all pairs."""
        first, second = self.all_pairs()
        blocks = []
        for start in range(0, len(first), at_once):
            found = self.statistics(first[start : start + at_once], second[start : start + at_once], only_p=True)
            blocks.append({name: found[name] for name in P_OF.values()})
        p = {name: np.concatenate([block[name] for block in blocks]) for name in P_OF.values()}
        best = np.fmin.reduce([p[P_OF[family]] for family in ("ss", "soth", "combined")])
        uid = np.array(self.uid(first, second), dtype=object)
        chosen = np.lexsort((uid, np.where(np.isnan(best), 2.0, best)))[:keep]
        chosen = chosen[np.argsort(uid[chosen])]
        return self.columns_of(chosen, p), chosen, p

    def columns_of(self, chosen: np.ndarray, p: Columns, *, all_known: bool = True) -> Columns:
        """Every column of chosen pairs, which are in the order of pair_uid, given the p of all pairs.

        Args:
            all_known: False where q above the tail is only a bound.
        """
        first, second = (side[chosen] for side in self.all_pairs())
        columns = self.statistics(first, second)
        for family, name in Q_OF.items():
            q = adjusted(p[P_OF[family]], self.settings.fdr)[chosen]
            bound = np.zeros(len(q), bool) if all_known else q > self.settings.tail
            columns[name] = np.where(bound, np.nan, q)
            columns[f"{name}_bound"] = bound
        three = np.array([p[P_OF[family]] for family in ("ss", "soth", "combined")])
        stacked = adjusted(three.ravel(), self.settings.fdr).reshape(three.shape)
        strict = np.fmin.reduce(stacked)[chosen]
        bound = np.zeros(len(strict), bool) if all_known else strict > self.settings.tail
        columns |= {"q_star_strict": np.where(bound, np.nan, strict), "q_star_strict_bound": bound}
        for name in ("q_ss", "q_soth", "q_combined"):
            columns[f"neglog_{name}"] = -np.log10(np.maximum(columns[name], 1e-300)) + 0.0
        columns["q_star"] = np.fmin.reduce([columns[name] for name in ("q_ss", "q_soth", "q_combined")])
        columns["q_star"] = np.where(np.isnan(columns["q_star"]), 1.0, columns["q_star"])
        columns["neglog_q_star"] = -np.log10(np.maximum(columns["q_star"], 1e-300)) + 0.0
        columns |= self._expression(first, second)
        scores(columns)
        return columns

    def _expression(self, first: np.ndarray, second: np.ndarray) -> Columns:
        rows: dict[str, list[list[float]]] = {name: [] for name in ("mean", "mad", "detect", "abs_g")}
        for gene in self.genes:
            total, size, mads, shares, g, variance = 0.0, 0, [], [], [], []
            for study in self.studies:
                if gene not in study.genes:
                    continue
                row = list(study.genes).index(gene)
                values = study.values[row]
                known = values[~np.isnan(values)]
                if study.value_scale == "LOG2" and len(known):
                    total, size = total + known.sum(), size + len(known)
                    mads.append(1.4826 * np.median(np.abs(known - np.median(known))))
                if study.detected is not None:
                    shares.append(study.detected[row].mean())
                labels = np.array(study.cohorts)
                a, b = (values[(labels == label) & ~np.isnan(values)] for label in (CASE, REFERENCE))
                if study.value_scale != "SCALED" and len(a) > 1 and len(b) > 1:
                    freedom = len(a) + len(b) - 2
                    spread = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / freedom)
                    if spread > 0:
                        effect = (1 - 3 / (4 * freedom - 1)) * (a.mean() - b.mean()) / spread
                        g.append(effect)
                        variance.append(1 / len(a) + 1 / len(b) + effect**2 / (2 * (len(a) + len(b))))
            pooled = pool(np.array(g)[:, None], np.array(variance)[:, None], "DL", "z")["y"][0] if g else np.nan
            rows["mean"].append([total / size if size else np.nan])
            rows["mad"].append([float(np.mean(mads)) if mads else np.nan])
            rows["detect"].append([float(np.mean(shares)) if shares else np.nan])
            rows["abs_g"].append([abs(pooled)])
        found: Columns = {}
        for name, values in rows.items():
            array = np.array(values)[:, 0]
            found[f"expr_{name}_min"] = np.minimum(array[first], array[second])
            found[f"expr_{name}_max"] = np.maximum(array[first], array[second])
        return found


def adjusted(p: np.ndarray, method: str) -> np.ndarray:
    """q of every p that is not NaN."""
    q = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        q[known] = false_discovery_control(p[known], method=method.lower())
    return q


def scores(columns: Columns) -> None:
    """Scores and ranks of pairs that are in the order of pair_uid."""
    none = np.isnan(columns["combined_effect_size"])
    significance = np.minimum(columns["neglog_q_star"], 10) / 10
    consistency, power = (np.nan_to_num(columns[name]) for name in ("consistency_score", "power_score"))
    effect = np.minimum(np.nan_to_num(columns["abs_combined_effect_size"]), 1.5) / 1.5
    metrics = 0.40 * significance + 0.25 * effect + 0.20 * consistency + 0.15 * power
    columns["metrics_score"] = np.where(none, np.nan, metrics)
    blend = (0.5 * significance + 0.1 * consistency + 0.1 * power) / 0.7
    columns["new_rank_score"] = np.where(none, np.nan, blend)
    for name in ("lof_score", "iforest_score", "ranksvm_score", "unsupervised_score"):
        columns[name] = np.full(len(none), np.nan)
    columns["rank_score"], columns["rank_position"] = np.full(len(none), np.nan), np.full(len(none), np.nan)
    known = [i for i in range(len(none)) if not none[i]]
    for place, i in enumerate(sorted(known, key=lambda i: (-columns["metrics_score"][i], i))):
        columns["rank_score"][i] = 1 - place / len(none)
    order = sorted(known, key=lambda i: (*ranked_view(columns, i), i))
    for place, i in enumerate(order):
        columns["rank_position"][i] = place + 1


def ranked_view(columns: Columns, i: int) -> list[float]:
    """What a pair is ordered by, best first."""
    keys = [("q_star", 1), ("new_rank_score", -1), ("power_score", -1), ("i2_star", 1), ("kappa_ss", -1)]
    values = [sign * columns[name][i] for name, sign in [*keys, ("abs_combined_effect_size", -1)]]
    return [np.inf if np.isnan(value) else value for value in values]


def pool(y: np.ndarray, v: np.ndarray, method: str, ci: str) -> dict[str, np.ndarray]:
    """Estimates pooled over the first axis; NaN is an absent study."""
    present = ~np.isnan(y + v)
    k = present.sum(0)
    x, w = np.where(present, y, 0.0), np.where(present, 1 / np.where(present, v, 1.0), 0.0)
    with np.errstate(all="ignore"):
        fixed = (w * x).sum(0) / w.sum(0)
        q = np.where(present, w * (x - fixed) ** 2, 0.0).sum(0)
        q = np.where(k == 1, 0.0, q)
        tau2 = np.where(k >= 2, _tau2(x, v, present, k, q, method), np.nan)
        star = np.where(present, 1 / (v + np.nan_to_num(tau2)), 0.0)
        theta = (star * x).sum(0) / star.sum(0)
        se = 1 / np.sqrt(star.sum(0))
        width: Any = C975
        if ci != "z":
            scale = (star * (x - theta) ** 2).sum(0) / (k - 1)
            scale = np.where(scale < 1e-24, 1.0, scale)
            scale = np.maximum(scale, 1.0) if ci == "HK_floor" else scale
            se = np.where(k >= 2, se * np.sqrt(scale), np.nan)
            width = t.ppf(0.975, np.maximum(k - 1, 1))
        z = theta / se
        p = 2 * norm.sf(np.abs(z)) if ci == "z" else 2 * t.sf(np.abs(z), np.maximum(k - 1, 1))
        i2 = np.where(q > 0, np.maximum(0, (q - (k - 1)) / q) * 100, 0.0)
        none = k == 0
        return {
            "y": np.where(none, np.nan, theta),
            "se": np.where(none, np.nan, se),
            "z": np.where(none, np.nan, z),
            "p": np.where(none, np.nan, p),
            "low": theta - width * se,
            "high": theta + width * se,
            "Q": np.where(none, np.nan, q),
            "I2": np.where(k >= 2, i2, np.nan),
            "tau2": tau2,
            "k": k,
        }


def _tau2(x: Any, v: Any, present: Any, k: Any, q: Any, method: str) -> Any:
    w = np.where(present, 1 / v, 0.0)
    mean = np.where(present, x, 0.0).sum(0) / k
    spread = np.where(present, (x - mean) ** 2, 0.0).sum(0)
    if method == "EE":
        return np.zeros(x.shape[1])
    if method == "DL":
        return np.maximum(0, (q - (k - 1)) / (w.sum(0) - (w**2).sum(0) / w.sum(0)))
    if method == "HE":
        return np.maximum(0, spread / (k - 1) - np.where(present, v, 0.0).sum(0) / k)
    if method == "SJ":
        start = spread / k
        u = np.where(present, 1 / (v / start + 1), 0.0)
        centre = (u * x).sum(0) / u.sum(0)
        return np.where(start > 0, (u * (x - centre) ** 2).sum(0) / (k - 1), 0.0)
    if method == "PM":
        return _paule_mandel(x, v, present, k)
    return _restricted_likelihood(x, v, present)


def _paule_mandel(x: Any, v: Any, present: Any, k: Any) -> Any:
    """Where the generalised Q equals k - 1, by halving."""

    def excess(tau2: Any) -> Any:
        w = np.where(present, 1 / (v + tau2), 0.0)
        return (w * (x - (w * x).sum(0) / w.sum(0)) ** 2).sum(0) - (k - 1)

    low, high = np.zeros(x.shape[1]), np.full(x.shape[1], 1e4)
    positive = excess(low) > 0
    for _ in range(200):
        middle = (low + high) / 2
        above = excess(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(positive, (low + high) / 2, 0.0)


def _restricted_likelihood(x: Any, v: Any, present: Any) -> Any:
    """The largest restricted likelihood: a grid, then golden sections around its best point."""

    def loss(tau2: Any) -> Any:
        w = np.where(present, 1 / (v + tau2), 0.0)
        mean = (w * x).sum(0) / w.sum(0)
        logs = np.where(present, np.log(v + tau2), 0.0).sum(0)
        return logs + np.log(w.sum(0)) + (w * (x - mean) ** 2).sum(0)

    grid = np.concatenate([[0.0], np.geomspace(1e-5, 50, 400)])
    best = np.argmin(np.stack([loss(np.full(x.shape[1], point)) for point in grid]), axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(80):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        left = loss(a) <= loss(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    found = (low + high) / 2
    return np.where(loss(np.zeros(x.shape[1])) <= loss(found), 0.0, found)
