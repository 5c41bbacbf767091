"""The page that the calibration study writes: its numbers, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

TESTS = ("DL-z", "DL-HK", "REML-HK", "PM-HK")


def write_page(path: Path, found: dict[str, Any]) -> None:
    """Write the page; every number in a table is from the study, with its Monte Carlo error beside or below it."""
    parts = [
        INTRODUCTION.format(draws=found["draws"], choice=_table(["studies", "choose", "because"], CHOICE)),
        UNIFORM_HEAD,
        _uniform(found["uniformity"]),
        SIZE_HEAD.format(errors=_errors(found["draws"])),
        _sizes(found["sizes"]),
        SIZE_WORDS,
        FDR_HEAD.format(draws=found["draws"]),
        _discoveries(found["discoveries"]),
        FDR_WORDS,
        REAL_HEAD,
        _real(found["real"]),
        COMBINED_HEAD,
        _combined(found["combined"], found["draws"]),
        PLANTED_HEAD,
        _planted(found["planted"]),
        PLANTED_WORDS,
    ]
    path.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(share: float) -> str:
    return "0" if share == 0 else f"{share:.3f}" if share >= 0.01 else f"{share:.1e}".replace("e-0", "e-")


def _three(shares: np.ndarray) -> str:
    return " / ".join(map(_share, shares))


def _errors(draws: int) -> str:
    return " / ".join(f"{np.sqrt(level * (1 - level) / draws):.0e}" for level in (0.05, 1e-3, 1e-4)).replace(
        "e-0", "e-"
    )


def _sizes(rows: list[dict[str, Any]]) -> str:
    return _table(["k", "tau", *TESTS], ([str(r["k"]), f"{r['tau']:g}", *(_three(r[t]) for t in TESTS)] for r in rows))


def _discoveries(rows: list[dict[str, Any]]) -> str:
    return _table(
        ["k", "tau", *TESTS], ([str(r["k"]), f"{r['tau']:g}", *(_found(*r[test]) for test in TESTS)] for r in rows)
    )


def _found(false: float, recall: float, number: int) -> str:
    return "none found" if number == 0 else f"{_percent(false)} / {_percent(recall)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _uniform(found: dict[str, Any]) -> str:
    rows = []
    for method in ("fisher", "fieller"):
        statistic, p, shares = found[method]
        rows.append([f"`{method}`", f"{statistic:.4f}", f"{p:.2g}", _three(np.array(shares))])
    head = ["SE", "largest distance from uniform", "p of it (Kolmogorov-Smirnov)", "share below 0.05 / 1e-3 / 1e-4"]
    shares = ", ".join(f"{share:.4f}" for share in found["share"])
    return f"""{found["pairs"]:,} pairs that share no gene, five studies, equal effects:

{_table(head, rows)}

With `fisher` p is uniform; `fieller`, whose standard error is 3% wider, is a little careful where correlations
are weak.

All pairs of {found["genes"]:,} genes through `analyse` (`fisher`), in five simulated sets: the share of pairs with
p below 0.05 is {shares}, and the shares of p up to 40 equal steps are off
by {found["apart"]:.4f} at most. Pairs that share a gene depend on each other, yet the shares hardly vary: these genes
are independent. Among genes that move together they vary more, so the number of false pairs of one data set may be far
from its expectation."""


def _real(rows: list[dict[str, Any]]) -> str:
    return _table(
        ["rho", "tau", *TESTS], ([f"{r['rho']:g}", f"{r['tau']:g}", *(_three(r[t]) for t in TESTS)] for r in rows)
    )


def _combined(rows: list[dict[str, Any]], draws: int) -> str:
    rules = {
        "SS alone": "SS alone",
        "overlap": "`overlap`",
        "none": "`none`",
        "stouffer": "`stouffer`",
        "PM-HK": "`overlap`, PM-HK",
    }
    table = _table(["tau", *rules.values()], ([f"{r['tau']:g}", *(_three(r[rule]) for rule in rules)] for r in rows))
    return f"{table}\n\nStandard errors of right shares: {_errors(draws)}."


def _planted(rows: list[dict[str, Any]]) -> str:
    head = ["way", "planted", "found", "false", "called co-expressed in controls", "of these unrelated"]
    names = ("planted", "found", "false", "coexpressed", "unrelated")
    return _table(head, ([r["way"], *(f"{int(r[name]):,}" for name in names)] for r in rows))


INTRODUCTION = """# Calibration: do p and q mean what they say?

Short answer: with the default, DerSimonian-Laird and a normal test ("DL-z"), p and q are honest where studies agree.
Where they do not, false pairs are several times as many as q says, most of all at the top of the list.

{choice}

All numbers are simulated, {draws:,} draws for each cell where nothing else is said. This writes the page again, from
fixed seeds, in about four minutes on one core:

    python benchmarks/calibration.py

DL, PM, REML are ways to estimate tau^2, the variance between studies; z is a normal test, HK that of Hartung and Knapp,
a t with k - 1 degrees of freedom. tau is the standard deviation of the true differences between studies on Fisher's
scale. Cohorts have 20 to 100 samples, which gives a difference in one study a standard error of about 0.2. k is the
number of studies. The formulas are on the page [Statistics](statistics.md)."""

CHOICE = [
    ["2 to 4", "the default, as a ranking: q is not an error rate", "HK is honest, but finds nothing among many pairs"],
    ["5 to 9", "the default as a ranking; HK for a list of few genes", "HK finds large, consistent effects only"],
    ["10 or more", "`ci_method: HK`, `tau2_method: PM` or `REML`", "right sizes, nearly all of the power"],
]

UNIFORM_HEAD = """## Nulls without heterogeneity

Genes are unrelated and effects equal, so p should be uniform on [0, 1]."""

SIZE_HEAD = """## Size: how often a difference is found that is not there

The mean difference over studies is 0, but single studies differ by tau. Each cell: the share of p at or below
0.05 / 1e-3 / 1e-4. Standard errors of right shares: {errors}."""

SIZE_WORDS = """- **DL-z** is careful at tau = 0, because no estimate of tau^2 is below 0. As soon as studies differ
  it rejects too often, and the farther out the worse: its normal tail knows nothing of how badly tau^2 is known.
  More studies help slowly. Lists out of millions of pairs live far out in that tail.
- **HK** is close to its nominal size everywhere here, whichever estimator of tau^2 it goes with.
- **What HK cannot do**: its t has 1 degree of freedom at k = 2 and 2 at k = 3. p = 1e-4 then takes t = 6,366 and
  t = 100, so almost nothing survives the correction for millions of pairs, however large the effect. `HK_floor`
  forbids intervals narrower than those of z and is more careful still."""

FDR_HEAD = """## What a q of 0.05 then means

{draws:,} pairs; one in a hundred has a true mean difference of 0.8 (a correlation of 0.66 against 0), and all differ
between studies by tau. Each cell: false ones among the pairs with q <= 0.05 / true ones that are found. The first
should be at most 5%; its standard error is 0.5% or less where 2,000 pairs or more are found."""

FDR_WORDS = """A q of DL-z from few heterogeneous studies is an order of merit, not a rate of errors. HK holds the
rate (6% at worst here) or finds nothing. With few studies ask for consistency instead (`--i2-max`, `kappa_ss`,
`dz_ss_loo_max_p`, the forest plot), and for another study."""

REAL_HEAD = """## The same with Spearman correlations of simulated samples

Five studies, bivariate normal samples with Pearson correlation rho in both cohorts, each cohort moved by tau / sqrt(2),
100,000 pairs. Share of p at or below 0.05 / 1e-3; standard errors of right shares 7e-4 / 1e-4. The picture is that of
the table of sizes: it does not depend on the normal approximation of Fisher's z."""

COMBINED_HEAD = """## The combined p

Five studies, one of them without a sepsis cohort, DL-z. SS and SOTH share the shock cohort. `overlap`, the default,
allows for that and has the size of one contrast; `none` and `stouffer` take both for independent. With HK the combined
p is of a t with one degree of freedom less than the studies of the contrast that has fewer. Share of p at or below
0.05 / 1e-3 / 1e-4."""

PLANTED_HEAD = """## The whole way: planted pairs, and the tied floor

Quantile-normalised RNA-seq as `expressway simulate` writes it (five studies of 1,500 genes and 90 samples, three seeds
added up), loaded, read from the warehouse and analysed. Planted are pairs whose correlation differs between sepsis and
shock; unrelated genes have no heterogeneity here. Found and false: pairs with q_ss <= 0.05. Last two columns: stored
pairs with r_control > 0.3 and q <= 0.05, and those of them whose genes are independent in controls."""

PLANTED_WORDS = """With five studies HK finds none of these pairs; DL-z finds most at about the rate that q says,
since here only true pairs differ between studies. Where the floor that normalisation gives each sample is left in
(`deflooring: off`), genes that are hardly expressed look correlated: nearly all pairs called co-expressed are false,
and many false differences follow. No test mends that; the default sets the floors equal and asks for detection."""
