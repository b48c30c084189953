"""First tables: people, communities, messages, permissions, audit.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MYSQL = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "permission_groups",
    "permissions",
    "users",
    "audit_records",
    "permission_group_members",
    "revoked_tokens",
    "servers",
    "categories",
    "invites",
    "members",
    "roles",
    "channels",
    "role_assignments",
    "channel_overwrites",
    "messages",
    "role_grants",
    "role_group_grants",
)


def upgrade() -> None:
    op.create_table(
        "permission_groups",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_permission_groups"),
        sa.UniqueConstraint("name", name="uq_permission_groups_name"),
        **MYSQL,
    )
    op.create_table(
        "permissions",
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
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_permissions"),
        sa.UniqueConstraint("bit", name="uq_permissions_bit"),
        sa.UniqueConstraint("name", name="uq_permissions_name"),
        **MYSQL,
    )
    op.create_index("ix_permissions_category", "permissions", ["category"])

    op.create_table(
        "users",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("username", sa.String(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("super_admin", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("token_epoch", ID, server_default="0", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        **MYSQL,
    )
    op.create_table(
        "audit_records",
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
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_audit_records_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_records"),
        **MYSQL,
    )
    op.create_index("ix_audit_records_action_id", "audit_records", ["action", "id"])
    op.create_index("ix_audit_records_actor_id_id", "audit_records", ["actor_id", "id"])
    op.create_index("ix_audit_records_at", "audit_records", ["at"])
    op.create_index("ix_audit_records_server_id_id", "audit_records", ["server_id", "id"])
    op.create_index("ix_audit_records_subject_id", "audit_records", ["subject", "id"])

    op.create_table(
        "permission_group_members",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("permission_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["permission_groups.id"],
            name="fk_permission_group_members_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name="fk_permission_group_members_permission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_permission_group_members"),
        sa.UniqueConstraint(
            "group_id", "permission_id", name="uq_permission_group_members_group_id_permission_id"
        ),
        **MYSQL,
    )
    op.create_index(
        "ix_permission_group_members_permission_id", "permission_group_members", ["permission_id"]
    )

    op.create_table(
        "revoked_tokens",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_key", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_revoked_tokens_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revoked_tokens"),
        sa.UniqueConstraint("token_key", name="uq_revoked_tokens_token_key"),
        **MYSQL,
    )
    op.create_index("ix_revoked_tokens_expires_at", "revoked_tokens", ["expires_at"])
    op.create_index("ix_revoked_tokens_user_id", "revoked_tokens", ["user_id"])

    op.create_table(
        "servers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("public", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_servers_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        **MYSQL,
    )
    op.create_index("ix_servers_owner_id", "servers", ["owner_id"])
    op.create_index("ix_servers_public", "servers", ["public"])

    op.create_table(
        "categories",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("server_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", ID, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_categories_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        **MYSQL,
    )
    op.create_index("ix_categories_server_id", "categories", ["server_id"])

    op.create_table(
        "invites",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("server_id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("max_uses", ID, nullable=True),
        sa.Column("uses", ID, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_invites_created_by"),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_invites_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        sa.UniqueConstraint("code", name="uq_invites_code"),
        **MYSQL,
    )
    op.create_index("ix_invites_server_id", "invites", ["server_id"])

    op.create_table(
        "members",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("server_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("nickname", sa.String(length=64), nullable=True),
        sa.Column("timeout_until", TIME, nullable=True),
        sa.Column("banned", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("ban_reason", sa.String(length=500), nullable=True),
        sa.Column("joined_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_members_server_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("server_id", "user_id", name="uq_members_server_id_user_id"),
        **MYSQL,
    )
    op.create_index("ix_members_user_id", "members", ["user_id"])

    op.create_table(
        "roles",
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
            ["parent_id"], ["roles.id"], name="fk_roles_parent_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_roles_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.UniqueConstraint("server_key", "name", name="uq_roles_server_key_name"),
        **MYSQL,
    )
    op.create_index("ix_roles_parent_id", "roles", ["parent_id"])
    op.create_index("ix_roles_server_id", "roles", ["server_id"])

    op.create_table(
        "channels",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("server_id", ID, nullable=False),
        sa.Column("category_id", ID, nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "text",
                "announcement",
                name="channelkind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            server_default="text",
            nullable=False,
        ),
        sa.Column("topic", sa.String(length=500), server_default="", nullable=False),
        sa.Column("position", ID, server_default="0", nullable=False),
        sa.Column("synced", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name="fk_channels_category_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_channels_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        **MYSQL,
    )
    op.create_index("ix_channels_category_id", "channels", ["category_id"])
    op.create_index("ix_channels_server_id_position", "channels", ["server_id", "position"])

    op.create_table(
        "role_assignments",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("valid_from", TIME, nullable=True),
        sa.Column("valid_until", TIME, nullable=True),
        sa.Column("assigned_by", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["users.id"], name="fk_role_assignments_assigned_by"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_role_assignments_role_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_role_assignments_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_role_assignments"),
        sa.UniqueConstraint("user_id", "role_id", name="uq_role_assignments_user_id_role_id"),
        **MYSQL,
    )
    op.create_index(
        "ix_role_assignments_role_id_user_id", "role_assignments", ["role_id", "user_id"]
    )

    op.create_table(
        "channel_overwrites",
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
            "(channel_id IS NULL) <> (category_id IS NULL)", name="ck_channel_overwrites_one_place"
        ),
        sa.CheckConstraint(
            "(role_id IS NULL) <> (user_id IS NULL)", name="ck_channel_overwrites_one_target"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name="fk_channel_overwrites_category_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channels.id"],
            name="fk_channel_overwrites_channel_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name="fk_channel_overwrites_permission_id"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_channel_overwrites_role_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_channel_overwrites_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_channel_overwrites"),
        sa.UniqueConstraint(
            "overwrite_key",
            "permission_id",
            name="uq_channel_overwrites_overwrite_key_permission_id",
        ),
        **MYSQL,
    )
    op.create_index("ix_channel_overwrites_category_id", "channel_overwrites", ["category_id"])
    op.create_index("ix_channel_overwrites_channel_id", "channel_overwrites", ["channel_id"])
    op.create_index("ix_channel_overwrites_permission_id", "channel_overwrites", ["permission_id"])
    op.create_index("ix_channel_overwrites_role_id", "channel_overwrites", ["role_id"])
    op.create_index("ix_channel_overwrites_user_id", "channel_overwrites", ["user_id"])

    op.create_table(
        "messages",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("content", sa.String(length=4000), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("pinned_at", TIME, nullable=True),
        sa.Column("pinned_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_messages_author_id"),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_messages_channel_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pinned_by"], ["users.id"], name="fk_messages_pinned_by"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        **MYSQL,
    )
    op.create_index("ix_messages_author_id", "messages", ["author_id"])
    op.create_index("ix_messages_channel_id_id", "messages", ["channel_id", "id"])
    op.create_index("ix_messages_channel_id_pinned_at", "messages", ["channel_id", "pinned_at"])

    op.create_table(
        "role_grants",
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
            ["channel_id"], ["channels.id"], name="fk_role_grants_channel_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name="fk_role_grants_permission_id"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_role_grants_role_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_role_grants_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_role_grants"),
        sa.UniqueConstraint(
            "role_id",
            "permission_id",
            "scope_key",
            name="uq_role_grants_role_id_permission_id_scope_key",
        ),
        **MYSQL,
    )
    op.create_index("ix_role_grants_channel_id", "role_grants", ["channel_id"])
    op.create_index("ix_role_grants_permission_id", "role_grants", ["permission_id"])
    op.create_index("ix_role_grants_server_id", "role_grants", ["server_id"])

    op.create_table(
        "role_group_grants",
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
            ["channel_id"],
            ["channels.id"],
            name="fk_role_group_grants_channel_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["permission_groups.id"],
            name="fk_role_group_grants_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_role_group_grants_role_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_role_group_grants_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_role_group_grants"),
        sa.UniqueConstraint(
            "role_id",
            "group_id",
            "scope_key",
            name="uq_role_group_grants_role_id_group_id_scope_key",
        ),
        **MYSQL,
    )
    op.create_index("ix_role_group_grants_channel_id", "role_group_grants", ["channel_id"])
    op.create_index("ix_role_group_grants_group_id", "role_group_grants", ["group_id"])
    op.create_index("ix_role_group_grants_server_id", "role_group_grants", ["server_id"])

    _make_append_only("audit_records")


def _make_append_only(table: str) -> None:
    """The database itself refuses to change or remove a record, whoever asks."""
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
