"""Stories that re-clustering emptied are found by their first article.

Each batch looks for them; without an index it read every story there is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_empty = sa.text("articles = 0")
    op.create_index(
        "ix_story_emptied",
        "story",
        ["first_article_id"],
        unique=False,
        sqlite_where=is_empty,
        postgresql_where=is_empty,
    )


def downgrade() -> None:
    op.drop_index("ix_story_emptied", table_name="story")
