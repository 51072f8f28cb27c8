"""Re-clustering an archive that is outside the database: files in, files out.

    DIR (`ingest export`) -> a database of its own beside OUT -> the same re-clustering
      -> OUT/members/…, OUT/stories/…, OUT/matches/…, OUT/manifest.json

The rows are those that the database would get which the archive was exported from: the same
function works on the same articles, stories' ids and decisions, and new stories get the ids that
come next there. `members` says which story each article is in; `articles` of DIR stay as they are.

The database beside OUT goes when OUT is whole. Interrupted, the same call goes on with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest import archive, unarchive
from ingest.config import Settings
from ingest.errors import UsageError
from ingest.store import exporting, loading
from ingest.store.engine import Database, open_database
from ingest.store.indexing import Engine
from ingest.store.recluster import Reclustered, recluster

Progress = Callable[[int, int], None]


def _silently(_done: int, _of: int) -> None:
    pass


def recluster_archive(
    folder: Path,
    out: Path,
    settings: Settings,
    now: datetime,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    listed: int | None = None,
    progress: Progress = _silently,
) -> Reclustered:
    """Write the stories of the archive in `folder` to `out`, in its format; what changed.

    The options are those of `store.recluster`. `dry_run`: nothing is left behind. Raises UsageError
    for what is no whole archive and where `out` is there already, MissingExtra for Parquet without
    pyarrow.
    """
    manifest = unarchive.checked(folder)
    if out.exists():
        raise UsageError(f"{out}: is there already; name a new folder")
    work = out.with_name(f"{out.name}.{'dry' if dry_run else 'work'}")
    work.mkdir(parents=True, exist_ok=True)
    database = open_database(f"sqlite:///{work / 'archive.db'}", create=True)
    try:
        _load(database, folder, manifest, now, progress)
        done = recluster(
            database,
            now=now,
            settings=settings.dedupe,
            since=since,
            dry_run=dry_run,
            engine=engine,
            listed=listed,
            progress=progress,
        )
        if not dry_run:
            made = work / "made"
            if made.exists():  # by a call that was interrupted
                shutil.rmtree(made)
            written_as = archive.Format(manifest["format"])
            archive.export(database, made, written_as, now, tables=exporting.RECLUSTERED)
            made.rename(out)
    finally:
        database.close()
    shutil.rmtree(work)
    return done


def _load(
    database: Database,
    folder: Path,
    manifest: Mapping[str, Any],
    now: datetime,
    progress: Progress,
) -> None:
    digest = unarchive.digest_of(folder)
    if loading.is_done(database, digest):
        return
    loading.begin(database, digest)
    unarchive.load_tables(database, folder, manifest, now, for_reclustering=True, progress=progress)
    last_story_id = manifest.get("last_story_id", 0)
    loading.end(database, now, fingerprints_since=None, last_story_id=last_story_id)
    loading.keep(database, digest)
