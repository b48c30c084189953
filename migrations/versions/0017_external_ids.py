"""How other applications call accounts and channels.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("external_id", sa.String(256), nullable=True))
        table.create_unique_constraint("uq_users_external_id", ["external_id"])
    with op.batch_alter_table("channels") as table:
        table.add_column(sa.Column("external_id", sa.String(256), nullable=True))
        table.create_unique_constraint(
            "uq_channels_server_id_external_id", ["server_id", "external_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("channels") as table:
        table.drop_constraint("uq_channels_server_id_external_id", type_="unique")
        table.drop_column("external_id")
    with op.batch_alter_table("users") as table:
        table.drop_constraint("uq_users_external_id", type_="unique")
        table.drop_column("external_id")
