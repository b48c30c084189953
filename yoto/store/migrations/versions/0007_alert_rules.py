"""Rules of alerts become entries of the store of settings, with their versions and reasons.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
KIND = "alert_rule"
RULES = sa.table(
    "yoto_alert_rule_changes",
    sa.column("id", ID),
    sa.column("rule"),
    sa.column("version"),
    sa.column("rule_values", sa.JSON()),
    sa.column("by"),
    sa.column("reason"),
    sa.column("at", TIME),
)
ENTRIES = sa.table(
    "yoto_resilience_config_changes",
    sa.column("id", ID),
    sa.column("kind"),
    sa.column("name"),
    sa.column("version"),
    sa.column("origin"),
    sa.column("action"),
    sa.column("config_values", sa.JSON(none_as_null=True)),
    sa.column("author"),
    sa.column("reason"),
    sa.column("at", TIME),
)


def upgrade() -> None:
    connection = op.get_bind()
    # Again, if MariaDB was interrupted: a table is dropped outside of every transaction.
    connection.execute(sa.delete(ENTRIES).where(ENTRIES.c.kind == KIND))
    found = connection.execute(sa.select(RULES).order_by(RULES.c.id)).mappings().all()
    rows = [
        {
            "kind": KIND,
            "name": row["rule"],
            "version": row["version"],
            "origin": "operator",
            # A version without values was a rule's end, or took back all that was set.
            "action": "set" if row["rule_values"] else "delete",
            "config_values": row["rule_values"] or None,
            "author": row["by"],
            "reason": row["reason"],
            "at": row["at"],
        }
        for row in found
    ]
    if rows:
        connection.execute(sa.insert(ENTRIES), rows)
    op.drop_table("yoto_alert_rule_changes")


def downgrade() -> None:
    op.create_table(
        "yoto_alert_rule_changes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("rule_values", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_rule_changes"),
        sa.UniqueConstraint("rule", "version", name="uq_yoto_alert_rule_changes_rule_version"),
        **exact_texts(),
    )
    connection = op.get_bind()
    ours = ENTRIES.c.kind == KIND
    found = connection.execute(sa.select(ENTRIES).where(ours).order_by(ENTRIES.c.id))
    rows = [
        {
            "rule": row["name"],
            "version": row["version"],
            "rule_values": row["config_values"] or {},
            "by": row["author"],
            "reason": row["reason"],
            "at": row["at"],
        }
        for row in found.mappings()
    ]
    if rows:
        connection.execute(sa.insert(RULES), rows)
    connection.execute(sa.delete(ENTRIES).where(ours))
