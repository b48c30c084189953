"""An installation of 1.0.0 upgrades, and new tables begin as that version's.

``tables_of_1_0_0.*.sql`` are what ``flask setup`` of 1.0.0 left in a database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.extensions import db
from tests.integration.migrations.conftest import compared
from yoto.store import migrations as platform
from yoto.store.db import writing

HERE = Path(__file__).parent
FIRST = "0010"
AT = "2026-05-04 10:00:00"
SERVERS = 500
ROWS = {
    "users": "INSERT INTO users (id, username, display_name, password_hash, created_at) "
    "VALUES (1, 'ada', 'Ada', '!', :at)",
    "yoto_permissions": "INSERT INTO yoto_permissions (id, name, bit, scope, created_at) "
    "VALUES (1, 'a.b', 0, 'server', :at)",
    "yoto_policies": "INSERT INTO yoto_policies (id, kind, name) VALUES (1, 'rego', 'own')",
    "yoto_policy_versions": "INSERT INTO yoto_policy_versions (id, policy_id, version, source, "
    "tests, source_hash, author, state, at) VALUES (1, 1, 1, 'x', '', 'x', 'ada', 'live', :at)",
    "servers": "INSERT INTO servers (id, name, owner_id, created_at) VALUES (:n, 's', 1, :at)",
    "yoto_roles": "INSERT INTO yoto_roles (id, server_id, home, name, created_at) "
    "VALUES (:n, :n, :key, 'of it', :at)",
    "yoto_role_grants": "INSERT INTO yoto_role_grants (role_id, permission_id, server_id, "
    "scope_key, effect, created_at) VALUES (:n, 1, :n, :key, 'allow', :at)",
    "yoto_role_assignments": "INSERT INTO yoto_role_assignments (user_id, subject, role_id, node, "
    "created_at) VALUES (1, 'user:1', :n, '', :at)",
    "yoto_audit_records": "INSERT INTO yoto_audit_records (at, action, subject, actor_id) "
    "VALUES (:at, 'x', :key, 1)",
}
OF_ONE = ("users", "yoto_permissions", "yoto_policies", "yoto_policy_versions")
# Columns that later versions added.
NEW = {"yoto_roles": "declared", "yoto_policy_versions": "acknowledged"}


def install() -> None:
    """Make the tables of 1.0.0, as that version made them."""
    with writing(), db.engine.begin() as connection:
        name = connection.dialect.name
        if name == "postgresql":
            pytest.skip("1.0.0 did not work on PostgreSQL")
        if name != "sqlite" and not connection.dialect.is_mariadb:  # type: ignore[attr-defined]
            pytest.skip("MySQL has other names of collations")
        kind = name if name == "sqlite" else "mariadb"
        for statement in (HERE / f"tables_of_1_0_0.{kind}.sql").read_text().split(";\n\n"):
            connection.exec_driver_sql(statement.rstrip().removesuffix(";").replace("%", "%%"))


def fill() -> None:
    """Servers with a role each, that grants a permission and is held by their owner."""
    values = [{"n": n, "key": f"server:{n}", "at": AT} for n in range(1, SERVERS + 1)]
    with writing(), db.engine.begin() as connection:
        for table, statement in ROWS.items():
            connection.execute(sa.text(statement), values[:1] if table in OF_ONE else values)


def contents() -> dict[str, list[dict[str, Any]]]:
    """The rows in the columns that 1.0.0 has."""
    found = {}
    with db.engine.connect() as connection:
        for table in ROWS:
            rows = connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY id")).mappings()
            found[table] = [
                {key: value for key, value in row.items() if key != NEW.get(table)} for row in rows
            ]
    return found


def shapes() -> dict[str, Any]:
    """All tables with their columns and constraints, in no order."""
    inspector = sa.inspect(db.engine)
    return {
        table: {
            "columns": sorted(_column(one) for one in inspector.get_columns(table)),
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "references": _sorted(inspector.get_foreign_keys(table)),
            "unique": _sorted(inspector.get_unique_constraints(table)),
            "indexes": _sorted(inspector.get_indexes(table)),
            "checks": _sorted(inspector.get_check_constraints(table)),
        }
        for table in inspector.get_table_names()
    }


def _column(one: Any) -> tuple[str, str, bool, str]:
    # JSON has a collation of its own on MariaDB, unless the table was made before the others' was.
    kind = str(one["type"]).partition(" COLLATE utf8mb4_bin")[0]
    kind = kind.removesuffix(" CHARACTER SET utf8mb4").partition(' COLLATE "')[0]
    return one["name"], kind, one["nullable"], str(one["default"]).strip("()'")


def _sorted(found: Any) -> list[str]:
    return sorted(repr(sorted(one.items(), key=str)) for one in found)


def triggers() -> set[str]:
    """The names of the triggers."""
    statements = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT trigger_name FROM information_schema.triggers",
    }
    with db.engine.connect() as connection:
        statement = statements.get(connection.dialect.name, "SHOW TRIGGERS")
        return set(connection.scalars(sa.text(statement)))


def test_an_installation_of_1_0_0_moves_here_and_back_with_all_that_it_has(empty: Flask) -> None:
    install()
    fill()
    before = contents()
    upgrade()
    assert contents() == before
    with db.engine.connect() as connection:
        assert compared(connection) == []
        old = connection.scalars(sa.text("SELECT acknowledged FROM yoto_policy_versions"))
        assert not any(old)
    platform.downgrade(FIRST)
    assert contents() == before
    upgrade()
    assert contents() == before
    with writing(), db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM servers WHERE id <= 200")
    left = contents()
    assert len(left["yoto_roles"]) == len(left["yoto_role_grants"]) == SERVERS - 200


def test_new_tables_begin_as_those_of_1_0_0(empty: Flask) -> None:
    upgrade()
    platform.downgrade(FIRST)
    made, guards = shapes(), triggers()
    downgrade(revision="base")
    assert set(shapes()) == {"alembic_version"}
    with writing(), db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    install()
    there = shapes()
    assert made.keys() == there.keys()
    for table in there:
        assert made[table] == there[table], table
    assert guards == triggers() and len(guards) == 2


@pytest.mark.parametrize("command", [("db", "upgrade"), ("setup",), ("yoto", "db", "upgrade")])
def test_tables_of_an_earlier_version_are_refused_with_the_way_here_and_left(
    empty: Flask, command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    install()
    versions = "yoto_alembic_version" if command[0] == "yoto" else "alembic_version"
    with writing(), db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {versions} SET version_num = '0007'")
    before = shapes()
    result = empty.test_cli_runner().invoke(args=[*command])
    assert result.exit_code == 1
    said = result.output + caplog.text
    assert "the database is at 0007, from before 1.0.0: bring it to 1.0.0 with that" in said
    assert shapes() == before
