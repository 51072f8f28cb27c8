"""Polls in a part for each day, settings for what changes at every poll, the queue in its order.

The first two are PostgreSQL's.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AHEAD_DAYS = 3
# A queue and two tables of which every row changes within the hour: vacuum when a hundredth of the
# rows are dead, not a fifth, and without pauses. `fillfactor` leaves room for a row's next version
# in its own page, so that no index is touched where no indexed column changes.
HOT = {
    "feed_schedule": {
        "autovacuum_vacuum_scale_factor": "0.01",
        "autovacuum_vacuum_threshold": "1000",
        "autovacuum_analyze_scale_factor": "0.05",
        "autovacuum_vacuum_cost_delay": "0",
    },
    "site": {
        "fillfactor": "70",
        "autovacuum_vacuum_scale_factor": "0.01",
        "autovacuum_vacuum_threshold": "1000",
        "autovacuum_vacuum_cost_delay": "0",
    },
    "match_queue": {
        "autovacuum_vacuum_scale_factor": "0",
        "autovacuum_vacuum_threshold": "1000",
        "autovacuum_vacuum_cost_delay": "0",
    },
}


def upgrade() -> None:
    op.create_index("ix_match_queue_queued_at", "match_queue", ["queued_at", "article_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, settings in HOT.items():
        written = ", ".join(f"{name} = {value}" for name, value in settings.items())
        op.execute(f"ALTER TABLE {table} SET ({written})")
    _replace_poll(" PARTITION BY RANGE (started_at)", [*_days_of_polls(), *_days_ahead()])


def downgrade() -> None:
    op.drop_index("ix_match_queue_queued_at", "match_queue")
    if op.get_bind().dialect.name != "postgresql":
        return
    _replace_poll("", [])
    for table, settings in HOT.items():
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(settings)})")


def _replace_poll(kind: str, days: list[date]) -> None:
    """Make `poll` anew, so partitioned or whole, with its rows and the view that reads it."""
    bind = op.get_bind()
    view = bind.scalar(sa.text("SELECT pg_get_viewdef('v_polls'::regclass)"))
    comment = bind.scalar(sa.text("SELECT obj_description('poll'::regclass)"))
    op.execute("DROP VIEW v_polls")
    op.execute("ALTER TABLE poll RENAME TO poll_before")
    op.execute("ALTER TABLE poll_before RENAME CONSTRAINT pk_poll TO pk_poll_before")
    op.execute("ALTER INDEX ix_poll_started_at RENAME TO ix_poll_before_started_at")
    op.execute(f"CREATE TABLE poll (LIKE poll_before INCLUDING DEFAULTS INCLUDING COMMENTS){kind}")
    op.execute("ALTER TABLE poll ADD CONSTRAINT pk_poll PRIMARY KEY (feed_id, started_at)")
    op.execute("CREATE INDEX ix_poll_started_at ON poll (started_at)")
    if kind:
        op.execute("CREATE TABLE poll_default PARTITION OF poll DEFAULT")
    for day in sorted(set(days)):
        op.execute(
            f"CREATE TABLE poll_{day:%Y%m%d} PARTITION OF poll FOR VALUES"
            f" FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
        )
    op.execute("INSERT INTO poll SELECT * FROM poll_before")
    op.execute("DROP TABLE poll_before")
    op.get_bind().execute(sa.text(f"COMMENT ON TABLE poll IS '{comment}'"))
    op.execute(f"CREATE VIEW v_polls AS {view}")


def _days_of_polls() -> list[date]:
    found = op.get_bind().scalars(
        sa.text("SELECT DISTINCT (started_at AT TIME ZONE 'UTC')::date FROM poll")
    )
    return list(found)


def _days_ahead() -> list[date]:
    today = datetime.now(UTC).date()
    return [today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS + 1)]
