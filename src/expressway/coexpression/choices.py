"""How pairs are analysed: the settings of the statistics, each with its valid values."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expressway.errors import InvalidSetting, UnknownSetting


class Choices(BaseModel):
    """The settings that decide what the statistics of a pair are; `docs/statistics.md` says what each means."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True, str_strip_whitespace=True
    )

    min_n: int = Field(default=5, ge=4)
    """Samples that a cohort must have, 4 or more: with 3 Fisher's z has no standard error."""
    max_missing: float = Field(default=0.2, ge=0, le=1)
    """Share of missing values above which a gene does not count in a cohort."""
    detection: float = Field(default=0.5, ge=0, le=1)
    """Share of samples in which a gene must be detected to count in a cohort, where detection is known."""
    se_method: Literal["fisher", "fieller", "bonett_wright"] = "fisher"
    """Standard error of Fisher's z."""
    others: Literal["stratified", "pooled"] = "stratified"
    """How the cohorts that shock is compared with in `soth` come together: weighed by precision, or samples mixed."""
    tau2_method: Literal["DL", "PM", "REML", "HE", "SJ", "EE"] = "DL"
    """Variance between studies: DerSimonian-Laird, Paule-Mandel, restricted likelihood, Hedges, Sidik-Jonkman; EE for
    none."""
    ci_method: Literal["z", "HK", "HK_floor"] = "z"
    """Interval and p of what is pooled: normal, Hartung-Knapp, or Hartung-Knapp never narrower than normal."""
    combine: Literal["overlap", "none", "stouffer"] = "overlap"
    """How `ss` and `soth` are combined: knowing that they share the shock cohort, or as if they did not."""
    fdr: Literal["BH", "BY"] = "BH"
    """False discovery control over all pairs: Benjamini-Hochberg, or Benjamini-Yekutieli for any dependence."""
    tail: float = Field(default=0.05, ge=1e-6, le=1)
    """p above which a pair only gets the bound that its q is larger than this."""
    delta: float = Field(default=0.3, gt=0, le=10)
    """Difference of Fisher z whose detection `power` is about."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """The choices with the given names and values.

        Raises:
            UnknownSetting: there is no such name; the hint has the nearest one.
            InvalidSetting: a value that cannot be used.
        """
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            near = get_close_matches(name, cls.model_fields, n=1)
            guess = f"Did you mean {near[0]}? " if near else ""
            hint = f"{guess}Valid: {', '.join(cls.model_fields)}."
            raise UnknownSetting(f"there is no setting {name} of an analysis", value=name, hint=hint)
        reason = first["msg"].replace("Input should be", "It should be")
        raise InvalidSetting(f"{name}: {given[name]!r} cannot be used", value=given[name], hint=f"{reason}.")

    def as_dict(self) -> dict[str, Any]:
        """The choices by name, ready for JSON."""
        return {name: getattr(self, name) for name in Choices.model_fields}

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernel knows these choices; else the pass over all pairs is plain numpy."""
        return (
            self.se_method != "bonett_wright"
            and self.tau2_method in {"DL", "EE"}
            and self.ci_method == "z"
            and self.combine == "overlap"
        )
