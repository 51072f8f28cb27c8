"""The feeds that config files name: brought in line with the file, and with no other one's feeds.

Several config files may name feeds of one database: on one machine, or the same path on several.
What each named when it was last read is kept in `meta`, so that only the file that put a feed there
takes it away, and only once no other one names it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import xxhash
from sqlalchemy import Connection, and_, delete, select

from ingest.config import FeedSettings
from ingest.store.feed_settings import settings_to_json
from ingest.store.feed_standing import SUBSCRIPTIONS_STAND, remove, resume
from ingest.store.feeds import write_settings
from ingest.store.locks import SUBSCRIPTIONS, lock
from ingest.store.many_feeds import add_all
from ingest.store.tables import feed, meta, worker
from ingest.store.upsert import upsert

_KEY = "config_feeds "
_STAND_KEY = "config_stand "
_SILENT = timedelta(days=1)  # a machine whose daemon is not heard of for so long has been left
_RENEW = timedelta(hours=1)  # how old a list may be before it is signed again


@dataclass(frozen=True, slots=True)
class Origin:
    """A config file: where it lies, and on which machine."""

    host: str
    path: str

    @property
    def key(self) -> str:
        """Of its list in `meta`."""
        return f"{_KEY}{self.host} {self.path}"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What bringing the database in line with the config did: names of feeds."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _List:
    """The feeds that one config file named, and when."""

    at: datetime
    feed_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Claims:
    """Whose feeds are whose. `left` are lists of files that are ours now, under another key."""

    own: _List | None
    left: Mapping[Origin, _List]
    others: frozenset[int]  # feeds that another file names

    @property
    def before(self) -> frozenset[int]:
        """What we named before."""
        lists = [*self.left.values(), *([self.own] if self.own is not None else [])]
        return frozenset().union(*(one.feed_ids for one in lists))


def sync_config_feeds(
    connection: Connection,
    wanted: Sequence[FeedSettings],
    now: datetime,
    *,
    origin: Origin,
    is_there: Callable[[str], bool] = lambda _: True,
) -> SyncReport:
    """Bring the feeds that came from a config file in line with it.

    A feed is recognised by its URL, else by its name (then its URL was edited, and its history
    stays). Those that this file named and no longer names are removed, unless another one names
    them; feeds a person added stay, and become the config's when it names them. `is_there` tells
    whether a config file of this machine still exists. Raises UsageError for a name used twice.
    Daemons that start at the same moment do it one after the other.
    """
    if not wanted and not _has_config_feeds(connection):
        return SyncReport()
    digest = _digest(wanted)
    if _is_in_line(connection, origin, digest, is_there, now):
        return SyncReport()
    lock(connection, SUBSCRIPTIONS)
    rows = connection.execute(
        select(
            feed.c.id, feed.c.url, feed.c.name, feed.c.settings, feed.c.source, feed.c.removed_at
        )
    ).all()
    claims = _claims(connection, origin, is_there, now)
    subscribed = {r.id for r in rows if r.source == "config" and r.removed_at is None}
    # One that has moved since is known by the URL it was subscribed with, and stays where it is.
    by_url = {row.settings["url"]: row for row in rows} | {row.url: row for row in rows}
    by_name = {row.name: row for row in rows}
    urls = {settings.url for settings in wanted}
    new: list[FeedSettings] = []
    back: list[str] = []
    changed: list[str] = []
    seen: set[int] = set()
    for settings in wanted:
        row = by_url.get(settings.url)
        if row is not None and row.id in seen:
            continue  # one of the two has moved to where the other was
        if row is None and settings.name:
            row = by_name.get(settings.name)
            if row is not None and (row.url in urls or row.id not in claims.before):
                row = None
        if row is None:
            new.append(settings)
            continue
        seen.add(row.id)
        is_same = row.settings == settings_to_json(settings)
        if is_same and row.source == "config" and row.removed_at is None:
            continue
        write_settings(connection, row.id, settings, "config", now)
        if row.removed_at is not None:
            resume(connection, row.id, now, "named by the config again")
            back.append(settings.name or row.name)
        elif not is_same:
            changed.append(settings.name or row.name)
    made = add_all(connection, new, now=now, source="config")
    seen.update(one.feed_id for one in made)
    dropped = (claims.before & subscribed) - seen - claims.others
    gone = [row for row in rows if row.id in dropped]
    for row in gone:
        remove(connection, row.id, now, "no longer in the config")
    _keep(connection, origin, claims, frozenset(seen), now)
    stand = _Stand(now.isoformat(), digest, _subscriptions_stand(connection))
    value = json.dumps(dataclasses.asdict(stand))
    upsert(connection, meta, [{"key": f"{_STAND_KEY}{origin.key}", "value": value}])
    added = (*(one.name for one in made), *back)
    return SyncReport(added, tuple(changed), tuple(row.name for row in gone))


@dataclass(frozen=True, slots=True)
class _Stand:
    """How things were when a file was last brought in line: then nothing has to be read again."""

    at: str
    digest: str  # of what the file says
    subscriptions: str | None  # what stood for all that could have changed them since


def _digest(wanted: Sequence[FeedSettings]) -> str:
    said = json.dumps([settings_to_json(settings) for settings in wanted])
    return xxhash.xxh3_128_hexdigest(said.encode())


def _is_in_line(
    connection: Connection,
    origin: Origin,
    digest: str,
    is_there: Callable[[str], bool],
    now: datetime,
) -> bool:
    """Whether file and subscriptions are as they were within the hour, and no other file is gone.

    Of a file that may have been left (see `_claims`) it is not said here that it has been.
    """
    found = connection.scalar(select(meta.c.value).where(meta.c.key == _STAND_KEY + origin.key))
    if found is None:
        return False
    stand = _Stand(**json.loads(found))
    if stand.digest != digest or not now - _RENEW <= datetime.fromisoformat(stand.at) <= now:
        return False
    if stand.subscriptions != _subscriptions_stand(connection):
        return False
    alive = _alive(connection, now)
    return not any(
        not is_there(other.path)
        if other.host == origin.host
        else other.path == origin.path and other.host not in alive
        for other in _origins(connection)
        if other != origin
    )


def _subscriptions_stand(connection: Connection) -> str | None:
    found: str | None = connection.scalar(
        select(meta.c.value).where(meta.c.key == SUBSCRIPTIONS_STAND)
    )
    return found


def _origins(connection: Connection) -> list[Origin]:
    keys = connection.scalars(
        select(meta.c.key).where(meta.c.key.startswith(_KEY, autoescape=True))
    )
    return [_origin_of(key) for key in keys]


def _origin_of(key: str) -> Origin:
    host, _, path = key.removeprefix(_KEY).partition(" ")
    return Origin(host, path)


def _alive(connection: Connection, now: datetime) -> set[str]:
    """The machines whose daemon was heard of within a day."""
    is_alive = and_(worker.c.stopped_at.is_(None), worker.c.seen_at > now - _SILENT)
    return set(connection.scalars(select(worker.c.host).where(is_alive)))


def _has_config_feeds(connection: Connection) -> bool:
    is_one = and_(feed.c.source == "config", feed.c.removed_at.is_(None))
    return connection.scalar(select(feed.c.id).where(is_one).limit(1)) is not None


def _claims(
    connection: Connection, origin: Origin, is_there: Callable[[str], bool], now: datetime
) -> _Claims:
    lists: dict[Origin, _List] = {}
    for row in connection.execute(select(meta).where(meta.c.key.startswith(_KEY, autoescape=True))):
        kept = json.loads(row.value)
        lists[_origin_of(row.key)] = _List(
            datetime.fromisoformat(kept["at"]), frozenset(kept["feeds"])
        )
    own = lists.pop(origin, None)
    alive = _alive(connection, now)
    known = set(connection.scalars(select(worker.c.host)))
    left: dict[Origin, _List] = {}
    others: set[int] = set()
    for other, kept_list in lists.items():
        if other.host == origin.host:
            is_left = not is_there(other.path)  # the file was moved to where ours is, or deleted
        else:  # containers change their names with every start, and keep the path
            is_silent = other.host in known or kept_list.at < now - _SILENT
            is_left = other.path == origin.path and other.host not in alive and is_silent
        if is_left:
            left[other] = kept_list
        else:
            others |= kept_list.feed_ids
    return _Claims(own, left, frozenset(others))


def _keep(
    connection: Connection,
    origin: Origin,
    claims: _Claims,
    feed_ids: frozenset[int],
    now: datetime,
) -> None:
    """Write our list down, unless it stands there as it is."""
    if claims.left:
        keys = [one.key for one in claims.left]
        connection.execute(delete(meta).where(meta.c.key.in_(keys)))
    own = claims.own
    if own is None or own.feed_ids != feed_ids or own.at < now - _RENEW:
        value = json.dumps({"at": now.isoformat(), "feeds": sorted(feed_ids)})
        upsert(connection, meta, [{"key": origin.key, "value": value}])
