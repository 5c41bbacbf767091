"""The 134 features of a gene pair: their names, scales, bounds, and when they are NULL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SCOPE = "GENE_PAIR_META"
"""What a feature describes: a gene pair over all studies of a slice."""

FAMILIES = Path(__file__).with_name("feature_families.yaml")


@dataclass(frozen=True, slots=True)
class Feature:
    """A number that is known of a gene pair in a slice."""

    name: str
    family: str
    """contrast, cohort, cohort_difference, combined, quality, expression or ranking."""
    description: str
    expected_scale: str
    null_policy: str
    """When the feature is NULL; the head of feature_families.yaml says what the words mean."""
    scope: str
    minimum: float | None
    """Inclusive bound; None where there is none."""
    maximum: float | None
    better: str
    """high, low, abs_high or none."""
    role: str
    """evidence, support, or output; an output never enters a model."""
    source: str
    """seed or extension."""

    @property
    def column(self) -> str:
        """The name of its column in the warehouse."""
        return self.name.lower()

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number."""
        return self.expected_scale in {"COUNT", "RANK"}

    @property
    def nullable(self) -> bool:
        """Whether it can be missing."""
        return not self.null_policy.startswith("NEVER_NULL")


@cache
def features() -> tuple[Feature, ...]:
    """Every feature in the order of the catalogue."""
    return tuple(
        feature
        for family in _file()["families"]
        for key, label in family.get("members", {"": ""}).items()
        for entry in family["features"]
        for feature in [_feature(entry, family["family"], key, label)]
    )


@cache
def catalog_version() -> str:
    """The version of the catalogue, which changes when the meaning of a feature does."""
    return str(_file()["catalog_version"])


@cache
def _file() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where PyYAML was built with it
    content: dict[str, Any] = yaml.load(FAMILIES.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe
    return content


def _feature(entry: dict[str, Any], family: str, key: str, label: str) -> Feature:
    return Feature(
        name=entry["name"].format(c=key),
        family=family,
        description=entry["description"].format(c=key, label=label) + ".",
        expected_scale=entry["expected_scale"],
        null_policy=entry["null_policy"],
        scope=SCOPE,
        minimum=entry.get("min"),
        maximum=entry.get("max"),
        better=entry["better"],
        role=entry["role"],
        source=entry["source"],
    )


Q_COLUMNS: tuple[str, ...] = tuple(
    feature.name for feature in features() if feature.name.startswith(("q_", "q_value_")) and feature.name != "q_star"
)
"""The nine false discovery rates, each over all tested pairs; every one has a `<name>_bound` flag beside it."""

Q_STRICT = "q_star_strict"
"""The false discovery rate of the smallest p of ss, soth and combined over all of these, stacked into one family.

It stands beside the catalogue, with a flag as the others have, and enters no score, rank or filter."""
