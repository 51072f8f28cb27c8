"""An archive back into an empty database: the files checked, their rows read as they were written.

See `archive` for what an archive is, and `store.loading` for what of it is stored.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.archive import MANIFEST, Format, pyarrow_modules, sha256_of
from ingest.config import Settings
from ingest.errors import UsageError
from ingest.store import loading
from ingest.store.engine import Database
from ingest.store.exporting import Kind

BATCH_ROWS = 500


def load(
    database: Database,
    folder: Path,
    settings: Settings,
    now: datetime,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, int]:
    """Load an archive; the rows read of articles and matches. Stories follow from the articles.

    Every file is checked against the manifest before the first row is stored. Raises UsageError
    for what is no whole archive and for a database that is not empty, MissingExtra for Parquet
    without pyarrow.
    """
    manifest = checked(folder)
    loading.begin(database, digest_of(folder))
    counts = load_tables(database, folder, manifest, now, progress=progress)
    window = timedelta(days=settings.dedupe.window_days)
    loading.end(
        database,
        now,
        fingerprints_since=now - window,
        last_story_id=manifest.get("last_story_id", 0),
    )
    return counts


def load_tables(
    database: Database,
    folder: Path,
    manifest: Mapping[str, Any],
    now: datetime,
    *,
    for_reclustering: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, int]:
    """Write the rows of articles, matches and pins; how many of each there are.

    `for_reclustering`: articles without the rows by which people search them.
    """
    counts = {"articles": 0, "matches": 0, "pins": 0}
    wanted = [one for table in counts for one in manifest["files"] if one["table"] == table]
    total = sum(one["rows"] for one in wanted)
    for file in wanted:
        table = file["table"]
        kinds = {name: Kind(kind) for name, kind in manifest["columns"][table].items()}
        rows = _rows(folder / file["path"], Format(manifest["format"]), kinds)
        while batch := list(islice(rows, BATCH_ROWS)):
            if table == "articles":
                loading.load_articles(database, batch, now, searchable=not for_reclustering)
            elif table == "matches":
                loading.load_matches(database, batch)
            else:
                loading.load_pins(database, batch)
            counts[table] += len(batch)
            progress(sum(counts.values()), total)
    return counts


def checked(folder: Path) -> dict[str, Any]:
    """The manifest of an archive whose files are as it has them. Raises UsageError."""
    manifest = _manifest(folder)
    for file in manifest["files"]:
        if sha256_of(folder / file["path"]) != file["sha256"]:
            raise UsageError(f"{folder / file['path']}: not as the manifest has it (SHA-256)")
    return manifest


def digest_of(folder: Path) -> str:
    """What tells an archive from another one."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for file in found["files"]:
            inside = (folder / file["path"]).resolve().is_relative_to(folder.resolve())
            if not inside or not (folder / file["path"]).is_file():
                raise UsageError(f"{folder / file['path']}: is not there")
        Format(found["format"])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; not a whole archive") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a manifest of `ingest export`") from error
    return found


def _rows(path: Path, written_as: Format, kinds: Mapping[str, Kind]) -> Iterator[dict[str, Any]]:
    if written_as is Format.JSONL:
        with path.open(encoding="utf-8", errors="surrogatepass", newline="\n") as lines:
            for line in lines:
                yield {
                    name: _moment(value) if kinds.get(name) is Kind.TIME else value
                    for name, value in json.loads(line).items()
                }
    elif written_as is Format.CSV:
        csv.field_size_limit(sys.maxsize)
        with path.open(encoding="utf-8", errors="surrogatepass", newline="") as source:
            for row in csv.DictReader(source):
                yield {name: _read(value, kinds[name]) for name, value in row.items()}
    else:
        _, parquet = pyarrow_modules()
        for batch in parquet.ParquetFile(path).iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                yield {
                    name: json.loads(value)
                    if kinds.get(name) is Kind.JSON and value is not None
                    else value
                    for name, value in row.items()
                }


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def _read(value: str, kind: Kind) -> Any:
    """A field of a CSV file; an empty one is unknown."""
    if value == "":
        return None
    if kind is Kind.INTEGER:
        return int(value)
    if kind is Kind.NUMBER:
        return float(value)
    if kind is Kind.BOOLEAN:
        return value == "true"
    if kind is Kind.TIME:
        return _moment(value)
    return json.loads(value) if kind is Kind.JSON else value
