"""Roles that the application declares by name, with what set-up stored of the declaration.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

from yoto.store.columns import Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("yoto_roles", sa.Column("declared", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("yoto_roles", "declared")
