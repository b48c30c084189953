"""Whether the act of a key was recorded: one that was not may be done by somebody else.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("recorded_at", TIME, nullable=True))
    # Of acts of before nobody can say that they were not.
    op.execute("UPDATE idempotency_keys SET recorded_at = created_at")


def downgrade() -> None:
    with op.batch_alter_table("idempotency_keys") as table:
        table.drop_column("recorded_at")
