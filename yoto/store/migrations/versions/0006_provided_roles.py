"""Roles that people hold by the report of an application's function.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "yoto_roles_asked",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("changes", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_roles_asked"),
        **exact_texts(),
    )
    op.create_index("ix_yoto_roles_asked_asked_at", "yoto_roles_asked", ["asked_at"])
    op.create_table(
        "yoto_roles_provided",
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("role_id", ID, autoincrement=False, nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("valid_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["yoto_roles.id"],
            name="fk_yoto_roles_provided_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "role_id", "node", name="pk_yoto_roles_provided"),
        **exact_texts(),
    )
    for column in ("role_id", "valid_until"):
        op.create_index(f"ix_yoto_roles_provided_{column}", "yoto_roles_provided", [column])


def downgrade() -> None:
    op.drop_table("yoto_roles_provided")
    op.drop_table("yoto_roles_asked")
