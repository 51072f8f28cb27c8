"""An archive: a folder of files partitioned by day, with a manifest, for other programs to read.

    DIR/manifest.json           schema version, period, and of each file its rows and SHA-256
    DIR/articles/2026-03-01.jsonl, DIR/stories/…, DIR/matches/…, DIR/pins/…

Times are UTC. In CSV and Parquet, lists are JSON text; in CSV an unknown value is an empty field.
The manifest is written last: a folder without one is not a whole archive.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import ingest
from ingest.errors import IngestError, MissingExtra, UsageError
from ingest.store import exporting, schema_version
from ingest.store.engine import Database
from ingest.store.exporting import ExportTable, Kind

MANIFEST = "manifest.json"
_HASHED_BYTES = 1 << 20

Rows = Iterable[Sequence[tuple[Any, ...]]]


class Format(StrEnum):
    """In what the rows are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of an archive; `path` is relative to its folder."""

    path: str
    table: str
    day: str
    rows: int
    bytes: int
    sha256: str


def export(
    database: Database,
    folder: Path,
    written_as: Format,
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tables: Sequence[ExportTable] = exporting.TABLES,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[ArchiveFile]:
    """Write the articles first seen in the period, their stories and matches; the files written.

    `tables` are written instead. The database is read as it was at one moment. Raises UsageError
    where the folder is not empty, MissingExtra for Parquet without pyarrow, IngestError where it
    cannot be written.
    """
    write = _writer(written_as)
    files: list[ArchiveFile] = []
    try:
        _need_empty(folder)
        with database.connect() as connection:
            if database.dialect == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            days = exporting.days(connection, since, until)
            for at, day in enumerate(days, 1):
                for table in tables:
                    path = folder / table.name / f"{day.isoformat()}.{written_as.value}"
                    path.parent.mkdir(exist_ok=True)
                    rows = write(
                        path, table, exporting.rows_of_day(connection, table, day, since, until)
                    )
                    if rows == 0:
                        path.unlink()
                        continue
                    name = path.relative_to(folder).as_posix()
                    size = path.stat().st_size
                    files.append(
                        ArchiveFile(name, table.name, day.isoformat(), rows, size, sha256_of(path))
                    )
                progress(at, len(days))
            last_story_id = exporting.last_story_id(connection)
        made = _Made(written_as, now, since, until, tuple(tables), last_story_id)
        _write_manifest(folder, files, made)
    except OSError as error:
        raise IngestError(f"{error.filename or folder}: {error.strerror or error}") from error
    return files


def _need_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    if folder.is_dir() and next(folder.iterdir(), None) is not None:
        raise UsageError(f"{folder}: not empty; export into a new folder")
    folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a manifest says beside the files."""

    written_as: Format
    now: datetime
    since: datetime | None
    until: datetime | None
    tables: tuple[ExportTable, ...]
    last_story_id: int  # of the database: stories to come have higher ones


def _write_manifest(folder: Path, files: Sequence[ArchiveFile], made: _Made) -> None:
    rows = {
        table.name: sum(one.rows for one in files if one.table == table.name)
        for table in made.tables
    }
    content = {
        "program": f"ingest {ingest.__version__}",
        "schema_version": schema_version.HEAD,
        "format": made.written_as.value,
        "created_at": made.now.isoformat(),
        "since": made.since.isoformat() if made.since else None,
        "until": made.until.isoformat() if made.until else None,
        "last_story_id": made.last_story_id,
        "rows": rows,
        "columns": {
            table.name: {one.name: one.kind.value for one in table.columns} for table in made.tables
        },
        "files": [
            {
                "path": one.path,
                "table": one.table,
                "day": one.day,
                "rows": one.rows,
                "bytes": one.bytes,
                "sha256": one.sha256,
            }
            for one in files
        ],
    }
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.rename(folder / MANIFEST)


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_HASHED_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


# --- the formats -------------------------------------------------------------------------------


def _writer(written_as: Format) -> Callable[[Path, ExportTable, Rows], int]:
    if written_as is Format.PARQUET:
        pyarrow_modules()  # said before anything is written
        return _write_parquet
    return _write_jsonl if written_as is Format.JSONL else _write_csv


def _write_jsonl(path: Path, table: ExportTable, batches: Rows) -> int:
    names = [one.name for one in table.columns]
    count = 0
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="\n") as target:
        for batch in batches:
            for row in batch:
                values = dict(zip(names, map(_plain, row), strict=True))
                target.write(json.dumps(values, ensure_ascii=False) + "\n")
            count += len(batch)
    return count


def _write_csv(path: Path, table: ExportTable, batches: Rows) -> int:
    kinds = [one.kind for one in table.columns]
    count = 0
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([one.name for one in table.columns])
        for batch in batches:
            for row in batch:
                writer.writerow([_flat(*one) for one in zip(row, kinds, strict=True)])
            count += len(batch)
    return count


def _write_parquet(path: Path, table: ExportTable, batches: Rows) -> int:
    arrow, parquet = pyarrow_modules()
    types = {
        Kind.INTEGER: arrow.int64(),
        Kind.NUMBER: arrow.float64(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.TEXT: arrow.string(),
        Kind.TIME: arrow.timestamp("us", tz="UTC"),
        Kind.JSON: arrow.string(),
    }
    schema = arrow.schema([(one.name, types[one.kind]) for one in table.columns])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            columns = zip(*batch, strict=True)
            arrays = [
                arrow.array([_in_parquet(value, one.kind) for value in values], types[one.kind])
                for values, one in zip(columns, table.columns, strict=True)
            ]
            writer.write_batch(arrow.record_batch(arrays, schema=schema))
            count += len(batch)
    return count


def pyarrow_modules() -> tuple[Any, Any]:
    """pyarrow and pyarrow.parquet. Raises MissingExtra where they are not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra(
            "--format parquet needs pyarrow: pip install 'ingest[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet


def _plain(value: Any) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _flat(value: Any, kind: Kind) -> object:
    if value is None:
        return ""
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    return _as_json(value) if kind is Kind.JSON else _plain(value)


def _in_parquet(value: Any, kind: Kind) -> object:
    return _as_json(value) if kind is Kind.JSON and value is not None else value


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
