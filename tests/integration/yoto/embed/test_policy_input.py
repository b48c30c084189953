"""Facts that policies read of somebody else's resources: by what a right came, and attributes."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest
from sqlalchemy import event, select

from tests.integration.yoto.embed.test_resources import (
    OPERATED,
    PRINT,
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
)
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import (
    PUBLIC,
    Team,
    add_team_members,
    assign,
    assign_permissions_to_role,
    batch_check_permissions,
    check_many,
    check_permission,
    create_team,
    decide,
    explain,
    invalidate_user_cache,
    list_resources,
    list_users,
    register_permission,
    register_role,
    set_overwrite,
    unassign,
    visible,
)
from yoto.errors import StoreUnavailable
from yoto.permission import PermissionSystem, Place, number_of
from yoto.permission.outbox.positions import to_position
from yoto.rooms.policies import PolicyManager

# Nobody prints by a public link alone, nor by a role that was given for reading on a screen.
BY_WHAT = f"""package yoto.authz

deny contains "public_link" if {{
    input.action.name == "{PRINT}"
    every way in input.via {{
        way.subject.kind == "public"
    }}
}}

deny contains "screen_only" if {{
    input.action.name == "{PRINT}"
    some way in input.via
    way.attributes.screen
}}
"""


# A deny-rule by itself: it says nothing where there is nothing to read.
BY_NAME = f"""package yoto.authz

deny contains "closed" if {{
    input.action.name == "{PRINT}"
    input.resource.attributes.name == "closed"
}}
"""


@dataclass
class Studio:
    """One workspace with a project and two documents, and a role that prints."""

    mara: Colleague
    noor: Colleague
    here: Workspace
    site: Project
    plan: Document
    note: Document
    printer: int


@pytest.fixture
def office(url: str, valkey_server: Server, tmp_path: Path) -> Iterator[Office]:
    office = Office(url, valkey_server.url, tmp_path, **OPERATED)
    office.session.configure(expire_on_commit=False)
    try:
        made = office.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with office.app.app_context():
            yield office
    finally:
        office.close()


@pytest.fixture
def studio(office: Office) -> Studio:
    mara, noor = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "noor"))
    office.add(mara, noor)
    here = Workspace(id=uuid.uuid4(), name="here")
    office.add(here)
    site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site)
    plan, note = (
        Document(id=uuid.uuid4(), name=name, project_id=site.id) for name in ("plan", "note")
    )
    office.add(plan, note)
    register_permission(PRINT, scope="document", abac=True)
    [printer] = register_role("printer").ids
    assign_permissions_to_role(printer, [PRINT])
    return Studio(mara, noor, here, site, plan, note, printer)


def prints(office: Office, studio: Studio, who: Colleague) -> set[str]:
    """The names of what somebody prints; every way of asking agrees."""
    found = set(office.session.scalars(visible(select(Document.name), who.id, PRINT)))
    by_id = {studio.plan.id: "plan", studio.note.id: "note"}
    ids = list_resources(who.id, PRINT, "document").ids
    assert {by_id[one] for one in ids} == found
    asked = [(PRINT, "document", one) for one in by_id]
    assert check_many(who.id, asked) == [name in found for name in by_id.values()]
    for id_, name in by_id.items():
        allowed = name in found
        assert check_permission(who.id, PRINT, "document", id_) == allowed
        assert batch_check_permissions([who.id], PRINT, "document", id_) == {who.id: allowed}
        explained = explain(who.id, PRINT, "document", id_)
        assert explained.allowed == allowed and explained.agrees
        assert (who.id in list_users(PRINT, "document", id_).ids) == allowed
    return found


def test_policies_judge_by_what_a_right_came(office: Office, studio: Studio) -> None:
    PolicyManager().put("by_what", BY_WHAT, "test")
    mara, noor, printer = studio.mara, studio.noor, studio.printer
    on_plan, on_site = ("document", studio.plan.id), ("project", studio.site.id)
    assert prints(office, studio, mara) == set()

    assign(PUBLIC, printer, at=on_plan)
    assert prints(office, studio, mara) == set()
    assert decide(mara.id, PRINT, *on_plan).codes == ("public_link",)
    # A person who has it by something else too is not kept from it.
    assign(mara.id, printer, at=on_site)
    assert prints(office, studio, mara) == {"plan", "note"}
    # An attribute of an assignment counts as soon as it is set.
    assign(mara.id, printer, at=on_site, attributes={"screen": True})
    assert prints(office, studio, mara) == set()
    assert decide(mara.id, PRINT, *on_plan).codes == ("screen_only",)
    assign(mara.id, printer, at=on_site, attributes={"screen": False})
    assert prints(office, studio, mara) == {"plan", "note"}
    unassign(mara.id, printer, at=on_site)
    assert prints(office, studio, mara) == set()

    [crew] = create_team("crew").ids
    add_team_members(crew, [noor.id])
    set_overwrite(at=on_plan, team_id=crew, allow=[PRINT])
    assert prints(office, studio, noor) == {"plan"}
    studio.note.owner_id = noor.id
    office.session.flush()
    # In the middle of a change the caller is answered by what it has done so far.
    assert check_permission(noor.id, PRINT, "document", studio.note.id)
    office.session.commit()
    assert prints(office, studio, noor) == {"plan", "note"}


def test_each_way_says_how_it_came(office: Office, studio: Studio) -> None:
    mara, noor, printer = studio.mara, studio.noor, studio.printer
    on_plan = ("document", studio.plan.id)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    [crew] = create_team("crew").ids
    add_team_members(crew, [mara.id], valid_until=until)
    assign(Team(crew), printer, at=("project", studio.site.id), attributes={"case": 7})
    assign(PUBLIC, printer, at=on_plan)
    assign(mara.id, printer, valid_from=until)
    set_overwrite(at=on_plan, user_id=mara.id, allow=[PRINT])
    studio.plan.owner_id = noor.id
    office.session.commit()

    def documents(who: Colleague) -> list[dict[str, Any]]:
        place = Place(*on_plan)
        found = PermissionSystem.ways_of(office.app, number_of(who.id), place, PRINT)
        return [one.document() for one in found]

    plain = {
        "kind": "assignment",
        "permission": PRINT,
        "role": {"id": printer, "name": "printer"},
        "overwrite": None,
        "from": None,
        "until": None,
        "attributes": {},
    }
    plan, site = ({"scope": s, "id": str(i)} for s, i in (on_plan, ("project", studio.site.id)))
    by_public = plain | {"subject": {"kind": "public", "id": None}, "node": plan}
    by_team = plain | {
        "subject": {"kind": "team", "id": crew},
        "node": site,
        "until": until.timestamp(),
        "attributes": {"case": 7},
    }
    own = plain | {
        "kind": "overwrite",
        "role": None,
        "subject": {"kind": "person", "id": None},
        "node": None,
        "overwrite": plan,
    }
    # A grant that begins later is none yet.
    assert documents(mara) == [by_public, by_team, own]
    assert documents(noor) == [
        by_public,
        own | {"kind": "owner", "node": plan, "overwrite": None},
    ]
    # The last word counts: a grant that came before it is none any more.
    set_overwrite(at=on_plan, role_id=printer, deny=[PRINT])
    assert documents(mara) == [own]


def test_what_a_right_came_by_costs_no_statement_of_its_own(
    office: Office, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara, on_plan = studio.mara, ("document", studio.plan.id)
    assign(mara.id, studio.printer, at=on_plan)
    caching = PermissionSystem.caching_of(office.app)
    assert caching is not None
    seen: list[str] = []
    checking = get_ident()

    def note(*given: Any) -> None:
        # The relay of the outbox asks in a thread of its own.
        if get_ident() == checking:
            seen.append(given[2])

    event.listen(caching.pool.engine, "before_cursor_execute", note)

    def forget() -> None:
        """Hear of it by the log, too: an entry older than its word would be forgotten once more."""
        position = to_position(str(invalidate_user_cache(mara.id).position), caching.pool)
        wait_until(lambda: caching.cache.tailer.applied >= position)
        seen.clear()

    def statements() -> int:
        """How many a check takes that nothing is remembered for."""
        forget()
        assert check_permission(mara.id, PRINT, *on_plan)
        return len(seen)

    statements()
    before = statements()
    PolicyManager().put("by_what", BY_WHAT, "test")
    assert check_permission(mara.id, PRINT, *on_plan)
    assert statements() == before
    seen.clear()
    assert check_permission(mara.id, PRINT, *on_plan) and not seen
    # The rights of many people, too, are read together with what they came by.
    forget()
    many = batch_check_permissions([mara.id, studio.noor.id], PRINT, *on_plan)
    assert many == {mara.id: True, studio.noor.id: False}
    assert sum("yoto_role_assignments" in one for one in seen) == 1

    def lost(*_: Any) -> None:
        raise StoreUnavailable("database")

    # A permission is denied where that cannot be told, even if no rule would have denied by it.
    monkeypatch.setattr(caching.ways, "_known", lost)
    found = decide(mara.id, PRINT, *on_plan)
    assert (found.allowed, found.reason) == (False, "missing:via")


def test_what_many_resources_show_is_read_together(office: Office, studio: Studio) -> None:
    mara, caching = studio.mara, PermissionSystem.caching_of(office.app)
    assert caching is not None
    assign(mara.id, studio.printer, at=("project", studio.site.id))
    PolicyManager().put("by_name", BY_NAME, "test")
    office.session.commit()
    seen: list[str] = []
    event.listen(caching.pool.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    asked = [(PRINT, "document", one.id) for one in (studio.plan, studio.note)]
    for ask in (
        lambda: check_many(mara.id, asked),
        lambda: list_resources(mara.id, PRINT, "document").ids,
    ):
        seen.clear()
        assert len(ask()) == 2
        assert len([one for one in seen if "SELECT documents." in one]) == 1, seen


def test_what_a_resource_shows_denies_where_it_cannot_be_read(
    office: Office, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara, on_note = studio.mara, ("document", studio.note.id)
    assign(mara.id, studio.printer, at=("project", studio.site.id))
    PolicyManager().put("by_name", BY_NAME, "test")
    assert prints(office, studio, mara) == {"plan", "note"}
    studio.note.name = "closed"
    office.session.commit()
    assert decide(mara.id, PRINT, *on_note).codes == ("closed",)
    studio.note.name = "note"
    office.session.commit()

    def lost(*_: Any) -> Any:
        raise StoreUnavailable("database")

    reads = "yoto.rooms.policies.checking.facts.attributes_of"
    # Nor is it read of what is not there any more, or holds what no policy can read.
    odd = ({}, {studio.note.id: {"name": b""}}, {studio.note.id: {"name": math.nan}})
    for read in (lost, *(lambda *_, found=one: found for one in odd)):
        monkeypatch.setattr(reads, read)
        assert decide(mara.id, PRINT, *on_note).codes == ("missing:resource.attributes",)
    monkeypatch.setattr(reads, lost)
    assert prints(office, studio, mara) == set()
    # Nobody is kept from it where no policy reads the name.
    PolicyManager().remove("by_name", "test")
    assert prints(office, studio, mara) == {"plan", "note"}
