"""What was asked of an aggregation, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expressway.errors import ExpresswayError
from expressway.settings import PairSettings, Settings
from expressway.studies.study import Message
from expressway.warehouse.pairs.slice import Slice


@dataclass(frozen=True, slots=True)
class SliceResult:
    """What was done with one slice."""

    disease: str
    technology: str
    organism: str
    action: str
    """AGGREGATED, NOOP, FAILED, or PLANNED by a dry run."""
    feature_run_id: str | None = None
    studies: int = 0
    samples: int = 0
    genes: int = 0
    pairs_tested: int = 0
    pairs_stored: int = 0
    seconds: float = 0.0
    messages: tuple[Message, ...] = ()
    error: Mapping[str, object] | None = None
    plan: Mapping[str, Any] | None = None
    """Of a dry run: studies with their cohorts, genes left out and why, memory, minutes."""

    @property
    def ok(self) -> bool:
        """Whether the slice stands in the warehouse as asked."""
        return self.action != "FAILED"


@dataclass(frozen=True, slots=True)
class AggregateResult:
    """What an aggregation did."""

    run_id: str | None
    slices: tuple[SliceResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every slice stands in the warehouse as asked."""
        return all(one.ok for one in self.slices)


def of_all(diseases: Sequence[str], one: Callable[[str], AggregateResult]) -> AggregateResult:
    """The results of all diseases; one that is refused leaves the others alone and stands as a failed slice."""
    results = []
    for disease in diseases:
        try:
            results.append(one(disease))
        except ExpresswayError as error:
            refused = SliceResult(disease, "-", "-", "FAILED", error=error.as_dict())
            results.append(AggregateResult(None, (refused,)))
    run_id = next((result.run_id for result in results if result.run_id), None)
    return AggregateResult(run_id, tuple(one for result in results for one in result.slices))


@dataclass(frozen=True, slots=True)
class Request:
    """Which pairs are wanted, and how."""

    disease: str
    technology: str | None
    organism: str | None
    settings: Settings

    @property
    def pairs(self) -> PairSettings:
        """How the pairs are analysed."""
        return self.settings.pairs


def outcome(of: Slice, action: str, **fields: Any) -> SliceResult:
    """What was done with a slice; further fields are those of `SliceResult`."""
    samples = sum(study.samples.height for study in of.studies)
    return SliceResult(
        of.disease, of.technology, of.organism, action, studies=len(of.studies), samples=samples, **fields
    )
