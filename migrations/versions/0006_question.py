"""What the index is asked about an article waits with it in the queue."""

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


def downgrade() -> None:
    op.drop_column("match_queue", "question")
