"""Platforms: from the text of a source to accession, name, manufacturer and technology."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expressway.errors import InvalidSetting
from expressway.studies.study import Platform
from expressway.studies.yaml_files import check_keys, read_mapping

TECHNOLOGIES = ("RNA-SEQ", "MICROARRAY", "OTHER")
BUILT_IN = Path(__file__).parent / "platform_lookup.yaml"

_KEYS = ("name", "manufacturer", "technology", "gpl")
# An accession has no blanks: "Illumina HiSeq 2000 (Homo sapiens)" is a name and nothing else.
_NAME_AND_ACCESSION = re.compile(r"(?P<name>.*\S)\s*\((?P<accession>[^()\s]+)\)", re.DOTALL)
_WORDS = {
    "Thermo Fisher": r"ion ?torrent\w*|ion (?:proton|s5|pgm|gene ?studio)|ab solid|applied biosystems|thermo ?fisher",
    "Affymetrix": r"affymetrix|affy|genechip|hg u133\w*|clariom\w*",
    "Agilent": r"agilent|sureprint",
    "Roche NimbleGen": r"nimblegen",
    "Roche": r"roche|454(?: gs)?",
    "MGI": r"bgi|bgiseq|mgi|mgiseq|dnbseq",
    "PacBio": r"pac ?bio|pacific biosciences|sequel|revio",
    "Oxford Nanopore": r"oxford nanopore|nanopore|minion|gridion|promethion",
    "NanoString": r"nanostring|ncounter",
    "Illumina": r"illumina\w*|solexa|(?:hi|next|nova|mi|mini|i)seq\w*|hiscansq|beadchip|human(?:ht|ref|wg)",
}
_MANUFACTURERS = {name: re.compile(rf"\b(?:{words})\b") for name, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class KnownPlatform:
    """An entry of the lookup table; None where it says nothing."""

    name: str | None = None
    manufacturer: str | None = None
    technology: str | None = None


def normalise_platform(text: str, technology: str, lookup: Mapping[str, KnownPlatform]) -> Platform:
    """The platform that a text such as `Illumina HiSeq 2500 (IlluminaHiSeq2500)` names.

    The last parenthesis is the accession and the rest the name. Without one the text is both, unless the lookup has a
    name for it. The study's technology counts before that of the lookup.

    Args:
        text: as in the source.
        technology: of the study: RNA-SEQ or MICROARRAY; anything else says nothing.
        lookup: see `load_platform_lookup`.
    """
    text = " ".join(text.split())
    match = _NAME_AND_ACCESSION.fullmatch(text)
    accession = match["accession"] if match else text
    known = lookup.get(_key(accession)) or (lookup.get(_key(match["name"])) if match else None) or KnownPlatform()
    name = match["name"] if match else known.name or text
    stated = technology.strip().upper()
    return Platform(
        accession=accession,
        name=name,
        manufacturer=known.manufacturer or _manufacturer(f"{name} {accession}"),
        technology=stated if stated in TECHNOLOGIES[:2] else known.technology or "OTHER",
    )


def load_platform_lookup(path: str | Path | None = None) -> dict[str, KnownPlatform]:
    """The built-in platforms, and over them those of your own `platform_lookup.yaml`.

    Each entry is `ACCESSION: {name: ..., manufacturer: ..., technology: ..., gpl: ...}`, every part optional; `gpl` is
    one GEO platform or a list of them that mean the same. Accessions are compared without case and blanks.

    Raises:
        InvalidSetting: the file is not such a table.
        UnknownSetting: an entry has another key.
    """
    lookup = dict(_entries(BUILT_IN))
    if path is not None:
        for key, entry in dict(_entries(Path(path))).items():
            lookup[key] = _over(entry, lookup.get(key, KnownPlatform()))
    return lookup


def _over(entry: KnownPlatform, old: KnownPlatform) -> KnownPlatform:
    """The entry, with what it leaves unsaid taken from the old one."""
    return KnownPlatform(
        entry.name or old.name, entry.manufacturer or old.manufacturer, entry.technology or old.technology
    )


def _entries(file: Path) -> Iterator[tuple[str, KnownPlatform]]:
    """Each entry of a file under its accession, after the same under its GEO ids: an entry of its own goes before."""
    content = read_mapping(file, built_in=file == BUILT_IN)
    own = {_key(accession): _entry(value, f"{file}: {accession}") for accession, value in content.items()}
    for platform, gpls in own.values():
        for gpl in gpls:
            yield _key(gpl), platform
    for key, (platform, _) in own.items():
        yield key, platform


def _entry(value: Any, where: str) -> tuple[KnownPlatform, list[str]]:
    if not isinstance(value, dict):
        hint = f"Write it as `ACCESSION: {{manufacturer: Illumina, technology: RNA-SEQ}}`; keys: {', '.join(_KEYS)}."
        raise InvalidSetting(f"{where}: an entry needs keys of its own", value=value, hint=hint)
    check_keys(value, _KEYS, where)
    gpl = value.get("gpl") or []
    gpls = gpl if isinstance(gpl, list) else [gpl]
    texts = [*gpls, *(value[key] for key in _KEYS[:3] if key in value)]
    if not all(isinstance(item, str) for item in texts):
        raise InvalidSetting(f"{where}: only gpl may be a list, and only of ids", value=value)
    technology = value.get("technology", "").upper()
    if technology and technology not in TECHNOLOGIES:
        hint = f"Valid: {', '.join(TECHNOLOGIES)}."
        raise InvalidSetting(f"{where}: {technology!r} is no technology", value=technology, hint=hint)
    return KnownPlatform(value.get("name") or None, value.get("manufacturer") or None, technology or None), gpls


def _manufacturer(name: str) -> str | None:
    words = re.sub(r"[^a-z0-9]+", " ", name.lower())
    return next((maker for maker, pattern in _MANUFACTURERS.items() if pattern.search(words)), None)


def _key(accession: str) -> str:
    return "".join(accession.split()).casefold()
