"""Postings are written in runs, and come into their table many at once.

Going back, those that are still in runs are written into the table.
"""

from __future__ import annotations

import struct

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "posting_run",
        sa.Column(
            "name", BIGINT, autoincrement=False, nullable=False, comment="a hash of the content"
        ),
        sa.Column("postings", sa.Integer(), nullable=False, comment="how many"),
        sa.Column("newest_article_id", BIGINT, nullable=False),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=False,
            comment="the hashes in order, then the article of each: 64-bit integers, little-endian",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_posting_run")),
        comment="postings on their way into `posting`: those of one transaction, or of several",
    )
    op.create_index("ix_posting_run_newest_article_id", "posting_run", ["newest_article_id"])
    if op.get_bind().dialect.name == "postgresql":
        # Hashes do not get smaller: it would try all the same.
        op.execute("ALTER TABLE posting_run ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    connection = op.get_bind()
    insert = sa.text(
        "INSERT INTO posting (hash, article_id) VALUES (:hash, :article_id) ON CONFLICT DO NOTHING"
    )
    for content in connection.scalars(sa.text("SELECT content FROM posting_run")):
        numbers = struct.unpack(f"<{len(content) // 8}q", content)
        pairs = zip(numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :], strict=True)
        connection.execute(insert, [{"hash": one, "article_id": article} for one, article in pairs])
    op.execute("DELETE FROM meta WHERE key = 'postings_sweep'")
    op.drop_index("ix_posting_run_newest_article_id", table_name="posting_run")
    op.drop_table("posting_run")
