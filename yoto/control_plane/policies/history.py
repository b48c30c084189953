"""Versions of an entry, and going back: the same routes for policies and for documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma

from yoto.control_plane.policies import service
from yoto.control_plane.policies.schemas import (
    DiffSchema,
    PolicyRollbackSchema,
    ReceiptSchema,
    VersionSchema,
)
from yoto.http.control_api import ADMIN, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.preconditions import edits, etag, if_match
from yoto.policy import PolicyReceipt, StoredVersion
from yoto.store.models import PolicyKind

VERSIONS = "/<name>/versions"
PAGE = page_of(VersionSchema)


def add_history(
    blueprint: ControlBlueprint,
    kind: PolicyKind,
    noun: str,
    schema: type[ma.Schema],
    shown: Callable[[StoredVersion], Any],
) -> None:
    """Add the routes to a blueprint.

    Args:
        noun: what operation ids call an entry.
        schema: of a version with its texts, which ``shown`` makes.
    """

    @blueprint.get(VERSIONS, endpoint=f"list_{noun}_versions")
    @right(VIEW)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, PAGE)
    def list_versions(query: dict[str, Any], name: str) -> Page[StoredVersion]:
        """Its versions, newest first"""
        return service.versions(kind, name, query["after"], query["limit"])

    @blueprint.get(f"{VERSIONS}/<int:number>", endpoint=f"read_{noun}_version")
    @right(VIEW)
    @blueprint.response(200, schema)
    def read_version(name: str, number: int) -> Any:
        """One version with its texts"""
        return shown(service.version(kind, name, number))

    @blueprint.get(f"{VERSIONS}/<int:old>/diff/<int:new>", endpoint=f"compare_{noun}_versions")
    @right(VIEW)
    @blueprint.response(200, DiffSchema)
    def compare_versions(name: str, old: int, new: int) -> dict[str, Any]:
        """Where one version differs from another"""
        return service.difference(kind, name, old, new)

    @blueprint.post("/<name>/rollback", endpoint=f"roll_back_{noun}")
    @right(ADMIN)
    @blueprint.arguments(PolicyRollbackSchema)
    @blueprint.response(200, ReceiptSchema)
    @edits(blueprint)
    def roll_back(body: dict[str, Any], name: str) -> tuple[PolicyReceipt, dict[str, str]]:
        """Bring an old version into force again, as a new one

        `If-Match` is the version in force, `"0"` if none is.
        """
        with if_match() as seen:
            receipt = service.roll_back(kind, name, body["version"], body["reason"], seen)
        return receipt, etag(receipt.version)

    @blueprint.post("/<name>/remove", endpoint=f"remove_{noun}")
    @right(ADMIN)
    @blueprint.arguments(ActSchema)
    @blueprint.response(200, ReceiptSchema)
    @edits(blueprint)
    def remove(body: dict[str, Any], name: str) -> PolicyReceipt:
        """Take it out of force; its versions stay. `If-Match` as of a rollback"""
        with if_match() as seen:
            return service.remove(kind, name, body["reason"], seen)
