"""The decision log: indexes for its searches, and counts of decisions by hour and day.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

from yoto.store.migrations.exact import exact_texts

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RECORDS, COUNTS = "yoto_decision_records", "yoto_decision_counts"
LOOKED_FOR = ("scope", "asked", "reason", "allowed", "request_id", "policy_version")
FACETS = {"permission": "asked", "place": "scope", "reason": "reason"}
SECONDS = "CAST(strftime('%s', at) AS INTEGER)"
SECONDS_ELSEWHERE = "TIMESTAMPDIFF(SECOND, '1970-01-01', at)"
LENGTH = 128
COLUMNS = "facet, span, hour, value, allowed, decisions"


def upgrade() -> None:
    for column in LOOKED_FOR:
        op.create_index(f"ix_{RECORDS}_{column}", RECORDS, [column])
    op.create_table(
        COUNTS,
        sa.Column("facet", sa.String(length=10), nullable=False),
        sa.Column("span", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", ID, autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=LENGTH), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("decisions", ID, nullable=False),
        sa.PrimaryKeyConstraint("facet", "span", "hour", "value", "allowed", name=f"pk_{COUNTS}"),
        **exact_texts(),
    )
    _count_what_is_there()


def _count_what_is_there() -> None:
    """Trends then begin with the records, not with this migration."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    hour = f"{SECONDS if sqlite else SECONDS_ELSEWHERE} {'/' if sqlite else 'DIV'} 3600"
    for facet, column in FACETS.items():
        value = f"CASE WHEN {_length(column)} > {LENGTH} THEN {_cut(column)} ELSE {column} END"
        op.execute(
            f"INSERT INTO {COUNTS} ({COLUMNS}) "  # nosec B608
            f"SELECT '{facet}', 1, {hour}, {value}, allowed, SUM(weight) "
            f"FROM {RECORDS} GROUP BY {hour}, {value}, allowed"
        )
    # Days from hours, which are fewer than records.
    op.execute(
        f"INSERT INTO {COUNTS} ({COLUMNS}) "  # nosec B608
        "SELECT facet, 24, hour - hour % 24, value, allowed, SUM(decisions) "
        f"FROM {COUNTS} GROUP BY facet, hour - hour % 24, value, allowed"
    )


def _length(column: str) -> str:
    name = "LENGTH" if op.get_bind().dialect.name == "sqlite" else "CHAR_LENGTH"
    return f"{name}({column})"


def _cut(column: str) -> str:
    start = f"SUBSTR({column}, 1, {LENGTH - 1})"
    return f"{start} || '…'" if op.get_bind().dialect.name == "sqlite" else f"CONCAT({start}, '…')"


def downgrade() -> None:
    op.drop_table(COUNTS)
    for column in LOOKED_FOR:
        op.drop_index(f"ix_{RECORDS}_{column}", RECORDS)
