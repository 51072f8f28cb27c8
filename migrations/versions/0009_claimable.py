"""The queue is in the order in which feeds can be claimed: those that are held stand at its end.

By next_poll_at they stood at its head, and every claim had to pass over all polls in flight.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CLAIMABLE_AT = "(CASE WHEN lease_until > next_poll_at THEN lease_until ELSE next_poll_at END)"


def upgrade() -> None:
    op.drop_index("ix_feed_schedule_next_poll_at", table_name="feed_schedule")
    op.create_index("ix_feed_schedule_claimable_at", "feed_schedule", [sa.text(CLAIMABLE_AT)])


def downgrade() -> None:
    op.drop_index("ix_feed_schedule_claimable_at", table_name="feed_schedule")
    op.create_index("ix_feed_schedule_next_poll_at", "feed_schedule", ["next_poll_at"])
