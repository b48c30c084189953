"""The record: the table and the list of the other tests keep one contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import User
from tests.unit.yoto.resilience.config_store.journals import ListJournal
from yoto.audit import AuditEntry
from yoto.errors import StoreUnavailable, UnknownResource, VersionConflict
from yoto.http.acts import audit_of_guards
from yoto.persistence import SqlJournal
from yoto.resilience import Action, Change, Journal, Kind, Origin
from yoto.store.db import db
from yoto.store.models import AuditRecord


def change(version: int, name: str = "search", **fields: Any) -> Change:
    standard: dict[str, Any] = {
        "kind": Kind.BULKHEAD,
        "origin": Origin.OPERATOR,
        "action": Action.SET,
        "values": {"max_concurrent": version},
        "author": "ada",
        "at": 1_700_000_000_123,
    }
    return Change(version=version, name=name, **{**standard, **fields})


@pytest.fixture(params=["list", "table"])
def journal(request: pytest.FixtureRequest) -> Journal:
    if request.param == "list":
        return ListJournal()
    return SqlJournal(request.getfixturevalue("app"))


def test_what_is_appended_comes_back_as_it_was(journal: Journal) -> None:
    changes = [
        change(1, reason="why", expires_at=1_700_000_060_456),
        change(2, origin=Origin.TUNER, values={"wait": 1.5}, action=Action.ROLLBACK),
        change(3, values=None, action=Action.DELETE),
    ]
    for one in changes:
        journal.append(one, {})
    assert list(journal.history(Kind.BULKHEAD, "search", 10)) == changes[::-1]
    assert list(journal.history(Kind.BULKHEAD, "search", 1, before_version=3)) == [changes[1]]


def test_the_newest_change_of_each_layer_is_the_state(journal: Journal) -> None:
    for one in (change(1), change(2, origin=Origin.TUNER), change(3), change(1, "other")):
        journal.append(one, {})

    def newest(*which: Any) -> set[tuple[str, int, Origin]]:
        return {(c.name, c.version, c.origin) for c in journal.newest(*which)}

    search = {("search", 3, Origin.OPERATOR), ("search", 2, Origin.TUNER)}
    assert newest(Kind.BULKHEAD, "search") == search
    assert newest() == search | {("other", 1, Origin.OPERATOR)}
    assert newest(Kind.RATE_LIMIT, "search") == set()


@pytest.mark.parametrize("version", [1, 3])
def test_only_the_next_version_may_be_appended(journal: Journal, version: int) -> None:
    journal.append(change(1), {})
    with pytest.raises(VersionConflict) as refused:
        journal.append(change(version, author="bob"), {})
    assert refused.value.current_version == 1
    assert [c.author for c in journal.history(Kind.BULKHEAD, "search", 10)] == ["ada"]


def test_the_fingerprint_differs_after_each_append(journal: Journal) -> None:
    seen = {journal.fingerprint()}
    for version in (1, 2):
        journal.append(change(version), {})
        assert journal.fingerprint() == journal.fingerprint()
        seen.add(journal.fingerprint())
    journal.append(change(1, "other"), {})
    assert len(seen | {journal.fingerprint()}) == 4


class TestTheTable:
    @pytest.fixture
    def context(self, app: Flask) -> Iterator[None]:
        with app.app_context():
            yield

    def test_a_change_and_its_audit_record_are_one_transaction(
        self, app: Flask, context: None
    ) -> None:
        journal = SqlJournal(app)
        journal.append(change(1, reason="busy"), {"max_concurrent": 20})
        with pytest.raises(VersionConflict):
            journal.append(change(1, author="bob"), {})
        (record,) = db.session.scalars(
            select(AuditRecord).where(AuditRecord.action.startswith("resilience."))
        )
        assert (record.action, record.subject, record.reason) == (
            "resilience.config.set",
            "bulkhead:search",
            "busy",
        )
        assert record.before == {"max_concurrent": 20}
        assert record.after["values"] == {"max_concurrent": 1}
        assert record.actor_id is None and record.after["author"] == "ada"

    def test_an_author_who_is_an_account_is_the_actor(self, app: Flask, context: None) -> None:
        user = User(username="ada", display_name="Ada", password_hash="x")
        db.session.add(user)
        db.session.commit()
        SqlJournal(app).append(change(1, author=f"user:{user.id}"), {})
        record = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
        assert record is not None and record.actor_id == user.id

    def test_an_account_that_is_not_there_changes_nothing(self, app: Flask, context: None) -> None:
        journal = SqlJournal(app)
        with pytest.raises(UnknownResource) as refused:
            journal.append(change(1, author="user:999"), {})
        assert set(refused.value.errors) == {"by"}
        assert list(journal.newest()) == []

    def test_an_act_that_is_no_configuration_is_audited_too(
        self, app: Flask, context: None
    ) -> None:
        entry = AuditEntry(
            "resilience.breaker.reset", "circuit_breaker:" + "x" * 100, "cli:ada", "fixed",
            {"state": "open"}, {"state": "closed"},
        )  # fmt: skip
        audit_of_guards(app)(entry)
        db.session.rollback()
        record = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
        assert record is not None and record.reason == "fixed" and record.actor_id is None
        assert record.before == {"state": "open"}
        assert record.after == {
            "subject": entry.subject, "author": "cli:ada", "values": {"state": "closed"},
        }  # fmt: skip

    def test_a_change_in_a_request_that_holds_the_write_lock_does_not_wait_for_itself(
        self, app: Flask
    ) -> None:
        journal = SqlJournal(app)

        @app.post("/test-change")
        def change_something() -> str:
            db.session.scalars(select(User)).all()
            journal.append(change(1), {})
            return "done"

        assert app.test_client().post("/test-change").text == "done"
        assert [c.version for c in journal.newest()] == [1]

    def test_what_a_caller_has_not_finished_is_not_committed(
        self, app: Flask, context: None
    ) -> None:
        if db.engine.dialect.name == "sqlite":
            pytest.skip("SQLite has one write lock for all: the caller's transaction is ended")
        db.session.add(User(username="half", display_name="Half", password_hash="x"))
        db.session.flush()
        SqlJournal(app).append(change(1), {})
        db.session.rollback()
        assert db.session.scalars(select(User).where(User.username == "half")).all() == []

    def test_a_caller_is_not_undone_by_losing_the_race(self, app: Flask, context: None) -> None:
        journal = SqlJournal(app)
        journal.append(change(1), {})
        user = User(username="ada", display_name="Ada", password_hash="x")
        db.session.add(user)
        db.session.commit()
        with pytest.raises(VersionConflict):
            journal.append(change(1), {})
        assert user.username == "ada" and db.session.get(User, user.id) is user

    def test_a_database_that_is_away_is_said_so(self, app: Flask, context: None) -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE yoto_resilience_config_changes RENAME TO hidden"
            )
        try:
            journal = SqlJournal(app)
            for call in (
                journal.fingerprint,
                journal.newest,
                lambda: journal.append(change(1), {}),
                lambda: journal.history(Kind.BULKHEAD, "search", 5),
            ):
                with pytest.raises(StoreUnavailable) as refused:
                    call()
                assert refused.value.store == "database"
        finally:
            with db.engine.begin() as connection:
                connection.exec_driver_sql(
                    "ALTER TABLE hidden RENAME TO yoto_resilience_config_changes"
                )
