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
    op.add_column(TABLE, sa.Column("also", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column(TABLE, "also")
