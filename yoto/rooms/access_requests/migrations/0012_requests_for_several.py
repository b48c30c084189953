"""An access request asks for several permissions at once.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "yoto_access_requests"


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(TABLE):
        op.add_column(TABLE, sa.Column("also", sa.JSON(), nullable=True))


def downgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(TABLE):
        op.drop_column(TABLE, "also")
