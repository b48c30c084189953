"""Roles that the application declares by name, with what set-up stored of the declaration.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("yoto_roles", sa.Column("declared", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("yoto_roles", "declared")
