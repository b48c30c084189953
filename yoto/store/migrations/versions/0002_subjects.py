"""Numbers for people whom the application knows by other ids.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op
from flask import current_app

from yoto.store.migrations.exact import exact_texts
from yoto.store.people import key_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The type of the application's ids, so that the two can be joined by an index.
    type_ = key_type(current_app, op.get_bind())
    op.create_table(
        "yoto_subjects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("key", type_, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_subjects"),
        sa.UniqueConstraint("key", name="uq_yoto_subjects_key"),
        # A number is never given twice.
        sqlite_autoincrement=True,
        **exact_texts(),
    )


def downgrade() -> None:
    op.drop_table("yoto_subjects")
