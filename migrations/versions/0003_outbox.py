"""The outbox of permission changes, and the switches of the platform.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "permission_outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("position", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_permission_outbox"),
        **OPTIONS,
    )
    op.create_index(
        "ix_permission_outbox_published_at_id", "permission_outbox", ["published_at", "id"]
    )
    op.create_table(
        "platform_switches",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("changed_by", ID, nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_platform_switches"),
        sa.UniqueConstraint("name", name="uq_platform_switches_name"),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name="fk_platform_switches_changed_by"
        ),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("platform_switches")
    op.drop_table("permission_outbox")
