"""Take the words of edited messages out of the audit log: who may read it need not be let into the
channel that they were said in. How long they were stays.

The log is append-only. This is the one exception, made by whoever migrates, and recorded in it.

Revision: 0013
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
JSON = sa.JSON(none_as_null=True)
RECORDS = sa.table(
    "audit_records",
    sa.column("id", ID),
    sa.column("at", TIME),
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("before", JSON),
    sa.column("after", JSON),
    sa.column("reason", sa.String),
)
ROWS = 1_000  # read at once
TRIGGER = "audit_records_no_update"
WHY = "the words of edited messages were taken out; how long they were stays"


def upgrade() -> None:
    connection = op.get_bind()
    op.execute(f"DROP TRIGGER {TRIGGER}")
    try:
        changed = _shorten(connection)
    finally:
        _refuse_updates(connection)
    if changed:
        record = {
            "at": datetime.now(UTC).replace(tzinfo=None),
            "action": "audit.redact",
            "subject": "audit:message.edit",
            "after": {"records": changed},
            "reason": WHY,
        }
        connection.execute(sa.insert(RECORDS), [record])


def _shorten(connection: sa.Connection) -> int:
    """Replace the words in all records of edits; in how many there were any."""
    changed, last = 0, 0
    columns = (RECORDS.c.id, RECORDS.c.before, RECORDS.c.after)
    edits = sa.select(*columns).where(RECORDS.c.action == "message.edit").order_by(RECORDS.c.id)
    while rows := connection.execute(edits.where(RECORDS.c.id > last).limit(ROWS)).all():
        for id_, before, after in rows:
            last, found = id_, {"before": _counted(before), "after": _counted(after)}
            if found != {"before": before, "after": after}:
                connection.execute(sa.update(RECORDS).where(RECORDS.c.id == id_).values(**found))
                changed += 1
    return changed


def _counted(values: object) -> object:
    if not isinstance(values, dict) or "content" not in values:
        return values
    kept = {name: value for name, value in values.items() if name != "content"}
    content = values["content"]
    return kept | {"characters": len(content if isinstance(content, str) else json.dumps(content))}


def _refuse_updates(connection: sa.Connection) -> None:
    """As the first migration does."""
    if connection.dialect.name == "sqlite":
        body = "BEGIN SELECT RAISE(ABORT, 'audit_records is append-only'); END"
    else:
        text = "audit_records is append-only"
        body = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{text}'"
    op.execute(f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON audit_records {body}")


def downgrade() -> None:
    """The words are gone."""
