"""The papers behind the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PAPERS = {
    "spearman": "Spearman C (1904). The proof and measurement of association between two things. American Journal of "
    "Psychology 15, 72-101.",
    "fisher": "Fisher RA (1921). On the “probable error” of a coefficient of correlation deduced from a small sample. "
    "Metron 1, 3-32.",
    "fieller": "Fieller EC, Hartley HO, Pearson ES (1957). Tests for rank correlation coefficients. I. Biometrika 44, "
    "470-481.",
    "bonett_wright": "Bonett DG, Wright TA (2000). Sample size requirements for estimating Pearson, Kendall and "
    "Spearman correlations. Psychometrika 65, 23-28.",
    "DL": "DerSimonian R, Laird N (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7, 177-188.",
    "PM": "Paule RC, Mandel J (1982). Consensus values and weighting factors. Journal of Research of the National "
    "Bureau of Standards 87, 377-385.",
    "REML": "Viechtbauer W (2005). Bias and efficiency of meta-analytic variance estimators in the random-effects "
    "model. Journal of Educational and Behavioral Statistics 30, 261-293.",
    "HE": "Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis. Academic Press.",
    "SJ": "Sidik K, Jonkman JN (2005). Simple heterogeneity variance estimation for meta-analysis. Journal of the "
    "Royal Statistical Society C 54, 367-384.",
    "HK": "Hartung J, Knapp G (2001). On tests of the overall treatment effect in meta-analysis with normally "
    "distributed responses. Statistics in Medicine 20, 1771-1782.",
    "Q": "Cochran WG (1954). The combination of estimates from different experiments. Biometrics 10, 101-129.",
    "I2": "Higgins JPT, Thompson SG (2002). Quantifying heterogeneity in a meta-analysis. Statistics in Medicine 21, "
    "1539-1558.",
    "prediction": "Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects meta-analysis. "
    "Journal of the Royal Statistical Society A 172, 137-159.",
    "stouffer": "Stouffer SA, Suchman EA, DeVinney LC, Star SA, Williams RM (1949). The American Soldier, vol. 1. "
    "Princeton University Press.",
    "BH": "Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. Journal of the Royal Statistical "
    "Society B 57, 289-300.",
    "BY": "Benjamini Y, Yekutieli D (2001). The control of the false discovery rate in multiple testing under "
    "dependency. Annals of Statistics 29, 1165-1188.",
    "size": "IntHout J, Ioannidis JPA, Borm GF (2014). The Hartung-Knapp-Sidik-Jonkman method for random effects "
    "meta-analysis is straightforward and considerably outperforms the standard DerSimonian-Laird method. BMC Medical "
    "Research Methodology 14, 25.",
}


def used(settings: Mapping[str, Any]) -> list[str]:
    """The keys of `PAPERS` that an analysis with these settings stands on, in the order of its steps."""
    tau2, ci = settings.get("tau2_method", "DL"), settings.get("ci_method", "z")
    keys = ["spearman", "fisher", settings.get("se_method", "fisher"), "Q", "I2"]
    keys += [] if tau2 == "EE" else [tau2, "prediction"]
    keys += ["HK"] if str(ci).startswith("HK") else []
    keys += ["size"] if ci == "z" and tau2 == "DL" else []
    keys += ["stouffer"] if settings.get("combine") == "stouffer" else []
    return list(dict.fromkeys(key for key in [*keys, settings.get("fdr", "BH")] if key in PAPERS))


def references(settings: Mapping[str, Any]) -> list[str]:
    """What to cite for an analysis with these settings."""
    return [PAPERS[key] for key in used(settings)]
