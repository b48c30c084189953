"""Routes of ``/control/api/config``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from yoto.control_plane.config import service
from yoto.control_plane.config.schemas import (
    HISTORY_PAGE,
    ConfigRollbackSchema,
    DryRunSchema,
    EntriesSchema,
    EntrySchema,
    LiveEntrySchema,
    NewValuesSchema,
    TrySchema,
    ValuesSchema,
    VerdictSchema,
)
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery
from yoto.http.preconditions import edits, etag, seen_version
from yoto.http.problems import problem

config_control = ControlBlueprint(
    "config_control", __name__, "/config", "Live configuration: limits, breakers, bulkheads, levels"
)
ENTRY = "/<kind>/<name>"
Tagged = tuple[dict[str, Any], int, dict[str, str]]


def tagged(change: Callable[[], dict[str, Any]]) -> Tagged | Response:
    """The answer to a change: the entry with its tag, or what somebody else made of it."""
    try:
        entry = change()
    except service.Stale as stale:
        return problem(
            412,
            "version-conflict",
            f"Somebody else was faster: {stale}.",
            headers=etag(stale.entry["version"]),
            current_version=stale.entry["version"],
            current=EntrySchema().dump(stale.entry),
            difference=stale.difference,
        )
    return entry, 200, etag(entry["version"])


@config_control.get("/<kind>")
@right(VIEW)
@config_control.arguments(PageQuery, location="query")
@config_control.response(200, EntriesSchema)
def list_config(query: dict[str, Any], kind: str) -> dict[str, Any]:
    """Entries of a kind: what is in force, what the code says, who set what"""
    return service.entries(kind, **query)


@config_control.get(ENTRY)
@right(VIEW)
@config_control.response(200, EntrySchema)
@config_control.alt_response(422, "UNPROCESSABLE_ENTITY")
def read_config(kind: str, name: str) -> Tagged:
    """One entry; its `ETag` is needed to change it"""
    entry = service.entry(kind, name)
    return entry, 200, etag(entry["version"])


@config_control.put(ENTRY)
@right(OPERATE)
@config_control.arguments(NewValuesSchema)
@config_control.response(200, LiveEntrySchema)
@edits(config_control)
def put_config(body: dict[str, Any], kind: str, name: str) -> Any:
    """Make these values all that operators set on an entry"""
    version = seen_version()
    return tagged(lambda: service.put(kind, name, version=version, **body))


@config_control.delete(ENTRY)
@right(OPERATE)
@config_control.arguments(ActSchema)
@config_control.response(200, LiveEntrySchema)
@edits(config_control)
def delete_config(body: dict[str, Any], kind: str, name: str) -> Any:
    """Take back what operators set on an entry"""
    version = seen_version()
    return tagged(lambda: service.delete(kind, name, version, body["reason"]))


@config_control.get(f"{ENTRY}/history")
@right(VIEW)
@config_control.arguments(PageQuery, location="query")
@config_control.response(200, HISTORY_PAGE)
def list_config_history(query: dict[str, Any], kind: str, name: str) -> Page[dict[str, Any]]:
    """Who set what when, newest first"""
    return service.history(kind, name, **query)


@config_control.post(f"{ENTRY}/rollback")
@right(OPERATE)
@config_control.arguments(ConfigRollbackSchema)
@config_control.response(200, LiveEntrySchema)
@edits(config_control)
def rollback_config(body: dict[str, Any], kind: str, name: str) -> Any:
    """Set what operators had set at another version"""
    version = seen_version()
    return tagged(lambda: service.rollback(kind, name, version=version, **body))


@config_control.post(f"{ENTRY}/validate")
@right(VIEW)
@config_control.arguments(ValuesSchema)
@config_control.response(200, VerdictSchema)
def validate_config(body: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """Whether values would be taken, and what they would change; nothing changes"""
    return service.validate(kind, name, body["values"])


@config_control.post(f"{ENTRY}/dry-run")
@right(VIEW)
@config_control.arguments(TrySchema)
@config_control.response(200, DryRunSchema)
def dry_run_config(body: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """How many calls of the last minutes the values would have refused; nothing changes"""
    return service.dry_run(kind, name, **body)
