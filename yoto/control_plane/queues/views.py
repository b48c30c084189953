"""Routes of ``/control/api/queues``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.queues import service
from yoto.control_plane.queues.schemas import (
    LETTER_PAGE,
    ChooseStrategySchema,
    DiscardedSchema,
    QueuesSchema,
    RedrivenSchema,
    StrategySchema,
    WholeLetterSchema,
)
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery

queues_control = ControlBlueprint(
    "queues_control", __name__, "/queues", "The batch queue and the queue of invalidations"
)


@queues_control.get("")
@right(VIEW)
@queues_control.response(200, QueuesSchema)
def read_queues() -> dict[str, Any]:
    """Lengths, rates and ages, who works, and the strategy in force"""
    return service.queues()


@queues_control.get("/invalidation/strategy")
@right(VIEW)
@queues_control.response(200, StrategySchema)
def read_invalidation_strategy() -> dict[str, Any]:
    """How queued invalidations are published, and why so"""
    return service.strategy()


@queues_control.put("/invalidation/strategy")
@right(OPERATE)
@queues_control.arguments(ChooseStrategySchema)
@queues_control.response(200, StrategySchema)
def choose_invalidation_strategy(body: dict[str, Any]) -> dict[str, Any]:
    """Choose a strategy for a while, or end that; all workers follow at once"""
    return service.choose_strategy(body["strategy"], body["seconds"], body["reason"])


@queues_control.get("/<kind>/dead")
@right(VIEW)
@queues_control.arguments(PageQuery, location="query")
@queues_control.response(200, LETTER_PAGE)
def list_dead_letters(query: dict[str, Any], kind: str) -> Page[dict[str, Any]]:
    """Dead letters of a kind, the newest first"""
    return service.letters(kind, query["after"], query["limit"])


@queues_control.get("/<kind>/dead/<letter_id>")
@right(VIEW)
@queues_control.response(200, WholeLetterSchema)
def read_dead_letter(kind: str, letter_id: str) -> dict[str, Any]:
    """A dead letter with its content"""
    return service.letter(f"{kind}:{letter_id}")


@queues_control.post("/<kind>/dead/<letter_id>/redrive")
@right(OPERATE)
@queues_control.arguments(ActSchema)
@queues_control.response(200, RedrivenSchema)
def redrive_dead_letter(body: dict[str, Any], kind: str, letter_id: str) -> dict[str, int]:
    """Put a dead letter back as a new item, with all its tries"""
    return {"redriven": service.redrive(f"{kind}:{letter_id}", body["reason"])}


@queues_control.post("/<kind>/dead/<letter_id>/discard")
@right(OPERATE)
@queues_control.arguments(ActSchema)
@queues_control.response(200, DiscardedSchema)
def discard_dead_letter(body: dict[str, Any], kind: str, letter_id: str) -> dict[str, int]:
    """Throw a dead letter away; the audit log keeps its content"""
    return {"discarded": service.discard(f"{kind}:{letter_id}", body["reason"])}


@queues_control.post("/<kind>/redrive")
@right(OPERATE)
@queues_control.arguments(ActSchema)
@queues_control.response(200, RedrivenSchema)
def redrive_dead_letters(body: dict[str, Any], kind: str) -> dict[str, int]:
    """Put all dead letters of a kind that there are now back"""
    return {"redriven": service.redrive_all(kind, body["reason"])}
