"""A revision of the policies names the engine by which it was admitted.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op

from yoto.store.migrations.exact import exact_text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "yoto_policy_revisions"


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(TABLE):
        op.add_column(TABLE, sa.Column("engine", exact_text(32), nullable=True))


def downgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(TABLE):
        op.drop_column(TABLE, "engine")
