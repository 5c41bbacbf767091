"""Which studies a path holds: refine.bio downloads, or matrices with their sample sheets. No matrix is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path, PurePosixPath

from expressway.errors import ExpresswayError, InvalidMetadata, InvalidSampleSheet, InvalidSetting, SourceNotFound
from expressway.studies.axes import MatrixLayout
from expressway.studies.containers import Container, Member, open_container
from expressway.studies.downloads import download_roots, download_studies, quant_sf_only
from expressway.studies.outline import guess_layout, layout_of, read_outline
from expressway.studies.refinebio import METADATA_FILE
from expressway.studies.samplesheet import SampleSheet, parse_samplesheet
from expressway.studies.sources import (
    SEVERAL_ORGANISMS,
    STUDY_NAME,
    BrokenStudy,
    Found,
    OptionsFor,
    SourceOptions,
    StudySource,
    apply_options,
    stem,
)
from expressway.studies.study import DownloadFlags, Message, StudyInfo

__all__ = ["BrokenStudy", "Found", "OptionsFor", "SourceOptions", "StudySource", "discover"]

SHEET_LIMIT = 2**26
MATRIX_SUFFIXES = (".tsv", ".csv", ".txt", ".tab", ".parquet")

_NOT_A_MATRIX = re.compile(r"((.+\.)?samplesheet|metadata_.+|filtered_samples.*)\.[a-z]+", re.IGNORECASE)
_Step = Callable[[], Sequence[Found]]


def discover(path: Path, options_for: OptionsFor) -> list[Found]:
    """The studies at a path, each ready to be read, or the error that keeps it out.

    A path is a refine.bio download (zip or unpacked folder), a folder of several downloads or zips, or a matrix with
    a sample sheet: the one that is named, else `MATRIX.samplesheet.csv` beside it, else `samplesheet.csv` (either may
    be `.tsv`). Folders and zips of such matrices do too; there `samplesheet.csv` serves the only matrix of its folder.

    A study of a SPECIES download whose samples lie in the matrices of several species becomes one study per species,
    named `<accession>.<ORGANISM>`.

    Args:
        path: what the user gives.
        options_for: what the user says of the study of this accession. For a matrix it is asked for the name of the
            file first; if the study turns out to be called otherwise, then for its accession, which fills gaps.

    Raises:
        SourceNotFound: there is no such path, or no study in it.
        SourceError: the path holds one thing only, and that is broken.
    """
    container = open_container(path.parent if path.name == METADATA_FILE else path)
    steps = [*_downloads(container, options_for), *_matrices(container, options_for), *_zips(container, options_for)]
    if not steps:
        raise _nothing(container)
    return _without_repeats([found for name, step in steps for found in _safely(name, step, alone=len(steps) == 1)])


def _safely(name: str, step: _Step, alone: bool) -> Sequence[Found]:
    """What a step finds; where it is not alone, its error is a result beside the others."""
    try:
        return step()
    except ExpresswayError as error:
        if alone:
            raise
        return [BrokenStudy(PurePosixPath(name).name or name, error, name)]


def _downloads(container: Container, options_for: OptionsFor) -> list[tuple[str, _Step]]:
    steps = ((root, partial(download_studies, container, root, options_for)) for root in download_roots(container))
    return [(str(container.path / root), step) for root, step in steps]


def _matrices(container: Container, options_for: OptionsFor) -> list[tuple[str, _Step]]:
    """Matrices that have a sample sheet, outside of downloads."""
    matrices = [m for m in _outside_downloads(container) if _is_matrix(m)]
    named = {m: sheet for m in matrices if (sheet := options_for(stem(m)).samplesheet) and m.path != sheet}
    for sheet, times in Counter(named.values()).items():
        if times > 1:
            hint = "Give the path of the matrix that it describes."
            raise InvalidSetting(f"{sheet} is named for {times} matrices of {container.path}", value=sheet, hint=hint)
    folders = [PurePosixPath(m.name).parent for m in matrices]
    steps: list[tuple[str, _Step]] = []
    for member, folder in zip(matrices, folders, strict=True):
        alone = container.kind == "FILE" or folders.count(folder) == 1
        found = named.get(member) or _sheet_beside(container, member, alone)
        if found is not None:
            steps.append((member.display, partial(_matrix_study, container, member, found, options_for)))
    return steps


def _zips(container: Container, options_for: OptionsFor) -> list[tuple[str, _Step]]:
    """Zips of a folder, but not those that lie beside their own unpacked folder."""
    unpacked = {root.parts[0] for root in download_roots(container) if root.parts}
    zips = [m.path for m in _outside_downloads(container) if re.fullmatch(r"[^/]+\.zip", m.name, re.IGNORECASE)]
    if container.kind != "FOLDER":
        return []
    return [(str(path), partial(discover, path, options_for)) for path in zips if path.stem not in unpacked]


def _outside_downloads(container: Container) -> list[Member]:
    roots = download_roots(container)
    return [m for m in container.members if not any(PurePosixPath(m.name).is_relative_to(root) for root in roots)]


def _is_matrix(member: Member) -> bool:
    return member.suffix in MATRIX_SUFFIXES and not _NOT_A_MATRIX.fullmatch(f"{stem(member)}{member.suffix}")


def _sheet_beside(container: Container, member: Member, alone: bool) -> Member | None:
    """The sample sheet that belongs to a matrix, its own before one for the folder."""
    names = [f"{stem(member)}.samplesheet{suffix}" for suffix in (".csv", ".tsv")]
    names += ["samplesheet.csv", "samplesheet.tsv"] if alone else []
    for name in names:
        if member.zip_name is not None:
            wanted = str(PurePosixPath(member.name).with_name(name))
            found = next((m for m in container.members if m.name == wanted), None)
        else:
            file = member.path.with_name(name)
            found = open_container(file).members[0] if file.is_file() else None
        if found is not None:
            return found
    return None


def _matrix_study(
    container: Container, member: Member, sheet: Member | Path, options_for: OptionsFor
) -> list[StudySource]:
    """The study of a matrix and its sample sheet."""
    source = open_container(sheet).members[0] if isinstance(sheet, Path) else sheet
    described = parse_samplesheet(source.read(SHEET_LIMIT), source.display)
    options = options_for(stem(member))
    accession = options.accession or described.study.get("study") or stem(member)
    if not STUDY_NAME.fullmatch(accession):
        hint = "Write an accession of at most 50 letters, digits, dots, hyphens and underscores in the column study."
        raise InvalidSetting(f'"{accession}" cannot be the accession of a study', value=accession, hint=hint)
    if accession != stem(member):
        options = _filled(options, options_for(accession))
    info, samples = apply_options(_info(accession, described), described.samples, options)
    organisms = sorted({sample.organism for sample in samples if sample.organism})
    text = f"{accession}: one matrix has samples of {', '.join(organisms)}"
    return [
        StudySource(
            info=info,
            flags=DownloadFlags(declared_units=options.units or described.study.get("units")),
            samples=samples,
            member=member,
            layout=_layout(member, options, described),
            container=container,
            keep=None,
            surplus_codes=0,
            messages=(Message(SEVERAL_ORGANISMS, "WARNING", text),) if len(organisms) > 1 else (),
            display=member.display,
        )
    ]


def _info(accession: str, sheet: SampleSheet) -> StudyInfo:
    organisms = {sample.organism for sample in sheet.samples if sample.organism}
    return StudyInfo(
        accession=accession,
        title=sheet.study.get("study_title"),
        pubmed_id=sheet.study.get("pubmed_id"),
        technology=sheet.study.get("technology", "OTHER"),
        organism=organisms.pop() if len(organisms) == 1 else None,
        source_kind="MATRIX",
    )


def _layout(member: Member, options: SourceOptions, sheet: SampleSheet) -> MatrixLayout:
    """What the user says; the rest from the first lines of the matrix and the names in the sheet."""
    if options.samples_as_rows is False and options.label_column is None:
        return MatrixLayout()
    outline = read_outline(member)
    guess = guess_layout(outline, {sample.accession for sample in sheet.samples})
    as_rows = guess.samples_as_rows if options.samples_as_rows is None else options.samples_as_rows
    return layout_of(outline, as_rows, options.label_column)


def _filled(options: SourceOptions, more: SourceOptions) -> SourceOptions:
    gaps = {f.name: getattr(more, f.name) for f in fields(options) if getattr(options, f.name) is None}
    return replace(options, **gaps)


def _without_repeats(found: list[Found]) -> list[Found]:
    """The studies, and an error for each accession that stands at several places: which is meant cannot be told."""
    places: dict[str, list[str]] = {}
    for item in found:
        if isinstance(item, StudySource):
            places.setdefault(item.info.accession, []).append(item.display)
    repeated = {accession: where for accession, where in places.items() if len(where) > 1}
    kept = [item for item in found if not (isinstance(item, StudySource) and item.info.accession in repeated)]
    for accession, where in repeated.items():
        problem = f"study {accession} is there {len(where)} times: {'; '.join(where)}"
        error = InvalidSetting(problem, value=accession, hint="Give the path of the one that is meant.")
        kept.append(BrokenStudy(accession, error, where[0]))
    return kept


def _nothing(container: Container) -> ExpresswayError:
    """Why a path holds no study, in the user's terms."""
    shown = str(container.path)
    names = [PurePosixPath(m.name).name for m in container.members]
    matrices = [m for m in container.members if _is_matrix(m)]
    if any(re.fullmatch(r"metadata_.+\.tsv", name) for name in names):
        problem = f"{shown} has a metadata TSV of refine.bio but no {METADATA_FILE}"
        return InvalidMetadata(problem, value=shown, hint=f"Keep {METADATA_FILE} where the download has it.")
    if any(name.endswith("quant.sf") for name in names):
        return quant_sf_only(shown)
    if container.kind == "FILE" and matrices:
        wanted = f"{stem(matrices[0])}.samplesheet.csv or samplesheet.csv"
        return InvalidSampleSheet(f"{shown} has no sample sheet: {wanted} is not beside it", value=shown)
    looked_for = f"{METADATA_FILE}, or a matrix ({', '.join(MATRIX_SUFFIXES)}) with MATRIX.samplesheet.csv"
    return SourceNotFound(f"{shown} holds no study; looked for {looked_for}", value=shown)
