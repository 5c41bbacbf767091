"""What a person should know before believing the pairs of a slice."""

from __future__ import annotations

import polars as pl

from expressway.coexpression.analysis import Analysis
from expressway.studies.study import Message
from expressway.warehouse.pairs.slice import Slice

FEW_STUDIES = 3
"""Studies below which the default filter of the ranked view returns nothing."""
HETEROGENEOUS = 75.0
"""I^2, in per cent, above which the default filter leaves a pair out."""


def alerts(of: Slice, analysis: Analysis) -> list[Message]:
    """Few studies, heterogeneity, cohorts that are missing, contrasts or genes that are one, an approximate p."""
    pairs, found = analysis.pairs, []
    most = {name: int(pairs[f"n_studies_{name}"].max() or 0) for name in ("ss", "soth")}  # type: ignore[arg-type]
    for name, k in most.items():
        if k < FEW_STUDIES:
            told = f"{of.name}: {name} rests on {k} {'study' if k == 1 else 'studies'}, fewer than {FEW_STUDIES}"
            found.append(Message("FEW_STUDIES", "WARNING", told))
    found += _heterogeneity(of, pairs)
    found += [Message("MISSING_COHORT", "INFO", f"{study}: {told}") for study, told in _missing(of, analysis)]
    same = _contrasts_are_one(of, analysis)
    if same:
        told = f"{of.name}: SOTH is SS in {', '.join(same)}, where the reference is the only other cohort"
        found.append(Message("SOTH_IS_SS", "INFO", told))
    if many := analysis.counts["pairs_of_one_measurement"]:
        told = f"{of.name}: {many:,} times two genes have the same values in a study; it says nothing of such a pair"
        found.append(Message("ONE_MEASUREMENT", "INFO", told))
    if analysis.settings["others"] == "pooled" and analysis.settings["combine"] == "overlap":
        told = f"{of.name}: others are pooled, so that the correlation of SS and SOTH is known only approximately"
        found.append(Message("COMBINED_APPROXIMATE", "INFO", told))
    return found


def _heterogeneity(of: Slice, pairs: pl.DataFrame) -> list[Message]:
    """How many pairs disagree between studies in each contrast that tells, and of how many none tells."""
    least = pairs.select(least=pl.min_horizontal(pl.col("dz_ss_I2", "dz_soth_I2").fill_nan(None)))["least"]
    many, unknown = int((least > HETEROGENEOUS).sum()), least.null_count()
    found = []
    if many:
        told = f"{many:,} of {pairs.height:,} stored pairs have I2 above {HETEROGENEOUS:g}%"
        found.append(Message("54100", "INFO", f"{of.name}: {told}"))
    if unknown:
        pooled = "technologies" if len({study.technology for study in of.studies}) > 1 else "studies"
        told = f"{unknown:,} of {pairs.height:,} stored pairs have no I2, for want of two {pooled}"
        found.append(Message("UNKNOWN_I2", "INFO", f"{of.name}: {told}; it reads as 100%"))
    return found


def _contrasts_are_one(of: Slice, analysis: Analysis) -> list[str]:
    """Studies that compare the case with the reference and have nothing else to compare it with."""
    contrasts, settings = analysis.settings["contrasts"], analysis.settings
    least = 1 if settings["others"] == "pooled" else settings["min_n"]  # samples by which an other cohort takes part
    return [
        study.accession
        for study in of.studies
        if study.cohorts.get(contrasts["case"], 0) >= settings["min_n"]
        and study.cohorts.get(contrasts["reference"], 0) >= settings["min_n"]
        and [label for label in contrasts["others"] if study.cohorts.get(label, 0) >= least] == [contrasts["reference"]]
    ]


def _missing(of: Slice, analysis: Analysis) -> list[tuple[str, str]]:
    contrasts, least = analysis.settings["contrasts"], analysis.settings["min_n"]
    wanted = [contrasts[role] for role in ("case", "reference", "control")]
    short = []
    for study in of.studies:
        small = [label for label in wanted if study.cohorts.get(label, 0) < least]
        if small:
            sizes = ", ".join(f"{label} {study.cohorts.get(label, 0)}" for label in small)
            short.append((study.accession, f"cohorts of fewer than {least} samples do not count: {sizes}"))
    return short
