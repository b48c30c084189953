"""First tables.

An application that had them under their earlier names has brought them here already.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
TABLES = (
    "yoto_alert_board",
    "yoto_alert_rule_changes",
    "yoto_alert_silences",
    "yoto_alert_webhooks",
    "yoto_alerts",
    "yoto_api_tokens",
    "yoto_audit_records",
    "yoto_decision_records",
    "yoto_devices",
    "yoto_emergency_accesses",
    "yoto_idempotency_keys",
    "yoto_permission_groups",
    "yoto_permission_outbox",
    "yoto_permissions",
    "yoto_platform_switches",
    "yoto_policies",
    "yoto_policy_revisions",
    "yoto_resilience_config_changes",
    "yoto_revoked_tokens",
    "yoto_roles",
    "yoto_alert_deliveries",
    "yoto_alert_history",
    "yoto_channel_overwrites",
    "yoto_permission_group_members",
    "yoto_policy_versions",
    "yoto_role_assignments",
    "yoto_role_grants",
    "yoto_role_group_grants",
    "yoto_policy_shadow_counts",
)


def upgrade() -> None:
    options = exact_texts()
    op.create_table(
        "yoto_alert_board",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("evaluated_at", TIME, nullable=True),
        sa.Column("tracks", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_board"),
        **options,
    )
    # There is one board, whose row is locked by the worker that evaluates the rules.
    op.execute("INSERT INTO yoto_alert_board (id, version, tracks) VALUES (1, 0, '{}')")
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
        **options,
    )
    op.create_table(
        "yoto_alert_silences",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_silences"),
        **options,
    )
    op.create_index("ix_yoto_alert_silences_until", "yoto_alert_silences", ["until"])
    op.create_table(
        "yoto_alert_webhooks",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(length=255), nullable=False),
        sa.Column("min_level", sa.String(length=16), nullable=False),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("failures", ID, nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_webhooks"),
        **options,
    )
    op.create_table(
        "yoto_alerts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("open_key", sa.String(length=64), nullable=True),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("peak_level", sa.String(length=16), nullable=False),
        sa.Column("peak_value", sa.Double(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by", sa.String(length=128), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("told_level", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alerts"),
        sa.UniqueConstraint("open_key", name="uq_yoto_alerts_open_key"),
        **options,
    )
    op.create_index("ix_yoto_alerts_resolved_at", "yoto_alerts", ["resolved_at"])
    op.create_index("ix_yoto_alerts_rule_id", "yoto_alerts", ["rule", "id"])
    op.create_table(
        "yoto_api_tokens",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_yoto_api_tokens_token_hash"),
        **options,
    )
    op.create_index("ix_yoto_api_tokens_user_id", "yoto_api_tokens", ["user_id"])
    op.create_table(
        "yoto_audit_records",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("server_id", ID, nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_audit_records"),
        **options,
    )
    op.create_index("ix_yoto_audit_records_action_id", "yoto_audit_records", ["action", "id"])
    op.create_index("ix_yoto_audit_records_actor_id_id", "yoto_audit_records", ["actor_id", "id"])
    op.create_index("ix_yoto_audit_records_at", "yoto_audit_records", ["at"])
    op.create_index("ix_yoto_audit_records_server_id_id", "yoto_audit_records", ["server_id", "id"])
    op.create_index("ix_yoto_audit_records_subject_id", "yoto_audit_records", ["subject", "id"])
    op.create_table(
        "yoto_decision_records",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("asked", sa.String(length=500), nullable=False),
        sa.Column("operator", sa.String(length=3), nullable=True),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("weight", ID, nullable=False),
        sa.Column("tier", sa.String(length=8), nullable=False),
        sa.Column("position", sa.String(length=64), nullable=True),
        sa.Column("policy_version", sa.String(length=64), nullable=True),
        sa.Column("mask_hash", sa.String(length=16), nullable=False),
        sa.Column("context", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_decision_records"),
        **options,
    )
    op.create_index("ix_yoto_decision_records_at", "yoto_decision_records", ["at"])
    op.create_index(
        "ix_yoto_decision_records_user_id_id", "yoto_decision_records", ["user_id", "id"]
    )
    op.create_table(
        "yoto_devices",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_devices"),
        sa.UniqueConstraint("token_hash", name="uq_yoto_devices_token_hash"),
        **options,
    )
    op.create_index("ix_yoto_devices_user_id", "yoto_devices", ["user_id"])
    op.create_table(
        "yoto_emergency_accesses",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_emergency_accesses"),
        **options,
    )
    op.create_index("ix_yoto_emergency_accesses_until", "yoto_emergency_accesses", ["until"])
    op.create_index(
        "ix_yoto_emergency_accesses_user_id_until", "yoto_emergency_accesses", ["user_id", "until"]
    )
    op.create_table(
        "yoto_idempotency_keys",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", TIME, nullable=True),
        sa.Column("status", ID, nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", LONG_TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_idempotency_keys"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_yoto_idempotency_keys_of_user"),
        **options,
    )
    op.create_index("ix_yoto_idempotency_keys_created_at", "yoto_idempotency_keys", ["created_at"])
    op.create_table(
        "yoto_permission_groups",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_permission_groups"),
        sa.UniqueConstraint("name", name="uq_yoto_permission_groups_name"),
        **options,
    )
    op.create_table(
        "yoto_permission_outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("position", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_permission_outbox"),
        **options,
    )
    op.create_index(
        "ix_yoto_permission_outbox_published_at_id",
        "yoto_permission_outbox",
        ["published_at", "id"],
    )
    op.create_table(
        "yoto_permissions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("bit", ID, nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "global",
                "server",
                "channel",
                name="scopetype",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("abac", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("on_policy_error", sa.String(length=8), server_default="deny", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_permissions"),
        sa.UniqueConstraint("bit", name="uq_yoto_permissions_bit"),
        sa.UniqueConstraint("name", name="uq_yoto_permissions_name"),
        **options,
    )
    op.create_index("ix_yoto_permissions_category", "yoto_permissions", ["category"])
    op.create_table(
        "yoto_platform_switches",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("until", TIME, nullable=True),
        sa.Column("changed_by", ID, nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_platform_switches"),
        sa.UniqueConstraint("name", name="uq_yoto_platform_switches_name"),
        **options,
    )
    op.create_table(
        "yoto_policies",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "rego",
                "data",
                name="policykind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("live_version", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_policies"),
        sa.UniqueConstraint("kind", "name", name="uq_yoto_policies_kind_name"),
        **options,
    )
    op.create_table(
        "yoto_policy_revisions",
        sa.Column("revision", ID, autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "rego",
                "data",
                name="policykind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", ID, nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_yoto_policy_revisions"),
        **options,
    )
    op.create_table(
        "yoto_resilience_config_changes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("config_values", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_resilience_config_changes"),
        sa.UniqueConstraint(
            "kind", "name", "version", name="uq_yoto_resilience_config_changes_kind_name_version"
        ),
        **options,
    )
    op.create_index(
        "ix_yoto_resilience_config_changes_kind_name_origin_version",
        "yoto_resilience_config_changes",
        ["kind", "name", "origin", "version"],
    )
    op.create_table(
        "yoto_revoked_tokens",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_key", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_revoked_tokens"),
        sa.UniqueConstraint("token_key", name="uq_yoto_revoked_tokens_token_key"),
        **options,
    )
    op.create_index("ix_yoto_revoked_tokens_expires_at", "yoto_revoked_tokens", ["expires_at"])
    op.create_index("ix_yoto_revoked_tokens_user_id", "yoto_revoked_tokens", ["user_id"])
    op.create_table(
        "yoto_roles",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("server_id", ID, nullable=True),
        sa.Column("server_key", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("position", ID, server_default="1", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["yoto_roles.id"], name="fk_yoto_roles_parent_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_roles"),
        sa.UniqueConstraint("server_key", "name", name="uq_yoto_roles_server_key_name"),
        **options,
    )
    op.create_index("ix_yoto_roles_parent_id", "yoto_roles", ["parent_id"])
    op.create_index("ix_yoto_roles_server_id", "yoto_roles", ["server_id"])
    op.create_table(
        "yoto_alert_deliveries",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("status", ID, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["yoto_alert_webhooks.id"], name="fk_yoto_alert_deliveries_webhook_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_deliveries"),
        **options,
    )
    op.create_index("ix_yoto_alert_deliveries_settled_at", "yoto_alert_deliveries", ["settled_at"])
    op.create_index(
        "ix_yoto_alert_deliveries_webhook_id_settled_at_id",
        "yoto_alert_deliveries",
        ["webhook_id", "settled_at", "id"],
    )
    op.create_table(
        "yoto_alert_history",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("data", LONG_TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["yoto_alerts.id"], name="fk_yoto_alert_history_alert_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_alert_history"),
        **options,
    )
    op.create_index("ix_yoto_alert_history_alert_id_id", "yoto_alert_history", ["alert_id", "id"])
    op.create_index("ix_yoto_alert_history_told_at_id", "yoto_alert_history", ["told_at", "id"])
    op.create_table(
        "yoto_channel_overwrites",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("channel_id", ID, nullable=True),
        sa.Column("category_id", ID, nullable=True),
        sa.Column("role_id", ID, nullable=True),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("overwrite_key", sa.String(length=64), nullable=False),
        sa.Column("permission_id", ID, nullable=False),
        sa.Column(
            "effect",
            sa.Enum(
                "allow", "deny", name="effect", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(channel_id IS NULL) <> (category_id IS NULL)",
            name="ck_yoto_channel_overwrites_one_place",
        ),
        sa.CheckConstraint(
            "(role_id IS NULL) <> (user_id IS NULL)", name="ck_yoto_channel_overwrites_one_target"
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["yoto_permissions.id"],
            name="fk_yoto_channel_overwrites_permission_id",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["yoto_roles.id"],
            name="fk_yoto_channel_overwrites_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_channel_overwrites"),
        sa.UniqueConstraint(
            "overwrite_key",
            "permission_id",
            name="uq_yoto_channel_overwrites_overwrite_key_permission_id",
        ),
        **options,
    )
    op.create_index(
        "ix_yoto_channel_overwrites_category_id", "yoto_channel_overwrites", ["category_id"]
    )
    op.create_index(
        "ix_yoto_channel_overwrites_channel_id", "yoto_channel_overwrites", ["channel_id"]
    )
    op.create_index(
        "ix_yoto_channel_overwrites_permission_id", "yoto_channel_overwrites", ["permission_id"]
    )
    op.create_index("ix_yoto_channel_overwrites_role_id", "yoto_channel_overwrites", ["role_id"])
    op.create_index("ix_yoto_channel_overwrites_user_id", "yoto_channel_overwrites", ["user_id"])
    op.create_table(
        "yoto_permission_group_members",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("permission_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["yoto_permission_groups.id"],
            name="fk_yoto_permission_group_members_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["yoto_permissions.id"],
            name="fk_yoto_permission_group_members_permission_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_permission_group_members"),
        sa.UniqueConstraint(
            "group_id",
            "permission_id",
            name="uq_yoto_permission_group_members_group_id_permission_id",
        ),
        **options,
    )
    op.create_index(
        "ix_yoto_permission_group_members_permission_id",
        "yoto_permission_group_members",
        ["permission_id"],
    )
    op.create_table(
        "yoto_policy_versions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("source", LONG_TEXT, nullable=False),
        sa.Column("tests", LONG_TEXT, nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("comment", sa.String(length=500), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "live",
                "candidate",
                "retired",
                "dropped",
                name="policystate",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("sample", sa.Float(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["yoto_policies.id"], name="fk_yoto_policy_versions_policy_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_policy_versions"),
        sa.UniqueConstraint(
            "policy_id", "version", name="uq_yoto_policy_versions_policy_id_version"
        ),
        **options,
    )
    op.create_table(
        "yoto_role_assignments",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("valid_from", TIME, nullable=True),
        sa.Column("valid_until", TIME, nullable=True),
        sa.Column("assigned_by", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["yoto_roles.id"],
            name="fk_yoto_role_assignments_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_role_assignments"),
        sa.UniqueConstraint("user_id", "role_id", name="uq_yoto_role_assignments_user_id_role_id"),
        **options,
    )
    op.create_index(
        "ix_yoto_role_assignments_role_id_user_id", "yoto_role_assignments", ["role_id", "user_id"]
    )
    op.create_index("ix_yoto_role_assignments_valid_from", "yoto_role_assignments", ["valid_from"])
    op.create_index(
        "ix_yoto_role_assignments_valid_until", "yoto_role_assignments", ["valid_until"]
    )
    op.create_table(
        "yoto_role_grants",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("permission_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("server_id", ID, nullable=True),
        sa.Column("channel_id", ID, nullable=True),
        sa.Column("scope_key", sa.String(length=32), nullable=False),
        sa.Column(
            "effect",
            sa.Enum(
                "allow", "deny", name="effect", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["yoto_permissions.id"], name="fk_yoto_role_grants_permission_id"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["yoto_roles.id"], name="fk_yoto_role_grants_role_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_role_grants"),
        sa.UniqueConstraint(
            "role_id",
            "permission_id",
            "scope_key",
            name="uq_yoto_role_grants_role_id_permission_id_scope_key",
        ),
        **options,
    )
    op.create_index("ix_yoto_role_grants_channel_id", "yoto_role_grants", ["channel_id"])
    op.create_index("ix_yoto_role_grants_permission_id", "yoto_role_grants", ["permission_id"])
    op.create_index("ix_yoto_role_grants_server_id", "yoto_role_grants", ["server_id"])
    op.create_table(
        "yoto_role_group_grants",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("server_id", ID, nullable=True),
        sa.Column("channel_id", ID, nullable=True),
        sa.Column("scope_key", sa.String(length=32), nullable=False),
        sa.Column(
            "effect",
            sa.Enum(
                "allow", "deny", name="effect", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["yoto_permission_groups.id"],
            name="fk_yoto_role_group_grants_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["yoto_roles.id"],
            name="fk_yoto_role_group_grants_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_role_group_grants"),
        sa.UniqueConstraint(
            "role_id",
            "group_id",
            "scope_key",
            name="uq_yoto_role_group_grants_role_id_group_id_scope_key",
        ),
        **options,
    )
    op.create_index(
        "ix_yoto_role_group_grants_channel_id", "yoto_role_group_grants", ["channel_id"]
    )
    op.create_index("ix_yoto_role_group_grants_group_id", "yoto_role_group_grants", ["group_id"])
    op.create_index("ix_yoto_role_group_grants_server_id", "yoto_role_group_grants", ["server_id"])
    op.create_table(
        "yoto_policy_shadow_counts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("instance", sa.String(length=128), nullable=False),
        sa.Column("evaluated", ID, nullable=False),
        sa.Column("errors", ID, nullable=False),
        sa.Column("flips", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["yoto_policy_versions.id"],
            name="fk_yoto_policy_shadow_counts_version_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_policy_shadow_counts"),
        sa.UniqueConstraint(
            "version_id", "instance", name="uq_yoto_policy_shadow_counts_version_id_instance"
        ),
        **options,
    )
    _make_append_only("yoto_audit_records")


def _make_append_only(table: str) -> None:
    """The database itself refuses every change or removal of a record."""
    for verb in ("UPDATE", "DELETE"):
        name = f"{table}_no_{verb.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            body = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        else:
            body = (
                f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table} is append-only'"
            )
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {body}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
