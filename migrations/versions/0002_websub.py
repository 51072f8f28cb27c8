"""Subscriptions at WebSub hubs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "websub_subscription",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("hub_url", sa.Text(), nullable=False),
        sa.Column("topic_url", sa.Text(), nullable=False, comment="rel=self of the document"),
        sa.Column("token", sa.Text(), nullable=False, comment="the last part of the callback URL"),
        sa.Column("secret", sa.Text(), nullable=False, comment="signs what the hub sends"),
        sa.Column("state", sa.Text(), nullable=False, comment="asked, active, denied, leaving"),
        sa.Column(
            "attempts", sa.Integer(), nullable=False, comment="requests since the hub's last word"
        ),
        sa.Column("next_at", TIME, nullable=False, comment="when the hub is asked again"),
        sa.Column("verified_at", TIME, nullable=True, comment="the hub's last yes"),
        sa.Column("expires_at", TIME, nullable=True, comment="the end of the lease"),
        sa.Column("pushed_at", TIME, nullable=True, comment="when the hub last announced news"),
        sa.Column("detail", sa.Text(), nullable=True, comment="what went wrong last, in one line"),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_websub_subscription_feed_id_feed")
        ),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_websub_subscription")),
        sa.UniqueConstraint("token", name=op.f("uq_websub_subscription_token")),
        comment="which hub tells us of a feed's news (WebSub), and until when",
    )
    op.create_index(
        op.f("ix_websub_subscription_next_at"), "websub_subscription", ["next_at"], unique=False
    )


def downgrade() -> None:
    op.drop_table("websub_subscription")
