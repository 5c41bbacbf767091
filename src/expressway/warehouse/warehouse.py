"""The warehouse as Python and the command line use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from expressway.errors import QueryRefused, SchemaOlder, WarehouseUnreachable
from expressway.settings import Settings, StudySettings, redact_url
from expressway.studies.annotation import Annotation
from expressway.warehouse import catalog, diseases, export, genes, loading, migrations, quarantine, removal
from expressway.warehouse.check import Difference, check_schema
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.loading import LoadResult
from expressway.warehouse.urls import engine_for

Progress = Callable[[str, str, int, int], None]


class Warehouse:
    """A warehouse that is open; use it in a `with` block.

    Args:
        settings: where it is, how much memory, and the options of each study.
        read_only: nothing will be written: several such processes may have a DuckDB file open.
    """

    def __init__(self, settings: Settings, *, read_only: bool = False) -> None:
        self.settings = settings
        self.url = redact_url(settings.warehouse_url)
        self.engine: Engine = engine_for(settings.warehouse_url, memory=settings.memory, read_only=read_only)
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.close()

    def init(self) -> list[str]:
        """Create the schema or bring it up to date; returns the migrations that were applied."""
        with self._connected() as connection, self.engine.write_lock():
            return migrations.upgrade(connection)

    def load(
        self,
        *paths: Path | str,
        workers: int | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> LoadResult:
        """Load every study found under `paths`; a study that fails leaves the others alone.

        Args:
            paths: refine.bio downloads (zip or folder) or matrices with a sample sheet.
            workers: studies at the same time; the setting `workers` when omitted.
            dry_run: only say what would happen.
            progress: called with (study, stage, done, total) in bytes or genes.

        Returns:
            What happened to each study, in the order they were found.

        Raises:
            SourceNotFound: a path does not exist.
            WarehouseError: the warehouse cannot be opened.
        """
        if not dry_run and not self._is_current():
            self.init()
        return loading.load_paths(
            self.engine,
            self.settings,
            [Path(path) for path in paths],
            workers=workers or self.settings.workers,
            dry_run=dry_run,
            progress=progress,
        )

    def studies(self) -> pl.DataFrame:
        """One row for each study: labels, units, quality, sizes, disease, batch."""
        with self._ready() as connection:
            return catalog.studies(connection)

    def study(self, accession: str) -> dict[str, object]:
        """Everything known about a study: its batch, unit evidence, quality parts, labels, messages."""
        with self._ready() as connection:
            return catalog.study(connection, accession)

    def map_study(self, study: str, disease: str) -> None:
        """Say which disease a study is about; the former mapping ends."""
        with self._ready() as connection, self.engine.write_lock():
            diseases.map_study(connection, study, disease)

    def unmap_study(self, study: str) -> bool:
        """End the disease mapping of a study; returns whether there was one."""
        with self._ready() as connection, self.engine.write_lock():
            return diseases.unmap_study(connection, study)

    def relabel(self, study: str) -> LoadResult:
        """Apply the present rules and overrides to a loaded study; facts change only where its file has changed.

        What `load` was told of the file (sample sheet, layout, accession, units) holds unless settings say otherwise.
        """
        with self._ready() as connection:
            source = catalog.current_source(connection, study)
        return self._read_again(source, study)

    def remove_study(self, study: str) -> int:
        """Remove a study with its facts; returns the rows removed. Its ledger rows stay."""
        with self._ready() as connection, self.engine.write_lock():
            return removal.remove_study(self.engine, connection, study)

    def load_genes(self, annotation: Annotation) -> genes.GenesLoaded:
        """Write a gene annotation; facts stay as they are."""
        if not self._is_current():
            self.init()
        with self._ready() as connection, self.engine.write_lock():
            return genes.load_annotation(connection, annotation)

    def quarantined(self) -> pl.DataFrame:
        """Batches in quarantine with their reason."""
        with self._ready() as connection:
            return quarantine.batches(connection)

    def quarantined_cells(self, study: str) -> pl.DataFrame:
        """The offending cells of the quarantined batches of a study."""
        with self._ready() as connection:
            return quarantine.cells(connection, study)

    def replay(self, study: str) -> LoadResult:
        """Load a quarantined study again from where its file lies, with what was said of it unless settings differ."""
        with self._ready() as connection:
            source = quarantine.newest_source(connection, study)
        return self._read_again(source, study)

    def _read_again(self, source: catalog.Source, study: str) -> LoadResult:
        """Load a study from its source; the settings of now stand above what was said of the file then."""
        given = self.settings.defaults.model_dump(exclude_unset=True)
        defaults = StudySettings.model_validate({**source.options, **given})
        settings = self.settings.model_copy(update={"defaults": defaults})
        return loading.load_paths(self.engine, settings, [source.path], only=study)

    def drop_quarantined(self, study: str) -> int:
        """Forget the quarantined batches of a study; returns how many."""
        with self._ready() as connection, self.engine.write_lock():
            return quarantine.drop(connection, study)

    def runs(self, status: str | None = None) -> pl.DataFrame:
        """Runs, newest first; `status` FAILED, LOST, RUNNING (hung), SUCCESS."""
        with self._ready() as connection:
            return catalog.runs(self.engine, connection, status)

    def run(self, run_id: str) -> pl.DataFrame:
        """The steps of a run with their outcome and context."""
        with self._ready() as connection:
            return catalog.run(self.engine, connection, run_id)

    def expression(self, study: str) -> pl.DataFrame:
        """The facts of a study that enter analyses, one row for each gene and sample."""
        with self._ready() as connection:
            return export.expression(connection, study)

    def export_expression(self, study: str, target: Path | str) -> int:
        """Write the expression of a study to .parquet, .csv or .h5ad; returns the rows written."""
        with self._ready() as connection:
            return export.export_expression(connection, study, Path(target))

    def sql(self, query: str) -> pl.DataFrame:
        """The rows of a query as a polars frame.

        Raises:
            QueryRefused: the database could not run it.
        """
        try:
            with self._ready() as connection:
                return connection.frame(query)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            reason = str(error).split("\n", maxsplit=1)[0]
        hint = "Give each column a name of its own and a plain type: SELECT CAST(x AS BIGINT) AS y."
        raise QueryRefused(f"the result is not a table: {reason}", hint=hint)

    def check(self) -> Sequence[Difference]:
        """Differences between the warehouse and its definition; none is good."""
        with self._ready() as connection:
            return check_schema(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def _is_current(self) -> bool:
        """Whether the schema is there in this version; an older one is refused, a missing one is not."""
        with self._connected() as connection:
            version = migrations.current_version(connection)
        latest = migrations.latest_version()
        if version > latest:
            raise SchemaOlder(
                f"the warehouse has schema {version}, this version knows {latest}",
                value=self.url,
                hint="Install the version of Expressway that made it, or a newer one.",
            )
        if 0 < version < latest:
            raise SchemaOlder(f"the warehouse has schema {version}, this version needs {latest}", value=self.url)
        return version == latest

    @contextmanager
    def _ready(self) -> Iterator[Connection]:
        if self._connection is None and not self.engine.exists():
            raise WarehouseUnreachable(
                f"there is no warehouse at {self.url}",
                value=self.url,
                hint="`expressway load PATH` makes one, or give the right URL with --warehouse.",
            )
        if not self._is_current():
            raise SchemaOlder(
                f"{self.url} holds no warehouse yet", value=self.url, hint="`expressway warehouse init` makes one."
            )
        with self._connected() as connection:
            yield connection
