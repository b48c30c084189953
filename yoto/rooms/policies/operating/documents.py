"""Data documents that policies read."""

from __future__ import annotations

import json
from typing import Annotated, Any

import marshmallow as ma

from yoto.auth.operators import ADMIN, VIEW, demand_right
from yoto.http.operation import Author, Reason, SeenVersion, Subject
from yoto.rooms.policies import PolicyDryRun, PolicyReceipt, StoredVersion
from yoto.rooms.policies.manager import policy
from yoto.rooms.policies.operating.entries import (
    add_history,
    in_force,
    refused_by_field,
    version_of,
)
from yoto.rooms.policies.operating.shapes import NAMES, Documents, DocumentVersion, Input, listed
from yoto.rooms.policies.tables import PolicyKind

documents = Subject(
    "documents",
    "/policy-documents",
    "Data documents that policies read",
    "document",
    "policy",
    "",
    NAMES,
)
add_history(documents, PolicyKind.DATA, "policy_document")


@documents.operation("GET", "", VIEW)
def list_policy_documents() -> Documents:
    """The active data documents"""
    return {"items": policy.documents()}


@documents.operation("GET", "/<name>", VIEW, tagged=True)
def read_policy_document(name: str) -> DocumentVersion:
    """The active version of a document; `ETag` is its version"""
    return _shown(in_force(PolicyKind.DATA, name))


@documents.operation("GET", "/<name>/versions/<int:number>", VIEW)
def read_policy_document_version(name: str, number: int) -> DocumentVersion:
    """One version with its value"""
    return _shown(version_of(PolicyKind.DATA, name, number))


@documents.operation("PUT", "/<name>", ADMIN, body="PutDocument", tagged=True)
def put_policy_document(
    name: str,
    document: Annotated[Any | None, "Any JSON value"],
    reason: Reason,
    by: Author,
    made_from: SeenVersion,
) -> PolicyReceipt:
    """Bring a document into force; `If-Match` as for policies"""
    with refused_by_field(name, "document"):
        return policy.put_document(name, document, by, reason, made_from)


@documents.operation("POST", "/<name>/test", VIEW, changes=False, body="TryDocument")
def test_policy_document(
    name: str,
    document: Annotated[Any, "Any JSON value; takes `platform.admin`"] = ma.missing,
    input: Input = None,
) -> PolicyDryRun:
    """Try a document on recorded inputs, and on one that is given; nothing is stored

    Without a document, the active one is tried.
    """
    if document is not ma.missing:
        demand_right(ADMIN)
    else:
        document = json.loads(in_force(PolicyKind.DATA, name).source)
    with refused_by_field(name, "document"):
        return policy.dry_run_document(name, document, input)


def _shown(found: StoredVersion) -> DocumentVersion:
    return DocumentVersion(**listed(found), document=json.loads(found.source))
