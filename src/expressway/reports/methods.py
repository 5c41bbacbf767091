"""The methods of an analysis as a paper would tell them, written from its settings: only what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expressway.reports.evidence import Cohorts, plain
from expressway.reports.words import count, listed, number

ESTIMATORS = {
    "DL": "the DerSimonian-Laird estimator",
    "PM": "the Paule-Mandel estimator",
    "REML": "restricted maximum likelihood",
    "HE": "the Hedges estimator",
    "SJ": "the Sidik-Jonkman estimator",
}
ERRORS = {
    "fisher": "1/√(n\N{MINUS SIGN}3)",
    "fieller": "√(1.06/(n\N{MINUS SIGN}3)) (Fieller, Hartley and Pearson 1957)",
    "bonett_wright": "√((1+r²/2)/(n\N{MINUS SIGN}3)) (Bonett and Wright 2000)",
}
INTERVALS = {
    "z": "p-values and 95% intervals are from the normal distribution.",
    "HK": "p-values and 95% intervals are those of Hartung and Knapp, from the t distribution with k\N{MINUS SIGN}1 "
    "degrees of freedom.",
    "HK_floor": "p-values and 95% intervals are those of Hartung and Knapp, from the t distribution with "
    "k\N{MINUS SIGN}1 degrees of freedom; the standard error is never smaller than that of the normal interval.",
}
PROCEDURES = {"BH": "Benjamini-Hochberg", "BY": "Benjamini-Yekutieli, which allows for any dependence between pairs"}
NOT_NOMINAL = (
    "These q-values are not nominal where studies are few and differ: with DerSimonian-Laird and the normal "
    "distribution, small p-values come up more often than they should when k is below about ten and the studies are "
    "heterogeneous, so that more of the listed pairs are false than q says. Read q as an order, not as a promise; "
    "tau2_method REML or PM with ci_method HK holds its level better."
)


def methods(settings: Mapping[str, Any], filters: Mapping[str, Any], counts: Mapping[str, int]) -> list[str]:
    """Paragraphs of plain text: data and correlation, contrasts, pooling, false discoveries, what is listed.

    Args:
        settings: those of the analysis (`Analysis.settings`); what is missing has its default.
        filters: q, k_min, i2_max, i2_rule, k_rule of the listed pairs.
        counts: pairs_tested, genes, genes_dropped, clipped, tested_ss ... (`Analysis.counts`).
    """
    cohorts = Cohorts.of(settings)
    return [
        _correlation(settings, counts),
        _contrasts(settings, cohorts),
        _pooling(settings),
        _discoveries(settings, counts),
        _listing(filters),
    ]


def _correlation(settings: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    text = (
        "The correlation of each pair of genes was computed within each cohort of each study as Spearman's coefficient "
        f"with average ranks, where the cohort has at least {settings.get('min_n', 5)} samples. "
    )
    text += _genes(settings, counts)
    if settings.get("detection"):
        text += (
            "Where detection is known, a gene counted in a cohort if it was detected in at least "
            f"{settings['detection']:.0%} of the samples. "
        )
    text += (
        "Coefficients were transformed to Fisher's z, their absolute value first bounded by "
        "1\N{MINUS SIGN}6/(n(n²\N{MINUS SIGN}1))"
    )
    if (clipped := counts.get("clipped")) is not None:
        text += f" ({count(clipped, 'coefficient was', 'coefficients were')} bounded)"
    return f"{text}, with standard error {ERRORS.get(settings.get('se_method', 'fisher'), '')}."


def _genes(settings: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    rule = str(settings.get("genes", "all"))
    chosen = "All genes entered" if rule == "all" else f"Genes were chosen by the rule {rule}"
    if "genes" not in counts:
        return f"{chosen}. "
    left = f"{count(counts['genes'], 'gene')} made {count(counts.get('pairs_tested', 0), 'pair')}"
    dropped = counts.get("genes_dropped", 0)
    return f"{chosen}; {left}" + (f" ({count(dropped, 'gene was', 'genes were')} dropped). " if dropped else ". ")


def _contrasts(settings: Mapping[str, Any], cohorts: Cohorts) -> str:
    case, reference = plain(cohorts.case), plain(cohorts.reference)
    declared = settings.get("contrasts")
    others = declared.get("others") if isinstance(declared, Mapping) else None
    named = listed([plain(label) for label in others]) if others else "all other cohorts"
    text = (
        f"Two contrasts were formed within each study: {case} minus {reference} (SS), and {case} minus others (SOTH), "
        f"where others are {named}"
    )
    if settings.get("others") == "pooled":
        text += (
            ", their samples pooled into one cohort, so that differences between these cohorts enter its correlation"
        )
    else:
        text += ", each correlated for itself and averaged with weights 1/SE²"
    text += f". Positive: the correlation is higher in {case}; it does not mean higher expression. "
    text += _combination(str(settings.get("combine", "overlap")), case)
    if settings.get("others") == "pooled" and settings.get("combine", "overlap") == "overlap":
        text += " With pooled others that correlation, and with it the combined p-value, is approximate."
    return text


def _combination(rule: str, case: str) -> str:
    if rule == "stouffer":
        return (
            "Both contrasts were combined by Stouffer's method, which takes them as independent although they share "
            f"the {case} samples: its p-values are too small."
        )
    shared = f"with the correlation that comes from their sharing the {case} samples"
    ignored = f"as if they were independent, although they share the {case} samples: its p-values are too small"
    text = f"Both contrasts were combined by inverse variance, {shared if rule == 'overlap' else ignored}"
    return f"{text}; the combination summarises two overlapping views and adds no precision over SOTH."


def _pooling(settings: Mapping[str, Any]) -> str:
    method, interval = str(settings.get("tau2_method", "DL")), str(settings.get("ci_method", "z"))
    if method == "EE":
        text = (
            "Studies were pooled with equal effects (inverse variance), which takes all studies to share one effect. "
        )
    else:
        text = (
            "Studies were pooled with random effects; the variance between studies (τ²) is "
            f"{ESTIMATORS.get(method, method)}. "
        )
    text += INTERVALS.get(interval, "") + " "
    if method != "EE":
        text += "Prediction intervals use the t distribution with k\N{MINUS SIGN}2 degrees of freedom. "
    text += (
        "Heterogeneity is Cochran's Q and I²; with one study I² and τ² are not known, and count as 100% in filters. "
    )
    if settings.get("by_technology"):
        text += (
            "Each technology was pooled for itself, then the technologies by fixed effect; "
            "Q and I² are between technologies. "
        )
    delta = number(settings.get("delta", 0.3), 2)
    return text + f"Power is that of the design for a difference of {delta}, not of the observed effect."


def _discoveries(settings: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    tested = {
        name: counts.get(f"tested_{key}") for key, name in (("ss", "SS"), ("soth", "SOTH"), ("combined", "combined"))
    }
    sizes = listed([f"{size:,} for {name}" for name, size in tested.items() if size is not None])
    procedure = PROCEDURES.get(str(settings.get("fdr", "BH")), "")
    text = (
        f"False discovery rates (q) are {procedure}, separately for each statistic, over all pairs tested"
        f"{f' ({sizes})' if sizes else ''}, not only those that were kept. "
    )
    if settings.get("q_bound"):
        text += f"For p above {settings['q_bound']:g} only a bound on q is given. "
    if settings.get("ci_method", "z") == "z" and settings.get("tau2_method", "DL") == "DL":
        text += NOT_NOMINAL
    elif settings.get("tau2_method") == "EE":
        text += (
            "These q-values are not nominal where studies differ: equal effects leave heterogeneity out of the error."
        )
    return text.strip()


def _listing(filters: Mapping[str, Any]) -> str:
    if not filters:
        return "All pairs that were kept are listed."
    rule = {
        "LEAST": "the smaller I² of both contrasts",
        "GREATEST": "the larger I² of both contrasts",
        "MATCHED": "I² of the contrast with the smallest q",
    }.get(str(filters.get("i2_rule", "LEAST")), "I²")
    studies = "of that contrast" if filters.get("k_rule") == "MATCHED" else "included"
    return (
        f"Listed are pairs whose smallest q of SS, SOTH and combined is at most {filters.get('q', 0.05):g}, with at "
        f"least {count(filters.get('k_min', 3), 'study', 'studies')} {studies} and {rule} at most "
        f"{filters.get('i2_max', 75):g}%. Choosing the smallest of three q-values does not itself hold the false "
        "discovery rate at that level."
    )
