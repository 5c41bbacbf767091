"""What discovery hands on: a study and where its matrix lies, or the error that keeps it out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from expressway.errors import ExpresswayError
from expressway.studies.axes import MatrixLayout
from expressway.studies.containers import Container, Member
from expressway.studies.refinebio import normalise_technology, platform_summary
from expressway.studies.samplesheet import organism_name
from expressway.studies.study import DownloadFlags, Message, Sample, StudyInfo

STUDY_NAME = re.compile(r"[A-Za-z0-9._-]{1,50}")
SEVERAL_ORGANISMS = "SEVERAL_ORGANISMS"

_COMPRESSED = re.compile(r"\.(gz|zst)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the user says of a study; None leaves it to the files."""

    samplesheet: Path | None = None
    """Of a matrix."""
    samples_as_rows: bool | None = None
    """Of a matrix with a sample sheet; found from its first lines when None."""
    label_column: str | None = None
    """A column of labels that a matrix with samples as rows has; columns of text are found without it."""
    accession: str | None = None
    """Of a matrix; a refine.bio study keeps its own."""
    organism: str | None = None
    technology: str | None = None
    platform: str | None = None
    """Platform of the samples that have none."""
    title: str | None = None
    units: str | None = None


OptionsFor = Callable[[str], SourceOptions]


@dataclass(frozen=True, slots=True)
class StudySource:
    """A study that was found, and where its matrix lies."""

    info: StudyInfo
    flags: DownloadFlags
    samples: tuple[Sample, ...]
    member: Member
    layout: MatrixLayout
    container: Container
    keep: frozenset[str] | None
    """The columns of an aggregate that belong to this study; None means all columns."""
    surplus_codes: int
    """Sample codes that the metadata names and does not describe."""
    messages: tuple[Message, ...]
    display: str


@dataclass(frozen=True, slots=True)
class BrokenStudy:
    """A study that was found and cannot be used; those beside it can."""

    accession: str
    """Of the study; the name of its file or folder where no more is known."""
    error: ExpresswayError
    display: str


Found = StudySource | BrokenStudy


def bare_name(member: Member) -> str:
    """The path of a member in its container without .gz or .zst."""
    return _COMPRESSED.sub("", member.name)


def stem(member: Member) -> str:
    """The file name of a member without .gz, .zst and its suffix."""
    return PurePosixPath(bare_name(member)).stem


def apply_options(
    info: StudyInfo, samples: tuple[Sample, ...], options: SourceOptions
) -> tuple[StudyInfo, tuple[Sample, ...]]:
    """The study and its samples with what the user says of them; organism and platform only fill gaps of samples."""
    organism = organism_name(options.organism)
    samples = tuple(
        replace(s, organism=s.organism or organism, platform=s.platform or options.platform) for s in samples
    )
    info = replace(
        info,
        title=options.title or info.title,
        organism=organism or info.organism,
        technology=normalise_technology(options.technology) if options.technology else info.technology,
        platform_summary=platform_summary(samples),
    )
    return info, samples
