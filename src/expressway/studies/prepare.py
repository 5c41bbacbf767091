"""From a study that was found to one ready for the warehouse: read, checked, labelled, units decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from expressway.errors import ValidationError
from expressway.settings import Settings, StudySettings
from expressway.studies import hashes
from expressway.studies.annotation import organism_of
from expressway.studies.checks import check_matrix, check_samples, findings
from expressway.studies.discovery import SourceOptions, StudySource
from expressway.studies.illness import coverage, label_samples, load_overrides, overrides_of, unknown_overrides
from expressway.studies.platforms import load_platform_lookup, normalise_platform
from expressway.studies.profile import MatrixProfile, profile_matrix
from expressway.studies.quality import score_quality, study_qc
from expressway.studies.ruleset import Ruleset, load_ruleset
from expressway.studies.study import CellCounts, Hashes, Label, Message, Platform, Sample, Study, UnitDecision
from expressway.studies.transform import StudyValues, make_transform
from expressway.studies.units import check_domain, decide_units

Progress = Callable[[str, str, int, int], None]


def source_options(options: StudySettings) -> SourceOptions:
    """What the settings of a study say to the search for studies."""
    return SourceOptions(
        samplesheet=options.samplesheet,
        samples_as_rows=options.samples_as_rows,
        label_column=options.label_column,
        accession=options.accession,
        organism=options.organism,
        technology=options.technology,
        platform=options.platform,
        title=options.title,
        units=options.units,
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """The sample axis: what the matrix has, what the metadata have, what is loaded."""

    profile: MatrixProfile
    samples: tuple[Sample, ...]
    in_matrix: frozenset[str]
    in_metadata: frozenset[str]
    columns_in: int
    failure: ValidationError | None = None
    message: Message | None = None


def prepare(source: StudySource, settings: Settings, *, memory: int, progress: Progress | None = None) -> Study:
    """The study of `source`, after one pass over its matrix; its values wait in a temporary file.

    What makes it unfit for loading is in `failures`; nothing is raised for that.

    Args:
        source: a study that was found.
        settings: all settings; those of this study are taken from them.
        memory: bytes the first pass may use.
        progress: called with (study, stage, bytes done, bytes in all).

    Raises:
        SourceError: the file is broken.
        SettingsError: the study's settings cannot be followed.
        NoSpaceLeft: the temporary folder is full.
    """
    options = settings.for_study(source.info.accession)
    ruleset = load_ruleset(options.ruleset)
    axis = _read(source, options, memory, progress)
    try:
        return _study(source, settings, options, ruleset, axis)
    except BaseException:
        axis.profile.close()
        raise


def _read(source: StudySource, options: StudySettings, memory: int, progress: Progress | None) -> _Axis:
    """Profile the matrix and match its samples with those of the metadata."""
    skip = frozenset(options.skip_samples)
    keep = source.keep
    if options.include_samples:
        keep = frozenset(options.include_samples) if keep is None else keep & frozenset(options.include_samples)
    wanted = [s for s in source.samples if s.accession not in skip and (keep is None or s.accession in keep)]
    described = frozenset(sample.accession for sample in wanted)
    profile = _profile(source, options, keep, skip, memory, progress)
    columns = frozenset(profile.samples)
    own = profile.all_columns if source.keep is None else [c for c in profile.all_columns if c in source.keep]
    failure, message = check_samples(columns, described, options.on_sample_mismatch)
    if message is not None:
        profile.close()
        profile = _profile(source, options, columns & described, skip, memory, progress)
    by_name = {sample.accession: sample for sample in wanted}
    samples = tuple(by_name.get(name, Sample(name)) for name in profile.samples)
    return _Axis(profile, samples, columns, described, len(own), failure, message)


def _profile(
    source: StudySource,
    options: StudySettings,
    keep: frozenset[str] | None,
    skip: frozenset[str],
    memory: int,
    progress: Progress | None,
) -> MatrixProfile:
    def report(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(source.info.accession, stage, done, total)

    return profile_matrix(
        source.member,
        layout=source.layout,
        keep=keep,
        skip=skip,
        duplicate_probes=options.duplicate_probes,
        memory_limit=memory,
        progress=report,
    )


def _study(source: StudySource, settings: Settings, options: StudySettings, ruleset: Ruleset, axis: _Axis) -> Study:
    profile, samples = axis.profile, axis.samples
    info = replace(source.info, organism=source.info.organism or organism_of(profile.genes))
    units = decide_units(profile, source.flags, info, declared=options.units, declared_scaling=options.scaling)
    if options.deflooring == "off":
        units = replace(units, deflooring=False)
    transform = make_transform(profile, units)
    overrides, own = _overrides(settings, options, info.accession)
    labels = label_samples(samples, ruleset, overrides, options.illness_fields)
    quality = score_quality(
        profile,
        units,
        transform,
        samples,
        labels,
        matrix_samples=axis.in_matrix,
        metadata_samples=axis.in_metadata,
        created_at=source.flags.created_at,
        today=datetime.now(UTC).date(),
    )
    failures = [
        failure
        for failure in (axis.failure, *check_matrix(profile, options, units), check_domain(profile, units))
        if failure
    ]
    hold = units.hold_reason or _too_few_labels(labels, options)
    messages = [
        *source.messages,
        *([axis.message] if axis.message else []),
        *findings(profile, units, samples, labels, quality, options, unknown_overrides(samples, own)),
    ]
    counts = _counts(axis, bool(failures))
    platforms = _platforms(settings, source, samples)
    return Study(
        info=info,
        flags=source.flags,
        samples=samples,
        genes=profile.genes,
        labels=labels,
        platforms=platforms,
        units=units,
        counts=counts,
        hashes=_hashes(source, options, ruleset, overrides, axis, units, platforms),
        quality=quality,
        qc=study_qc(profile, source.flags, units, transform),
        source_path=str(source.container.path.resolve()),
        file_name=source.member.display,
        disease=ruleset.disease.upper(),
        hold_reason=hold,
        messages=messages,
        failures=failures,
        rejected=profile.rejected,
        values=StudyValues(profile, transform),
        block_size=options.block_size,
        settings_snapshot=options.model_dump(mode="json", exclude_unset=True),
    )


def _overrides(settings: Settings, options: StudySettings, accession: str) -> tuple[dict[str, str], dict[str, str]]:
    """Illness overrides of a study, the shared file below the study's own setting; and those that name the study."""
    shared = settings.illness_overrides
    if shared is None:
        loaded: Mapping[str, Mapping[str, str]] = {}
    elif isinstance(shared, Mapping):
        loaded = {key: value if isinstance(value, Mapping) else {} for key, value in shared.items()} | {
            "*": {key: value for key, value in shared.items() if isinstance(value, str)}
        }
    else:
        loaded = load_overrides(shared)
    own = dict(loaded.get(accession, {})) | dict(options.illness_overrides)
    return overrides_of(accession, loaded) | own, own


def _platforms(settings: Settings, source: StudySource, samples: tuple[Sample, ...]) -> dict[str, Platform]:
    lookup = load_platform_lookup(settings.platform_lookup)
    texts = sorted({sample.platform for sample in samples if sample.platform})
    return {text: normalise_platform(text, source.info.technology, lookup) for text in texts}


def _too_few_labels(labels: list[Label], options: StudySettings) -> str | None:
    unknown = 1.0 - coverage(labels)
    if unknown <= options.max_unknown_share:
        return None
    return f"{unknown:.0%} of the samples have no illness label (max_unknown_share: {options.max_unknown_share:.0%})"


def _counts(axis: _Axis, refused: bool) -> CellCounts:
    profile = axis.profile
    samples, genes = len(profile.samples), len(profile.genes)
    cells_in, kept = profile.rows_in_file * axis.columns_in, profile.rows_in_file * samples
    return CellCounts(
        cells_in=cells_in,
        loaded=0 if refused else genes * samples,
        quarantined=genes * samples if refused else 0,
        skipped=cells_in - kept,
        merged=kept - genes * samples,
        nulls=int(profile.nulls.sum()),
    )


def _hashes(
    source: StudySource,
    options: StudySettings,
    ruleset: Ruleset,
    overrides: Mapping[str, str],
    axis: _Axis,
    units: UnitDecision,
    platforms: Mapping[str, Platform],
) -> Hashes:
    """The identity of the batch: what the file is, what is said of it, and what the settings make of it."""
    profile, info = axis.profile, source.info
    known = {} if source.member.packing else {source.member.name: profile.file_hash}
    values: dict[str, Any] = {
        "settings": options.value_settings(),
        "samples": sorted(profile.samples),
        "units": [units.unit_tag, units.transform, units.deflooring],
        "layout": [source.layout.samples_as_rows, sorted(source.layout.label_columns)],
    }
    labels = {
        "settings": options.label_settings(),
        "ruleset": ruleset.fingerprint,
        "overrides": dict(overrides),
        "platforms": {text: asdict(platform) for text, platform in platforms.items()},
    }
    return Hashes(
        file_hash=profile.file_hash,
        metadata_hash=hashes.metadata_hash(info, axis.samples),
        settings_hash=hashes.settings_hash({"values": values, "labels": labels}),
        value_settings_hash=hashes.settings_hash(values),
        container_hash=source.container.sha256(known),
        file_size=profile.file_size,
        batch_id=hashes.batch_id(profile.file_hash, info.accession, source.flags.created_at, profile.file_size),
    )
