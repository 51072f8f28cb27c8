"""Two more views: every version of an article, and which feed carried it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0004_views.sql"


def upgrade() -> None:
    for statement in SQL.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for view in ("v_sightings", "v_revisions"):
        op.execute(f"DROP VIEW {view}")
