"""Which disease a study is about: one active mapping at a time, with history."""

from __future__ import annotations

import getpass

from sqlalchemy import insert, select, update

from expressway.errors import DiseaseNotMapped, UnknownStudyOrDisease
from expressway.warehouse.engines.base import Connection, Row
from expressway.warehouse.ledger import utc_now
from expressway.warehouse.pairs.runs import mark_stale
from expressway.warehouse.schema import dim_disease as diseases
from expressway.warehouse.schema import dim_study as studies
from expressway.warehouse.schema import study_disease_map as mapping


def study_key(connection: Connection, study: str) -> int:
    """The key of a study.

    Raises:
        UnknownStudyOrDisease: no such study.
    """
    key = connection.scalar(select(studies.c.study_key).where(studies.c.study_accession_code == study))
    if key is None:
        raise UnknownStudyOrDisease(f"no study {study} in the warehouse", value=study)
    return int(key)


def disease_key(connection: Connection, disease: str) -> int:
    """The key of an active disease.

    Raises:
        UnknownStudyOrDisease: no such disease, or it is not active.
    """
    rows = connection.fetchall(
        select(diseases.c.disease_label, diseases.c.disease_key)
        .where(diseases.c.is_active)
        .order_by(diseases.c.disease_label)
    )
    keys = {str(label): int(key) for label, key in rows}
    if disease.upper() not in keys:
        raise UnknownStudyOrDisease(
            f"no disease {disease}",
            value=disease,
            hint=f"Diseases in this warehouse: {', '.join(keys)}. Another comes with the ruleset of a loaded study.",
        )
    return keys[disease.upper()]


def mapped_diseases(connection: Connection) -> list[str]:
    """Diseases that a study is mapped to, by name.

    Raises:
        DiseaseNotMapped: no study is mapped to any.
    """
    joined = select(diseases.c.disease_label).join(mapping, mapping.c.disease_key == diseases.c.disease_key)
    rows = connection.fetchall(joined.where(mapping.c.is_active).distinct().order_by(diseases.c.disease_label))
    if not rows:
        raise DiseaseNotMapped("no study is mapped to a disease", value="no disease")
    return [str(label) for (label,) in rows]


def map_study(connection: Connection, study: str, disease: str) -> None:
    """Make `disease` the one active mapping of `study`; the former mapping stays as history."""
    key, target = study_key(connection, study), disease_key(connection, disease)
    with connection.transaction():
        if _active(connection, key) == [(target,)]:
            return
        _close(connection, key)
        connection.execute(
            insert(mapping).values(
                study_key=key,
                disease_key=target,
                is_active=True,
                effective_from=utc_now(),
                created_by=getpass.getuser(),
                created_at=utc_now(),
            )
        )
        mark_stale(connection, study)


def unmap_study(connection: Connection, study: str) -> bool:
    """End the active mapping of a study; returns whether there was one."""
    key = study_key(connection, study)
    with connection.transaction():
        had = _active(connection, key)
        _close(connection, key)
        mark_stale(connection, study)
    return bool(had)


def _active(connection: Connection, key: int) -> list[Row]:
    """The keys of the diseases that a study is mapped to."""
    return connection.fetchall(select(mapping.c.disease_key).where(mapping.c.study_key == key, mapping.c.is_active))


def _close(connection: Connection, key: int) -> None:
    """End the active mapping of a study."""
    now, active = utc_now(), (mapping.c.study_key == key) & mapping.c.is_active
    connection.execute(
        update(mapping)
        .where(active)
        .values(is_active=False, effective_to=now, updated_by=getpass.getuser(), updated_at=now)
    )
