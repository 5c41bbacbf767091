"""Every error a user can meet: a code, a message, the value, a hint, and whether trying again can help.

    ExpresswayError
    |-- SettingsError              what was asked for cannot be done as asked
    |   |-- UnknownSetting         54070
    |   |-- InvalidSetting         54071
    |   |-- MissingExtra           54072
    |   |-- UnknownStudyOrDisease  54003
    |   |-- DiseaseNotMapped       54001
    |   `-- DiseaseMapAmbiguous    54002
    |-- SourceError                the file is broken: leaves a FAILED run, nothing else
    |   |-- SourceNotFound         54040
    |   |-- NotAMatrix             54041
    |   |-- UnknownEncoding        54042
    |   |-- RaggedRow              54043
    |   |-- BrokenContainer        54044
    |   |-- UnsafeArchive          54045
    |   |-- InvalidMetadata        54046
    |   |-- InvalidSampleSheet     54047
    |   |-- InvalidAnnotation      54048
    |   `-- QuantSfOnly            54022
    |-- ValidationError            a readable study that must not be loaded: its batch is QUARANTINED
    |   |-- SampleMismatch         54010
    |   |-- UnitsContradicted      54021
    |   |-- DuplicateGene          54050
    |   |-- DuplicateSample        54051
    |   |-- NotANumber             54052
    |   |-- TooManyNulls           54053
    |   `-- NegativeValues         54054
    `-- WarehouseError             the warehouse refused; nothing is half-written
        |-- InvalidWarehouseUrl    54060
        |-- WarehouseUnreachable   54061  transient
        |-- WarehouseLocked        54062  transient
        |-- SchemaOlder            54063
        |-- WarehouseNotWritable   54064
        |-- NoSpaceLeft            54065  transient
        |-- ConnectionLost         54066  transient
        |-- ReconciliationFailed   54067
        |-- SchemaDiffers          54068
        |-- BusyStudy              54069  transient
        |-- KeyNotResolved         54031
        `-- QueryRefused           54073

Codes that are logged and never raised by a load are in ``LOGGED_CODES``: they label rows of the validation log.
The number in `legacy_code` is the one the older source documents use for the same event.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class ExpresswayError(Exception):
    """An error with a code that a person can act on.

    Args:
        message: what happened, in one sentence.
        value: the offending value, as the user knows it (a path, an id, a setting).
        hint: what to do or type next; the class's own hint when omitted.
    """

    code: ClassVar[int] = 54000
    name: ClassVar[str] = "EXPRESSWAY_ERROR"
    summary: ClassVar[str] = "Something went wrong that has no code of its own."
    default_hint: ClassVar[str] = "This is a bug: please report the command and this line."
    transient: ClassVar[bool] = False
    legacy_code: ClassVar[int | None] = None

    def __init__(self, message: str, *, value: object = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.value = None if value is None else str(value)
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.message}"

    def as_dict(self) -> dict[str, object]:
        """The fields that logs and JSON output show."""
        return {
            "code": self.code,
            "name": self.name,
            "message": self.message,
            "value": self.value,
            "hint": self.hint,
            "transient": self.transient,
            "legacy_code": self.legacy_code,
        }


class SettingsError(ExpresswayError, ValueError):
    """What was asked for cannot be done as asked; nothing was touched."""


class UnknownSetting(SettingsError):
    code, name = 54070, "SETTING_UNKNOWN"
    summary = "A settings file, environment variable or option has a key that does not exist."
    default_hint = "Correct the key; docs/settings.md lists every key with its meaning."


class InvalidSetting(SettingsError):
    code, name = 54071, "SETTING_INVALID"
    summary = "A setting has a value it cannot take."
    default_hint = "Correct the value; docs/settings.md lists every key with its meaning."


class MissingExtra(SettingsError):
    code, name = 54072, "EXTRA_MISSING"
    summary = "The command needs an optional package that is not installed."
    default_hint = "Install the extra that the message names."


class UnknownStudyOrDisease(SettingsError, LookupError):
    code, name = 54003, "UNKNOWN_STUDY_OR_DISEASE"
    summary = "No study, batch, run or disease has this name."
    default_hint = "`expressway studies list` shows the studies that are loaded."
    legacy_code = 50001


class DiseaseNotMapped(SettingsError, LookupError):
    code, name = 54001, "DISEASE_MAP_MISSING"
    summary = "No study is mapped to the disease."
    default_hint = "`expressway studies map STUDY --disease SEPSIS`"


class DiseaseMapAmbiguous(SettingsError):
    code, name = 54002, "DISEASE_MAP_AMBIGUOUS"
    summary = "A study has more than one active disease mapping."
    default_hint = "`expressway studies map STUDY --disease SEPSIS` leaves exactly one."


class SourceError(ExpresswayError, ValueError):
    """The file is broken: no batch, no fact, a FAILED run in the ledger."""


class SourceNotFound(SourceError, FileNotFoundError):
    code, name = 54040, "SOURCE_NOT_FOUND"
    summary = "The path does not exist, cannot be read, or holds no study."
    default_hint = "Give a refine.bio download (.zip or unpacked folder), or a matrix with a sample sheet."
    legacy_code = 1001

    def __str__(self) -> str:
        return ExpresswayError.__str__(self)


class NotAMatrix(SourceError):
    code, name = 54041, "SOURCE_FORMAT_INVALID"
    summary = "The file is not an expression matrix (empty, header only, one column, a web page)."
    default_hint = "Download the file again, and look at its first lines."
    legacy_code = 1002


class UnknownEncoding(SourceError):
    code, name = 54042, "SOURCE_ENCODING"
    summary = "The bytes of the file are not text in an encoding that can be told (UTF-8, UTF-16, Latin-1)."
    default_hint = "Save the file as UTF-8."
    legacy_code = 1003


class RaggedRow(SourceError):
    code, name = 54043, "SOURCE_PARSE"
    summary = "A row has more or fewer cells than the header."
    default_hint = "Mend the line that is named; a download that ends too early must be fetched again."
    legacy_code = 1004


class BrokenContainer(SourceError):
    code, name = 54044, "SOURCE_CONTAINER_BROKEN"
    summary = "A zip, gzip, zstd or Parquet file is truncated or damaged."
    default_hint = "Download the file again and compare its checksum."
    legacy_code = 1002


class UnsafeArchive(SourceError):
    code, name = 54045, "SOURCE_UNSAFE"
    summary = "An archive has members outside its folder, or unpacks to far more than it should."
    default_hint = "Do not use this archive; fetch it again from where it was published."


class InvalidMetadata(SourceError):
    code, name = 54046, "METADATA_INVALID"
    summary = "aggregated_metadata.json is missing, not JSON, or lacks keys that a study needs."
    default_hint = "Fetch the download again; the file is written by refine.bio and is not meant to be edited."
    legacy_code = 1002


class InvalidSampleSheet(SourceError):
    code, name = 54047, "SAMPLESHEET_INVALID"
    summary = "The sample sheet is missing or a line of it is wrong."
    default_hint = "docs/studies.md lists the columns; `expressway samplesheet init MATRIX` writes a sheet to fill in."
    legacy_code = 1002


class InvalidAnnotation(SourceError):
    code, name = 54048, "ANNOTATION_INVALID"
    summary = "A gene table is not an Ensembl/annotables table, an HGNC table or a GTF."
    default_hint = "docs/studies.md names the columns that are needed."


class QuantSfOnly(SourceError):
    code, name = 54022, "QUANT_SF_ONLY"
    summary = "The download holds transcript-level quant.sf files and no gene matrix."
    default_hint = "On refine.bio, order the dataset again without the quant.sf option."


class ValidationError(ExpresswayError, ValueError):
    """A readable study that must not be loaded: the batch is quarantined with its offending cells."""

    default_hint = "Mend the cause, then `expressway quarantine replay STUDY`."


class SampleMismatch(ValidationError):
    code, name = 54010, "SOURCE_MISMATCH_SAMPLES"
    summary = "The samples of the matrix and of the metadata differ."
    default_hint = "Name the surplus samples under skip_samples, or set on_sample_mismatch: intersect; then replay."
    legacy_code = 2001


class UnitsContradicted(ValidationError):
    code, name = 54021, "UNITS_CONTRADICTED"
    summary = "The values of the matrix contradict what the metadata says of their units."
    default_hint = "Declare the units of the study (units: COUNTS, TPM, ...), then replay."


class DuplicateGene(ValidationError):
    code, name = 54050, "DUPLICATE_GENE"
    summary = "Two rows of the matrix have the same gene id."
    default_hint = "Remove the repeated rows, or set duplicate_probes: average for probe suffixes (.1, .2)."


class DuplicateSample(ValidationError):
    code, name = 54051, "DUPLICATE_SAMPLE"
    summary = "Two columns of the matrix, or two lines of the sample sheet, have the same sample id."
    default_hint = "Remove the repeated sample."
    legacy_code = 2004


class NotANumber(ValidationError):
    code, name = 54052, "CELL_NOT_A_NUMBER"
    summary = "A cell holds text or an infinite value."
    default_hint = (
        "Mend the cells that `expressway quarantine show STUDY` lists; missing values are empty, NA, NaN or null."
    )
    legacy_code = 1004


class TooManyNulls(ValidationError):
    code, name = 54053, "NULL_SHARE_EXCEEDED"
    summary = "More cells are missing than max_null_share allows."
    default_hint = "Impute or drop the sparse samples, or raise max_null_share."
    legacy_code = 2003


class NegativeValues(ValidationError):
    code, name = 54054, "NEGATIVE_VALUES"
    summary = "Values below zero in data declared as COUNTS, TPM, CPM or FPKM."
    default_hint = "Declare the units the matrix really has."


class WarehouseError(ExpresswayError, RuntimeError):
    """The warehouse refused; the transaction was rolled back."""


class InvalidWarehouseUrl(WarehouseError):
    code, name = 54060, "WAREHOUSE_URL_INVALID"
    summary = "The warehouse URL is not one that Expressway knows."
    default_hint = "Use duckdb:///path/to/file.duckdb or postgresql://user@host/database."


class WarehouseUnreachable(WarehouseError):
    code, name = 54061, "WAREHOUSE_UNREACHABLE"
    summary = "The database server does not answer or refuses the login."
    default_hint = "Check host, port, user, password and database (`createdb` makes one), and that the server runs."
    transient = True
    legacy_code = 4001


class WarehouseLocked(WarehouseError):
    code, name = 54062, "WAREHOUSE_LOCKED"
    summary = "Another process has the DuckDB file open; DuckDB allows one process that writes, or several that read."
    default_hint = "Close the other program, or use a PostgreSQL warehouse for several processes."
    transient = True


class SchemaOlder(WarehouseError):
    code, name = 54063, "WAREHOUSE_SCHEMA_OLDER"
    summary = "The warehouse was made by another version of Expressway."
    default_hint = "`expressway warehouse upgrade`, with the same --warehouse, brings it up to date."


class WarehouseNotWritable(WarehouseError):
    code, name = 54064, "WAREHOUSE_NOT_WRITABLE"
    summary = "The warehouse file or database cannot be written."
    default_hint = "Choose a folder you may write to, or ask for the etl_loader role."


class NoSpaceLeft(WarehouseError):
    code, name = 54065, "NO_SPACE_LEFT"
    summary = "The disk of the warehouse, the temporary folder or the memory is full; the batch was rolled back."
    default_hint = "Free some space (TMPDIR chooses the temporary folder), then run the same command again."
    transient = True


class ConnectionLost(WarehouseError):
    code, name = 54066, "CONNECTION_LOST"
    summary = "The connection to the database broke; the batch was rolled back."
    default_hint = "Run the same command again: what was loaded is not loaded twice."
    transient = True


class ReconciliationFailed(WarehouseError):
    code, name = 54067, "RECONCILIATION_FAILED"
    summary = "The rows in the warehouse do not add up with the cells of the file; the batch was rolled back."
    default_hint = "Please report this: it should never happen."
    legacy_code = 4004


class SchemaDiffers(WarehouseError):
    code, name = 54068, "WAREHOUSE_SCHEMA_DIFFERS"
    summary = "Tables of the warehouse differ from the definition."
    default_hint = "`expressway warehouse check` lists every difference."


class BusyStudy(WarehouseError):
    code, name = 54069, "STUDY_BUSY"
    summary = "Another process is loading the same study."
    default_hint = "Wait until it ends, then run the same command again."
    transient = True


class KeyNotResolved(WarehouseError):
    code, name = 54031, "DIMENSION_LOOKUP_FAILED"
    summary = "A gene or sample of the batch has no key in its dimension."
    default_hint = "Please report this: it should never happen."
    legacy_code = 3003


class QueryRefused(WarehouseError):
    code, name = 54073, "QUERY_REFUSED"
    summary = "The database could not run the query."
    default_hint = "Correct the query; docs/schema.md lists tables, views and columns."


@dataclass(frozen=True, slots=True)
class LoggedCode:
    """A code that appears in the validation log without stopping a load."""

    code: int
    name: str
    summary: str
    hint: str
    legacy_code: int | None = None


LOGGED_CODES: tuple[LoggedCode, ...] = (
    LoggedCode(
        54020,
        "UNIT_UNDETECTED",
        "The units could not be told; values are loaded raw and the study is on hold.",
        "Declare the units of the study and load it again.",
    ),
    LoggedCode(
        54030,
        "ILLNESS_COVERAGE_LOW",
        "Fewer samples have an illness label than the threshold asks for.",
        "Write illness_overrides.yaml, then `expressway studies relabel STUDY`.",
        3001,
    ),
    LoggedCode(
        54100,
        "HETEROGENEITY_EXCESS",
        "A pair is left out because its heterogeneity is above the limit.",
        "Raise --i2-max to see it.",
    ),
    LoggedCode(
        54200,
        "PAIR_GENEKEY_NOT_FOUND",
        "A scored pair names a gene key that is not in dim_gene.",
        "Load the study or annotation that holds the gene first.",
    ),
    LoggedCode(
        54201,
        "PAIR_ID_FORMAT_INVALID",
        "A pair_id is not two gene keys joined by an underscore.",
        "Write pair_id as INT_INT.",
    ),
)


def unexpected(error: Exception) -> ExpresswayError:
    """An error nobody foresaw, as one of ours, with the place it came from."""
    if isinstance(error, MemoryError):
        return NoSpaceLeft("this process may have no more memory", hint="Allow it more, or load with fewer --workers.")
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})" if place else ""
    return ExpresswayError(
        f"unexpected {type(error).__name__}: {error}{where}",
        hint="This is a bug: please report the command and this line.",
    )


def error_classes() -> list[type[ExpresswayError]]:
    """Every class that has a code of its own, by code."""
    found: list[type[ExpresswayError]] = []
    todo = list(ExpresswayError.__subclasses__())
    while todo:
        cls = todo.pop()
        todo.extend(cls.__subclasses__())
        if "code" in vars(cls):
            found.append(cls)
    return sorted(found, key=lambda cls: cls.code)
