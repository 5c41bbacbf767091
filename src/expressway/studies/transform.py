"""From the values of a file to values that can be compared between samples, block after block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from expressway.studies.profile import MatrixProfile
from expressway.studies.study import Block, BoolArray, FloatArray, UnitDecision
from expressway.studies.unit_rules import lowest
from expressway.studies.units import library_sizes

ZERO_MEANS_UNDETECTED = frozenset(("COUNTS", "TPM", "CPM", "FPKM"))


@dataclass(frozen=True, slots=True)
class Transform:
    """A rule for each cell that looks at its sample only, so that a value never depends on the block it is in."""

    name: str
    """As `UnitDecision.transform`."""
    library: FloatArray | None
    """Reads per sample, shape (samples,); None where nothing is divided by them."""
    factor: FloatArray | None
    """10^6 / reads, shape (samples,); NaN for a sample without reads, whose values become missing."""
    floor: FloatArray | None
    """Tied floor per sample, NaN where there is none; None without de-flooring."""
    common_floor: float
    """What every tied floor becomes: the smallest floor of the study; NaN when there is none."""
    threshold: FloatArray | None
    """Values above it are detected, shape (samples,); None where detection means nothing."""

    def apply(
        self, raw: FloatArray, value: FloatArray | None = None, detected: BoolArray | None = None
    ) -> tuple[FloatArray, BoolArray | None]:
        """Analysis values and detection of a block.

        Args:
            raw: values of the file, shape (genes, samples); NaN = missing; not changed.
            value: where to write the analysis values; a new array when omitted, or `raw` itself when the values
                are passed through unchanged.
            detected: where to write detection; a new array when omitted.

        Returns:
            Analysis values, NaN where missing; and True for cells above zero or above the tied floor, False at it
            or where missing, or None where detection means nothing.
        """
        return self._value(raw, value), self._detected(raw, detected)

    def _value(self, raw: FloatArray, value: FloatArray | None) -> FloatArray:
        if self.name == "none" and self.floor is None and value is None:
            return raw
        value = np.empty_like(raw) if value is None else value
        if self.name == "none":
            np.copyto(value, raw)
            if self.floor is not None:
                np.copyto(value, self.common_floor, where=raw == self.floor)
            return value
        self._linear(raw, value)
        value += 1.0
        return np.log2(value, out=value)

    def _linear(self, raw: FloatArray, value: FloatArray) -> None:
        """What log2(x + 1) is taken of."""
        if self.name == "unlog2_log2_cpm":
            np.exp2(raw, out=value)
            value -= 1.0
            raw = value
        if self.factor is not None:
            np.multiply(raw, self.factor, out=value)
        elif self.name == "clip_log2":
            np.maximum(raw, 0.0, out=value)
        else:
            np.copyto(value, raw)

    def _detected(self, raw: FloatArray, detected: BoolArray | None) -> BoolArray | None:
        if self.threshold is None:
            return None
        detected = np.empty(raw.shape, dtype=np.bool_) if detected is None else detected
        return np.greater(raw, self.threshold, out=detected)


def make_transform(profile: MatrixProfile, decision: UnitDecision) -> Transform:
    """The transform that the units of a study ask for.

    COUNTS: log2(10^6 x / library + 1). TPM, CPM, FPKM: log2(x + 1). INTENSITY: log2(max(x, 0) + 1). Others: none;
    QN_TARGET of RNA-seq has its tied floors set to the smallest floor of the study. A sample with fewer than ten
    tied genes has no floor and is left as it is.

    Args:
        profile: statistics of the values in the file; read once more for counts that were put on log2(x + 1).
        decision: the units.
    """
    library = library_sizes(profile, decision)
    factor = None
    if library is not None:
        factor = np.full(library.shape, np.nan)
        np.divide(1e6, library, out=factor, where=library > 0)
    floor = profile.floor if decision.deflooring else None
    return Transform(
        name=decision.transform,
        library=library,
        factor=factor,
        floor=floor,
        common_floor=lowest(floor) if floor is not None else float("nan"),
        threshold=_threshold(profile, decision),
    )


def _threshold(profile: MatrixProfile, decision: UnitDecision) -> FloatArray | None:
    if decision.unit_tag in ZERO_MEANS_UNDETECTED:
        return np.zeros(len(profile.samples))
    if decision.deflooring:
        return np.where(np.isnan(profile.floor), -np.inf, profile.floor)
    return None


@dataclass(frozen=True, slots=True)
class StudyValues:
    """The values of a study, raw and transformed, from the file that the profile keeps them in."""

    profile: MatrixProfile
    transform: Transform

    def blocks(self, genes_per_block: int) -> Iterator[Block]:
        """Blocks in gene order, as often as asked; `value` is `raw` itself where units are passed through."""
        for start, raw in self.profile.blocks(genes_per_block):
            value, detected = self.transform.apply(raw)
            yield Block(start, raw, value, detected)

    def close(self) -> None:
        """Free the temporary file."""
        self.profile.close()
