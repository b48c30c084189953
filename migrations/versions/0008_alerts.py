"""Alerts, their history, silences, rules and webhooks.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
NAME = sa.String(length=64)
LEVEL = sa.String(length=16)
PERSON = sa.String(length=128)
REASON = sa.String(length=500)
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def table(name, *columns):
    op.create_table(
        name,
        sa.Column("id", ID, autoincrement=True, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        **OPTIONS,
    )


def index(name, *columns):
    op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def upgrade() -> None:
    table(
        "alerts",
        sa.Column("open_key", sa.String(length=64), nullable=True),
        sa.Column("rule", NAME, nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("level", LEVEL, nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("cause", LEVEL, nullable=False),
        sa.Column("text", REASON, nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by", PERSON, nullable=True),
        sa.Column("note", REASON, nullable=True),
        sa.Column("told_level", LEVEL, nullable=True),
        sa.UniqueConstraint("open_key", name="uq_alerts_open_key"),
    )
    index("alerts", "rule", "id")
    index("alerts", "resolved_at")
    op.create_table(
        "alert_board",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("evaluated_at", TIME, nullable=True),
        sa.Column("tracks", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_board"),
        **OPTIONS,
    )
    op.execute("INSERT INTO alert_board (id, version, tracks) VALUES (1, 0, '{}')")
    table(
        "alert_history",
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("data", LONG_TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_history_alert_id"),
    )
    index("alert_history", "alert_id", "id")
    index("alert_history", "told_at", "id")
    table(
        "alert_silences",
        sa.Column("rule", NAME, nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("by", PERSON, nullable=False),
        sa.Column("reason", REASON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", PERSON, nullable=True),
    )
    index("alert_silences", "until")
    table(
        "alert_rule_changes",
        sa.Column("rule", NAME, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("rule_values", sa.JSON(), nullable=False),
        sa.Column("by", PERSON, nullable=False),
        sa.Column("reason", REASON, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("rule", "version", name="uq_alert_rule_changes_rule_version"),
    )
    table(
        "alert_webhooks",
        sa.Column("name", NAME, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("min_level", LEVEL, nullable=False),
        sa.Column("created_by", PERSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("failures", ID, nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
    )
    table(
        "alert_deliveries",
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("event", NAME, nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("status", ID, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["alert_webhooks.id"], name="fk_alert_deliveries_webhook_id"
        ),
    )
    index("alert_deliveries", "webhook_id", "settled_at", "id")
    index("alert_deliveries", "settled_at")


def downgrade() -> None:
    for name in (
        "alert_deliveries",
        "alert_webhooks",
        "alert_rule_changes",
        "alert_silences",
        "alert_history",
        "alert_board",
        "alerts",
    ):
        op.drop_table(name)
