"""Migrations: one head, up and down on both databases, in agreement with the models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.migrations import found_in, known_to_code
from tests.support.applications import another_app
from yoto.sealing import sealer_of
from yoto.store.models import AuditRecord

MOMENT = "2026-05-04 10:00:00"
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "mariadb"])
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
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def alembic_knows(directory: Path) -> tuple[frozenset[str], frozenset[str]]:
    scripts = ScriptDirectory(str(directory))
    return frozenset(scripts.get_heads()), frozenset(
        script.revision for script in scripts.walk_revisions()
    )


def test_there_is_one_head_and_it_is_read_without_alembic() -> None:
    newest, known = known_to_code()
    assert len(newest) == 1
    assert (newest, known) == alembic_knows(ROOT / "migrations")


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
            return found_in(connection), frozenset(heads)

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
    assert tables() == set(db.metadata.tables)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []
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
        url, secret = connection.execute(read).one()
        epochs = connection.execute(sa.text("SELECT epoch FROM api_tokens ORDER BY id")).scalars()
        assert list(epochs) == [7, -1]
    opened = sealer_of(empty)
    assert opened.open(url, "alert_webhooks.url") == webhook["url"]
    assert opened.open(secret, "alert_webhooks.secret") == webhook["secret"]
    downgrade(revision="0009")
    with db.engine.connect() as connection:
        assert tuple(connection.execute(read).one()) == (webhook["url"], webhook["secret"])


def test_the_database_itself_refuses_to_change_the_audit_log(empty: Flask) -> None:
    upgrade()
    db.session.add(AuditRecord(action="test", subject="test:1"))
    db.session.commit()
    for statement in ("UPDATE audit_records SET action = 'x'", "DELETE FROM audit_records"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(sa.text(statement))
        db.session.rollback()
    assert db.session.scalars(sa.select(AuditRecord.action)).all() == ["test"]


def test_the_words_of_edited_messages_leave_the_audit_log_and_their_length_stays(
    empty: Flask,
) -> None:
    upgrade(revision="0012")
    words = {"content": "the vault code is 4711"}
    rows = [
        ("message.edit", {**words}, {"content": "never mind"}, "a reason"),
        ("message.send", None, {"channel_id": 3}, None),
        ("server.update", {"name": "content"}, {"name": "x"}, None),
        ("message.edit", None, {"characters": 5}, None),
    ]
    for action, before, after, reason in rows:
        record = AuditRecord(
            action=action, subject="message:1", before=before, after=after, reason=reason
        )
        db.session.add(record)
        db.session.commit()
    upgrade()
    db.session.expire_all()
    found = db.session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id)).all()
    assert [(one.action, one.before, one.after, one.reason) for one in found[:-1]] == [
        ("message.edit", {"characters": 22}, {"characters": 10}, "a reason"),
        *rows[1:],
    ]
    assert (found[-1].action, found[-1].after) == ("audit.redact", {"records": 1})
    nothing = sa.text("SELECT count(*) FROM audit_records WHERE `before` IS NULL")
    assert db.session.scalar(nothing) == 3
    db.session.rollback()
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(sa.text("UPDATE audit_records SET action = 'x'"))
    db.session.rollback()


def test_every_text_is_compared_exactly_also_in_tables_to_come(empty: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite compares exactly by itself")
    upgrade()
    # A table of a later migration says nothing of collations (see MYSQL_OPTIONS): it gets this one.
    db.session.execute(sa.text("CREATE TABLE to_come (name VARCHAR(9), document JSON)"))
    texts = sa.text(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
        "AND table_name <> 'alembic_version' "
        "AND (table_name <> 'to_come' OR data_type = 'varchar')"
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
    from yoto.store.models import Role, Server, User

    upgrade()
    db.session.add(User(username="own", display_name="Own", password_hash="!"))
    db.session.flush()
    db.session.add(Server(name="s", owner_id=1))
    db.session.flush()
    db.session.add_all(Role(**row) for row in rows)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()
