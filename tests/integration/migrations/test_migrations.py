"""Migrations: one head, up and down on both databases, in agreement with the models."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.migrations import MIGRATIONS, VERSIONS
from tests.support.applications import another_app
from tests.support.database import DATABASES
from yoto.persistence import SqlJournal
from yoto.resilience import Kind
from yoto.rooms.decision_log.counts import Cell, cells_of
from yoto.rooms.decision_log.tables import DecisionCount, DecisionRecord
from yoto.sealing import sealer_of
from yoto.store import migrations as platform
from yoto.store.columns import Model
from yoto.store.db import writing
from yoto.store.migrations import MIGRATIONS as MIGRATIONS_OF_PLATFORM
from yoto.store.migrations import VERSIONS as VERSIONS_OF_PLATFORM
from yoto.store.migrations import found_in, known_to_code
from yoto.store.models import AuditRecord, Role, RoleAssignment

MOMENT = "2026-05-04 10:00:00"
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database has no tables."""
    if request.param == "mariadb":
        server = request.getfixturevalue("database_server")
        url = server.create_database(f"empty_{abs(hash(tmp_path)):x}")
    else:
        url = f"sqlite:///{tmp_path}/empty.db"
    # Closed in the end: connections to MariaDB are guarded, and so begin background work.
    config = {"ENVIRONMENT": "testing", "DATABASE_URL": url}
    with another_app(config, tmp_path) as app, app.app_context():
        yield app
        db.session.remove()


def tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {VERSIONS, VERSIONS_OF_PLATFORM}


def compared(connection: sa.Connection) -> list[object]:
    """What the database has otherwise than the models, version tables apart."""
    options = {
        "compare_type": _differs,
        "include_object": lambda thing, name, *_: name != VERSIONS_OF_PLATFORM,
    }
    context = MigrationContext.configure(connection, opts=options)
    return compare_metadata(context, [db.metadata, Model.metadata])


def _differs(context: Any, _: Any, __: Any, found: Any, meant: Any) -> bool | None:
    """Alembic's own comparison, but for lengths on SQLite, which holds no text to them."""
    texts = isinstance(found, sa.String) and isinstance(meant, sa.String)
    return False if texts and context.dialect.name == "sqlite" else None


def alembic_knows(directory: Path) -> tuple[frozenset[str], frozenset[str]]:
    scripts = ScriptDirectory(str(directory))
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
    upgrade(revision="0003")
    assert both() == (frozenset({"0003"}), frozenset({"0003"}))
    with db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('other')"))
    assert both() == (frozenset({"0003", "other"}),) * 2


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
    platform.downgrade("0001")
    downgrade(revision="base")
    assert tables() == set()


def test_webhooks_of_before_are_sealed_and_tokens_get_their_owners_epoch(empty: Flask) -> None:
    upgrade(revision="0009")
    webhook = {
        "name": "pager",
        "url": "https://example.com/x",
        "secret": "whsec_eA==",
        "at": MOMENT,
    }
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO alert_webhooks (name, url, secret, min_level, created_by, created_at, "
                "failures) VALUES (:name, :url, :secret, 'warning', 'ada', :at, 0)"
            ),
            webhook,
        )
        for user_id, disabled in ((1, False), (2, True)):
            connection.execute(
                sa.text(
                    "INSERT INTO users (id, username, display_name, password_hash, disabled, "
                    "super_admin, clearance, token_epoch, created_at) "
                    "VALUES (:id, :name, 'x', '!', :disabled, false, 0, 7, :at)"
                ),
                {"id": user_id, "name": f"user{user_id}", "disabled": disabled, "at": MOMENT},
            )
            connection.execute(
                sa.text(
                    "INSERT INTO api_tokens (user_id, name, token_hash, rights, created_at, "
                    "expires_at) VALUES (:id, 'x', :hash, '[]', :at, :at)"
                ),
                {"id": user_id, "hash": str(user_id), "at": MOMENT},
            )
    upgrade()
    read = sa.text("SELECT url, secret FROM alert_webhooks")
    with db.engine.connect() as connection:
        url, secret = connection.execute(
            sa.text("SELECT url, secret FROM yoto_alert_webhooks")
        ).one()
        found = connection.execute(sa.text("SELECT epoch FROM yoto_api_tokens ORDER BY id"))
        epochs = found.scalars()
        assert list(epochs) == [7, -1]
    opened = sealer_of(empty)
    assert opened.open(url, "alert_webhooks.url") == webhook["url"]
    assert opened.open(secret, "alert_webhooks.secret") == webhook["secret"]
    platform.downgrade("0001")
    downgrade(revision="0009")
    with db.engine.connect() as connection:
        assert tuple(connection.execute(read).one()) == (webhook["url"], webhook["secret"])


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


def test_the_words_of_edited_messages_leave_the_audit_log_and_their_length_stays(
    empty: Flask,
) -> None:
    upgrade(revision="0012")
    words = {"content": "the vault code is 4711"}
    document = sa.JSON(none_as_null=True)
    typed = (sa.column(one, document) for one in ("before", "after"))
    plain = map(sa.column, ("at", "action", "subject", "reason"))
    records = sa.table("audit_records", *typed, *plain)
    rows = [
        ("message.edit", {**words}, {"content": "never mind"}, "a reason"),
        ("message.send", None, {"channel_id": 3}, None),
        ("server.update", {"name": "content"}, {"name": "x"}, None),
        ("message.edit", None, {"characters": 5}, None),
    ]
    for action, before, after, reason in rows:
        db.session.execute(
            sa.insert(records),
            {
                "at": datetime(2026, 5, 4),
                "action": action,
                "subject": "message:1",
                "before": before,
                "after": after,
                "reason": reason,
            },
        )
        db.session.commit()
    upgrade()
    found = db.session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id)).all()
    assert [(one.action, one.before, one.after, one.reason) for one in found[:-1]] == [
        ("message.edit", {"characters": 22}, {"characters": 10}, "a reason"),
        *rows[1:],
    ]
    assert (found[-1].action, found[-1].after) == ("audit.redact", {"records": 1})
    nothing = sa.text("SELECT count(*) FROM yoto_audit_records WHERE `before` IS NULL")
    assert db.session.scalar(nothing) == 3
    db.session.rollback()
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(sa.text("UPDATE yoto_audit_records SET action = 'x'"))
    db.session.rollback()


def test_every_text_is_compared_exactly_also_in_tables_to_come(empty: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite compares exactly by itself")
    upgrade()
    # A table of a later migration says nothing of collations (see MYSQL_OPTIONS): it gets this one,
    # except for JSON, which has a binary one of its own.
    db.session.execute(sa.text("CREATE TABLE to_come (name VARCHAR(9), document JSON)"))
    texts = sa.text(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
        "AND table_name NOT IN ('alembic_version', 'yoto_alembic_version') "
        "AND (data_type = 'varchar' OR table_name NOT IN "
        "('to_come', 'yoto_access_requests', 'yoto_operators', 'yoto_role_assignments', "
        "'yoto_resources', 'yoto_roles'))"
    )
    found = db.session.execute(texts).all()
    assert len(found) > 100
    exact = {"utf8mb4_nopad_bin", "utf8mb4_0900_bin"}  # of MariaDB, and of MySQL
    assert [row for row in found if row[2] not in exact] == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "same", "server_id": None}] * 2,
        [{"name": "same", "server_id": 1}] * 2,
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


MOVED = {
    "permissions": "INSERT INTO permissions (id, name, bit, scope, description, abac, "
    "on_policy_error, created_at) VALUES (1, 'a.b', 0, 'server', '', false, 'deny', :at)",
    "roles": "INSERT INTO roles (id, server_id, server_key, name, position, active, is_default, "
    "created_at) VALUES (:n, :n, :n, 'of it', 1, true, false, :at)",
    "role_grants": "INSERT INTO role_grants (role_id, permission_id, server_id, scope_key, effect, "
    "created_at) VALUES (:n, 1, :n, :key, 'allow', :at)",
    "role_assignments": "INSERT INTO role_assignments (user_id, role_id, created_at) "
    "VALUES (1, :n, :at)",
    "audit_records": "INSERT INTO audit_records (at, action, subject) VALUES (:at, 'x', :key)",
}
SERVERS = 500
# What all versions have of these.
KEPT = {
    "permissions": "id, name, bit, scope, category, description, abac, on_policy_error, created_at",
    "roles": "id, server_id, name, parent_id, position, active, is_default, created_at",
    "role_assignments": "id, user_id, role_id, valid_from, valid_until, assigned_by, created_at",
}


def fill(connection: sa.Connection) -> None:
    """Servers with a role each, that grants a permission and is held by their owner."""
    values = [{"n": n, "key": f"server:{n}", "at": MOMENT} for n in range(1, SERVERS + 1)]
    connection.execute(
        sa.text(
            "INSERT INTO users (id, username, display_name, password_hash, disabled, super_admin, "
            "clearance, token_epoch, created_at) "
            "VALUES (1, 'ada', 'Ada', '!', false, false, 0, 0, :at)"
        ),
        values[:1],
    )
    connection.execute(
        sa.text(
            "INSERT INTO servers (id, name, description, owner_id, public, time_zone, "
            "device_required, created_at) VALUES (:n, 's', '', 1, false, 'UTC', false, :at)"
        ),
        values,
    )
    for table, statement in MOVED.items():
        connection.execute(sa.text(statement), values[:1] if table == "permissions" else values)


def contents(prefix: str = "") -> dict[str, list[tuple[object, ...]]]:
    with db.engine.connect() as connection:
        return {
            table: [
                tuple(row)
                for row in connection.exec_driver_sql(
                    f"SELECT {KEPT.get(table, '*')} FROM {prefix}{table} ORDER BY id"
                )
            ]
            for table in MOVED
        }


def test_an_installation_moves_there_and_back_with_all_that_it_has(empty: Flask) -> None:
    upgrade(revision="0017")
    with writing(), db.engine.begin() as connection:
        fill(connection)
    before = contents()
    upgrade()
    assert contents("yoto_") == before
    with db.engine.connect() as connection:
        assert compared(connection) == []
    platform.downgrade("0001")
    downgrade(revision="0017")
    assert contents() == before
    upgrade()
    assert contents("yoto_") == before
    with writing(), db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM servers WHERE id <= 200")
    left = contents("yoto_")
    assert len(left["roles"]) == len(left["role_grants"]) == SERVERS - 200


def test_the_version_before_went_on_beside_the_one_that_renamed_tables(empty: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no views that take rows; who uses it has one host")
    upgrade(revision="0018")
    with writing(), db.engine.begin() as connection:
        fill(connection)
        insert = "INSERT INTO permission_outbox (subject, created_at) VALUES ('user:1', :at)"
        if connection.dialect.insert_returning:
            returned = connection.execute(sa.text(f"{insert} RETURNING id"), {"at": MOMENT})
            added = returned.scalar_one()
        else:  # MySQL, where the version before asked so
            added = connection.execute(sa.text(insert), {"at": MOMENT}).lastrowid
        connection.exec_driver_sql("SELECT id FROM permissions WHERE name = 'a.b' FOR UPDATE")
        connection.exec_driver_sql("UPDATE roles SET active = false WHERE id = 3")
        connection.exec_driver_sql("DELETE FROM role_assignments WHERE role_id = 4")
        connection.exec_driver_sql("UPDATE permission_outbox SET position = '1-1'")
    assert contents() == contents("yoto_")
    with db.engine.connect() as connection:
        outbox = connection.exec_driver_sql("SELECT id, position FROM yoto_permission_outbox")
        assert [tuple(row) for row in outbox] == [(added, "1-1")]


def test_the_tables_of_the_platform_are_made_without_an_application_of_ours(empty: Flask) -> None:
    runner = empty.test_cli_runner()

    def told(*command: str) -> str:
        result = runner.invoke(args=["yoto", "db", *command])
        assert result.exit_code == 0, result.output
        return result.output

    [head] = known_to_code(MIGRATIONS_OF_PLATFORM)[0]
    newest = int(head)
    assert told("current") == f"database: none\ncode: {head}\n"
    assert told("upgrade") == "".join(f"ran {n:04}\n" for n in range(1, newest + 1))
    assert tables() == set(Model.metadata.tables)
    assert told("upgrade") == "The tables are up to date.\n"
    taken = "".join(f"took back {n:04}\n" for n in range(newest, 1, -1))
    assert told("downgrade", "0001") == taken
    assert told("current") == f"database: 0001\ncode: {head}\n"
    assert told("downgrade", "base") == "took back 0001\n"
    assert tables() == set()
    refused = runner.invoke(args=["yoto", "db", "upgrade", "8"])
    assert refused.exit_code == 1 and "no migration '8'" in refused.output


def test_what_operators_set_on_rules_of_alerts_moves_to_the_store_of_settings(empty: Flask) -> None:
    upgrade()
    platform.downgrade("0006")
    versions = [
        ("load", 1, '{"warning": 0.7}', "ada", "a raid"),
        ("load", 2, "{}", "ben", ""),
        ("own", 1, '{"metric": "x", "direction": "high", "error": 5}', "user:1", "mine"),
    ]
    with writing(), db.engine.begin() as connection:
        for rule, version, values, by, reason in versions:
            connection.execute(
                sa.text(
                    "INSERT INTO yoto_alert_rule_changes (rule, version, rule_values, `by`, "
                    "reason, at) VALUES (:rule, :version, :values, :by, :reason, :at)"
                ),
                {
                    "rule": rule,
                    "version": version,
                    "values": values,
                    "by": by,
                    "reason": reason,
                    "at": MOMENT,
                },
            )
    read = sa.text("SELECT rule, version, rule_values, `by`, reason FROM yoto_alert_rule_changes")
    platform.upgrade()
    with db.engine.connect() as connection:
        assert compared(connection) == []
    found = {name: SqlJournal(empty).history(Kind.ALERT_RULE, name, 9) for name in ("load", "own")}
    taken_back, was_set = found["load"]
    assert (taken_back.action, taken_back.values, taken_back.author) == ("delete", None, "ben")
    assert (was_set.version, was_set.values, was_set.reason) == (1, {"warning": 0.7}, "a raid")
    assert was_set.at == datetime(2026, 5, 4, 10, tzinfo=UTC).timestamp() * 1000
    (own,) = found["own"]
    assert own.values == {"metric": "x", "direction": "high", "error": 5}
    platform.downgrade("0006")
    with db.engine.connect() as connection:
        there = [tuple(row) for row in connection.execute(read)]
    assert [(*one[:2], json.loads(one[2]), *one[3:]) for one in there] == [
        (*one[:2], json.loads(one[2]), *one[3:]) for one in versions
    ]


def test_decisions_that_were_recorded_before_are_counted_as_a_writer_counts(empty: Flask) -> None:
    upgrade()
    platform.downgrade("0007")
    usual = {"at": datetime(2026, 5, 4, 23, 30, tzinfo=UTC), "user_id": 1, "allowed": False}
    rest = {"scope": "channel:1", "reason": "not_granted", "tier": "l1", "mask_hash": ""}
    asked = ("message.send", "message.send", "message.pin OR " * 12)
    rows = [{**usual, **rest, "asked": one, "weight": n} for n, one in enumerate(asked, start=1)]
    with writing(), db.engine.begin() as connection:
        connection.execute(sa.insert(DecisionRecord.__table__), rows)
    platform.upgrade()
    table = DecisionCount.__table__
    with db.engine.connect() as connection:
        found = connection.execute(sa.select(*table.c)).all()
    assert {Cell(*row[:5]): row[5] for row in found} == cells_of(rows)


def test_roles_that_lend_already_say_for_which_request(empty: Flask) -> None:
    upgrade()
    platform.downgrade("0009")
    with writing():
        for id_ in (5, 6):
            db.session.execute(
                sa.text(
                    "INSERT INTO yoto_roles "
                    "(id, home, name, position, active, is_default, created_at) "
                    "VALUES (:id, 'server:1', :name, 1, 1, 0, :at)"
                ),
                {"id": id_, "name": f"role {id_}", "at": MOMENT},
            )
        db.session.execute(
            sa.text(
                "INSERT INTO yoto_access_requests (id, user_id, permission, place, reason, "
                "seconds, needed, state, approvals, created_at, role_id) "
                "VALUES (41, 1, 'message.pin', 'channel:1', '', 60, 1, 'granted', '[]', :at, 5)"
            ),
            {"at": MOMENT},
        )
        db.session.commit()
    platform.upgrade()
    lent = sa.text("SELECT id, access_request_id FROM yoto_roles ORDER BY id")
    assert [tuple(row) for row in db.session.execute(lent)] == [(5, 41), (6, None)]


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
