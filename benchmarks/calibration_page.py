"""The page that the calibration study writes: its numbers, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LEVELS = ("0.05", "1e-3", "1e-4")
TESTS = ("DL-z", "DL-HK", "REML-HK", "PM-HK")


def write_page(path: Path, found: dict[str, Any]) -> None:
    """Write the page; every number in a table is from the study, with its Monte Carlo error beside or below it."""
    parts = [
        INTRODUCTION.format(draws=found["draws"]),
        UNIFORM_HEAD,
        _uniform(found["uniformity"]),
        SIZE_HEAD.format(draws=found["draws"]),
        _sizes(found["sizes"], found["draws"]),
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


def _sizes(rows: list[dict[str, Any]], draws: int) -> str:
    del draws
    return _table(["k", "tau", *TESTS], ([str(r["k"]), f"{r['tau']:g}", *(_three(r[t]) for t in TESTS)] for r in rows))


def _discoveries(rows: list[dict[str, Any]]) -> str:
    def cell(false: float, recall: float, number: int) -> str:
        return f"none / {_percent(recall)}" if number == 0 else f"{_percent(false)} / {_percent(recall)}"

    return _table(
        ["k", "tau", *TESTS], ([str(r["k"]), f"{r['tau']:g}", *(cell(*r[test]) for test in TESTS)] for r in rows)
    )


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

All pairs of {found["genes"]:,} genes through `analyse`, in five simulated sets: the share of pairs with p below 0.05
is {shares}, and no share of p up to any bound is off by more than {found["apart"]:.4f}. Pairs with a common gene are
nearly uncorrelated where genes are, so dependence hardly shows here; among genes that move together it does, and the
number of false pairs then varies much more from data set to data set."""


def _real(rows: list[dict[str, Any]]) -> str:
    return _table(
        ["rho", "tau", *TESTS], ([f"{r['rho']:g}", f"{r['tau']:g}", *(_three(r[t]) for t in TESTS)] for r in rows)
    )


def _combined(rows: list[dict[str, Any]], draws: int) -> str:
    rules = {"SS alone": "SS alone", "overlap": "`overlap`", "none": "`none`", "stouffer": "`stouffer`"}
    table = _table(["tau", *rules.values()], ([f"{r['tau']:g}", *(_three(r[rule]) for rule in rules)] for r in rows))
    error = np.sqrt(0.05 * 0.95 / draws)
    return f"{table}\n\nMonte Carlo errors as above (at 0.05: {error:.1e})."


def _planted(rows: list[dict[str, Any]]) -> str:
    head = ["way", "planted", "found", "false", "called co-expressed in controls", "of these unrelated"]
    names = ("planted", "found", "false", "coexpressed", "unrelated")
    return _table(head, ([r["way"], *(f"{int(r[name]):,}" for name in names)] for r in rows))


INTRODUCTION = """# Calibration: do p and q mean what they say?

Short answer: a q of the default (DerSimonian-Laird with a normal test, "DL-z") is honest where studies agree, and too
optimistic where they do not. With three to ten studies that differ, it calls several times more false pairs than q
says, most of all at the top of the list. What to choose:

| you have | choose | why |
| --- | --- | --- |
| 2 to 4 studies | DL-z, read as a ranking; look at I2, the forest plot, `dz_ss_loo_max_p` | no test of so few is both honest and able to find anything among millions of pairs |
| 5 or more studies | `ci_method: HK`, with `tau2_method: PM` or `REML` where they differ much | size close to nominal for any tau |
| 10 or more studies | the same; little power is lost | |

All numbers below are simulated with {draws:,} draws in each cell where nothing else is said. Write this page again,
the same from the same seeds, in some minutes with

    python benchmarks/calibration.py

DL, PM, REML: how the variance between studies, tau^2, is estimated. z: normal test. HK: Hartung-Knapp, a t with k - 1
degrees of freedom. tau: standard deviation of the true differences between studies, on Fisher's scale; cohorts of 20 to
100 samples give a study a standard error of about 0.2. k: studies. [Statistics](statistics.md) has the formulas."""

UNIFORM_HEAD = """## Nulls without heterogeneity

Genes are unrelated, and p should be uniform on [0, 1]."""

SIZE_HEAD = """## Size: how often a difference is found that is not there

The mean difference over studies is 0, but single studies differ by tau. Each cell: share of p at or below
0.05 / 1e-3 / 1e-4. With {draws:,} draws the standard errors of right shares are 2e-4 / 3e-5 / 1e-5."""

SIZE_WORDS = """- **DL-z** is a little careful at tau = 0, because tau^2 cannot be estimated below 0. As soon as studies differ
  it rejects too often, and the farther out, the worse: its normal tail knows nothing of how badly tau^2 is known.
- **HK** keeps its size for all tau here, with any of the three estimators of tau^2; small cohorts beside large ones
  are where DL is the worst of the three.
- What HK cannot do: with k = 2 its t has one degree of freedom, with k = 3 two. p then falls so slowly with the
  effect (at k = 3, p = 1e-4 takes t = 100, at k = 2, t = 6,366) that almost nothing survives correction for millions
  of pairs, however large the effect. `HK_floor` forbids intervals narrower than those of z; at small k that makes
  it far too careful."""

FDR_HEAD = """## What a q of 0.05 then means

{draws:,} pairs, one in a hundred with a true difference of 0.8 (say a correlation of 0.66 against 0), all with
heterogeneity tau. Each cell: share of false ones among the pairs found at q <= 0.05 / share of the true ones found."""

FDR_WORDS = """The first figure should be at most 5%. With DL-z it is so only without heterogeneity: a q of 0.05 from few,
heterogeneous studies is an order of merit, not a rate of errors. HK holds the rate, or finds nothing. Where q matters
and k is 5 or more, use HK; where k is smaller, ask for consistency over studies instead (`--i2-max`, `kappa`,
leave-one-study-out), and for another study."""

REAL_HEAD = """## The same with Spearman correlations of simulated samples

Five studies, 100,000 pairs, bivariate normal samples of a Pearson correlation rho in both cohorts, moved by
tau / sqrt(2) in each cohort. Share of p at or below 0.05 / 1e-3; standard errors of right shares 7e-4 / 1e-4. Strong
correlations make Fisher's standard error too small (`se_method: fieller` widens it by 3%)."""

COMBINED_HEAD = """## The combined p

Five studies, one without a sepsis cohort. SS and SOTH share the shock cohort. `overlap` allows for it and has the size
of one contrast; `none` and `stouffer` take both for independent and must not be used for inference. Share of p at or
below 0.05 / 1e-3 / 1e-4."""

PLANTED_HEAD = """## The whole way, with planted pairs and with the tied floor

Simulated quantile-normalised RNA-seq (`expressway simulate`: five studies of 1,500 genes and 90 samples, three seeds
together), loaded, read and analysed. Planted: pairs whose correlation differs between shock and sepsis. Found and false:
pairs with q_ss <= 0.05. The last two columns: pairs with r_control > 0.3 and q <= 0.05 among the 100,000 stored."""
PLANTED_WORDS = ""
