"""Trees of resources: roles at nodes, teams, applications, several parents of a role.

Rows of a server, a channel or a category refer to it as a node (``channel:3``) from here on.

Revision: 0005
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from yoto.store.migrations.exact import exact_texts

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
NODE = sa.String(length=100)
SUBJECT = sa.String(length=110)
ROLES, ASSIGNMENTS = "yoto_roles", "yoto_role_assignments"
OVERWRITES = "yoto_channel_overwrites"
GRANTS = ("yoto_role_grants", "yoto_role_group_grants")
# Columns that record texts of nodes, and their earlier length. They stay as long: an older
# version reads them as well.
NODES_TOLD = (
    ("yoto_permission_outbox", "subject", 32),
    ("yoto_audit_records", "subject", 64),
    ("yoto_decision_records", "scope", 32),
)
ONE_TARGET = "(role_id IS NOT NULL) + (user_id IS NOT NULL) + (team_id IS NOT NULL) = 1"


def upgrade() -> None:
    _add_tables()
    with _changing("yoto_permissions", drop="scope") as table:
        table.alter_column(
            "scope",
            existing_type=sa.String(length=16),
            type_=sa.String(length=32),
            existing_nullable=False,
        )
    _upgrade_roles()
    for name in GRANTS:
        with _changing(name) as table:
            table.alter_column(
                "scope_key",
                existing_type=sa.String(length=32),
                type_=NODE,
                existing_nullable=False,
            )
        op.create_index(f"ix_{name}_scope_key", name, ["scope_key"])
    _upgrade_assignments()
    _upgrade_overwrites()
    for name, column, length in NODES_TOLD:
        with _changing(name) as table:
            table.alter_column(
                column,
                existing_type=sa.String(length=length),
                type_=SUBJECT,
                existing_nullable=False,
            )


def _upgrade_roles() -> None:
    op.add_column(ROLES, sa.Column("home", NODE, server_default="", nullable=False))
    op.execute(
        f"UPDATE {ROLES} SET home = {_joined('server:', 'server_id')} "  # nosec B608
        "WHERE server_id IS NOT NULL"
    )
    with _changing(ROLES) as table:
        table.drop_constraint("uq_yoto_roles_server_key_name", type_="unique")
        table.create_unique_constraint("uq_yoto_roles_home_name", ["home", "name"])
        table.drop_column("server_key")
        table.alter_column("home", existing_type=NODE, existing_nullable=False, server_default=None)


def _add_tables() -> None:
    options = exact_texts()
    op.create_table(
        "yoto_role_parents",
        sa.Column("role_id", ID, autoincrement=False, nullable=False),
        sa.Column("parent_id", ID, autoincrement=False, nullable=False),
        *_references("yoto_role_parents", role_id=ROLES, parent_id=ROLES),
        sa.PrimaryKeyConstraint("role_id", "parent_id", name="pk_yoto_role_parents"),
        **options,
    )
    op.create_index("ix_yoto_role_parents_parent_id", "yoto_role_parents", ["parent_id"])
    op.create_table(
        "yoto_teams",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_teams"),
        sa.UniqueConstraint("name", name="uq_yoto_teams_name"),
        sqlite_autoincrement=True,
        **options,
    )
    op.create_table(
        "yoto_team_members",
        sa.Column("team_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("valid_from", TIME, nullable=True),
        sa.Column("valid_until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        *_references("yoto_team_members", team_id="yoto_teams"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_yoto_team_members"),
        **options,
    )
    for column in ("user_id", "valid_from", "valid_until"):
        op.create_index(f"ix_yoto_team_members_{column}", "yoto_team_members", [column])
    op.create_table(
        "yoto_team_parents",
        sa.Column("team_id", ID, autoincrement=False, nullable=False),
        sa.Column("parent_id", ID, autoincrement=False, nullable=False),
        *_references("yoto_team_parents", team_id="yoto_teams", parent_id="yoto_teams"),
        sa.PrimaryKeyConstraint("team_id", "parent_id", name="pk_yoto_team_parents"),
        **options,
    )
    op.create_index("ix_yoto_team_parents_parent_id", "yoto_team_parents", ["parent_id"])
    op.create_table(
        "yoto_applications",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_yoto_applications"),
        sa.UniqueConstraint("name", name="uq_yoto_applications_name"),
        sqlite_autoincrement=True,
        **options,
    )
    op.create_table(
        "yoto_resources",
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parent_type", sa.String(length=32), nullable=True),
        sa.Column("parent_number", ID, nullable=True),
        sa.Column("parent_uuid", sa.Uuid(), nullable=True),
        sa.Column("parent_text", sa.String(length=64), nullable=True),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("type", "id", name="pk_yoto_resources"),
        **options,
    )
    for column in ("parent_number", "parent_uuid", "parent_text", "owner_id"):
        op.create_index(f"ix_yoto_resources_{column}", "yoto_resources", [column])


def _upgrade_assignments() -> None:
    columns: list[sa.Column[Any]] = [
        sa.Column("team_id", ID, nullable=True),
        sa.Column("subject", SUBJECT, server_default="", nullable=False),
        sa.Column("node", NODE, server_default="", nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=True),
    ]
    for new in columns:
        op.add_column(ASSIGNMENTS, new)
    op.execute(f"UPDATE {ASSIGNMENTS} SET subject = {_joined('user:', 'user_id')}")  # nosec B608
    for names in (("user_id", "role_id"), ("node",), ("team_id",)):
        op.create_index(f"ix_{ASSIGNMENTS}_{'_'.join(names)}", ASSIGNMENTS, list(names))
    with _changing(ASSIGNMENTS) as table:
        table.create_unique_constraint(
            f"uq_{ASSIGNMENTS}_subject_role_id_node", ["subject", "role_id", "node"]
        )
        table.create_foreign_key(
            f"fk_{ASSIGNMENTS}_team_id", "yoto_teams", ["team_id"], ["id"], ondelete="CASCADE"
        )
        table.drop_constraint(f"uq_{ASSIGNMENTS}_user_id_role_id", type_="unique")
        table.alter_column("user_id", existing_type=ID, nullable=True)
        for column, type_ in (("subject", SUBJECT), ("node", NODE)):
            table.alter_column(
                column, existing_type=type_, existing_nullable=False, server_default=None
            )


def _upgrade_overwrites() -> None:
    op.add_column(OVERWRITES, sa.Column("place", NODE, server_default="", nullable=False))
    op.add_column(OVERWRITES, sa.Column("team_id", ID, nullable=True))
    op.execute(
        f"UPDATE {OVERWRITES} SET place = CASE WHEN channel_id IS NULL "  # nosec B608
        f"THEN {_joined('category:', 'category_id')} ELSE {_joined('channel:', 'channel_id')} END"
    )
    op.create_index(f"ix_{OVERWRITES}_place", OVERWRITES, ["place"])
    for target in ("role_id", "user_id", "team_id"):
        op.create_index(f"ix_{OVERWRITES}_{target}_place", OVERWRITES, [target, "place"])
    for target in ("role_id", "user_id"):
        op.drop_index(f"ix_{OVERWRITES}_{target}", OVERWRITES)
    with _changing(OVERWRITES, drop="_id", add=_one_target(ONE_TARGET)) as table:
        table.create_foreign_key(
            f"fk_{OVERWRITES}_team_id", "yoto_teams", ["team_id"], ["id"], ondelete="CASCADE"
        )
        table.alter_column(
            "overwrite_key",
            existing_type=sa.String(length=64),
            type_=sa.String(length=128),
            existing_nullable=False,
        )
        table.alter_column(
            "place", existing_type=NODE, existing_nullable=False, server_default=None
        )


def downgrade() -> None:
    # Rows that an older version cannot express are lost: it would read them as something else.
    op.execute(f"DELETE FROM {ASSIGNMENTS} WHERE user_id IS NULL OR node <> ''")  # nosec B608
    op.execute(
        f"DELETE FROM {OVERWRITES} "  # nosec B608
        "WHERE channel_id IS NULL AND category_id IS NULL"
    )
    op.execute(f"DELETE FROM {OVERWRITES} WHERE team_id IS NOT NULL")  # nosec B608
    for name in GRANTS:
        op.execute(
            f"DELETE FROM {name} WHERE scope_key <> 'global' "  # nosec B608
            "AND server_id IS NULL AND channel_id IS NULL"
        )
    op.execute(f"DELETE FROM {ROLES} WHERE home <> '' AND server_id IS NULL")  # nosec B608
    for name in GRANTS:
        op.execute(
            f"DELETE FROM {name} "  # nosec B608
            "WHERE permission_id IN (SELECT id FROM yoto_permissions "
            "WHERE scope NOT IN ('global', 'server', 'channel'))"
            if name == GRANTS[0]
            else "DELETE FROM yoto_permission_group_members WHERE permission_id IN (SELECT id "
            "FROM yoto_permissions WHERE scope NOT IN ('global', 'server', 'channel'))"
        )
    op.execute(
        f"DELETE FROM {OVERWRITES} "  # nosec B608
        "WHERE permission_id IN (SELECT id FROM yoto_permissions "
        "WHERE scope NOT IN ('global', 'server', 'channel'))"
    )
    op.execute("DELETE FROM yoto_permissions WHERE scope NOT IN ('global', 'server', 'channel')")
    for target in ("role_id", "user_id"):
        op.create_index(f"ix_{OVERWRITES}_{target}", OVERWRITES, [target])
    with _changing(
        OVERWRITES,
        drop="_id",
        add={
            f"ck_{OVERWRITES}_one_place": "(channel_id IS NULL) <> (category_id IS NULL)",
            **_one_target("(role_id IS NULL) <> (user_id IS NULL)"),
        },
    ) as table:
        table.drop_constraint(f"fk_{OVERWRITES}_team_id", type_="foreignkey")
        for columns in ("role_id_place", "user_id_place", "team_id_place", "place"):
            table.drop_index(f"ix_{OVERWRITES}_{columns}")
        table.drop_column("team_id")
        table.drop_column("place")
        table.alter_column(
            "overwrite_key",
            existing_type=sa.String(length=128),
            type_=sa.String(length=64),
            existing_nullable=False,
        )
    with _changing(ASSIGNMENTS) as table:
        table.create_unique_constraint(f"uq_{ASSIGNMENTS}_user_id_role_id", ["user_id", "role_id"])
        table.drop_constraint(f"fk_{ASSIGNMENTS}_team_id", type_="foreignkey")
        table.drop_constraint(f"uq_{ASSIGNMENTS}_subject_role_id_node", type_="unique")
        for columns in ("user_id_role_id", "node", "team_id"):
            table.drop_index(f"ix_{ASSIGNMENTS}_{columns}")
        for column in ("team_id", "subject", "node", "attributes"):
            table.drop_column(column)
        table.alter_column("user_id", existing_type=ID, nullable=False)
    for name in GRANTS:
        op.drop_index(f"ix_{name}_scope_key", name)
        with _changing(name) as table:
            table.alter_column(
                "scope_key",
                existing_type=NODE,
                type_=sa.String(length=32),
                existing_nullable=False,
            )
    op.add_column(ROLES, sa.Column("server_key", ID, server_default="0", nullable=False))
    op.execute(f"UPDATE {ROLES} SET server_key = COALESCE(server_id, 0)")  # nosec B608
    with _changing(ROLES) as table:
        table.drop_constraint("uq_yoto_roles_home_name", type_="unique")
        table.create_unique_constraint("uq_yoto_roles_server_key_name", ["server_key", "name"])
        table.drop_column("home")
        table.alter_column(
            "server_key", existing_type=ID, existing_nullable=False, server_default=None
        )
    with _changing(
        "yoto_permissions", add={"scopetype": "scope IN ('global', 'server', 'channel')"}
    ) as table:
        table.alter_column(
            "scope",
            existing_type=sa.String(length=32),
            type_=sa.String(length=16),
            existing_nullable=False,
        )
    for name in (
        "yoto_resources",
        "yoto_applications",
        "yoto_team_parents",
        "yoto_team_members",
        "yoto_teams",
        "yoto_role_parents",
    ):
        op.drop_table(name)


@contextmanager
def _changing(
    table: str, *, drop: str | None = None, add: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """Change a table with its conditions.

    Args:
        drop: conditions that contain this text go.
        add: conditions to add, by name.
    """
    connection = op.get_bind()
    found = sa.inspect(connection).get_check_constraints(table)
    triggers = []
    if connection.dialect.name == "sqlite":
        # It copies the table into a new one, which has none of the old one's.
        kept = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        triggers = list(connection.scalars(sa.text(kept), {"table": table}))
    with op.batch_alter_table(table) as batch:
        for one in found:
            if drop is not None and drop in one["sqltext"]:
                batch.drop_constraint(op.f(str(one["name"])), type_="check")
        yield batch
        for name, text in (add or {}).items():
            batch.create_check_constraint(op.f(name), text)
    for trigger in triggers:
        op.execute(trigger)


def _one_target(text: str) -> dict[str, str]:
    return {f"ck_{OVERWRITES}_one_target": text}


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
        )
        for column, target in columns.items()
    ]


def _joined(text: str, column: str) -> str:
    """The text and a number as one text, in the words of the database."""
    if op.get_bind().dialect.name == "sqlite":
        return f"'{text}' || {column}"
    return f"CONCAT('{text}', {column})"
