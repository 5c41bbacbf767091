"""The warehouse as Python and the command line use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from expressway.coexpression.choices import Choices
from expressway.errors import QueryRefused, SchemaOlder, WarehouseUnreachable
from expressway.settings import PairSettings, Settings, StudySettings, redact_url
from expressway.studies.annotation import Annotation
from expressway.warehouse import catalog, diseases, export, genes, loading, migrations, quarantine, removal
from expressway.warehouse.check import Difference, check_schema
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.loading import LoadResult
from expressway.warehouse.pairs import published
from expressway.warehouse.urls import engine_for

if TYPE_CHECKING:
    from expressway.warehouse.pairs.evidence import PairEvidence
    from expressway.warehouse.pairs.outcome import AggregateResult
    from expressway.warehouse.pairs.ranked import Filters

Progress = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True)
class RankedPairs:
    """The best pairs of a slice, and what to know of them."""

    pairs: pl.DataFrame
    """The columns of `analytics.vw_pair_metrics_ranked`, best first."""
    passing: int
    """Pairs that pass the filters, whether listed or not."""
    note: str
    """Why there are none, or that they are not of today's studies; empty else."""


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
        if dry_run:
            if self.engine.exists():
                self._is_current()
        elif not self._is_current():
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

    def aggregate(
        self,
        disease: str | None = None,
        technology: str | None = None,
        organism: str | None = None,
        *,
        genes: str | None = None,
        keep: int | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> AggregateResult:
        """Correlate all gene pairs of the studies of a disease, pool them, and store the best.

        Every technology and organism is a slice of its own, replaced as a whole in one transaction; a slice whose
        studies and settings are the same as before is left as it is.

        Args:
            disease: what studies are mapped to; every disease that has studies when omitted.
            technology: RNA-SEQ, MICROARRAY or OTHER; ALL pools each, then combines them; all, each for itself, when
                omitted.
            organism: as refine.bio writes it, or `human`.
            genes: which genes enter; the setting `pairs.genes` when omitted.
            keep: pairs to store; the setting `pairs.keep` when omitted.
            dry_run: only say what would happen.
            progress: called with (slice, stage, done, total).

        Raises:
            DiseaseNotMapped: no study is mapped to the disease.
            DiseaseMapAmbiguous: a study has several active mappings.
            UnknownStudyOrDisease: no such disease.
            InvalidSetting: nothing can be analysed as asked.
        """
        from expressway.warehouse.pairs import aggregate, outcome

        given = {name: value for name, value in (("genes", genes), ("keep", keep)) if value is not None}
        pairs = PairSettings.of(self.settings.pairs.model_dump() | given)
        settings = self.settings.model_copy(update={"pairs": pairs})
        with self._ready() as connection:

            def one(name: str) -> AggregateResult:
                wanted = outcome.Request(name, technology, organism, settings)
                return aggregate.aggregate(self.engine, connection, wanted, dry_run=dry_run, progress=progress)

            names = [disease] if disease else diseases.mapped_diseases(connection)
            return one(names[0]) if len(names) == 1 else outcome.of_all(names, one)

    def top_pairs(  # noqa: PLR0913 - the filters of the ranked view
        self,
        disease: str | None = None,
        technology: str | None = None,
        organism: str | None = None,
        *,
        limit: int = 100,
        q: float = 0.05,
        k_min: int = 3,
        i2_max: float = 75.0,
        i2_rule: str = "LEAST",
        k_rule: str = "INCLUDED",
    ) -> pl.DataFrame:
        """The best pairs of a slice in the order of the ranked view, with its columns.

        Args:
            disease: with technology and organism the slice; what follows from what is stored may be left out.
            limit: 1 to 1000.
            q: largest q_star.
            k_min: fewest studies.
            i2_max: largest I2, in per cent.
            i2_rule: LEAST of both contrasts, GREATEST, or MATCHED: of the contrast that has the q_star.
            k_rule: INCLUDED: studies in any statistic; MATCHED: in the contrast that has the q_star.

        Raises:
            InvalidSetting: a value out of range; no such slice.
        """
        from expressway.warehouse.pairs.ranked import Filters

        filters = Filters(q=q, k_min=k_min, i2_max=i2_max, i2_rule=i2_rule, k_rule=k_rule, limit=limit)
        return self.ranked_pairs(filters, disease, technology, organism).pairs

    def ranked_pairs(
        self,
        filters: Filters,
        disease: str | None = None,
        technology: str | None = None,
        organism: str | None = None,
    ) -> RankedPairs:
        """As `top_pairs`, with what there is to say of the answer: why it is empty, or that studies have changed."""
        from expressway.warehouse.pairs import ranked, runs

        with self._ready() as connection:
            of = published.published_slice(connection, disease, technology, organism)
            frame = ranked.top_pairs(connection, of.disease_key, of.technology, of.organism, filters)
            stale = runs.stale_warning(connection, of.disease_key, of.technology, of.organism)
            notes = [stale] if stale else []
            if frame.is_empty():
                notes.append(ranked.why_empty(connection, of.disease_key, of.technology, of.organism, filters))
            passing = frame.height
            if passing == filters.limit:
                passing = ranked.count_pairs(connection, of.disease_key, of.technology, of.organism, filters)
        return RankedPairs(frame, passing, "\n".join(notes))

    def pair(
        self,
        gene_a: str,
        gene_b: str,
        *,
        disease: str | None = None,
        technology: str | None = None,
        organism: str | None = None,
    ) -> PairEvidence:
        """Everything about a pair, recomputed from the facts of its studies as the run of its slice was set.

        Args:
            gene_a: symbol, alias or id.
            gene_b: symbol, alias or id.
            disease: with technology and organism the slice; what follows from what is stored may be left out.

        Raises:
            InvalidSetting: an ambiguous or unknown gene; no such slice.
        """
        from expressway.coexpression.contrasts import ContrastSet
        from expressway.warehouse.pairs.evidence import pair_evidence
        from expressway.warehouse.pairs.slice import resolve

        with self._ready() as connection:
            of = published.published_slice(connection, disease, technology, organism)
            run = published.published_run(connection, of)["settings"]
            settings = PairSettings(**{name: run[name] for name in (*Choices.model_fields, "one_sample_per_subject")})
            subjects = settings.one_sample_per_subject
            found = resolve(connection, of.disease, of.technology, of.organism, one_sample_per_subject=subjects)
            contrasts = ContrastSet(**run["contrasts"] | {"others": tuple(run["contrasts"]["others"])})
            return pair_evidence(connection, found[0], gene_a, gene_b, settings, contrasts)

    def published_slice(
        self, disease: str | None = None, technology: str | None = None, organism: str | None = None
    ) -> published.PublishedSlice:
        """The one slice that is meant; what is left out must follow from what is stored.

        Raises:
            InvalidSetting: no slice is stored that fits, or several do.
        """
        with self._ready() as connection:
            return published.published_slice(connection, disease, technology, organism)

    def published_run(self, of: published.PublishedSlice) -> dict[str, Any]:
        """Settings, versions and input batches of the run that stored a slice."""
        with self._ready() as connection:
            return published.published_run(connection, of)

    def published_slices(self) -> pl.DataFrame:
        """One row for each disease, technology and organism that has stored pairs."""
        with self._ready() as connection:
            return published.published_slices(connection)

    def export_pairs(
        self,
        target: Path | str,
        disease: str | None = None,
        technology: str | None = None,
        organism: str | None = None,
    ) -> int:
        """Write all stored pairs of a slice to .parquet, .csv or .h5ad, a manifest beside them; returns the pairs."""
        from expressway.warehouse.pairs.export import export_pairs

        with self._ready() as connection:
            of = published.published_slice(connection, disease, technology, organism)
            return export_pairs(connection, of.disease_key, of.technology, of.organism, Path(target))

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
