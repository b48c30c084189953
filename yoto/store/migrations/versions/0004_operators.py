"""Operators of an application that has no accounts for them.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "yoto_operators",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_sign_in", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_operators"),
        sa.UniqueConstraint("name", name="uq_yoto_operators_name"),
        # The number of a removed operator is never reused: an open session may have it.
        sqlite_autoincrement=True,
        **exact_texts(),
    )


def downgrade() -> None:
    op.drop_table("yoto_operators")
