"""Rows that every warehouse starts with."""

from __future__ import annotations

import sqlalchemy as sa

from expressway.warehouse.schema.dim import dim_disease, dim_illness

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
