"""People ask for a right that they lack, for a time.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
PERMISSIONS = sa.table("yoto_permissions", sa.column("scope"), sa.column("requires_approvals", ID))
REQUESTS = "yoto_access_requests"


def upgrade() -> None:
    approvals = sa.Column("requires_approvals", ID, server_default=sa.text("1"), nullable=False)
    op.add_column("yoto_permissions", approvals)
    # Permissions of the whole platform are lent to no one.
    op.execute(
        sa.update(PERMISSIONS).where(PERMISSIONS.c.scope == "global").values(requires_approvals=0)
    )
    wanted: sa.Column[bool] = sa.Column(
        "access_requests", sa.Boolean(), server_default=sa.text("0"), nullable=False
    )
    op.add_column("yoto_alert_webhooks", wanted)
    op.create_table(
        REQUESTS,
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("open_key", sa.String(length=64), nullable=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("permission", sa.String(length=128), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("seconds", ID, nullable=False),
        sa.Column("needed", ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("approvals", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=True),
        sa.Column("until", TIME, nullable=True),
        sa.Column("role_id", ID, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{REQUESTS}"),
        sa.UniqueConstraint("open_key", name=f"uq_{REQUESTS}_open_key"),
        **exact_texts(),
    )
    op.create_index(f"ix_{REQUESTS}_user_id_id", REQUESTS, ["user_id", "id"])
    op.create_index(f"ix_{REQUESTS}_state_id", REQUESTS, ["state", "id"])
    op.create_index(f"ix_{REQUESTS}_due_at", REQUESTS, ["due_at"])


def downgrade() -> None:
    op.drop_table(REQUESTS)
    op.drop_column("yoto_alert_webhooks", "access_requests")
    op.drop_column("yoto_permissions", "requires_approvals")
