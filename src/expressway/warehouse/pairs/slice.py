"""Which studies and which of their samples enter the pairs of a disease: a slice for each technology and organism.

A slice holds studies that are mapped to the disease and to nothing else, whose units are known and which are not on
hold. Every sample has a label, is not excluded, and counts in one study only: counted twice it would inflate n and k.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl
from sqlalchemy import text

from expressway.errors import DiseaseMapAmbiguous, DiseaseNotMapped, InvalidSetting, SettingsError
from expressway.studies.checks import named
from expressway.studies.samplesheet import organism_name
from expressway.studies.study import Message
from expressway.warehouse.diseases import disease_key
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.ledger import log_messages
from expressway.warehouse.pairs.subjects import earliest_samples, repeated

ALL = "ALL"
"""The technology of a slice that holds every technology, each still by its own studies."""

MAPPINGS = """
SELECT m.study_key, st.study_accession_code AS accession, d.disease_label AS disease
FROM dim.study_disease_map m
JOIN dim.dim_study st ON st.study_key = m.study_key JOIN dim.dim_disease d ON d.disease_key = m.disease_key
WHERE m.is_active AND m.study_key IN (
    SELECT study_key FROM dim.study_disease_map WHERE is_active AND disease_key = :disease)
ORDER BY st.study_accession_code, d.disease_label
"""
STUDIES = """
SELECT st.study_key, st.study_accession_code AS accession, st.study_technology AS technology,
       coalesce(st.study_organism, 'UNKNOWN') AS organism, st.study_status AS status, st.hold_reason,
       b.value_scale, b.unit_tag, b.batch_key, b.batch_id, b.file_name, b.file_hash, b.container_hash,
       b.metadata_hash
FROM dim.study_disease_map m JOIN dim.dim_study st ON st.study_key = m.study_key
LEFT JOIN meta.batch b ON b.study_key = st.study_key AND b.is_current
WHERE m.is_active AND m.disease_key = :disease ORDER BY st.study_accession_code
"""
SAMPLES = """
SELECT ss.study_key, s.sample_key, s.sample_accession_code, i.illness_label, s.sample_subject AS subject,
       s.sample_time AS time, s.sample_tissue AS tissue, s.sample_cell_line AS cell_line
FROM dim.study_sample ss JOIN dim.dim_sample s ON s.sample_key = ss.sample_key
JOIN dim.dim_illness i ON i.illness_key = ss.illness_key
JOIN dim.study_disease_map m ON m.study_key = ss.study_key AND m.is_active AND m.disease_key = :disease
WHERE NOT ss.exclude_from_analysis AND i.illness_label <> 'UNKNOWN'
ORDER BY s.sample_accession_code
"""
SAMPLE_COLUMNS = ("sample_key", "sample_accession_code", "illness_label", "subject", "time")


@dataclass(frozen=True, slots=True, eq=False)
class SliceStudy:
    """A study of a slice: its current batch, and the samples of it that count."""

    study_key: int
    accession: str
    technology: str
    value_scale: str
    unit_tag: str | None
    batch_key: int
    batch_id: str
    file_name: str | None
    file_hash: str
    container_hash: str | None
    metadata_hash: str
    samples: pl.DataFrame
    """sample_key, sample_accession_code, illness_label, subject, time; sorted by accession."""
    notes: tuple[str, ...] = ()

    @property
    def cohorts(self) -> dict[str, int]:
        """Samples by label, labels in sorted order."""
        return dict(sorted(Counter(self.samples["illness_label"]).items()))


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """What is pooled together: the studies of one disease, technology and organism, by accession."""

    disease: str
    disease_key: int
    technology: str
    """RNA-SEQ, MICROARRAY, OTHER, or ALL."""
    organism: str
    studies: tuple[SliceStudy, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """Mapped studies that do not enter, each with the reason; the first slice has those of slices without studies."""
    messages: tuple[Message, ...] = ()
    """For the validation log: overlaps, repeated subjects, studies left out."""

    @property
    def name(self) -> str:
        """The disease and the technology, for people."""
        return f"{self.disease} {self.technology}"


def resolve(
    connection: Connection,
    disease: str,
    technology: str | None = None,
    organism: str | None = None,
    *,
    one_sample_per_subject: Literal["earliest"] | None = None,
    run_id: str | None = None,
) -> list[Slice]:
    """The slices of a disease: one for each technology and organism of its studies that have samples to count.

    Args:
        technology: RNA-SEQ, MICROARRAY or OTHER for that slice only; ALL for one slice of all of them.
        organism: as refine.bio writes it, or `Homo sapiens`, or `human`.
        one_sample_per_subject: `earliest` keeps the first sample of each subject in a study.
        run_id: the run of an aggregation; mappings it is refused for are written to the validation log under it, so
            call it outside of a transaction.

    Raises:
        UnknownStudyOrDisease: no such disease.
        DiseaseNotMapped: no study is mapped to it.
        DiseaseMapAmbiguous: a study of it has several active mappings.
        InvalidSetting: no study has the technology or the organism, or none of those that have it can be analysed.
    """
    if one_sample_per_subject not in {None, "earliest"}:
        raise InvalidSetting(
            f"one sample per subject cannot be chosen by {one_sample_per_subject}",
            value=one_sample_per_subject,
            hint="`earliest` takes the first of each subject; leave it out to take all.",
        )
    key = disease_key(connection, disease)
    try:
        _require_mappings(connection, disease.upper(), key)
    except SettingsError as refusal:
        if run_id is not None:
            _log_refusal(connection, run_id, refusal)
        raise
    studies = connection.dicts(text(STUDIES).bindparams(disease=key))
    wanted = _of_organism(_of_technology(studies, disease, technology), disease, organism)
    samples = connection.frame(text(SAMPLES).bindparams(disease=key))
    groups: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for study in wanted:
        of = ALL if technology is not None and technology.upper() == ALL else study["technology"]
        groups[of, study["organism"]].append(study)
    found = [
        _slice(disease.upper(), key, name, group, samples, one_sample_per_subject)
        for name, group in sorted(groups.items())
    ]
    return _with_studies(found, disease)


def _with_studies(slices: Sequence[Slice], disease: str) -> list[Slice]:
    """The slices that have studies; what is said of the others goes with the first, or is the refusal."""
    full = [one for one in slices if one.studies]
    if not full:
        raise _nothing_left(disease, slices)
    empty = [one for one in slices if not one.studies]
    full[0] = replace(
        full[0],
        left_out=full[0].left_out + tuple(pair for one in empty for pair in one.left_out),
        messages=full[0].messages + tuple(message for one in empty for message in one.messages),
    )
    return full


def _require_mappings(connection: Connection, disease: str, key: int) -> None:
    mappings = connection.fetchall(text(MAPPINGS).bindparams(disease=key))
    if not mappings:
        raise DiseaseNotMapped(
            f"no study is mapped to {disease}",
            value=disease,
            hint=f"`expressway studies map STUDY --disease {disease}`; `expressway studies list` shows the studies.",
        )
    count = Counter(accession for _, accession, _ in mappings)
    for study, times in sorted(count.items()):
        if times > 1:
            names = ", ".join(label for _, accession, label in mappings if accession == study)
            raise DiseaseMapAmbiguous(
                f"{study} has {times} active disease mappings: {names}",
                value=study,
                hint=f"`expressway studies map {study} --disease {disease}` leaves exactly one.",
            )


def _log_refusal(connection: Connection, run_id: str, refusal: SettingsError) -> None:
    key = None
    if isinstance(refusal, DiseaseMapAmbiguous):
        query = text("SELECT study_key FROM dim.dim_study WHERE study_accession_code = :study")
        key = connection.scalar(query.bindparams(study=refusal.value))
    message = Message(str(refusal.code), "ERROR", f"{refusal.name}: {refusal.message}")
    log_messages(connection, run_id, None, key, [message])


def _of_technology(studies: Sequence[dict[str, Any]], disease: str, wanted: str | None) -> list[dict[str, Any]]:
    if wanted is None or wanted.upper() == ALL:
        return list(studies)
    return _having("technology", wanted.upper(), studies, disease, extra=f", or {ALL}")


def _of_organism(studies: Sequence[dict[str, Any]], disease: str, wanted: str | None) -> list[dict[str, Any]]:
    return list(studies) if wanted is None else _having("organism", organism_name(wanted) or "", studies, disease)


def _having(
    what: str, wanted: str, studies: Sequence[dict[str, Any]], disease: str, extra: str = ""
) -> list[dict[str, Any]]:
    found = [study for study in studies if study[what] == wanted]
    if not found:
        there = Counter(study[what] for study in studies)
        names = ", ".join(f"{name} ({count} {_plural(count, 'study')})" for name, count in sorted(there.items()))
        raise InvalidSetting(
            f"no study of {disease.upper()} has the {what} {wanted}", value=wanted, hint=f"There is {names}{extra}."
        )
    return found


def _slice(
    disease: str,
    key: int,
    name: tuple[str, str],
    rows: Sequence[dict[str, Any]],
    samples: pl.DataFrame,
    one_sample_per_subject: str | None,
) -> Slice:
    """The studies of a group that enter, those that do not, and what the log should say of both."""
    left_out = {row["accession"]: reason for row in rows if (reason := _why_not(row))}
    studies: list[SliceStudy] = []
    messages: list[Message] = []
    for row in rows:
        if row["accession"] not in left_out:
            described = samples.filter(study_key=row["study_key"])
            study, said = _by_subject(_study(row, described), described, one_sample_per_subject)
            studies.append(study)
            messages.extend(said)
    studies, overlaps = _without_overlap(studies)
    for study in studies:
        if study.samples.is_empty():
            why = "; ".join(study.notes) or "none has a label, or all are excluded"
            left_out[study.accession] = f"no sample of it is left to count: {why}"
    out = tuple(sorted(left_out.items()))
    messages.extend([*overlaps, *(Message("STUDY_LEFT_OUT", "WARNING", f"{name}: {why}") for name, why in out)])
    entering = tuple(study for study in studies if study.accession not in left_out)
    return Slice(disease, key, *name, studies=entering, left_out=out, messages=tuple(messages))


def _why_not(row: dict[str, Any]) -> str | None:
    if row["batch_key"] is None:
        return "it is not loaded"
    if row["status"] == "HELD":
        return f"it is on hold: {row['hold_reason'] or 'no reason is given'}"
    if row["value_scale"] in {None, "UNKNOWN"}:
        return "the units of its values are unknown"
    return None


def _study(row: dict[str, Any], samples: pl.DataFrame) -> SliceStudy:
    fields = {name: row[name] for name in SliceStudy.__slots__ if name in row}
    return SliceStudy(**fields, samples=samples.select(SAMPLE_COLUMNS))


def _by_subject(study: SliceStudy, described: pl.DataFrame, option: str | None) -> tuple[SliceStudy, list[Message]]:
    """The study with one sample of each subject, if that is asked for; else a warning where subjects repeat."""
    subjects = repeated(described)
    if not subjects:
        return study, []
    many = sum(map(len, subjects.values()))
    example = next(iter(sorted(subjects)))
    if option is None:
        said = (
            f"{study.accession}: {len(subjects)} {_plural(len(subjects), 'subject')} with {many} samples, e.g. "
            f"{example}: {named(subjects[example])}; one_sample_per_subject takes one of each"
        )
        return study, [Message("REPEATED_SUBJECTS", "WARNING", said)]
    kept = earliest_samples(described, subjects)
    dropped = many - len(subjects)
    note = (
        f"{dropped} later {_plural(dropped, 'sample')} of {len(subjects)} subjects left out, the earliest of each kept"
    )
    samples = study.samples.filter(pl.col("sample_key").is_in(kept))
    said = f"{study.accession}: {note}"
    return replace(study, samples=samples, notes=(*study.notes, note)), [Message("REPEATED_SUBJECTS", "INFO", said)]


def _without_overlap(studies: Sequence[SliceStudy]) -> tuple[list[SliceStudy], list[Message]]:
    """Each sample in the largest of its studies only, of equally large ones in the first by accession."""
    keeper: dict[int, str] = {}
    sizes = {study.accession: study.samples.height for study in studies}
    result: dict[str, SliceStudy] = {}
    messages: list[Message] = []
    for study in sorted(studies, key=lambda one: (-one.samples.height, one.accession)):
        taken: defaultdict[str, list[str]] = defaultdict(list)
        for key, accession in study.samples.select("sample_key", "sample_accession_code").iter_rows():
            if key in keeper:
                taken[keeper[key]].append(accession)
            else:
                keeper[key] = study.accession
        notes = [f"{len(names)} {_plural(len(names), 'sample')} counted in {other}" for other, names in taken.items()]
        messages.extend(
            Message(
                "SAMPLE_OVERLAP",
                "WARNING",
                f"{len(names)} {_plural(len(names), 'sample')} of {study.accession} counted only in {other}, which has "
                f"{'more' if sizes[other] > study.samples.height else 'as many'}: {', '.join(names)}",
            )
            for other, names in sorted(taken.items())
        )
        gone = [name for names in taken.values() for name in names]
        kept = study.samples.filter(~pl.col("sample_accession_code").is_in(gone))
        result[study.accession] = replace(study, samples=kept, notes=(*study.notes, *notes))
    return [result[study.accession] for study in studies], messages


def _nothing_left(disease: str, slices: Iterable[Slice]) -> InvalidSetting:
    reasons = [f"{study}: {reason}" for one in slices for study, reason in one.left_out]
    return InvalidSetting(
        f"no study of {disease.upper()} can be analysed: {'; '.join(reasons)}",
        value=disease.upper(),
        hint="`expressway studies show STUDY` shows units and labels: declare what is missing, then load again.",
    )


def _plural(count: int, word: str) -> str:
    if count == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
