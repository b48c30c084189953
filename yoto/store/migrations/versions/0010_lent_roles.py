"""Roles name the access request that lent them; requests that are over are found by their end.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROLES = sa.table("yoto_roles", sa.column("id", ID), sa.column("access_request_id", ID))
REQUESTS = sa.table("yoto_access_requests", sa.column("id", ID), sa.column("role_id", ID))
ENDED = "ix_yoto_access_requests_ended_at"


def upgrade() -> None:
    lent: sa.Column[int] = sa.Column("access_request_id", ID, nullable=True)
    op.add_column("yoto_roles", lent)
    request = sa.select(REQUESTS.c.id).where(REQUESTS.c.role_id == ROLES.c.id).scalar_subquery()
    lending = sa.select(REQUESTS.c.role_id).where(REQUESTS.c.role_id.is_not(None))
    op.execute(sa.update(ROLES).where(ROLES.c.id.in_(lending)).values(access_request_id=request))
    op.create_index(ENDED, "yoto_access_requests", ["ended_at"])


def downgrade() -> None:
    op.drop_index(ENDED, table_name="yoto_access_requests")
    op.drop_column("yoto_roles", "access_request_id")
