"""The studies of a refine.bio download: which matrix, which columns and which metadata belong to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from expressway.errors import ExpresswayError, InvalidMetadata, InvalidSetting, QuantSfOnly, SourceNotFound
from expressway.studies import refinebio
from expressway.studies.axes import MatrixLayout
from expressway.studies.containers import Container, Member, open_container
from expressway.studies.refinebio import METADATA_FILE, Experiment, Metadata
from expressway.studies.sources import (
    SEVERAL_ORGANISMS,
    BrokenStudy,
    Found,
    OptionsFor,
    SourceOptions,
    StudySource,
    apply_options,
    bare_name,
)
from expressway.studies.study import Message, Sample

METADATA_LIMIT = 2**30
"""Bytes of metadata; a hundred thousand samples take about 200 MB."""

_QUANT = re.compile(r"(.+_)?quant\.sf")
_FILTERED = re.compile(r"filtered_samples[^/]*(/.*)?\.(json|tsv)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Download:
    """A download that was opened."""

    container: Container
    files: Mapping[str, Member]
    """By path inside the download, without .gz or .zst."""
    metadata: Metadata
    filtered: Mapping[str, str | None]
    """Samples that refine.bio left out, and the experiment they were asked for."""
    messages: tuple[Message, ...]
    """What concerns every study of the download."""
    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """Every metadata_*.tsv that was read, by its path: those of aggregates serve many studies."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The samples of an experiment that lie in one matrix."""

    key: str
    """Folder and name of the matrix: the accession, an organism, or ALL."""
    accession: str
    samples: tuple[Sample, ...]
    organism: str | None
    """Of an aggregate by species."""


def download_roots(container: Container) -> list[PurePosixPath]:
    """The folders of a container that hold an aggregated_metadata.json."""
    return sorted(path.parent for m in container.members if (path := PurePosixPath(m.name)).name == METADATA_FILE)


def quant_sf_only(display: str) -> QuantSfOnly:
    """The error for a download of transcript-level files."""
    return QuantSfOnly(f"{display} holds quant.sf files of transcripts and no gene matrix", value=display)


def download_studies(container: Container, root: PurePosixPath, options_for: OptionsFor) -> list[Found]:
    """The studies of one download, in order of accession.

    Args:
        container: what holds the download.
        root: the folder of its aggregated_metadata.json inside the container.
        options_for: what the user says of a study, by accession.

    Raises:
        InvalidMetadata: the metadata cannot be understood at all.
        QuantSfOnly: the download was ordered without gene matrices.
    """
    if container.kind == "FOLDER" and root.parts:
        container, root = open_container(container.path / root), PurePosixPath(".")
    download = _open(container, root)
    found: list[Found] = []
    for accession, error in download.metadata.broken.items():
        found.append(BrokenStudy(accession, error, _display(download)))
    for experiment in download.metadata.experiments.values():
        for part in _parts(experiment, _aggregate_by(download, experiment)):
            try:
                found.append(_source(download, experiment, part, options_for(part.accession)))
            except ExpresswayError as error:
                found.append(BrokenStudy(part.accession, error, _display(download)))
    return sorted(found, key=lambda item: item.info.accession if isinstance(item, StudySource) else item.accession)


def _open(container: Container, root: PurePosixPath) -> _Download:
    deeper = [other for other in download_roots(container) if other != root and other.is_relative_to(root)]
    files: dict[str, Member] = {}
    for member in container.members:
        path = PurePosixPath(bare_name(member))
        if path.is_relative_to(root) and not any(path.is_relative_to(other) for other in deeper):
            files.setdefault(str(path.relative_to(root)), member)
    source = files[METADATA_FILE]
    metadata = refinebio.parse_metadata(source.read(METADATA_LIMIT), source.display)
    if metadata.flags.quant_sf_only:
        raise quant_sf_only(source.display)
    filtered, warnings = _filtered(files)
    if metadata.orphans:
        text = f"{source.display}: {len(metadata.orphans)} samples belong to no experiment"
        warnings.append(Message(refinebio.ORPHAN_SAMPLES, "WARNING", text))
    return _Download(container, files, metadata, filtered, tuple(warnings))


def _filtered(files: Mapping[str, Member]) -> tuple[dict[str, str | None], list[Message]]:
    """The samples left out, from whichever of the JSON and the TSV is there."""
    filtered: dict[str, str | None] = {}
    warnings: list[Message] = []
    for name, member in files.items():
        if _FILTERED.fullmatch(name):
            try:
                filtered.update(refinebio.parse_filtered(member.read(METADATA_LIMIT), name))
            except InvalidMetadata as error:
                warnings.append(Message(refinebio.FILTERED_SAMPLES, "WARNING", error.message))
    return filtered, warnings


def _aggregate_by(download: _Download, experiment: Experiment) -> str:
    """What the JSON says, or what the files show where an old JSON says nothing."""
    if download.metadata.flags.aggregate_by:
        return download.metadata.flags.aggregate_by
    if _matrix(download, experiment.info.accession):
        return "EXPERIMENT"
    return "ALL" if _matrix(download, "ALL") else "SPECIES"


def _parts(experiment: Experiment, aggregate_by: str) -> Iterator[_Part]:
    """The experiment as it lies in matrices; split only when these are of several species."""
    accession, samples = experiment.info.accession, experiment.samples
    if aggregate_by != "SPECIES":
        yield _Part("ALL" if aggregate_by == "ALL" else accession, accession, samples, None)
        return
    organisms = sorted({sample.organism or "UNKNOWN" for sample in samples})
    for organism in organisms:
        name = accession if len(organisms) == 1 else re.sub(r"[^A-Za-z0-9._-]", "_", f"{accession}.{organism}")[:50]
        own = tuple(s for s in samples if (s.organism or "UNKNOWN") == organism)
        yield _Part(organism, name, own, own[0].organism)


def _matrix(download: _Download, key: str) -> Member | None:
    """KEY/KEY.tsv, or the only KEY.tsv where the folders were flattened."""
    if member := download.files.get(f"{key}/{key}.tsv"):
        return member
    elsewhere = [member for name, member in download.files.items() if PurePosixPath(name).name == f"{key}.tsv"]
    return elsewhere[0] if len(elsewhere) == 1 else None


def _source(download: _Download, experiment: Experiment, part: _Part, options: SourceOptions) -> StudySource:
    """A part with its matrix and its metadata."""
    for option in ("accession", "samplesheet"):
        if (value := getattr(options, option)) is not None:
            problem = f"{option} cannot be set for {part.accession}: a refine.bio download describes its own studies"
            raise InvalidSetting(problem, value=value, hint="Labels are corrected in illness_overrides.yaml.")
    member = _matrix(download, part.key)
    if member is None:
        raise _no_matrix(download, part)
    aggregate = part.key != experiment.info.accession
    samples, differences = _completed(download, part, aggregate)
    info = replace(experiment.info, accession=part.accession, organism=part.organism or experiment.info.organism)
    info, samples = apply_options(info, samples, options)
    flags = download.metadata.flags
    return StudySource(
        info=info,
        flags=replace(flags, declared_units=options.units) if options.units else flags,
        samples=samples,
        member=member,
        layout=MatrixLayout(),
        container=download.container,
        keep=frozenset(sample.accession for sample in samples) if aggregate else None,
        surplus_codes=experiment.surplus_codes,
        messages=(*_notes(download, experiment, part), *differences, *download.messages),
        display=member.display,
    )


def _no_matrix(download: _Download, part: _Part) -> ExpresswayError:
    wanted = f"{part.key}/{part.key}.tsv"
    if any(_QUANT.fullmatch(PurePosixPath(name).name) for name in download.files):
        return quant_sf_only(_display(download))
    problem = f"{_display(download)} names study {part.accession}, but {wanted} (or .tsv.gz) is not there"
    return SourceNotFound(problem, value=wanted, hint="Fetch the download again, and unpack all of it.")


def _completed(download: _Download, part: _Part, aggregate: bool) -> tuple[tuple[Sample, ...], tuple[Message, ...]]:
    """The samples with what only the TSV beside the matrix says; a broken TSV is a warning."""
    name = f"{part.key}/metadata_{part.key}.tsv"
    member = download.files.get(name)
    if member is None:
        return part.samples, ()
    try:
        if name not in download.tables:
            download.tables[name] = refinebio.parse_table(member.read(METADATA_LIMIT), member.display)
        return refinebio.complete(part.samples, download.tables[name], member.display, aggregate=aggregate)
    except InvalidMetadata as error:
        return part.samples, (Message(refinebio.TSV_DIFFERS, "WARNING", error.message),)


def _notes(download: _Download, experiment: Experiment, part: _Part) -> Iterator[Message]:
    """What the log should say of a study."""
    accession = experiment.info.accession
    if surplus := experiment.surplus_codes:
        text = f"{accession}: {surplus} of {surplus + len(experiment.samples)} sample codes are not in this download"
        yield Message(refinebio.SURPLUS_CODES, "INFO", text)
    filtered = [code for code, owner in download.filtered.items() if owner in (None, accession)]
    if filtered:
        text = f"{accession}: refine.bio left out {len(filtered)} samples: {refinebio.shown(sorted(filtered))}"
        yield Message(refinebio.FILTERED_SAMPLES, "INFO", text)
    organisms = sorted({sample.organism for sample in part.samples if sample.organism})
    if len(organisms) > 1:
        yield Message(SEVERAL_ORGANISMS, "WARNING", f"{accession}: one matrix has samples of {', '.join(organisms)}")


def _display(download: _Download) -> str:
    return download.files[METADATA_FILE].display
