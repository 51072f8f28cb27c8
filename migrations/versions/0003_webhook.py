"""How far each webhook has got in the change stream; stories without articles are not shown."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    _replace_stories("0003_views.sql")
    op.create_table(
        "webhook",
        sa.Column("name", sa.Text(), nullable=False, comment="the config's name of it"),
        sa.Column("cursor", sa.Text(), nullable=False, comment="of the last event that was taken"),
        sa.Column(
            "message_id",
            sa.Text(),
            nullable=True,
            comment="of the message on its way: the same at every attempt",
        ),
        sa.Column(
            "message_end",
            sa.Text(),
            nullable=True,
            comment="the cursor of the last event in that message",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="to deliver it, so far"),
        sa.Column("next_at", TIME, nullable=False, comment="when there may be another attempt"),
        sa.Column("events", BIGINT, nullable=False, comment="that were taken, all told"),
        sa.Column(
            "delivered_at", TIME, nullable=True, comment="when the receiver last took something"
        ),
        sa.Column(
            "failing_since",
            TIME,
            nullable=True,
            comment="the first of the attempts that failed in a row",
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="what went wrong last, in one line"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook")),
        comment="how far each receiver of the change stream has got",
    )


def downgrade() -> None:
    op.drop_table("webhook")
    _replace_stories("0001_views.sql")


def _replace_stories(name: str) -> None:
    """PostgreSQL replaces the view in place: who may read it still may."""
    for statement in (SQL / name).read_text(encoding="utf-8").split("\n\n"):
        if not statement.startswith("CREATE VIEW v_stories "):
            continue
        if op.get_bind().dialect.name == "postgresql":
            statement = statement.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)
        else:
            op.execute("DROP VIEW v_stories")
        op.get_bind().exec_driver_sql(statement)
