"""The ranked pairs of a slice: those that pass the filters, in their order, and why there are none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from expressway.errors import InvalidSetting
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.runs import disease_label

I2_RULES = ("LEAST", "GREATEST", "MATCHED")
K_RULES = ("INCLUDED", "MATCHED")
MOST = 1000
ORDER = (
    "q_star NULLS LAST, new_rank_score DESC NULLS LAST, power_score DESC NULLS LAST, i2_star NULLS LAST, "
    "kappa_ss DESC NULLS LAST, abs_combined_effect_size DESC NULLS LAST, pair_uid"
)
"""The order of the ranked pairs; every engine would put missing values elsewhere by itself."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a pair must be like to be ranked.

    Args:
        q: largest q_star, 0 to 1.
        k_min: fewest studies, 1 or more.
        i2_max: largest I2, 0 to 100.
        i2_rule: whose I2 is meant: LEAST or GREATEST of the two contrasts, or MATCHED, that of the contrast whose q
            is q_star (for the combined one the larger of its contrasts). A missing I2 reads as 100.
        k_rule: which studies are counted: INCLUDED in any statistic of the pair, or MATCHED, as with I2.
        limit: most pairs to give, 1 to 1000.

    Raises:
        InvalidSetting: a value out of its range.
    """

    q: float = 0.05
    k_min: int = 3
    i2_max: float = 75.0
    i2_rule: str = "LEAST"
    k_rule: str = "INCLUDED"
    limit: int = 100

    def __post_init__(self) -> None:
        _in_range("q", self.q, 0, 1)
        _in_range("k_min", self.k_min, 1, 1_000_000)
        _in_range("i2_max", self.i2_max, 0, 100)
        _in_range("limit", self.limit, 1, MOST)
        _one_of("i2_rule", self.i2_rule, I2_RULES)
        _one_of("k_rule", self.k_rule, K_RULES)

    def session(self, disease: str, technology: str, organism: str) -> dict[str, str]:
        """What the views read from the session."""
        return {
            "disease": disease,
            "technology": technology,
            "organism": organism,
            "q": repr(float(self.q)),
            "k_min": str(self.k_min),
            "i2_max": repr(float(self.i2_max)),
            "i2_rule": self.i2_rule,
            "k_rule": self.k_rule,
        }


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        option = name.replace("_", "-")
        raise InvalidSetting(
            f"{name} {value} is not between {low:,} and {high:,}", value=value, hint=f"Give --{option} {low} to {high}."
        )


def _one_of(name: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise InvalidSetting(f"there is no {name} {value}", value=value, hint=f"One of {', '.join(words)}.")


def top_pairs(
    connection: Connection, disease_key: int, technology: str, organism: str, filters: Filters
) -> pl.DataFrame:
    """The first `filters.limit` pairs of a slice that pass, with the columns of `vw_pair_metrics_ranked`, best first.

    Raises:
        UnknownStudyOrDisease: no disease has this key.
    """
    disease = disease_label(connection, disease_key)
    with connection.session_values(filters.session(disease, technology, organism)):
        return connection.frame(
            f"SELECT * FROM analytics.vw_pair_metrics_ranked ORDER BY {ORDER} LIMIT {filters.limit}"
        )


def count_pairs(connection: Connection, disease_key: int, technology: str, organism: str, filters: Filters) -> int:
    """How many pairs of a slice pass, whatever the limit."""
    disease = disease_label(connection, disease_key)
    with connection.session_values(filters.session(disease, technology, organism)):
        return int(connection.scalar("SELECT count(*) FROM analytics.vw_pair_metrics_ranked"))


def why_empty(connection: Connection, disease_key: int, technology: str, organism: str, filters: Filters) -> str:
    """Which filter leaves no pair of a slice, with counts, and the options that would show the best ones."""
    disease = disease_label(connection, disease_key)
    with connection.session_values(filters.session(disease, technology, organism)):
        pairs = connection.frame(
            "SELECT k_rule_value AS k, q_star AS q, i2_rule_value AS i2, included_study_count AS included "
            "FROM analytics.vw_gene_pairs_candidate"
        )
    slice_words = f"{disease}, {technology}, {organism}"
    if pairs.is_empty():
        return (
            f"no pairs are stored for {slice_words}: "
            f"`expressway aggregate --disease {disease} --technology {technology}` computes them"
        )
    if _number(pairs["included"].max()) == 0:
        return (
            f"no study has a cohort that is large enough, so none of the {pairs.height:,} pairs of {slice_words} could "
            f"be tested: `expressway aggregate --dry-run --disease {disease}` shows the cohorts"
        )
    few, unsure, uneven, left = _counts(pairs, filters)
    reasons = [
        (few, f"come from fewer than {filters.k_min} studies"),
        (unsure, f"have a q above {filters.q:g}"),
        (uneven, f"have an I2 ({filters.i2_rule}) above {filters.i2_max:g}, missing ones read as 100"),
    ]
    if left:
        return f"{left:,} of {pairs.height:,} pairs of {slice_words} pass the filters"
    parts = [f"{count:,} {words}" for count, words in reasons if count]
    counted = f"of {pairs.height:,} stored pairs of {slice_words}, {', then '.join(parts)}"
    return f"{counted}; to see the best of them: {options(filters, wider(pairs, filters))}"


def _counts(pairs: pl.DataFrame, filters: Filters) -> tuple[int, int, int, int]:
    """Pairs that each filter takes from those that passed the filters before it, and pairs that are left."""
    enough = pairs.filter(pl.col("k") >= filters.k_min)
    sure = enough.filter(pl.col("q") <= filters.q)
    even = sure.filter(pl.col("i2") <= filters.i2_max)
    return pairs.height - enough.height, enough.height - sure.height, sure.height - even.height, even.height


def wider(pairs: pl.DataFrame, filters: Filters) -> Filters:
    """The nearest filters that let a pair through, loosened in the order in which they are applied.

    Args:
        pairs: k, q and i2 of each pair, as the rules of `filters` see them.
    """
    most = int(_number(pairs["k"].max()))
    k_rule = filters.k_rule if most >= 1 else "INCLUDED"
    k_min = min(filters.k_min, max(1, most))
    rest = pairs.filter(pl.col("k") >= k_min) if most >= 1 else pairs
    q = max(filters.q, _rounded_up(_number(rest["q"].min())))
    i2 = max(filters.i2_max, math.ceil(_number(rest.filter(pl.col("q") <= q)["i2"].min())))
    return replace(filters, k_min=k_min, q=q, i2_max=float(i2), k_rule=k_rule)


def _number(value: Any) -> float:
    return float(value)


def _rounded_up(q: float) -> float:
    """Two digits of q, not below it: 0.0612 becomes 0.062."""
    if q <= 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(q)) - 1)
    return min(1.0, float(f"{math.ceil(q / unit - 1e-9) * unit:.2g}"))


def options(filters: Filters, wanted: Filters) -> str:
    """The command-line options that turn `filters` into `wanted`."""
    words = [
        f"--{name.replace('_', '-')} {value if isinstance(value, str) else format(value, 'g')}"
        for name in ("k_min", "k_rule", "q", "i2_max")
        if (value := getattr(wanted, name)) != getattr(filters, name)
    ]
    return f"`{' '.join(words)}`"
