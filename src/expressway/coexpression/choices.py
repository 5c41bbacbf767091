"""How pairs are analysed: the settings of the statistics, each with its valid values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

from expressway.coexpression.fisher import SeMethod
from expressway.coexpression.pooling import CiMethod, Tau2Method
from expressway.errors import InvalidSetting, UnknownSetting


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings that decide what the statistics of a pair are; `docs/statistics.md` says what each means.

    Raises:
        InvalidSetting: a value that cannot be used.
    """

    min_n: int = 5
    """Samples that a cohort must have, 4 or more."""
    max_missing: float = 0.2
    """Share of missing values above which a gene does not count in a cohort."""
    detection: float = 0.5
    """Share of samples in which a gene must be detected to count in a cohort, where detection is known."""
    se_method: SeMethod = "fisher"
    """Standard error of Fisher's z: fisher, fieller or bonett_wright."""
    others: Literal["stratified", "pooled"] = "stratified"
    """How the cohorts of the second contrast's reference come together: stratified, or pooled into one cohort."""
    tau2_method: Tau2Method = "DL"
    """Variance between studies: DL, PM, REML, HE, SJ, or EE for none."""
    ci_method: CiMethod = "z"
    """Interval and p of a pooled contrast or cohort: z, HK (Hartung-Knapp) or HK_floor."""
    combine: Literal["overlap", "none", "stouffer"] = "overlap"
    """How both contrasts are combined: overlap (they share the case cohort), none (as if they did not), stouffer."""
    fdr: Literal["BH", "BY"] = "BH"
    """False discovery control: BH (Benjamini-Hochberg) or BY (Benjamini-Yekutieli)."""
    tail: float = 0.05
    """p above which a pair only gets the bound that its q is larger than this."""
    delta: float = 0.3
    """Difference of Fisher z whose detection `power` is about."""
    by_technology: bool = False
    """Pool each technology for itself, then all of them by fixed effect."""

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if get_origin(kind) is Literal and getattr(self, name) not in get_args(kind):
                raise _refused(name, getattr(self, name), f"One of {', '.join(get_args(kind))}.")
        if not isinstance(self.min_n, int) or self.min_n < 4:
            raise _refused("min_n", self.min_n, "A whole number of samples, 4 or more: with 3 Fisher's z has no error.")
        for name, least, most in (("max_missing", 0, 1), ("detection", 0, 1), ("tail", 1e-6, 1), ("delta", 1e-9, 10)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not least <= value <= most:
                raise _refused(name, value, f"A number from {least:g} to {most:g}.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Choices:
        """The choices with the given names and values; an unknown name is refused with the nearest valid one."""
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                guess = f"Did you mean {near[0]}? " if near else ""
                raise UnknownSetting(
                    f"there is no setting {name} of an analysis", value=name, hint=f"{guess}Valid: {', '.join(names)}."
                )
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """The choices by name, ready for JSON."""
        return asdict(self)

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernel knows these choices; else the pass over all pairs is plain numpy."""
        return (
            self.se_method != "bonett_wright"
            and self.tau2_method in {"DL", "EE"}
            and self.ci_method == "z"
            and self.combine == "overlap"
        )


def _refused(name: str, value: object, hint: str) -> InvalidSetting:
    return InvalidSetting(f"{name}: {value!r} cannot be used", value=value, hint=hint)
