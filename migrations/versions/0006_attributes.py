"""What policies judge by: clearance, sensitivity, hours, networks, devices, emergency access.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
# The built-in permissions that policies judge from now on.
JUDGED = (
    "server.manage",
    "member.ban",
    "admin.audit",
    "admin.registry",
    "admin.users",
    "admin.roles",
    "admin.groups",
)


def new_columns():
    return {
        "users": [sa.Column("clearance", ID, server_default="0", nullable=False)],
        "channels": [
            sa.Column("sensitivity", ID, server_default="0", nullable=False),
            sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
        ],
        "servers": [
            sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False),
            sa.Column("access_hours", sa.JSON(none_as_null=True), nullable=True),
            sa.Column("blocked_networks", sa.JSON(none_as_null=True), nullable=True),
            sa.Column("device_required", sa.Boolean(), server_default=sa.false(), nullable=False),
        ],
        "permissions": [
            sa.Column("on_policy_error", sa.String(length=8), server_default="deny", nullable=False)
        ],
    }


def upgrade() -> None:
    for table, columns in new_columns().items():
        for column in columns:
            op.add_column(table, column)
    mark(True)
    op.create_table(
        "devices",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("token_hash", name="uq_devices_token_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id"),
        **OPTIONS,
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"])
    op.create_table(
        "emergency_accesses",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_emergency_accesses"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_emergency_accesses_user_id"),
        **OPTIONS,
    )
    op.create_index(
        "ix_emergency_accesses_user_id_until", "emergency_accesses", ["user_id", "until"]
    )


def downgrade() -> None:
    op.drop_table("emergency_accesses")
    op.drop_table("devices")
    mark(False)
    for table, columns in new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)


def mark(abac: bool) -> None:
    permissions = sa.table("permissions", sa.column("name"), sa.column("abac", sa.Boolean()))
    op.execute(permissions.update().where(permissions.c.name.in_(JUDGED)).values(abac=abac))
