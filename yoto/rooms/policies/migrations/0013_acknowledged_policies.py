"""Marks versions of policies from when ``input.subject.id`` was a number of the platform's.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

VERSIONS = "yoto_policy_versions"


def upgrade() -> None:
    # A database without the room of policies has no tables of theirs.
    if not sa.inspect(op.get_bind()).has_table(VERSIONS):
        return
    op.add_column(
        VERSIONS,
        sa.Column("acknowledged", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    versions = sa.table(VERSIONS, sa.column("acknowledged", sa.Boolean()))
    op.execute(sa.update(versions).values(acknowledged=sa.false()))


def downgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(VERSIONS):
        op.drop_column(VERSIONS, "acknowledged")
