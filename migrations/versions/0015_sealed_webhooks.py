"""Addresses and secrets of webhooks are sealed with a key from SECRET_KEY.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op
from flask import current_app

from yoto.sealing import sealer_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WEBHOOKS = sa.table("alert_webhooks", sa.column("id"), sa.column("url"), sa.column("secret"))


def upgrade() -> None:
    with op.batch_alter_table("alert_webhooks") as table:
        table.alter_column(
            "url", type_=sa.Text(), existing_type=sa.String(2000), existing_nullable=False
        )
        table.alter_column(
            "secret", type_=sa.String(255), existing_type=sa.String(64), existing_nullable=False
        )
    _each(sealer_of(current_app).seal)


def downgrade() -> None:
    _each(sealer_of(current_app).open)
    with op.batch_alter_table("alert_webhooks") as table:
        table.alter_column(
            "url", type_=sa.String(2000), existing_type=sa.Text(), existing_nullable=False
        )
        table.alter_column(
            "secret", type_=sa.String(64), existing_type=sa.String(255), existing_nullable=False
        )


def _each(change) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(WEBHOOKS)).all():
        # The secret of one that was removed is empty.
        values = {
            name: change(text, f"alert_webhooks.{name}")
            for name, text in (("url", row.url), ("secret", row.secret))
            if text
        }
        connection.execute(WEBHOOKS.update().where(WEBHOOKS.c.id == row.id).values(**values))
