"""One pair of genes: every statistic, and what each study says, computed anew from the facts of the two genes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import bindparam, text

from expressway.coexpression.catalog import Q_STRICT, features
from expressway.coexpression.contrasts import ContrastSet, load_contrasts
from expressway.coexpression.engine.layout import CASE, CONTROL, REFERENCE, Layout, Rules, lay_out
from expressway.coexpression.engine.survivors import correlations
from expressway.coexpression.metrics import Components, components, pair_metrics
from expressway.coexpression.pooling import pool
from expressway.coexpression.study import CohortStudy
from expressway.errors import InvalidSetting
from expressway.settings import PairSettings
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.absence import is_one_measurement, why_absent
from expressway.warehouse.pairs.gene_names import Gene, find_gene
from expressway.warehouse.pairs.matrices import mean_of_rows
from expressway.warehouse.pairs.slice import ALL, Slice, SliceStudy
from expressway.warehouse.pairs.standing import Standing, standing, why_not_stored

SOURCES = "SELECT gene_key, gene_id, analysis_gene_key FROM dim.dim_gene WHERE analysis_gene_key IN :genes"
FACTS = """
SELECT study_key, gene_key, sample_key, expression_value, is_detected FROM fact.fact_gene_expression
WHERE study_key IN :studies AND batch_key IN :batches AND gene_key IN :genes
"""
SAMPLE_SCHEMA = {
    "study": pl.String,
    "sample": pl.String,
    "cohort": pl.String,
    "value_a": pl.Float64,
    "value_b": pl.Float64,
}
FILE_COLUMNS = ("batch_id", "file_name", "file_hash", "container_hash", "metadata_hash")
AGREES = 1e-6
"""Relative difference up to which a stored statistic is the one computed anew."""


@dataclass(frozen=True, slots=True, eq=False)
class PairEvidence:
    """What is known of a pair of genes in a slice; gene_a < gene_b as ids."""

    gene_a: str
    gene_b: str
    symbols: tuple[str | None, str | None]
    statistics: dict[str, Any]
    """The 134 features by name and q_star_strict, None where they are NULL; and of a stored pair for each q value
    whether it is only a bound."""
    studies: pl.DataFrame
    """One row per study: study, technology; n_ and r_ of control, sepsis, septic_shock (and n_others); dz_, se_ and
    weight_ (shares that add up to 1) of ss and soth; absent_because; batch_id, file_name, file_hash (SHA-256 of the
    matrix), container_hash (of the zip, file or folder it came in), metadata_hash (of what is said of its samples)."""
    samples: pl.DataFrame
    """study, sample, cohort, value_a, value_b."""
    stored: bool
    notes: list[str]


def pair_evidence(
    connection: Connection,
    of: Slice,
    gene_a: str,
    gene_b: str,
    settings: PairSettings | None = None,
    contrasts: ContrastSet | None = None,
) -> PairEvidence:
    """All that is known of a pair, stored or not.

    Statistics that rest on the pair alone are computed anew in float64. False discovery rates, scores and features of
    expression rest on the whole slice: they are those of the stored pair, else None, and `notes` says what is known.

    Args:
        of: a slice as `resolve` gives it.
        gene_a: symbol, alias or id.
        gene_b: the other gene.
        settings: how pairs are analysed.
        contrasts: which cohorts are compared, in place of what settings name.

    Raises:
        InvalidSetting: a name that no gene has, or several have; twice the same gene.
    """
    settings = settings or PairSettings()
    keys = [study.study_key for study in of.studies]
    genes = [find_gene(connection, name, of.organism, keys) for name in (gene_a, gene_b)]
    if genes[0] == genes[1]:
        raise InvalidSetting(f"{gene_a} and {gene_b} are one gene", value=gene_b, hint="A pair is two genes.")
    first, second = sorted(genes, key=lambda gene: gene.gene_id)
    contrasts = contrasts or load_contrasts(settings.contrasts)
    studies = _read(connection, of, (first, second))
    layout = _lay_out(studies, of, contrasts, settings)
    parts = _parts(layout, settings)
    fresh = _fresh(layout, settings)
    known = standing(connection, of, (first.key, second.key))
    return PairEvidence(
        gene_a=first.gene_id,
        gene_b=second.gene_id,
        symbols=(first.symbol, second.symbol),
        statistics=_statistics(fresh, known),
        studies=_study_rows(of, studies, (first, second), layout, parts, contrasts, settings),
        samples=_sample_rows(studies, (first, second)),
        stored=known.row is not None,
        notes=_notes(connection, of, studies, (first, second), fresh, known, settings),
    )


def _read(connection: Connection, of: Slice, genes: tuple[Gene, Gene]) -> list[CohortStudy]:
    """Each study with those of the two genes that it has, in order of their ids."""
    sources = text(SOURCES).bindparams(bindparam("genes", expanding=True))
    named = connection.frame(sources.bindparams(genes=[gene.key for gene in genes])).sort("gene_id")
    names = ("studies", "batches", "genes")
    query = text(FACTS).bindparams(*(bindparam(name, expanding=True) for name in names))
    facts = connection.frame(
        query.bindparams(
            studies=[study.study_key for study in of.studies],
            batches=[study.batch_key for study in of.studies],
            genes=named["gene_key"].to_list(),
        )
    )
    return [_cohort_study(study, genes, named, facts.filter(study_key=study.study_key)) for study in of.studies]


def _cohort_study(study: SliceStudy, genes: tuple[Gene, Gene], named: pl.DataFrame, facts: pl.DataFrame) -> CohortStudy:
    samples = study.samples.select("sample_key").with_row_index("column")
    found, values, detected = [], [], []
    for gene in genes:
        rows = []
        for key in named.filter(analysis_gene_key=gene.key)["gene_key"]:
            mine = samples.join(facts.filter(gene_key=key), on="sample_key", how="inner").sort("column")
            if mine.height == samples.height:
                rows.append(mine)
        if rows:
            found.append(gene.gene_id)
            values.append(mean_of_rows(np.stack([_numbers(row["expression_value"]) for row in rows])))
            detected.append(np.any([row["is_detected"].fill_null(False).to_numpy() for row in rows], axis=0))
    shape = (len(found), samples.height)
    return CohortStudy(
        name=study.accession,
        genes=found,
        values=np.array(values, np.float64).reshape(shape),
        cohorts=study.samples["illness_label"].to_list(),
        technology=study.technology,
        detected=np.array(detected, np.bool_).reshape(shape) if facts["is_detected"].count() else None,
        samples=study.samples["sample_accession_code"].to_list(),
        value_scale=study.value_scale,
    )


def _numbers(values: pl.Series) -> NDArray[np.float64]:
    return values.cast(pl.Float64).fill_null(math.nan).to_numpy()


def _lay_out(studies: Sequence[CohortStudy], of: Slice, contrasts: ContrastSet, settings: PairSettings) -> Layout:
    return lay_out(
        studies,
        sorted({gene for study in studies for gene in study.genes}),
        contrasts,
        Rules(settings.min_n, settings.max_missing, settings.detection),
        pooled_others=settings.others == "pooled",
        by_technology=of.technology == ALL,
    )


def _parts(layout: Layout, settings: PairSettings) -> Components | None:
    """What each study says; None when one of the genes counts nowhere."""
    if len(layout.genes) < 2:
        return None
    return components(layout, correlations(layout, *_pair(), settings.min_n), settings)


def _pair() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.array([0]), np.array([1])


def _fresh(layout: Layout, settings: PairSettings) -> dict[str, float | None]:
    if len(layout.genes) < 2:
        return {}
    found = pair_metrics(layout, *_pair(), settings)
    return {name: _known(values[0]) for name, values in found.items() if not name.startswith("|z|")}


def _known(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _statistics(fresh: Mapping[str, float | None], known: Standing) -> dict[str, Any]:
    row = known.row or {}
    statistics: dict[str, Any] = {}
    for feature in features():
        value = fresh[feature.name] if feature.name in fresh else row.get(feature.name)
        if value is None and feature.is_count and not feature.nullable:
            value = 0
        statistics[feature.name] = int(value) if feature.is_count and value is not None else value
    statistics[Q_STRICT] = row.get(Q_STRICT)
    return statistics | {name: value for name, value in row.items() if name.endswith("_bound")}


def _study_rows(
    of: Slice,
    studies: Sequence[CohortStudy],
    genes: tuple[Gene, Gene],
    layout: Layout,
    parts: Components | None,
    contrasts: ContrastSet,
    settings: PairSettings,
) -> pl.DataFrame:
    weights = {name: _weights(layout, parts, name, settings) for name in ("ss", "soth")}
    three = {"control": CONTROL, "sepsis": REFERENCE, "septic_shock": CASE}
    labels = {"control": contrasts.control, "sepsis": contrasts.reference, "septic_shock": contrasts.case}
    rows = []
    for member, study in zip(of.studies, studies, strict=True):
        at = layout.studies.index(study.name) if parts is not None and study.name in layout.studies else None
        both = _both(study, genes)
        row: dict[str, Any] = {"study": study.name, "technology": study.technology}
        row |= {f"n_{name}": _count(study, both, (label,)) for name, label in labels.items()}
        row["n_others"] = _count(study, both, contrasts.others)
        row |= {f"r_{name}": _at(parts.r[:, slot, 0] if parts else None, at) for name, slot in three.items()}
        for name in ("ss", "soth"):
            row[f"dz_{name}"] = _at(parts.of(name)[0][:, 0] if parts else None, at)
            error = _at(parts.of(name)[1][:, 0] if parts else None, at)
            row[f"se_{name}"] = None if row[f"dz_{name}"] is None else error
            row[f"weight_{name}"] = _at(weights[name], at)
        row["absent_because"] = why_absent(study, genes, contrasts, settings)
        row |= {name: getattr(member, name) for name in FILE_COLUMNS}
        rows.append(row)
    return pl.DataFrame(rows, schema={name: _kind(name) for name in rows[0]})


def _kind(column: str) -> type[pl.DataType]:
    if column.startswith("n_"):
        return pl.Int64
    return pl.Float64 if column.startswith(("r_", "dz_", "se_", "weight_")) else pl.String


def _at(values: NDArray[np.float64] | None, study: int | None) -> float | None:
    return None if values is None or study is None else _known(values[study])


def _both(study: CohortStudy, genes: tuple[Gene, Gene]) -> NDArray[np.bool_]:
    """Samples in which both genes were measured."""
    if len(study.genes) < len(genes):
        return np.zeros(len(study.cohorts), np.bool_)
    return np.asarray(~np.isnan(study.values).any(axis=0))


def _count(study: CohortStudy, both: NDArray[np.bool_], labels: Sequence[str]) -> int:
    return int((both & np.isin(np.asarray(study.cohorts, dtype=str), labels)).sum())


def _weights(layout: Layout, parts: Components | None, name: str, settings: PairSettings) -> NDArray[np.float64] | None:
    """Share of each study in the pooled estimate: 1 / (SE^2 + tau^2), within a technology and then between them."""
    if parts is None:
        return None
    shares = np.full(len(layout.studies), np.nan)
    for start, end in zip(layout.groups[:-1], layout.groups[1:], strict=True):
        estimates, errors = (values[start:end] for values in parts.of(name))
        pooled = pool(estimates, errors, method=settings.tau2_method, ci=settings.ci_method)
        there = np.where(np.isnan(estimates[:, 0]), np.nan, 1 / (errors[:, 0] ** 2 + np.nan_to_num(pooled.tau2[0])))
        between = 1.0 if len(layout.groups) == 2 else float(pooled.std_error[0]) ** -2
        shares[start:end] = there / np.nansum(there) * between if np.any(there > 0) else np.nan
    return np.asarray(shares / np.nansum(shares)) if np.any(shares > 0) else shares


def _sample_rows(studies: Sequence[CohortStudy], genes: tuple[Gene, Gene]) -> pl.DataFrame:
    blocks = [pl.DataFrame(schema=SAMPLE_SCHEMA)]
    for study in studies:
        rows = [study.values[study.genes.index(g.gene_id)] if g.gene_id in study.genes else None for g in genes]
        given = {"study": [study.name] * len(study.cohorts), "sample": study.samples, "cohort": study.cohorts}
        values = {
            name: np.full(len(study.cohorts), np.nan) if row is None else row
            for name, row in zip(("value_a", "value_b"), rows, strict=True)
        }
        block = pl.DataFrame(given | values, schema=SAMPLE_SCHEMA)
        blocks.append(block.with_columns(pl.col("value_a", "value_b").fill_nan(None)))
    return pl.concat(blocks)


def _notes(
    connection: Connection,
    of: Slice,
    studies: Sequence[CohortStudy],
    genes: tuple[Gene, Gene],
    fresh: Mapping[str, float | None],
    known: Standing,
    settings: PairSettings,
) -> list[str]:
    notes = [f"{gene.name} is in no study of the slice" for gene in genes if not _anywhere(studies, gene)]
    if not notes and not fresh:
        notes.append("one of the genes counts in no cohort of any study: absent_because says why")
    elif fresh and all(fresh[name] is None for name in ("p_ss", "p_soth", "combined_p_value")):
        notes.append(_why_untested(fresh, settings))
    if _same_everywhere(studies):
        notes.append(f"{genes[0].name} and {genes[1].name} have the same values in every study: one measurement")
    notes += _of_the_run(known, settings)
    if known.row is None:
        notes += why_not_stored(connection, of, known.run, fresh)
    else:
        notes += _differences(fresh, known.row)
    return notes + [f"{study.accession}: {note}" for study in of.studies for note in study.notes]


def _why_untested(fresh: Mapping[str, float | None], settings: PairSettings) -> str:
    if fresh["dz_ss_mean"] is None and fresh["dz_soth_mean"] is None:
        return "no study has both genes in two cohorts that are compared: there is nothing to test"
    return f"one study alone tells of each contrast: ci_method {settings.ci_method} has no p then, z has"


def _anywhere(studies: Sequence[CohortStudy], gene: Gene) -> bool:
    return any(gene.gene_id in study.genes for study in studies)


def _same_everywhere(studies: Sequence[CohortStudy]) -> bool:
    return any(len(study.genes) == 2 for study in studies) and all(
        len(study.genes) == 0 or is_one_measurement(study) for study in studies
    )


def _of_the_run(known: Standing, settings: PairSettings) -> list[str]:
    if known.run is None:
        return []
    notes, had = [], known.run["settings"]
    if known.run["status"] == "STALE":
        notes.append("a study or its genes have changed since the pairs were stored: aggregate the slice again")
    other = {name: value for name, value in settings.as_dict().items() if name in had and had[name] != value}
    if other:
        listed = ", ".join(f"{name} {had[name]}, now {value}" for name, value in other.items())
        notes.append(f"the pairs were stored with other settings: {listed}")
    if had.get("genes", "all") != "all":
        notes.append(f"only genes chosen by {had['genes']} entered the run")
    return notes


def _differences(fresh: Mapping[str, float | None], row: Mapping[str, Any]) -> list[str]:
    """What is stored otherwise than it comes out now."""
    names = [
        name
        for name, value in fresh.items()
        if (value is None) != (row.get(name) is None)
        or (value is not None and not math.isclose(value, row[name], rel_tol=AGREES, abs_tol=1e-12))
    ]
    return [f"stored otherwise: {', '.join(names[:5])}; aggregate the slice again"] if names else []
