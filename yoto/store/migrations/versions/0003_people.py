"""The reports of an application's function about people.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "yoto_people",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("super_admin", sa.Boolean(), nullable=False),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("changes", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_people"),
        **exact_texts(),
    )
    op.create_index("ix_yoto_people_asked_at", "yoto_people", ["asked_at"])


def downgrade() -> None:
    op.drop_table("yoto_people")
