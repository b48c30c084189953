"""Take away what only people could be in: from the platform's migration 0005 on, holders of roles
are also applications, which are no users. And the views by which processes of the version before
0018 went on: what the tables are then, these could not read.

Revision: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PREFIX = "yoto_"
VIEWS = (
    "alert_board",
    "alert_deliveries",
    "alert_history",
    "alert_rule_changes",
    "alert_silences",
    "alert_webhooks",
    "alerts",
    "api_tokens",
    "audit_records",
    "channel_overwrites",
    "decision_records",
    "devices",
    "emergency_accesses",
    "idempotency_keys",
    "permission_group_members",
    "permission_groups",
    "permission_outbox",
    "permissions",
    "platform_switches",
    "policies",
    "policy_revisions",
    "policy_shadow_counts",
    "policy_versions",
    "resilience_config_changes",
    "revoked_tokens",
    "role_assignments",
    "role_grants",
    "role_group_grants",
    "roles",
)


HOLDERS = ("yoto_role_assignments", "yoto_channel_overwrites")


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for name in VIEWS:
            op.execute(f"DROP VIEW IF EXISTS `{name}`")
    for table in HOLDERS:
        found = sa.inspect(op.get_bind()).get_foreign_keys(table)
        with op.batch_alter_table(table) as batch:
            for key in found:
                if key["constrained_columns"] == ["user_id"]:
                    batch.drop_constraint(str(key["name"]), type_="foreignkey")


def downgrade() -> None:
    for table in HOLDERS:
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(f"fk_{table}_user_id", "users", ["user_id"], ["id"])
    if op.get_bind().dialect.name != "sqlite":
        for name in VIEWS:
            op.execute(f"CREATE VIEW `{name}` AS SELECT * FROM `{PREFIX}{name}`")
