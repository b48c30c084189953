"""The application's tables as 1.0.0 made them, and the platform's, whose rows refer to them.

A database of 1.0.0 is here already; one of an earlier version is brought here by 1.0.0.

Revision: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations import VERSIONS, module_of
from yoto.store.migrations.exact import exact_texts

revision = "0019"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(sa.DateTime(timezone=True), "postgresql")
)
# The platform's own first migration; from there on it has a line of its own.
FIRST = "0010"
TABLES = (
    "users",
    "recovery_codes",
    "second_factors",
    "servers",
    "categories",
    "invites",
    "members",
    "channels",
    "messages",
)
# By table of the platform, columns that refer to a table of the application.
REFERENCES = {
    "yoto_api_tokens": {"user_id": "users"},
    "yoto_audit_records": {"actor_id": "users"},
    "yoto_channel_overwrites": {"category_id": "categories", "channel_id": "channels"},
    "yoto_devices": {"user_id": "users"},
    "yoto_emergency_accesses": {"user_id": "users"},
    "yoto_idempotency_keys": {"user_id": "users"},
    "yoto_platform_switches": {"changed_by": "users"},
    "yoto_revoked_tokens": {"user_id": "users"},
    "yoto_role_assignments": {"assigned_by": "users"},
    "yoto_role_grants": {"channel_id": "channels", "server_id": "servers"},
    "yoto_role_group_grants": {"channel_id": "channels", "server_id": "servers"},
    "yoto_roles": {"server_id": "servers"},
}


def upgrade() -> None:
    _compare_exactly()
    _make_own_tables()
    platform = module_of(FIRST)
    platform.upgrade()
    versions = op.create_table(VERSIONS, sa.Column("version_num", sa.String(32), primary_key=True))
    op.bulk_insert(versions, [{"version_num": FIRST}])
    for table, columns in REFERENCES.items():
        with op.batch_alter_table(table) as batch:
            for column, target in columns.items():
                gone = None if target == "users" else "CASCADE"
                name = f"fk_{table}_{column}"
                batch.create_foreign_key(name, target, [column], ["id"], ondelete=gone)
    if op.get_bind().dialect.name == "sqlite":
        # A table is copied to get the reference, and the copy has no triggers.
        platform.make_append_only()


def downgrade() -> None:
    found = op.get_bind().scalar(sa.text(f"SELECT version_num FROM {VERSIONS}"))
    if found != FIRST:
        raise RuntimeError(
            f"the platform's tables are at {found}: 'flask yoto db downgrade {FIRST}' comes first"
        )
    op.drop_table(VERSIONS)
    module_of(FIRST).downgrade()
    for table in reversed(TABLES):
        op.drop_table(table)


def _compare_exactly() -> None:
    """Texts of tables that are made later and name no collation are compared exactly, too."""
    collation = exact_texts().get("mysql_collate")
    if collation is not None and op.get_bind().dialect.name != "postgresql":
        op.execute(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {collation}")


def _make_own_tables() -> None:
    options = exact_texts()
    words = {"native_enum": False, "create_constraint": True, "length": 16}
    kind = sa.Enum("text", "announcement", name="channelkind", **words)
    op.create_table(
        "users",
        sa.Column("id", ID, primary_key=True),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("display_name", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("super_admin", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("token_epoch", ID, nullable=False, server_default="0"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("clearance", ID, nullable=False, server_default="0"),
        sa.Column("external_id", sa.String(256)),
        sa.UniqueConstraint("external_id"),
        sa.UniqueConstraint("username"),
        **options,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", TIME),
        sa.UniqueConstraint("code_hash"),
        sa.Index("ix_recovery_codes_user_id", "user_id"),
        **options,
    )
    op.create_table(
        "second_factors",
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        **options,
    )
    op.create_table(
        "servers",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.String(500), nullable=False, server_default=""),
        sa.Column("owner_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False, server_default="UTC"),
        sa.Column("access_hours", sa.JSON()),
        sa.Column("blocked_networks", sa.JSON()),
        sa.Column("device_required", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Index("ix_servers_owner_id", "owner_id"),
        sa.Index("ix_servers_public", "public"),
        **options,
    )
    op.create_table(
        "categories",
        sa.Column("id", ID, primary_key=True),
        sa.Column("server_id", ID, sa.ForeignKey("servers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("position", ID, nullable=False, server_default="0"),
        sa.Index("ix_categories_server_id", "server_id"),
        **options,
    )
    op.create_table(
        "invites",
        sa.Column("id", ID, primary_key=True),
        sa.Column("server_id", ID, sa.ForeignKey("servers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("created_by", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("max_uses", ID),
        sa.Column("uses", ID, nullable=False, server_default="0"),
        sa.UniqueConstraint("code"),
        sa.Index("ix_invites_server_id", "server_id"),
        **options,
    )
    op.create_table(
        "members",
        sa.Column("id", ID, primary_key=True),
        sa.Column("server_id", ID, sa.ForeignKey("servers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("nickname", sa.String(64)),
        sa.Column("timeout_until", TIME),
        sa.Column("banned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("ban_reason", sa.String(500)),
        sa.Column("joined_at", TIME, nullable=False),
        sa.UniqueConstraint("server_id", "user_id"),
        sa.Index("ix_members_timeout_until", "timeout_until"),
        sa.Index("ix_members_user_id", "user_id"),
        **options,
    )
    op.create_table(
        "channels",
        sa.Column("id", ID, primary_key=True),
        sa.Column("server_id", ID, sa.ForeignKey("servers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("category_id", ID, sa.ForeignKey("categories.id", ondelete="SET NULL")),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", kind, nullable=False, server_default="text"),
        sa.Column("topic", sa.String(500), nullable=False, server_default=""),
        sa.Column("position", ID, nullable=False, server_default="0"),
        sa.Column("synced", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("sensitivity", ID, nullable=False, server_default="0"),
        sa.Column("hours", sa.JSON()),
        sa.Column("external_id", sa.String(256)),
        sa.UniqueConstraint("server_id", "external_id"),
        sa.Index("ix_channels_category_id", "category_id"),
        sa.Index("ix_channels_server_id_position", "server_id", "position"),
        **options,
    )
    op.create_table(
        "messages",
        sa.Column("id", ID, primary_key=True),
        sa.Column(
            "channel_id", ID, sa.ForeignKey("channels.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("author_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("content", sa.String(4000), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME),
        sa.Column("deleted_at", TIME),
        sa.Column("pinned_at", TIME),
        sa.Column("pinned_by", ID, sa.ForeignKey("users.id")),
        sa.Index("ix_messages_author_id", "author_id"),
        sa.Index("ix_messages_channel_id_id", "channel_id", "id"),
        sa.Index("ix_messages_channel_id_pinned_at", "channel_id", "pinned_at"),
        **options,
    )
