"""Ids of resources have up to 255 characters.

SQLite holds no text to its length, so nothing is rewritten there.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

from yoto.store.migrations.exact import exact_text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Table, column, characters before and now, whether it may be NULL.
COLUMNS = (
    ("yoto_resources", "id", 64, 255, False),
    ("yoto_resources", "parent_text", 64, 255, True),
    ("yoto_roles", "home", 100, 300, False),
    ("yoto_role_grants", "scope_key", 100, 300, False),
    ("yoto_role_group_grants", "scope_key", 100, 300, False),
    ("yoto_role_assignments", "subject", 110, 310, False),
    ("yoto_role_assignments", "node", 100, 300, False),
    ("yoto_roles_provided", "node", 100, 300, False),
    ("yoto_channel_overwrites", "place", 100, 300, False),
    ("yoto_channel_overwrites", "overwrite_key", 128, 328, False),
    ("yoto_access_requests", "place", 100, 300, False),
    ("yoto_permission_outbox", "subject", 110, 310, False),
    ("yoto_audit_records", "subject", 110, 310, False),
    ("yoto_decision_records", "scope", 110, 310, False),
)


def upgrade() -> None:
    _lengthen({(table, column): now for table, column, _, now, _ in COLUMNS})


def downgrade() -> None:
    _lengthen({(table, column): before for table, column, before, _, _ in COLUMNS})


def _lengthen(lengths: dict[tuple[str, str], int]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    there = sa.inspect(op.get_bind()).get_table_names()
    for table, column, before, _, nullable in COLUMNS:
        if table in there:
            op.alter_column(
                table,
                column,
                existing_type=exact_text(before),
                existing_nullable=nullable,
                type_=exact_text(lengths[table, column]),
            )
