"""The worst level and value of an alert.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("peak_level", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("peak_value", sa.Double(), nullable=True))
    alerts = sa.table(
        "alerts",
        *(sa.column(name) for name in ("level", "value", "peak_level", "peak_value")),
    )
    # Of those that there are already, only the last change is known.
    op.execute(alerts.update().values(peak_level=alerts.c.level, peak_value=alerts.c.value))
    with op.batch_alter_table("alerts") as table:
        table.alter_column("peak_level", existing_type=sa.String(length=16), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("alerts") as table:
        table.drop_column("peak_value")
        table.drop_column("peak_level")
