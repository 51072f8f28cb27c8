"""Learned blocks are hashes: their texts are in what was removed from each article.

The column was never filled.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("boilerplate_block", "sample")


def downgrade() -> None:
    op.add_column(
        "boilerplate_block", sa.Column("sample", sa.Text(), comment="its text, as first seen")
    )
