"""What charts and report need to know of a pair of genes, whoever found it out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

COHORT_COLUMNS = ("control", "sepsis", "septic_shock")
"""How columns name the control, reference and case cohort, whatever the disease."""


class PairEvidence(Protocol):
    """One pair of genes: its pooled statistics, its studies and its samples."""

    @property
    def gene_a(self) -> str:
        """Gene id."""

    @property
    def gene_b(self) -> str:
        """Gene id."""

    @property
    def symbols(self) -> Sequence[str | None]:
        """Symbols of both genes."""

    @property
    def statistics(self) -> Mapping[str, Any]:
        """Pooled statistics by their name in the feature catalogue."""

    @property
    def studies(self) -> pl.DataFrame:
        """One row per study: sizes, correlations, contrasts with standard errors and weights, file hashes."""

    @property
    def samples(self) -> pl.DataFrame:
        """study, sample, cohort, value_a, value_b."""

    @property
    def stored(self) -> bool:
        """Whether the pair is among those that the run kept."""

    @property
    def notes(self) -> Sequence[str]:
        """What to know about the pair."""


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The labels of the cohorts that are compared."""

    control: str = "CONTROL"
    reference: str = "SEPSIS"
    case: str = "SEPTIC_SHOCK"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Cohorts:
        """The cohorts that the settings of an analysis name under `contrasts`; those of sepsis where they name none."""
        declared = settings.get("contrasts")
        names = declared if isinstance(declared, Mapping) else {}
        return cls(**{name: names[name] for name in ("control", "reference", "case") if names.get(name)})

    @property
    def labels(self) -> tuple[str, str, str]:
        """In the order of COHORT_COLUMNS."""
        return self.control, self.reference, self.case

    def column(self, label: str) -> str | None:
        """How columns name a cohort; None for one that has no columns of its own."""
        return dict(zip(self.labels, COHORT_COLUMNS, strict=True)).get(label)

    def contrast(self, key: str) -> str:
        """A contrast in words: septic shock - sepsis, septic shock - others."""
        other = plain(self.reference) if key == "ss" else "others"
        return f"{plain(self.case)} \N{MINUS SIGN} {other}"


def plain(label: str) -> str:
    """A label as people write it: SEPTIC_SHOCK becomes septic shock."""
    return label.replace("_", " ").lower()


class Figures:
    """Statistics by name in any case; what is missing, NaN or infinite is None."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name.lower(): value for name, value in values.items()}

    def __call__(self, name: str) -> float | None:
        value = self._values.get(name.lower())
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        return float(value)

    def is_bound(self, name: str) -> bool:
        """Whether a q value is known only to be above the tail that was looked at."""
        return self._values.get(f"{name.lower()}_bound") is True


def pooled_over(studies: pl.DataFrame | None) -> tuple[str, str]:
    """What the last stage of pooling is over, one and many of it: studies, or technologies where there are several."""
    several = studies is not None and "technology" in studies.columns and studies["technology"].n_unique() > 1
    return ("technology", "technologies") if several else ("study", "studies")


def pair_name(symbols: Sequence[str | None], gene_a: str, gene_b: str) -> str:
    """Both genes by symbol, by id where there is none."""
    return f"{symbols[0] or gene_a} \N{EN DASH} {symbols[1] or gene_b}"


def best_contrast(figures: Figures) -> str:
    """The contrast with the smaller q, then the smaller p: what the pair is listed for."""

    def strength(key: str) -> tuple[float, float]:
        q, p = figures(f"q_{key}"), figures(f"p_{key}")
        return (2.0 if q is None else q, 2.0 if p is None else p)

    return min(("ss", "soth"), key=strength)
