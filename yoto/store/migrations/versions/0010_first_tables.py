"""The platform's tables as 1.0.0 made them.

A database of 1.0.0 is here already; one of an earlier version is brought here by 1.0.0.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op
from flask import current_app
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts
from yoto.store.people import key_type

revision = "0010"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(sa.DateTime(timezone=True), "postgresql")
)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
RECORDS = "yoto_audit_records"
REFUSING = "yoto_refuse_change"
TABLES = (
    "yoto_access_requests",
    "yoto_alert_board",
    "yoto_alert_silences",
    "yoto_alert_webhooks",
    "yoto_alerts",
    "yoto_api_tokens",
    "yoto_applications",
    "yoto_audit_records",
    "yoto_decision_counts",
    "yoto_decision_records",
    "yoto_devices",
    "yoto_emergency_accesses",
    "yoto_idempotency_keys",
    "yoto_operators",
    "yoto_people",
    "yoto_permission_groups",
    "yoto_permission_outbox",
    "yoto_permissions",
    "yoto_platform_switches",
    "yoto_policies",
    "yoto_policy_revisions",
    "yoto_resilience_config_changes",
    "yoto_resources",
    "yoto_revoked_tokens",
    "yoto_roles",
    "yoto_roles_asked",
    "yoto_subjects",
    "yoto_teams",
    "yoto_alert_deliveries",
    "yoto_alert_history",
    "yoto_channel_overwrites",
    "yoto_permission_group_members",
    "yoto_policy_versions",
    "yoto_role_assignments",
    "yoto_role_grants",
    "yoto_role_group_grants",
    "yoto_role_parents",
    "yoto_roles_provided",
    "yoto_team_members",
    "yoto_team_parents",
    "yoto_policy_shadow_counts",
)


def upgrade() -> None:
    options = exact_texts()
    op.create_table(
        "yoto_access_requests",
        sa.Column("id", ID, primary_key=True),
        sa.Column("open_key", sa.String(64)),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("permission", sa.String(128), nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("seconds", ID, nullable=False),
        sa.Column("needed", ID, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("approvals", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by", sa.String(128)),
        sa.Column("decision", sa.String(500)),
        sa.Column("until", TIME),
        sa.Column("role_id", ID),
        sa.Column("ended_at", TIME),
        sa.UniqueConstraint("open_key"),
        sa.Index("ix_yoto_access_requests_due_at", "due_at"),
        sa.Index("ix_yoto_access_requests_ended_at", "ended_at"),
        sa.Index("ix_yoto_access_requests_state_id", "state", "id"),
        sa.Index("ix_yoto_access_requests_user_id_id", "user_id", "id"),
        **options,
    )
    op.create_table(
        "yoto_alert_board",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("evaluated_at", TIME),
        sa.Column("tracks", LONG_TEXT, nullable=False),
        **options,
    )
    op.create_table(
        "yoto_alert_silences",
        sa.Column("id", ID, primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_by", sa.String(128)),
        sa.Index("ix_yoto_alert_silences_until", "until"),
        **options,
    )
    op.create_table(
        "yoto_alert_webhooks",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(255), nullable=False),
        sa.Column("min_level", sa.String(16), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("failures", ID, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("claimed_until", TIME),
        sa.Column("removed_at", TIME),
        sa.Column("access_requests", sa.Boolean(), nullable=False, server_default=sa.false()),
        **options,
    )
    op.create_table(
        "yoto_alerts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("open_key", sa.String(64)),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("threshold", sa.Double()),
        sa.Column("peak_level", sa.String(16), nullable=False),
        sa.Column("peak_value", sa.Double()),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("resolved_at", TIME),
        sa.Column("acknowledged_at", TIME),
        sa.Column("acknowledged_by", sa.String(128)),
        sa.Column("note", sa.String(500)),
        sa.Column("told_level", sa.String(16)),
        sa.UniqueConstraint("open_key"),
        sa.Index("ix_yoto_alerts_resolved_at", "resolved_at"),
        sa.Index("ix_yoto_alerts_rule_id", "rule", "id"),
        **options,
    )
    op.create_table(
        "yoto_api_tokens",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_yoto_api_tokens_user_id", "user_id"),
        **options,
    )
    op.create_table(
        "yoto_applications",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,  # a number is never given twice
        **options,
    )
    op.create_table(
        "yoto_audit_records",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor_id", ID),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(110), nullable=False),
        sa.Column("server_id", ID),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("reason", sa.String(500)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.Index("ix_yoto_audit_records_action_id", "action", "id"),
        sa.Index("ix_yoto_audit_records_actor_id_id", "actor_id", "id"),
        sa.Index("ix_yoto_audit_records_at", "at"),
        sa.Index("ix_yoto_audit_records_server_id_id", "server_id", "id"),
        sa.Index("ix_yoto_audit_records_subject_id", "subject", "id"),
        **options,
    )
    op.create_table(
        "yoto_decision_counts",
        sa.Column("facet", sa.String(10), primary_key=True),
        sa.Column("span", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("hour", ID, primary_key=True, autoincrement=False),
        sa.Column("value", sa.String(128), primary_key=True),
        sa.Column("allowed", sa.Boolean(), primary_key=True),
        sa.Column("decisions", ID, nullable=False),
        **options,
    )
    op.create_table(
        "yoto_decision_records",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("asked", sa.String(500), nullable=False),
        sa.Column("operator", sa.String(3)),
        sa.Column("scope", sa.String(110), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("weight", ID, nullable=False),
        sa.Column("tier", sa.String(8), nullable=False),
        sa.Column("position", sa.String(64)),
        sa.Column("policy_version", sa.String(64)),
        sa.Column("mask_hash", sa.String(16), nullable=False),
        sa.Column("context", sa.JSON()),
        sa.Column("request_id", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.Index("ix_yoto_decision_records_allowed", "allowed"),
        sa.Index("ix_yoto_decision_records_asked", "asked"),
        sa.Index("ix_yoto_decision_records_at", "at"),
        sa.Index("ix_yoto_decision_records_policy_version", "policy_version"),
        sa.Index("ix_yoto_decision_records_reason", "reason"),
        sa.Index("ix_yoto_decision_records_request_id", "request_id"),
        sa.Index("ix_yoto_decision_records_scope", "scope"),
        sa.Index("ix_yoto_decision_records_user_id_id", "user_id", "id"),
        **options,
    )
    op.create_table(
        "yoto_devices",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_yoto_devices_user_id", "user_id"),
        **options,
    )
    op.create_table(
        "yoto_emergency_accesses",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Index("ix_yoto_emergency_accesses_until", "until"),
        sa.Index("ix_yoto_emergency_accesses_user_id_until", "user_id", "until"),
        **options,
    )
    op.create_table(
        "yoto_idempotency_keys",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("recorded_at", TIME),
        sa.Column("status", ID),
        sa.Column("headers", sa.Text()),
        sa.Column("body", LONG_TEXT),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_yoto_idempotency_keys_of_user"),
        sa.Index("ix_yoto_idempotency_keys_created_at", "created_at"),
        **options,
    )
    op.create_table(
        "yoto_operators",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_sign_in", TIME),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,  # a number is never given twice
        **options,
    )
    op.create_table(
        "yoto_people",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("super_admin", sa.Boolean(), nullable=False),
        sa.Column("epoch", ID, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("changes", ID, nullable=False),
        sa.Index("ix_yoto_people_asked_at", "asked_at"),
        **options,
    )
    op.create_table(
        "yoto_permission_groups",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("description", sa.String(500), nullable=False, server_default=""),
        sa.UniqueConstraint("name"),
        **options,
    )
    op.create_table(
        "yoto_permission_outbox",
        sa.Column("id", ID, primary_key=True),
        sa.Column("subject", sa.String(110), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("published_at", TIME),
        sa.Column("position", sa.String(32)),
        sa.Index("ix_yoto_permission_outbox_published_at_id", "published_at", "id"),
        **options,
    )
    op.create_table(
        "yoto_permissions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("bit", ID, nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("category", sa.String(64)),
        sa.Column("description", sa.String(500), nullable=False, server_default=""),
        sa.Column("abac", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("on_policy_error", sa.String(8), nullable=False, server_default="deny"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("requires_approvals", ID, nullable=False, server_default="1"),
        sa.UniqueConstraint("bit"),
        sa.UniqueConstraint("name"),
        sa.Index("ix_yoto_permissions_category", "category"),
        **options,
    )
    op.create_table(
        "yoto_platform_switches",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.String(500)),
        sa.Column("until", TIME),
        sa.Column("changed_by", ID),
        sa.Column("changed_at", TIME, nullable=False),
        sa.UniqueConstraint("name"),
        **options,
    )
    op.create_table(
        "yoto_policies",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", _words("policykind", "rego", "data"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("live_version", ID),
        sa.UniqueConstraint("kind", "name"),
        **options,
    )
    op.create_table(
        "yoto_policy_revisions",
        sa.Column("revision", ID, primary_key=True, autoincrement=False),
        sa.Column("kind", _words("policykind", "rego", "data"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", ID),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        **options,
    )
    op.create_table(
        "yoto_resilience_config_changes",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("config_values", sa.JSON()),
        sa.Column("expires_at", TIME),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False, server_default=""),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("kind", "name", "version"),
        sa.Index(
            "ix_yoto_resilience_config_changes_kind_name_origin_version",
            "kind",
            "name",
            "origin",
            "version",
        ),
        **options,
    )
    op.create_table(
        "yoto_resources",
        sa.Column("type", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("parent_type", sa.String(32)),
        sa.Column("parent_number", ID),
        sa.Column("parent_uuid", sa.Uuid()),
        sa.Column("parent_text", sa.String(64)),
        sa.Column("owner_id", ID),
        sa.Column("attributes", sa.JSON()),
        sa.Index("ix_yoto_resources_owner_id", "owner_id"),
        sa.Index("ix_yoto_resources_parent_number", "parent_number"),
        sa.Index("ix_yoto_resources_parent_text", "parent_text"),
        sa.Index("ix_yoto_resources_parent_uuid", "parent_uuid"),
        **options,
    )
    op.create_table(
        "yoto_revoked_tokens",
        sa.Column("id", ID, primary_key=True),
        sa.Column("token_key", sa.String(64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.UniqueConstraint("token_key"),
        sa.Index("ix_yoto_revoked_tokens_expires_at", "expires_at"),
        sa.Index("ix_yoto_revoked_tokens_user_id", "user_id"),
        **options,
    )
    op.create_table(
        "yoto_roles",
        sa.Column("id", ID, primary_key=True),
        sa.Column("server_id", ID),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("parent_id", ID, sa.ForeignKey("yoto_roles.id", ondelete="SET NULL")),
        sa.Column("position", ID, nullable=False, server_default="1"),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("home", sa.String(100), nullable=False),
        sa.Column("access_request_id", ID),
        sa.UniqueConstraint("home", "name"),
        sa.Index("ix_yoto_roles_parent_id", "parent_id"),
        sa.Index("ix_yoto_roles_server_id", "server_id"),
        **options,
    )
    op.create_table(
        "yoto_roles_asked",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("changes", ID, nullable=False),
        sa.Index("ix_yoto_roles_asked_asked_at", "asked_at"),
        **options,
    )
    op.create_table(
        "yoto_subjects",
        sa.Column("id", ID, primary_key=True),
        # The type of the application's ids, so that the two can be joined by an index.
        sa.Column("key", key_type(current_app, op.get_bind()), nullable=False),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,  # a number is never given twice
        **options,
    )
    op.create_table(
        "yoto_teams",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,  # a number is never given twice
        **options,
    )
    op.create_table(
        "yoto_alert_deliveries",
        sa.Column("id", ID, primary_key=True),
        sa.Column("webhook_id", ID, sa.ForeignKey("yoto_alert_webhooks.id"), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("status", ID),
        sa.Column("error", sa.String(200)),
        sa.Index("ix_yoto_alert_deliveries_settled_at", "settled_at"),
        sa.Index(
            "ix_yoto_alert_deliveries_webhook_id_settled_at_id", "webhook_id", "settled_at", "id"
        ),
        **options,
    )
    op.create_table(
        "yoto_alert_history",
        sa.Column("id", ID, primary_key=True),
        sa.Column("alert_id", ID, sa.ForeignKey("yoto_alerts.id")),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("data", LONG_TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told_at", TIME),
        sa.Index("ix_yoto_alert_history_alert_id_id", "alert_id", "id"),
        sa.Index("ix_yoto_alert_history_told_at_id", "told_at", "id"),
        **options,
    )
    op.create_table(
        "yoto_channel_overwrites",
        sa.Column("id", ID, primary_key=True),
        sa.Column("channel_id", ID),
        sa.Column("category_id", ID),
        sa.Column("role_id", ID, _cascading("yoto_roles")),
        sa.Column("user_id", ID),
        sa.Column("overwrite_key", sa.String(128), nullable=False),
        sa.Column("permission_id", ID, sa.ForeignKey("yoto_permissions.id"), nullable=False),
        sa.Column("effect", _words("effect", "allow", "deny"), nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("team_id", ID, _cascading("yoto_teams")),
        sa.CheckConstraint(
            "num_nonnulls(role_id, user_id, team_id) = 1"
            if op.get_bind().dialect.name == "postgresql"
            else "(role_id IS NOT NULL) + (user_id IS NOT NULL) + (team_id IS NOT NULL) = 1",
            name="one_target",
        ),
        sa.UniqueConstraint("overwrite_key", "permission_id"),
        sa.Index("ix_yoto_channel_overwrites_category_id", "category_id"),
        sa.Index("ix_yoto_channel_overwrites_channel_id", "channel_id"),
        sa.Index("ix_yoto_channel_overwrites_permission_id", "permission_id"),
        sa.Index("ix_yoto_channel_overwrites_place", "place"),
        sa.Index("ix_yoto_channel_overwrites_role_id_place", "role_id", "place"),
        sa.Index("ix_yoto_channel_overwrites_team_id_place", "team_id", "place"),
        sa.Index("ix_yoto_channel_overwrites_user_id_place", "user_id", "place"),
        **options,
    )
    op.create_table(
        "yoto_permission_group_members",
        sa.Column("id", ID, primary_key=True),
        sa.Column("group_id", ID, _cascading("yoto_permission_groups"), nullable=False),
        sa.Column("permission_id", ID, sa.ForeignKey("yoto_permissions.id"), nullable=False),
        sa.UniqueConstraint("group_id", "permission_id"),
        sa.Index("ix_yoto_permission_group_members_permission_id", "permission_id"),
        **options,
    )
    op.create_table(
        "yoto_policy_versions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("policy_id", ID, sa.ForeignKey("yoto_policies.id"), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("source", LONG_TEXT, nullable=False),
        sa.Column("tests", LONG_TEXT, nullable=False),
        sa.Column("source_hash", sa.String(64), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("comment", sa.String(500), nullable=False, server_default=""),
        sa.Column(
            "state",
            _words("policystate", "live", "candidate", "retired", "dropped"),
            nullable=False,
        ),
        sa.Column("sample", sa.Float()),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("policy_id", "version"),
        **options,
    )
    op.create_table(
        "yoto_role_assignments",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID),
        sa.Column("role_id", ID, _cascading("yoto_roles"), nullable=False),
        sa.Column("valid_from", TIME),
        sa.Column("valid_until", TIME),
        sa.Column("assigned_by", ID),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("team_id", ID, _cascading("yoto_teams")),
        sa.Column("subject", sa.String(110), nullable=False),
        sa.Column("node", sa.String(100), nullable=False),
        sa.Column("attributes", sa.JSON()),
        sa.UniqueConstraint("subject", "role_id", "node"),
        sa.Index("ix_yoto_role_assignments_node", "node"),
        sa.Index("ix_yoto_role_assignments_role_id_user_id", "role_id", "user_id"),
        sa.Index("ix_yoto_role_assignments_team_id", "team_id"),
        sa.Index("ix_yoto_role_assignments_user_id_role_id", "user_id", "role_id"),
        sa.Index("ix_yoto_role_assignments_valid_from", "valid_from"),
        sa.Index("ix_yoto_role_assignments_valid_until", "valid_until"),
        **options,
    )
    op.create_table(
        "yoto_role_grants",
        sa.Column("id", ID, primary_key=True),
        sa.Column("role_id", ID, _cascading("yoto_roles"), nullable=False),
        sa.Column("permission_id", ID, sa.ForeignKey("yoto_permissions.id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("server_id", ID),
        sa.Column("channel_id", ID),
        sa.Column("scope_key", sa.String(100), nullable=False),
        sa.Column("effect", _words("effect", "allow", "deny"), nullable=False),
        sa.UniqueConstraint("role_id", "permission_id", "scope_key"),
        sa.Index("ix_yoto_role_grants_channel_id", "channel_id"),
        sa.Index("ix_yoto_role_grants_permission_id", "permission_id"),
        sa.Index("ix_yoto_role_grants_scope_key", "scope_key"),
        sa.Index("ix_yoto_role_grants_server_id", "server_id"),
        **options,
    )
    op.create_table(
        "yoto_role_group_grants",
        sa.Column("id", ID, primary_key=True),
        sa.Column("role_id", ID, _cascading("yoto_roles"), nullable=False),
        sa.Column("group_id", ID, _cascading("yoto_permission_groups"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("server_id", ID),
        sa.Column("channel_id", ID),
        sa.Column("scope_key", sa.String(100), nullable=False),
        sa.Column("effect", _words("effect", "allow", "deny"), nullable=False),
        sa.UniqueConstraint("role_id", "group_id", "scope_key"),
        sa.Index("ix_yoto_role_group_grants_channel_id", "channel_id"),
        sa.Index("ix_yoto_role_group_grants_group_id", "group_id"),
        sa.Index("ix_yoto_role_group_grants_scope_key", "scope_key"),
        sa.Index("ix_yoto_role_group_grants_server_id", "server_id"),
        **options,
    )
    op.create_table(
        "yoto_role_parents",
        sa.Column("role_id", ID, _cascading("yoto_roles"), primary_key=True, autoincrement=False),
        sa.Column("parent_id", ID, _cascading("yoto_roles"), primary_key=True, autoincrement=False),
        sa.Index("ix_yoto_role_parents_parent_id", "parent_id"),
        **options,
    )
    op.create_table(
        "yoto_roles_provided",
        sa.Column("user_id", ID, primary_key=True, autoincrement=False),
        sa.Column("role_id", ID, _cascading("yoto_roles"), primary_key=True, autoincrement=False),
        sa.Column("node", sa.String(100), primary_key=True),
        sa.Column("valid_until", TIME),
        sa.Index("ix_yoto_roles_provided_role_id", "role_id"),
        sa.Index("ix_yoto_roles_provided_valid_until", "valid_until"),
        **options,
    )
    op.create_table(
        "yoto_team_members",
        sa.Column("team_id", ID, _cascading("yoto_teams"), primary_key=True, autoincrement=False),
        sa.Column("user_id", ID, primary_key=True, autoincrement=False),
        sa.Column("valid_from", TIME),
        sa.Column("valid_until", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Index("ix_yoto_team_members_user_id", "user_id"),
        sa.Index("ix_yoto_team_members_valid_from", "valid_from"),
        sa.Index("ix_yoto_team_members_valid_until", "valid_until"),
        **options,
    )
    op.create_table(
        "yoto_team_parents",
        sa.Column("team_id", ID, _cascading("yoto_teams"), primary_key=True, autoincrement=False),
        sa.Column("parent_id", ID, _cascading("yoto_teams"), primary_key=True, autoincrement=False),
        sa.Index("ix_yoto_team_parents_parent_id", "parent_id"),
        **options,
    )
    op.create_table(
        "yoto_policy_shadow_counts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("version_id", ID, sa.ForeignKey("yoto_policy_versions.id"), nullable=False),
        sa.Column("instance", sa.String(128), nullable=False),
        sa.Column("evaluated", ID, nullable=False),
        sa.Column("errors", ID, nullable=False),
        sa.Column("flips", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("version_id", "instance"),
        **options,
    )
    # The one board, whose row is locked by the worker that evaluates the rules.
    op.execute("INSERT INTO yoto_alert_board (id, version, tracks) VALUES (1, 0, '{}')")
    make_append_only()


def make_append_only() -> None:
    """The database itself refuses every change or removal of a record."""
    on = op.get_bind().dialect.name
    if on == "postgresql":
        op.execute(
            f"CREATE FUNCTION {REFUSING}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{RECORDS} is append-only'; END $$"
        )
    for verb in ("UPDATE", "DELETE"):
        if on == "postgresql":
            body = f"FOR EACH ROW EXECUTE FUNCTION {REFUSING}()"
        elif on == "sqlite":
            body = f"BEGIN SELECT RAISE(ABORT, '{RECORDS} is append-only'); END"
        else:
            text = f"'{RECORDS} is append-only'"
            body = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {text}"
        op.execute(f"CREATE TRIGGER {RECORDS}_no_{verb.lower()} BEFORE {verb} ON {RECORDS} {body}")


def downgrade() -> None:
    there = sa.inspect(op.get_bind()).get_table_names()
    for table in reversed(TABLES):
        if table in there:  # that of a room which is off may not be
            op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {REFUSING}()")


def _cascading(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)
