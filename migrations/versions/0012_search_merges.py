"""The full-text index of SQLite merges sixteen parts at once instead of four.

A transaction adds a part; that parts are written again each time four have come together took a
fifth of the time of indexing. So many more are read by a search cost it nothing measurable
(https://sqlite.org/fts5.html#the_automerge_configuration_option).
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _configure(automerge=16, crisismerge=64)


def downgrade() -> None:
    _configure(automerge=4, crisismerge=16)  # as FTS5 has it by itself


def _configure(**options: int) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, value in options.items():
            op.execute(
                f"INSERT INTO article_search (article_search, rank) VALUES ('{name}', {value})"
            )
