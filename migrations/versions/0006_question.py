"""What the index is asked about an article waits with it in the queue.

The window is counted on the articles, which have their times in an index of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COMMENT = "what the index will be asked about it; null: to be read from the text"


def upgrade() -> None:
    op.add_column("match_queue", sa.Column("question", sa.LargeBinary(), comment=COMMENT))
    op.drop_index("ix_fingerprint_seen_at", "fingerprint")


def downgrade() -> None:
    op.create_index("ix_fingerprint_seen_at", "fingerprint", ["seen_at"])
    op.drop_column("match_queue", "question")
