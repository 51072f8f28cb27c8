"""A question in the queue holds the outline of its text, so those of before are asked anew.

They are made of the texts where they are missing.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE match_queue SET question = NULL")


def downgrade() -> None:
    op.execute("UPDATE match_queue SET question = NULL")
