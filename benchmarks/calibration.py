"""Whether the p and q of pairs mean what they say: a study of known truths, written to docs/calibration.md.

    python benchmarks/calibration.py [--draws 1000000] [--page docs/calibration.md]

Everything is simulated from fixed seeds, so the same versions write the same page. One core takes some minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from calibration_page import write_page
from numpy.typing import NDArray
from scipy.stats import kstest

from expressway import open_warehouse
from expressway.coexpression import (
    CohortStudy,
    analyse,
    benjamini_hochberg,
    combine,
    fisher_z,
    pool,
    std_error,
    stouffer,
)
from expressway.coexpression.ranks import doubled_ranks
from expressway.settings import load_settings
from expressway.studies.simulate import simulate
from expressway.warehouse.pairs.matrices import read_study
from expressway.warehouse.pairs.slice import resolve
from expressway.warehouse.warehouse import Warehouse

Array = NDArray[np.float64]
Test = Literal["DL-z", "DL-HK", "REML-HK", "PM-HK"]
TESTS: tuple[Test, ...] = get_args(Test)
STUDIES = (3, 5, 10)
TAUS = (0.0, 0.1, 0.3)
LEVELS = (0.05, 1e-3, 1e-4)
BLOCK = 50_000
EFFECT, EFFECTS = 0.8, 0.01
"""Size on Fisher's scale of the differences that are there, and their share of the pairs."""


def block_of_errors(rng: np.random.Generator, k: int) -> Array:
    """Standard errors of a difference of two cohorts of 20 to 100 samples in k studies, (k, 1)."""
    n = rng.integers(20, 101, (2, k))
    return np.asarray(np.sqrt((1 / (n - 3.0)).sum(axis=0)))[:, None]


def study_estimates(rng: np.random.Generator, k: int, tau: float, draws: int) -> Iterator[tuple[Array, Array]]:
    """Differences without a true mean in blocks, (k, block) each, and their standard errors; new cohorts each block."""
    for _ in range(draws // BLOCK):
        errors = np.broadcast_to(block_of_errors(rng, k), (k, BLOCK))
        yield rng.standard_normal((k, BLOCK)) * np.sqrt(errors**2 + tau**2), errors


def p_values(test: Test, estimates: Array, errors: Array) -> Array:
    """Two-sided p of each column."""
    method, ci = test.split("-")
    return pool(estimates, errors, method, ci).p  # type: ignore[arg-type]


def sizes(draws: int) -> list[dict[str, Any]]:
    """How often a difference is found that is not there, of each test, number of studies and tau."""
    rows = []
    for k in STUDIES:
        for tau in TAUS:
            rng = np.random.default_rng([1, k, round(10 * tau)])
            found = {test: np.zeros(len(LEVELS)) for test in TESTS}
            for estimates, errors in study_estimates(rng, k, tau, draws):
                for test in TESTS:
                    p = p_values(test, estimates, errors)
                    found[test] += [(p <= level).sum() for level in LEVELS]
            rows.append({"k": k, "tau": tau} | {test: found[test] / draws for test in TESTS})
            say(f"size, {k} studies, tau {tau}")
    return rows


def discoveries(draws: int) -> list[dict[str, Any]]:
    """False among the found at q <= 0.05, and found among the true, where one pair in a hundred has an effect."""
    rows = []
    for k in STUDIES:
        for tau in TAUS:
            rng = np.random.default_rng([2, k, round(10 * tau)])
            true = np.arange(draws) < EFFECTS * draws
            p: dict[str, list[Array]] = {test: [] for test in TESTS}
            for number, (estimates, errors) in enumerate(study_estimates(rng, k, tau, draws)):
                shifted = estimates + EFFECT * true[number * BLOCK : (number + 1) * BLOCK]
                for test in TESTS:
                    p[test].append(p_values(test, shifted, errors))
            row: dict[str, Any] = {"k": k, "tau": tau}
            for test in TESTS:
                found = benjamini_hochberg(np.concatenate(p[test])) <= 0.05
                row[test] = (found & ~true).sum() / max(1, found.sum()), (found & true).sum() / true.sum(), found.sum()
            rows.append(row)
            say(f"discoveries, {k} studies, tau {tau}")
    return rows


def uniformity(pairs: int) -> dict[str, Any]:
    """p of equal effects on unrelated genes: pairs that share no gene, and all pairs of the engine."""
    rng = np.random.default_rng(3)
    result: dict[str, Any] = {"pairs": pairs}
    counts = rng.integers(20, 101, (5, 2))
    z = np.stack([[correlate(rng, np.zeros(pairs), n) for n in both] for both in counts])
    for method in ("fisher", "fieller"):
        errors = np.sqrt((std_error(counts, method=method) ** 2).sum(axis=1))[:, None]  # type: ignore[arg-type]
        p = pool(z[:, 0] - z[:, 1], np.broadcast_to(errors, (5, pairs)), "EE").p
        test = kstest(p, "uniform")
        result[method] = float(test.statistic), float(test.pvalue), [float((p <= level).mean()) for level in LEVELS]
    say("uniformity, disjoint pairs")
    genes, labels = 1500, ("CONTROL", "SEPSIS", "SEPTIC_SHOCK")
    shares = []
    for _ in range(5):
        studies = []
        for number in range(5):
            n = rng.integers(20, 101, 3)
            names = [f"G{gene:04d}" for gene in range(genes)]
            values = rng.standard_normal((genes, n.sum()))
            studies.append(CohortStudy(f"S{number}", names, values, np.repeat(labels, n).tolist()))
        found = analyse(studies, keep=1, tau2_method="EE").distributions["p_values"].filter(family="ss")
        shares.append(found["share"].to_numpy())
    table = np.array(shares)
    result |= {
        "genes": genes,
        "share": table[:, :2].sum(axis=1),
        "apart": np.abs(table.cumsum(axis=1) - _steps()).max(),
    }
    say("uniformity, all pairs")
    return result


def _steps() -> Array:
    return np.linspace(0, 1, 41)[1:]


def correlate(rng: np.random.Generator, true_z: Array, n: int) -> Array:
    """Fisher z of Spearman's r of n samples from a bivariate normal whose Pearson correlation has this Fisher z."""
    found = []
    for part in np.array_split(np.tanh(true_z), max(1, len(true_z) * n // 2**22)):
        x, noise = rng.standard_normal((2, len(part), n))
        y = part[:, None] * x + np.sqrt(1 - part**2)[:, None] * noise
        a, b = (doubled_ranks(values).astype(np.float64) for values in (x, y))
        r = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
        found.append(fisher_z(r, n))
    return np.concatenate(found)


def real_sizes(pairs: int, k: int = 5) -> list[dict[str, Any]]:
    """As `sizes`, with Spearman correlations of simulated samples; two cohorts move by tau / sqrt 2 each."""
    rows = []
    for base in (0.0, 0.6):
        for tau in (0.0, 0.3):
            rng = np.random.default_rng([4, round(10 * base), round(10 * tau)])
            estimates, errors = np.empty((2, k, pairs))
            for study in range(k):
                n = rng.integers(20, 101, 2)
                moved = np.arctanh(base) + rng.standard_normal((2, pairs)) * tau / np.sqrt(2)
                estimates[study] = correlate(rng, moved[0], n[0]) - correlate(rng, moved[1], n[1])
                errors[study] = np.sqrt((1 / (n - 3.0)).sum())
            shares = {test: p_values(test, estimates, errors) for test in TESTS}
            rows.append(
                {"rho": base, "tau": tau}
                | {test: np.array([(p <= level).mean() for level in LEVELS[:2]]) for test, p in shares.items()}
            )
            say(f"real correlations, rho {base}, tau {tau}")
    return rows


def combined_sizes(draws: int) -> list[dict[str, Any]]:
    """Size of the combined p by its three rules, and with HK: five studies, one of them without a sepsis cohort."""
    rows = []
    for tau in (0.0, 0.2):
        rng = np.random.default_rng([5, round(10 * tau)])
        found = {rule: np.zeros(len(LEVELS)) for rule in ("SS alone", "overlap", "none", "stouffer", "PM-HK")}
        for _ in range(draws // BLOCK):
            n = rng.integers(20, 101, (3, 5, 1))
            variance = 1 / (n - 3.0)
            z = rng.standard_normal((3, 5, BLOCK)) * np.sqrt(variance + tau**2 / 2)
            case, sepsis, control = z
            weight = 1 / variance[1:]
            others = (weight * z[1:]).sum(axis=0) / weight.sum(axis=0)
            ss_error = np.sqrt(variance[0] + variance[1]) * np.ones(BLOCK)
            soth_error = np.sqrt(variance[0] + 1 / weight.sum(axis=0)) * np.ones(BLOCK)
            ss_error[4], others[4] = np.nan, control[4]
            soth_error[4] = np.sqrt(variance[0, 4] + variance[2, 4])
            ss, soth = pool(case - sepsis, ss_error), pool(case - others, soth_error)
            args = ss.estimate, ss.std_error, soth.estimate, soth.std_error
            n_ss, n_soth = n[:2, :4].sum(), n[0].sum() + n[1, :4].sum() + n[2].sum()
            hk = [pool(x, e, "PM", "HK") for x, e in ((case - sepsis, ss_error), (case - others, soth_error))]
            degrees = np.minimum(hk[0].k, hk[1].k) - 1
            scaled = hk[0].estimate, hk[0].std_error, hk[1].estimate, hk[1].std_error
            p = {
                "SS alone": ss.p,
                "overlap": combine(*args).p,
                "none": combine(*args, rho="none").p,
                "stouffer": stouffer(ss.z, np.full(BLOCK, n_ss), soth.z, np.full(BLOCK, n_soth))[1],
                "PM-HK": combine(*scaled, degrees=degrees).p,
            }
            for rule, values in p.items():
                found[rule] += [(values <= level).sum() for level in LEVELS]
        rows.append({"tau": tau} | {rule: counts / draws for rule, counts in found.items()})
        say(f"combined, tau {tau}")
    return rows


def load_simulated(folder: Path, seed: int, genes: int, deflooring: str) -> tuple[list[CohortStudy], pl.DataFrame]:
    """Five simulated quantile-normalised RNA-seq studies through the warehouse, and what is planted in them."""
    download = folder / f"download{seed}"
    if not download.exists():
        simulate(download, studies=5, genes=genes, samples=90, seed=seed)
    url = f"duckdb:///{folder / f'{seed}{deflooring}.duckdb'}"
    with Warehouse(
        load_settings(None, {"warehouse": url, "defaults": {"deflooring": deflooring}}, environ={})
    ) as warehouse:
        for study in warehouse.load(download).studies:
            warehouse.map_study(study.study, "SEPSIS")
    with open_warehouse(url) as warehouse, warehouse._ready() as connection:
        (only,) = resolve(connection, "SEPSIS", "RNA-SEQ")
        studies = [read_study(connection, study).study for study in only.studies]
    return studies, pl.read_csv(download / "truth.tsv", separator="\t")


def planted(folder: Path, genes: int, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """Recall and false discoveries on planted pairs through the whole way, by how p is made and what is done first."""
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "DL-z": ("auto", {}),
        "DL-HK": ("auto", {"ci_method": "HK"}),
        "PM-HK": ("auto", {"tau2_method": "PM", "ci_method": "HK"}),
        "floor left in": ("off", {}),
    }
    totals = {way: np.zeros(6) for way in ways}
    for seed in seeds:
        loaded = {off: load_simulated(folder, seed, genes, off) for off in ("auto", "off")}
        for way, (deflooring, choices) in ways.items():
            totals[way] += _judged(*loaded[deflooring], choices)
            say(f"planted, seed {seed}, {way}")
    return [{"way": way} | dict(zip(JUDGED, total, strict=True)) for way, total in totals.items()]


JUDGED = ("planted", "found", "false", "coexpressed", "unrelated", "tested")


def _judged(studies: list[CohortStudy], truth: pl.DataFrame, choices: dict[str, Any]) -> Array:
    """Planted differential pairs, found ones, false ones; pairs called co-expressed in controls, unrelated ones."""
    result = analyse(studies, keep=100_000, **choices)
    differential = set(truth.filter(pl.col("kind") != "decoy")["pair_uid"])
    correlated = set(truth.filter(pl.col("rho_control") != 0)["pair_uid"])
    found = result.pairs.filter(pl.col("q_ss") <= 0.05)["pair_uid"].to_list()
    strong = result.pairs.filter((pl.col("q_value_control") <= 0.05) & (pl.col("r_control") > 0.3))[
        "pair_uid"
    ].to_list()
    false = sum(pair not in differential for pair in found)
    unrelated = sum(pair not in correlated for pair in strong)
    return np.array([len(differential), len(found) - false, false, len(strong), unrelated, result.pairs_tested], float)


def say(what: str) -> None:
    """Progress is talk, not data."""
    print(what, file=sys.stderr)


def main() -> None:
    """Simulate, count, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "calibration.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "draws": options.draws,
            "planted": planted(Path(folder), 1500, (1, 2, 3)),
            "uniformity": uniformity(min(options.draws // 10, 200_000)),
            "real": real_sizes(min(options.draws // 10, 100_000)),
            "combined": combined_sizes(options.draws),
            "sizes": sizes(options.draws),
            "discoveries": discoveries(options.draws),
        }
    write_page(options.page, found)


if __name__ == "__main__":
    main()
