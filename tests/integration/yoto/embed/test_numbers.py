"""Everybody who may do something is found, also whom nobody ever asked about."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import OperationalError

from tests.integration.yoto.embed.test_resources import (
    READ,
    Colleague,
    Membership,
    Office,
    Workspace,
    office,
)
from tests.support.redis_servers import Server
from tests.support.statements import count_own_statements
from yoto import (
    PUBLIC,
    Everyone,
    assign,
    assign_permissions_to_role,
    list_users,
    register_permission,
    register_role,
)
from yoto.api.people import accounts
from yoto.permission import PermissionSystem
from yoto.permission.people import keys, numbers
from yoto.store.models import SubjectKey
from yoto.sweeping import sweeper_of

__all__ = ["office"]

VISIT = "workspace.visit"


def numbered(office: Office) -> int:
    """How many have a number."""
    with office.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(SubjectKey.__table__)) or 0


def past_the_session(office: Office, *rows: Any) -> None:
    """Insert rows as another program does it."""
    with office.engine.begin() as connection:
        for row in rows:
            values = {column.key: getattr(row, column.key) for column in row.__table__.c}
            values = {name: value for name, value in values.items() if value is not None}
            connection.execute(insert(row.__table__).values(values))


def people_of(office: Office) -> tuple[list[Colleague], Workspace]:
    """An owner, a member, a chief and somebody else; and the workspace."""
    names = ("boss", "mara", "chief", "else")
    found = [Colleague(id=uuid.uuid4(), name=name, chief=name == "chief") for name in names]
    return found, Workspace(id=uuid.uuid4(), name="here", owner_id=found[0].id)


@pytest.mark.parametrize("by_session", [True, False], ids=["session", "another_program"])
def test_owners_members_and_chiefs_whom_nobody_asked_about_are_found(
    office: Office, by_session: bool
) -> None:
    (boss, mara, chief, other), here = people_of(office)
    member = Membership(workspace_id=here.id, colleague_id=mara.id)
    for rows in ((boss, mara, chief, other), (here,), (member,)):
        if by_session:
            office.add(*rows)
        else:
            past_the_session(office, *rows)
    register_permission(VISIT, scope="workspace")
    found = list_users(VISIT, "workspace", here.id)
    assert (set(found.ids), found.incomplete) == ({boss.id, chief.id}, None)
    [visitor] = register_role("visitor").ids
    assign_permissions_to_role(visitor, [VISIT])
    assign(Everyone("workspace", here.id), visitor, at=("workspace", here.id))
    assert set(list_users(VISIT, "workspace", here.id).ids) == {boss.id, chief.id, mara.id}
    reviewed = PermissionSystem().review.who_can(VISIT, "workspace", here.id)
    assert {one.username for one in reviewed.lines} == {"boss", "chief", "mara"}
    assign(PUBLIC, visitor, at=("workspace", here.id))
    assert len(list_users(VISIT, "workspace", here.id).ids) == 4


def test_who_is_added_while_pages_are_read_is_on_one_of_them(office: Office) -> None:
    (boss, mara, chief, _), here = people_of(office)
    office.add(boss, mara, chief)
    office.add(here)
    register_permission(VISIT, scope="workspace")
    first = list_users(VISIT, "workspace", here.id, limit=1)
    late = Colleague(id=uuid.uuid4(), name="late", chief=True)
    past_the_session(office, late)
    office.session.rollback()
    rest = list_users(VISIT, "workspace", here.id, after=first.next_after)
    assert set(first.ids + rest.ids) == {boss.id, chief.id, late.id}


def test_who_is_not_committed_yet_is_found_in_the_same_transaction(office: Office) -> None:
    (boss, *_), here = people_of(office)
    register_permission(VISIT, scope="workspace")
    office.session.add(boss)
    office.session.flush()
    office.session.add(here)
    assert list_users(VISIT, "workspace", here.id).ids == (boss.id,)
    office.session.rollback()
    assert numbered(office) == 0


def test_people_get_their_numbers_with_the_commit_by_one_statement(office: Office) -> None:
    written: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "yoto_subjects" in statement:
            written.append(statement)

    event.listen(office.engine, "before_cursor_execute", note)
    office.add(*(Colleague(id=uuid.uuid4(), name=f"c{n}") for n in range(100)))
    rows = [{"id": uuid.uuid4(), "name": f"d{n}"} for n in range(100)]
    office.session.execute(insert(Colleague), rows)
    office.session.commit()
    event.remove(office.engine, "before_cursor_execute", note)
    assert (len(written), numbered(office)) == (2, 200)


def test_more_than_a_question_may_number_make_the_answer_incomplete_until_the_sweep(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "AT_ONCE", 3)
    chiefs = [Colleague(id=uuid.uuid4(), name=f"c{n}", chief=True) for n in range(10)]
    past_the_session(office, *chiefs)
    here = Workspace(id=uuid.uuid4(), name="here")
    past_the_session(office, here)
    register_permission(VISIT, scope="workspace")
    found = list_users(VISIT, "workspace", here.id)
    assert (len(found.ids), found.incomplete) == (3, "people")
    assert PermissionSystem().review.who_can(VISIT, "workspace", here.id).incomplete == "people"
    since = datetime.now(UTC) - timedelta(days=1)
    notes = PermissionSystem().review.difference(VISIT, "workspace", here.id, since=since).unknown
    assert any("no check was ever made" in note for note in notes)
    sweeper_of(office.app).sweep()
    found = list_users(VISIT, "workspace", here.id)
    assert (len(found.ids), found.incomplete) == (10, None)


def test_a_list_of_accounts_has_people_without_a_number_who_get_theirs_together(
    office: Office,
) -> None:
    def listed(count: int) -> tuple[int, int]:
        """How many of so many new people a page has, and how many statements it took."""
        past_the_session(
            office, *(Colleague(id=uuid.uuid4(), name=f"C{count}-{n}") for n in range(count))
        )
        office.session.rollback()
        with count_own_statements() as counted:
            page = accounts(
                after=None, limit=50, username=f"c{count}-", disabled=None, super_admin=None
            )
        return len(page.items), len(counted)

    (few, statements), many = listed(2), listed(20)
    assert (few, many) == (2, (20, statements))
    assert numbered(office) == 22


def test_setup_gives_numbers_to_all_who_were_there_before(office: Office) -> None:
    past_the_session(office, *people_of(office)[0])
    assert numbered(office) == 0
    office.app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert numbered(office) == 4


def test_several_processes_give_numbers_at_the_same_time(office: Office) -> None:
    past_the_session(office, *(Colleague(id=uuid.uuid4(), name=f"c{n}") for n in range(300)))
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def number() -> None:
        try:
            with office.app.app_context():
                together.wait()
                numbers.number_everybody(office.app)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=number) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (failures, numbered(office)) == ([], 300)


def test_where_no_number_can_be_given_the_answer_says_that_it_is_incomplete(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (boss, _, chief, _), here = people_of(office)
    office.add(boss)
    past_the_session(office, here, chief)
    register_permission(VISIT, scope="workspace")

    def refuse(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("INSERT INTO yoto_subjects"):
            raise OperationalError(statement, {}, Exception("attempt to write a readonly database"))

    beside = keys.engine_beside(office.app)
    event.listen(beside, "before_cursor_execute", refuse)
    with caplog.at_level(logging.WARNING):
        found = list_users(VISIT, "workspace", here.id)
    event.remove(beside, "before_cursor_execute", refuse)
    assert (found.ids, found.incomplete) == ((boss.id,), "people")
    assert "people without a number" in caplog.text
    assert set(list_users(VISIT, "workspace", here.id).ids) == {boss.id, chief.id}


def test_people_may_be_added_before_there_are_tables(
    empty: str, valkey_server: Server, tmp_path: Path
) -> None:
    office = Office(empty, valkey_server.url, tmp_path)
    try:
        office.add(*people_of(office)[0])
        assert office.session.scalar(select(func.count()).select_from(Colleague)) == 4
    finally:
        office.close()


def test_what_can_be_read_is_asked_of_documents_too(office: Office) -> None:
    (boss, *_), _ = people_of(office)
    past_the_session(office, boss)
    plan = office.document()
    plan.owner_id = boss.id
    office.session.commit()
    assert list_users(READ, "document", plan.id).ids == (boss.id,)
