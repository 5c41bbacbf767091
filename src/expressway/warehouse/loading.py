"""Load everything under some paths: find the studies, prepare each, write each in a transaction of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from expressway.errors import ExpresswayError, SettingsError, SourceNotFound, UnknownStudyOrDisease, unexpected
from expressway.settings import Settings
from expressway.studies.discovery import BrokenStudy, StudySource, discover
from expressway.studies.prepare import prepare, source_options
from expressway.studies.study import Study
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.ledger import Outcome, Run
from expressway.warehouse.load import Plan, StudyResult, load_study, plan

Progress = Callable[[str, str, int, int], None]
MINIMUM_MEMORY = 256 * 2**20  # what one worker needs whatever the study


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    run_id: str | None
    """The run in the ledger; None for a dry run."""
    studies: tuple[StudyResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every study stands in the warehouse as asked."""
        return all(study.ok for study in self.studies)


@dataclass(frozen=True, slots=True)
class BrokenPath:
    """A path whose container could not be read at all."""

    path: Path
    error: ExpresswayError


Found = StudySource | BrokenStudy | BrokenPath


def load_paths(
    engine: Engine,
    settings: Settings,
    paths: Sequence[Path],
    *,
    workers: int = 1,
    dry_run: bool = False,
    only: str | None = None,
    progress: Progress | None = None,
) -> LoadResult:
    """Load the studies found under `paths`, `workers` of them at a time.

    Args:
        only: take just this study.

    Raises:
        SourceNotFound: a path does not exist; nothing was touched.
        WarehouseError: the ledger cannot be written.
    """
    for path in paths:
        _refuse_missing(path)
    found = [item for path in paths for item in _find(path, settings)]
    if only is not None:
        found = [item for item in found if _name(item) == only]
        if not found:
            raise UnknownStudyOrDisease(f"{', '.join(map(str, paths))} no longer holds {only}", value=only)
    _refuse_repeats(found)
    workers = max(1, min(workers, settings.memory // MINIMUM_MEMORY, len(found)))
    memory = settings.memory // workers
    if dry_run:
        return LoadResult(None, tuple(_dry(engine, settings, item, memory, progress) for item in found))
    return _load_all(engine, settings, paths, found, workers, memory, progress)


def _load_all(
    engine: Engine,
    settings: Settings,
    paths: Sequence[Path],
    found: Sequence[Found],
    workers: int,
    memory: int,
    progress: Progress | None,
) -> LoadResult:
    with closing(engine.connect()) as connection:
        context = {"settings": settings.describe(), "paths": [str(path) for path in paths]}
        run = Run(engine, connection, "load", context)

    def one(item: Found) -> StudyResult:
        return _load_one(engine, settings, run, item, memory, progress)

    with ThreadPoolExecutor(workers, thread_name_prefix="study") as pool:
        results = tuple(pool.map(one, found))
    with closing(engine.connect()) as connection:
        run.end(connection, failed=sum(not result.ok for result in results))
    return LoadResult(run.run_id, results)


def _refuse_missing(path: Path) -> None:
    try:
        found = path.exists()
    except OSError as error:  # a name that is too long
        raise SourceNotFound(f"a path cannot be read: {error.strerror}", value=f"{str(path)[:80]}...") from error
    if not found:
        raise SourceNotFound(f"there is no {path}", value=path)


def _find(path: Path, settings: Settings) -> Iterable[Found]:
    try:
        return list(discover(path, lambda accession: source_options(settings.for_study(accession))))
    except (SourceNotFound, SettingsError):
        raise
    except ExpresswayError as error:
        return [BrokenPath(path, error)]


def _refuse_repeats(found: Sequence[Found]) -> None:
    names = [_name(item) for item in found]
    for name in sorted(set(names)):
        if names.count(name) > 1:
            raise SourceNotFound(
                f"study {name} is found {names.count(name)} times", value=name, hint="Give only one of the paths."
            )


def _name(item: Found) -> str:
    if isinstance(item, StudySource):
        return item.info.accession
    return item.accession if isinstance(item, BrokenStudy) else str(item.path)


def _load_one(
    engine: Engine, settings: Settings, run: Run, item: Found, memory: int, progress: Progress | None
) -> StudyResult:
    """Prepare and load one study; its failure becomes its result."""
    started, name = time.monotonic(), _name(item)
    step = f"load {name}"[:64]
    connection: Connection | None = None
    study: Study | None = None
    try:
        connection = engine.connect()
        run.start(connection, step, {"source": _source(item)})
        if not isinstance(item, StudySource):
            raise item.error
        study = prepare(item, settings, memory=memory, progress=progress)
        result = load_study(engine, connection, run, step, study, memory)
    except Exception as error:  # noqa: BLE001 - the studies beside it go on
        failure = error if isinstance(error, ExpresswayError) else unexpected(error)
        _record_failure(engine, run, step, failure, item)
        result = StudyResult(name, "FAILED", error=failure.as_dict())
    finally:
        if study is not None:
            study.close()
        if connection is not None:
            connection.close()
    return replace(result, seconds=round(time.monotonic() - started, 3))


def _source(item: Found) -> str:
    return item.display if isinstance(item, StudySource) else _name(item)


def _record_failure(engine: Engine, run: Run, step: str, error: ExpresswayError, item: Found) -> None:
    """Write the failure over a new connection; where even that fails, the next run finds the step LOST."""
    outcome = Outcome("FAILED", error=error, context={"source": _source(item)})
    with (
        suppress(ExpresswayError),
        closing(engine.connect()) as connection,
        engine.write_lock(),
        connection.transaction(),
    ):
        run.finish(connection, step, outcome)


def _dry(engine: Engine, settings: Settings, item: Found, memory: int, progress: Progress | None) -> StudyResult:
    """What a load of one study would do."""
    name = _name(item)
    if not isinstance(item, StudySource):
        return StudyResult(name, "FAILED", error=item.error.as_dict())
    try:
        study = prepare(item, settings, memory=memory, progress=progress)
    except ExpresswayError as error:
        return StudyResult(name, "FAILED", error=error.as_dict())
    try:
        todo = _plan(engine, study)
        failure = study.failures[0].as_dict() if study.failures else None
        return StudyResult(
            study=name,
            action=todo.action,
            batch_id=study.hashes.batch_id,
            genes=len(study.genes),
            samples=len(study.samples),
            cells_loaded=0,
            unit_tag=study.units.unit_tag,
            quality_score=round(study.quality.score, 1),
            messages=tuple(study.messages),
            error=failure,
        )
    finally:
        study.close()


def _plan(engine: Engine, study: Study) -> Plan:
    """The plan against the warehouse; against an empty one when there is none yet."""
    from expressway.warehouse import migrations

    if engine.name == "duckdb" and not engine.exists():
        return Plan("QUARANTINED" if study.failures else "LOADED", None, None)
    with closing(engine.connect()) as connection:
        if migrations.current_version(connection) == 0:
            return Plan("QUARANTINED" if study.failures else "LOADED", None, None)
        return plan(connection, study)
