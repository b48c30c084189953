"""Indexes by which moments known ahead are found: of roles, time-outs and emergency access.

Revision: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = (
    ("role_assignments", "valid_from"),
    ("role_assignments", "valid_until"),
    ("members", "timeout_until"),
    ("emergency_accesses", "until"),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in reversed(COLUMNS):
        op.drop_index(f"ix_{table}_{column}", table_name=table)
