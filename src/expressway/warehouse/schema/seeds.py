"""Rows that every warehouse starts with."""

from __future__ import annotations

import sqlalchemy as sa

from expressway.coexpression.catalog import catalog_version, features
from expressway.warehouse.schema.dim import dim_disease, dim_illness
from expressway.warehouse.schema.pairs import meta_feature_catalog

ILLNESSES = {
    "CONTROL": "Healthy volunteer or other reference subject without infection or organ failure.",
    "NO_SEPSIS": "A patient without sepsis, including sterile inflammation (SIRS).",
    "SEPSIS": "Sepsis without shock: infection with a dysregulated host response.",
    "SEPTIC_SHOCK": "Sepsis with shock: circulatory failure that needs vasopressors.",
    "UNKNOWN": "Neither an override, a field nor the title of the sample tells.",
}

DISEASES = ("SEPSIS", "SEPTIC_SHOCK", "CONTROL")

SEEDS: tuple[sa.Insert, ...] = (
    sa.insert(dim_illness)
    .values([{"illness_label": label, "illness_definition": words} for label, words in ILLNESSES.items()])
    .inline(),
    sa.insert(dim_disease).values([{"disease_label": label} for label in DISEASES]).inline(),
)

FEATURE_SEEDS: tuple[sa.Insert, ...] = (
    sa.insert(meta_feature_catalog)
    .values(
        [
            {
                "feature_name": feature.name,
                "description": feature.description,
                "expected_scale": feature.expected_scale,
                "null_policy": feature.null_policy,
                "scope": feature.scope,
                "min": feature.minimum,
                "max": feature.maximum,
                "better": feature.better,
                "role": feature.role,
                "source": feature.source,
                "catalog_version": catalog_version(),
            }
            for feature in features()
        ]
    )
    .inline(),
)
"""The catalogue of features."""
