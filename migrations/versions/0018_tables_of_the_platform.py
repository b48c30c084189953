"""Give the platform's tables names of their own, and leave them to its own migrations.

On MariaDB and MySQL the tables are renamed at once, and views keep the old names: processes of the
version before go on reading and writing until they are replaced. A later release takes the views
away. On SQLite, where one host has all processes, those answer 503 until they are replaced.

Revision: 0018
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PREFIX = "yoto_"
# Where the migrations of the platform note how far they are, and with what they begin.
VERSIONS, FIRST = "yoto_alembic_version", "0001"
APPEND_ONLY = "audit_records"
TABLES = (
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


def upgrade() -> None:
    names = {table: PREFIX + table for table in TABLES}
    if op.get_bind().dialect.name == "sqlite":
        _copy(names)
    else:
        _rename(names)
        # Before all that takes longer: without them the version before finds no tables.
        for old, new in names.items():
            op.execute(f"CREATE VIEW `{old}` AS SELECT * FROM `{new}`")
        _rename_what_belongs_to(names)
    versions = op.create_table(VERSIONS, sa.Column("version_num", sa.String(32), primary_key=True))
    op.bulk_insert(versions, [{"version_num": FIRST}])


def downgrade() -> None:
    found = op.get_bind().scalar(sa.text(f"SELECT version_num FROM {VERSIONS}"))
    if found != FIRST:
        raise RuntimeError(
            f"the platform's tables are at {found}: 'flask yoto db downgrade {FIRST}' comes first"
        )
    op.drop_table(VERSIONS)
    names = {PREFIX + table: table for table in TABLES}
    if op.get_bind().dialect.name == "sqlite":
        _copy(names)
    else:
        for old in TABLES:
            op.execute(f"DROP VIEW IF EXISTS `{old}`")
        _rename(names)
        _rename_what_belongs_to(names)


def _renamed(name: str, old: str, new: str) -> str:
    """The name of a constraint, an index or a trigger, which is made of that of its table."""
    return re.sub(rf"^((?:ix|uq|fk|pk|ck)_)?{old}(?=_)", rf"\g<1>{new}", name)


# SQLite: a table keeps the names of its constraints for life, so each is made anew.


def _copy(names: dict[str, str]) -> None:
    connection = op.get_bind()
    for old, new in names.items():
        made = connection.execute(
            sa.text(
                "SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL "
                "ORDER BY type = 'table' DESC"
            ),
            {"table": old},
        ).all()
        [(_, table), *others] = made
        op.execute(sa.text(_in_words(table, old, names).replace(":", "\\:")))
        op.execute(f'INSERT INTO "{new}" SELECT * FROM "{old}"')
        op.execute(f'DROP TABLE "{old}"')
        for _, other in others:
            op.execute(sa.text(_in_words(other, old, names).replace(":", "\\:")))


def _in_words(sql: str, table: str, names: dict[str, str]) -> str:
    """A statement that makes ``table``, or what belongs to it, with the other names."""
    sql = re.sub(rf"\b((?:ix|uq|fk|pk|ck)_){table}(?=_|\b)", rf"\g<1>{names[table]}", sql)
    sql = re.sub(rf"\b{table}(?=_no_| is append-only)", names[table], sql)
    return re.sub(
        r"(?P<before>\b(?:CREATE TABLE|REFERENCES|ON)\s+\"?)(?P<name>\w+)\b",
        lambda found: found["before"] + names.get(found["name"], found["name"]),
        sql,
    )


# MariaDB, MySQL: a rename takes no time and keeps all rows; what is named after a table follows.


def _rename(names: dict[str, str]) -> None:
    op.execute("RENAME TABLE " + ", ".join(f"`{old}` TO `{new}`" for old, new in names.items()))


def _rename_what_belongs_to(names: dict[str, str]) -> None:
    connection = op.get_bind()
    connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
    inspector = sa.inspect(connection)
    for old, new in names.items():
        for key in inspector.get_foreign_keys(new):
            op.drop_constraint(key["name"], new, type_="foreignkey")
        for index in inspector.get_indexes(new):
            name = _renamed(index["name"], old, new)
            if name != index["name"]:
                op.execute(f"ALTER TABLE `{new}` RENAME INDEX `{index['name']}` TO `{name}`")
        for check in inspector.get_check_constraints(new):
            name = _renamed(check["name"] or "", old, new)
            if name != check["name"]:
                op.execute(f"ALTER TABLE `{new}` DROP CONSTRAINT `{check['name']}`")
                op.execute(
                    f"ALTER TABLE `{new}` ADD CONSTRAINT `{name}` CHECK ({check['sqltext']})"
                )
        for key in inspector.get_foreign_keys(new):
            op.create_foreign_key(
                _renamed(key["name"], old, new),
                new,
                key["referred_table"],
                key["constrained_columns"],
                key["referred_columns"],
                ondelete=key["options"].get("ondelete"),
            )
    connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 1"))
    _rename_triggers(names)


def _rename_triggers(names: dict[str, str]) -> None:
    """The database itself refuses to change or remove a record, whoever asks."""
    [(old, new)] = [one for one in names.items() if APPEND_ONLY in one]
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"DROP TRIGGER IF EXISTS {old}_no_{verb.lower()}")
        op.execute(
            f"CREATE TRIGGER {new}_no_{verb.lower()} BEFORE {verb} ON {new} FOR EACH ROW "
            f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{new} is append-only'"
        )
