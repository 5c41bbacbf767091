"""The gene that a person means: by id, symbol or an older name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import bindparam, text

from expressway.errors import InvalidSetting
from expressway.warehouse.engines.base import Connection

_GENE = """
SELECT DISTINCT a.gene_key, a.gene_id, a.gene_symbol FROM dim.dim_gene g
JOIN dim.dim_gene a ON a.gene_key = coalesce(g.analysis_gene_key, g.gene_key)
WHERE g.organism = :organism AND {} ORDER BY a.gene_id
"""
WAYS = {
    "id": _GENE.format("g.gene_id = :name"),
    "symbol": _GENE.format("g.gene_symbol = :name"),
    "alias": _GENE.format(
        "g.gene_symbol IN (SELECT approved_symbol FROM dim.gene_alias WHERE organism = :organism AND alias = :name)"
    ),
    "symbol in other letters": _GENE.format("(lower(g.gene_symbol) = lower(:name) OR lower(g.gene_id) = lower(:name))"),
    "alias in other letters": _GENE.format(
        "g.gene_symbol IN (SELECT approved_symbol FROM dim.gene_alias "
        "WHERE organism = :organism AND lower(alias) = lower(:name))"
    ),
}
"""In the order in which they are tried; the first that finds a gene decides."""
MEASURED = """
SELECT DISTINCT g.analysis_gene_key FROM dim.dim_gene g
JOIN fact.fact_gene_expression f ON f.gene_key = g.gene_key
WHERE f.study_key IN :studies AND g.analysis_gene_key IN :genes
"""
NAMES = """
SELECT gene_symbol FROM dim.dim_gene WHERE organism = :organism AND gene_symbol IS NOT NULL
UNION SELECT alias FROM dim.gene_alias WHERE organism = :organism
UNION SELECT gene_id FROM dim.dim_gene WHERE organism = :organism
"""
_VERSION = re.compile(r"(?<=\d)\.\d+$")


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene under which studies are pooled."""

    key: int
    gene_id: str
    symbol: str | None

    @property
    def name(self) -> str:
        """The symbol, or the id where there is none."""
        return self.symbol or self.gene_id


def find_gene(connection: Connection, name: str, organism: str, study_keys: Sequence[int]) -> Gene:
    """The gene with an id, a symbol or an alias; of several, the only one that the studies have measured.

    Raises:
        InvalidSetting: no gene has the name (the hint has near ones), or several have it (the hint has their ids).
    """
    wanted = name.strip()
    for query in WAYS.values():
        bound = {"organism": organism, "name": _VERSION.sub("", wanted) if query is WAYS["id"] else wanted}
        rows = connection.fetchall(text(query).bindparams(**bound))
        if rows:
            return _only(
                [Gene(int(key), str(gene), symbol) for key, gene, symbol in rows], name, connection, study_keys
            )
    near = _near(connection, wanted, organism)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Give a symbol or an id of a gene of the studies."
    raise InvalidSetting(f"no gene {name} of {organism}", value=name, hint=hint)


def _only(found: Sequence[Gene], name: str, connection: Connection, study_keys: Sequence[int]) -> Gene:
    """An annotation names genes that no study has, such as those of alternative haplotypes: they mislead nobody."""
    if len(found) > 1:
        query = text(MEASURED).bindparams(bindparam("studies", expanding=True), bindparam("genes", expanding=True))
        bound = query.bindparams(studies=list(study_keys), genes=[gene.key for gene in found])
        keys = {int(key) for (key,) in connection.fetchall(bound)}
        found = [gene for gene in found if gene.key in keys] or found
    if len(found) > 1:
        ids = ", ".join(gene.gene_id for gene in found)
        raise InvalidSetting(f"{len(found)} genes are called {name}", value=name, hint=f"Name one by its id: {ids}.")
    return found[0]


def _near(connection: Connection, name: str, organism: str) -> list[str]:
    names = {str(row[0]) for row in connection.fetchall(text(NAMES).bindparams(organism=organism))}
    alike = {known.upper(): known for known in sorted(names) if abs(len(known) - len(name)) <= 2}
    return [alike[match] for match in get_close_matches(name.upper(), list(alike), n=3, cutoff=0.7)]
