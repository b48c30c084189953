"""Learning, warm-up, records and queues in somebody else's application: at its documents."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select

from tests.integration.yoto.embed.test_resources import (
    OPERATED,
    READ,
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
    office,
)
from tests.support.waiting import wait_until
from yoto import assign, assign_permissions_to_role, check_permission, decide, register_role
from yoto.cache import place_key
from yoto.errors import ValidationFailed
from yoto.extensions import cache, optimization, permissions, prefetch
from yoto.permission import Place, number_of
from yoto.rooms.decision_log.log import log_of
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.rooms.prefetch.steps import Step, checked_step
from yoto.rooms.queues.wiring import start
from yoto.store.db import db

__all__ = ["office"]

pytestmark = pytest.mark.parametrize(
    "office",
    [OPERATED | {"rooms": ["decision_log", "prefetch", "queues", "warm_up"]}],
    indirect=True,
)

HABIT = 12  # times that two documents are read one after the other


class Desk(NamedTuple):
    """A colleague who reads a plan and a note, of the project ``site``."""

    office: Office
    mara: Colleague
    site: Project
    plan: uuid.UUID
    note: uuid.UUID
    reader: int

    def read(self, document: uuid.UUID) -> None:
        assert self.office.get(self.mara, f"/documents/{document}").status_code == 200


@pytest.fixture(autouse=True)
def confident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOTO_PREFETCH_CONFIDENCE", "0.05")
    monkeypatch.setenv("YOTO_WARM_UP_AT_START", "false")


@pytest.fixture
def desk(confident: None, office: Office) -> Desk:  # noqa: F811
    mara, here = Colleague(id=uuid.uuid4(), name="mara"), Workspace(id=uuid.uuid4(), name="here")
    office.add(mara, here)
    site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site)
    plan, note = (
        Document(id=uuid.uuid4(), name=name, project_id=site.id) for name in ("plan", "note")
    )
    office.add(plan, note)
    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    return Desk(office, mara, site, plan.id, note.id, reader)


def test_the_next_document_is_in_memory_before_it_is_asked_for(desk: Desk) -> None:
    app, mara = desk.office.app, desk.mara.id
    assign(mara, desk.reader, at=("project", desk.site.id))
    service, number = prefetch.of(app), number_of(mara)
    for _ in range(HABIT):
        desk.read(desk.plan)
        desk.read(desk.note)
    wait_until(lambda: service.stats()["recorded"]["stored"] == 2 * HABIT)
    # Learned from Redis, as another worker would.
    service.analyzer.forget_all()
    first, *_ = service.predictions(mara)
    assert first.step == Step(READ, "document", desk.plan)

    def in_memory() -> bool:
        return cache.of(app).lookup.peek(number, place_key("document", desk.note)) is not None

    cache.of(app).forget()
    desk.read(desk.plan)
    wait_until(in_memory)
    service.work.wake_report()
    shown = {"scope": "document", "scope_id": str(desk.note)}
    wait_until(
        lambda: any(
            shown.items() <= task.items()
            for worker in service.fleet_stats().values()
            for task in worker["tasks"]
        )
    )
    taken = service.client.snapshot(mara, [Place("document", desk.plan), Place("global")])
    assert service.client.read(taken.token).places == taken.places
    assert taken.places[0] == (Place("document", desk.plan), (READ,))
    service.forget(mara)
    assert service.predictions(mara) == []


def test_steps_are_at_nodes_that_the_application_could_have(desk: Desk) -> None:
    step = Step("document.open", "document", desk.plan)
    assert checked_step("document.open", "document", str(desk.plan)) == step
    for scope, scope_id, field in (
        ("shelf", 1, "scope"),
        ("document", 7, "scope_id"),
        ("global", 7, "scope_id"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            checked_step("document.open", scope, scope_id)
        assert list(refused.value.errors) == [field]


def test_what_is_hot_is_preloaded_and_what_is_queued_is_granted(desk: Desk) -> None:
    app, mara = desk.office.app, desk.mara.id
    assign(mara, desk.reader)
    number, place = number_of(mara), place_key("document", desk.plan)
    cache.of(app).start(30)
    hot = optimization.of(app).hot
    hot.note(number, place)
    hot.flush()
    assert permissions.warm_up.preload_users([mara]).loaded == 1
    cache.of(app).forget()
    assert permissions.warm_up.preload_role(desk.reader).loaded == 1
    assert decide(mara, READ, "document", desk.plan).tier == "l1"

    payload: dict[str, Any] = {
        "role_id": desk.reader,
        "names": ["document.edit"],
        "scope_type": "project",
        "scope_id": str(desk.site.id),
    }
    with pytest.raises(ValidationFailed, match="unknown scope 'shelf'"):
        optimization.enqueue("set_permissions", payload | {"scope_type": "shelf"})
    start(app)
    optimization.enqueue("set_permissions", payload)
    wait_until(lambda: check_permission(mara, "document.edit", "document", desk.note))


def test_a_recorded_decision_is_replayed_with_what_has_changed(desk: Desk) -> None:
    assert not check_permission(desk.mara.id, READ, "document", desk.plan)
    log = log_of(desk.office.app)
    assert log is not None
    log.close()
    desk.office.session.rollback()  # it saw nothing of what came after its beginning
    record_id = db.session.scalar(select(func.max(DecisionRecord.id)))
    assert record_id is not None
    same = permissions.decision_log.replay(record_id)
    assert (same.outcome, same.scope) == ("same", f"document:{desk.plan}")
    assign(desk.mara.id, desk.reader, at=("project", desk.site.id))
    changed = permissions.decision_log.replay(record_id)
    assert (changed.outcome, changed.now) == ("changed", (True, "granted"))
