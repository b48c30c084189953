"""Migrations: one head, up and down on both databases, in agreement with the models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.migrations import MIGRATIONS, VERSIONS
from tests.integration.migrations.conftest import compared
from yoto.store import migrations as platform
from yoto.store.columns import Model
from yoto.store.migrations import MIGRATIONS as MIGRATIONS_OF_PLATFORM
from yoto.store.migrations import VERSIONS as VERSIONS_OF_PLATFORM
from yoto.store.migrations import folders_of, found_in, known_to_code
from yoto.store.models import AuditRecord, Role, RoleAssignment

ROOT = Path(__file__).parents[3]
TEXTS_OF_POSTGRESQL = (
    "SELECT table_name, column_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text') "
    "AND table_name NOT IN ('alembic_version', 'yoto_alembic_version')"
)


def tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {VERSIONS, VERSIONS_OF_PLATFORM}


def alembic_knows(directory: Path) -> tuple[frozenset[str], frozenset[str]]:
    scripts = ScriptDirectory(str(directory), version_locations=folders_of(directory))
    return frozenset(scripts.get_heads()), frozenset(
        script.revision for script in scripts.walk_revisions()
    )


def test_there_is_one_head_and_it_is_read_without_alembic() -> None:
    for directory in (MIGRATIONS, MIGRATIONS_OF_PLATFORM):
        newest, known = known_to_code(directory)
        assert len(newest) == 1
        assert (newest, known) == alembic_knows(directory)


def test_branches_and_merges_are_read_as_alembic_reads_them(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    links = {
        "a": "None",
        "b": "'a'",
        "c": '"a"',
        "d": "('b', 'c')",
        "e": '(\n    "b",\n    "c",\n)',
        "f": "'d'  # 'e' is another branch",
    }
    for name, down in links.items():
        lines = ('"""Of \'x\'."""', f"revision: str = {name!r}", f"down_revision = {down}")
        (versions / f"{name}.py").write_text("\n".join(lines))
    links_read = known_to_code(tmp_path)
    assert links_read == alembic_knows(tmp_path)
    assert links_read[0] == {"e", "f"}
    (versions / "g.py").write_text("down_revision = 'f'")
    with pytest.raises(ValueError, match="g.py names 0 revisions"):
        known_to_code.__wrapped__(tmp_path)


def test_where_a_database_is_is_read_without_alembic(empty: Flask) -> None:
    def both() -> tuple[frozenset[str], frozenset[str]]:
        with db.engine.connect() as connection:
            heads = MigrationContext.configure(connection).get_current_heads()
            return found_in(connection, VERSIONS), frozenset(heads)

    assert both() == (frozenset(), frozenset())
    upgrade(revision="0019")
    assert both() == (frozenset({"0019"}), frozenset({"0019"}))
    with db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('other')"))
    assert both() == (frozenset({"0019", "other"}),) * 2


def test_a_worker_starts_at_the_newest_migration_without_what_it_never_uses(
    tmp_path: Path,
) -> None:
    """It would stay in its memory; the first start, which migrates, still finds alembic."""
    start = (
        "import sys\n"
        "from app import close_app, create_app\n"
        "from app.cli.startup import prepare\n"
        "config = {'ENVIRONMENT': 'testing', 'AUTO_MIGRATE': True, 'SEED_DEMO': False,"
        f" 'DATABASE_URL': 'sqlite:///{tmp_path}/new.db'}}\n"
        f"app = create_app(config, {str(tmp_path)!r})\n"
        "assert 'valkey' not in sys.modules\n"
        "prepare(app)\n"
        "found = app.test_client().get('/readyz?verbose').json['checks']\n"
        "assert {one['name']: one['detail'] for one in found}['migrations'] == 'at head', found\n"
        "print([one for one in ('alembic', 'app.cli.commands') if one in sys.modules])\n"
        "close_app(app)\n"
    )
    command = [sys.executable, "-c", start]
    said = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [one.splitlines()[-1] for one in said] == ["['alembic']", "[]"]


def test_flask_migrate_is_configured_when_it_is_asked_for(empty: Flask) -> None:
    configured = empty.extensions["migrate"]
    assert configured.migrate.directory == str(ROOT / "migrations")
    assert configured.configure_args["render_as_batch"] is True


def test_upgrade_from_nothing_agrees_with_the_models_and_downgrade_leaves_nothing(
    empty: Flask,
) -> None:
    upgrade()
    assert tables() == {*db.metadata.tables, *Model.metadata.tables}
    with db.engine.connect() as connection:
        assert compared(connection) == []
    platform.downgrade("0010")
    downgrade(revision="base")
    assert tables() == set()


def test_the_database_itself_refuses_to_change_the_audit_log(empty: Flask) -> None:
    upgrade()
    db.session.add(AuditRecord(action="test", subject="test:1"))
    db.session.commit()
    for statement in (
        "UPDATE yoto_audit_records SET action = 'x'",
        "DELETE FROM yoto_audit_records",
    ):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(sa.text(statement))
        db.session.rollback()
    assert db.session.scalars(sa.select(AuditRecord.action)).all() == ["test"]


def test_every_text_is_compared_exactly_also_in_tables_to_come(empty: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite compares exactly by itself")
    upgrade()
    if db.engine.dialect.name == "postgresql":
        # Its databases keep the collation that they were made with: each text names its own.
        found = db.session.execute(sa.text(TEXTS_OF_POSTGRESQL)).all()
        assert len(found) > 100
        assert [row for row in found if row[2] != "C"] == []
        return
    # A table of a later migration says nothing of collations (see MYSQL_OPTIONS): it gets this one,
    # except for JSON, which has a binary one of its own.
    db.session.execute(sa.text("CREATE TABLE to_come (name VARCHAR(9), document JSON)"))
    texts = sa.text(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
        "AND table_name NOT IN ('alembic_version', 'yoto_alembic_version') "
        "AND data_type <> 'longtext'"
    )
    found = db.session.execute(texts).all()
    assert len(found) > 100
    exact = {"utf8mb4_nopad_bin", "utf8mb4_0900_bin"}  # of MariaDB, and of MySQL
    assert [row for row in found if row[2] not in exact] == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "same"}] * 2,
        [{"name": "same", "home": "server:1"}] * 2,
    ],
)
def test_role_names_are_unique_also_where_the_server_is_null(
    empty: Flask, rows: list[dict[str, object]]
) -> None:
    from app.models import Server, User
    from yoto.store.models import Role

    upgrade()
    db.session.add(User(username="own", display_name="Own", password_hash="!"))
    db.session.flush()
    db.session.add(Server(name="s", owner_id=1))
    db.session.flush()
    db.session.add_all(Role(**row) for row in rows)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()


def test_the_tables_of_the_platform_are_made_without_an_application_of_ours(empty: Flask) -> None:
    runner = empty.test_cli_runner()

    def told(*command: str) -> str:
        result = runner.invoke(args=["yoto", "db", *command])
        assert result.exit_code == 0, result.output
        return result.output

    [head] = known_to_code(MIGRATIONS_OF_PLATFORM)[0]
    newest = int(head)
    assert told("current") == f"database: none\ncode: {head}\n"
    assert told("upgrade") == "".join(f"ran {n:04}\n" for n in range(10, newest + 1))
    assert tables() == set(Model.metadata.tables)
    assert told("upgrade") == "The tables are up to date.\n"
    taken = "".join(f"took back {n:04}\n" for n in range(newest, 10, -1))
    assert told("downgrade", "0010") == taken
    assert told("current") == f"database: 0010\ncode: {head}\n"
    assert told("downgrade", "base") == "took back 0010\n"
    assert tables() == set()
    refused = runner.invoke(args=["yoto", "db", "upgrade", "8"])
    assert refused.exit_code == 1 and "no migration '8'" in refused.output


def test_going_back_takes_away_what_is_held_at_a_node_alone(empty: Flask) -> None:
    upgrade()
    role = Role(name="reader")
    db.session.add(role)
    db.session.flush()
    nodes = ("", "channel:3", "!channel:3")
    db.session.add_all(RoleAssignment(user_id=1, role_id=role.id, node=node) for node in nodes)
    db.session.commit()
    platform.downgrade("0013")
    left = sa.select(sa.column("node")).select_from(sa.table("yoto_role_assignments"))
    assert set(db.session.scalars(left)) == {"", "channel:3"}
    db.session.rollback()
    platform.upgrade()
