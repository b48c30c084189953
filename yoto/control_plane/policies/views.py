"""Routes of ``/control/api/policies`` and ``/control/api/policy-documents``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.policies import service
from yoto.control_plane.policies.history import add_history
from yoto.control_plane.policies.schemas import (
    DocumentsSchema,
    DocumentVersionSchema,
    PoliciesSchema,
    PolicyVersionSchema,
    PutDocumentSchema,
    PutPolicySchema,
    ReceiptSchema,
    RehearsalSchema,
    TryDocumentSchema,
    TryPolicySchema,
)
from yoto.extensions import policy
from yoto.http.context import read_only
from yoto.http.control_api import ADMIN, VIEW, ControlBlueprint, right
from yoto.http.operators import demand_right
from yoto.http.preconditions import edits, etag, if_match
from yoto.policy import PolicyReceipt, StoredVersion
from yoto.store.models import PolicyKind

policies_control = ControlBlueprint(
    "policies_control", __name__, "/policies", "Policies: reading, trying and changing them"
)
documents_control = ControlBlueprint(
    "documents_control", __name__, "/policy-documents", "Data documents that policies read"
)

ENTRY = "/<name>"


@policies_control.get("")
@right(VIEW)
@policies_control.response(200, PoliciesSchema)
def list_policies() -> dict[str, Any]:
    """The policies in force, and what decides in the worker that answers"""
    return service.overview()


@policies_control.get(ENTRY)
@right(VIEW)
@policies_control.response(200, PolicyVersionSchema)
def read_policy(name: str) -> tuple[StoredVersion, dict[str, str]]:
    """What is in force of a policy; `ETag` is its version"""
    found = service.in_force(PolicyKind.REGO, name)
    return found, etag(found.version)


@policies_control.put(ENTRY)
@right(ADMIN)
@policies_control.arguments(PutPolicySchema)
@policies_control.response(200, ReceiptSchema)
@edits(policies_control)
def put_policy(body: dict[str, Any], name: str) -> tuple[PolicyReceipt, dict[str, str]]:
    """Bring a policy into force: compiled, tested, tried on recent inputs, stored

    `If-Match` is the version that it was made from, `"0"` for a new one. What the engine refuses
    is told at the field, with `line` and `column`.
    """
    with if_match() as seen:
        receipt = service.put_policy(name, body, seen)
    return receipt, etag(receipt.version)


@policies_control.post(f"{ENTRY}/test")
@read_only
@right(VIEW)
@policies_control.arguments(TryPolicySchema)
@policies_control.response(200, RehearsalSchema)
def test_policy(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Try a policy on recorded inputs, and on one that is given; nothing is stored

    Without a source it is what is in force. Another source takes `platform.admin`: it runs.
    """
    if body["source"] is not None or body["tests"] is not None:
        demand_right(ADMIN)
    return service.try_policy(name, body)


@documents_control.get("")
@right(VIEW)
@documents_control.response(200, DocumentsSchema)
def list_policy_documents() -> dict[str, Any]:
    """The data documents in force"""
    return {"items": policy.documents()}


@documents_control.get(ENTRY)
@right(VIEW)
@documents_control.response(200, DocumentVersionSchema)
def read_policy_document(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What is in force of a document; `ETag` is its version"""
    found = service.in_force(PolicyKind.DATA, name)
    return service.as_document(found), etag(found.version)


@documents_control.put(ENTRY)
@right(ADMIN)
@documents_control.arguments(PutDocumentSchema)
@documents_control.response(200, ReceiptSchema)
@edits(documents_control)
def put_policy_document(body: dict[str, Any], name: str) -> tuple[PolicyReceipt, dict[str, str]]:
    """Bring a document into force; `If-Match` as of policies"""
    with if_match() as seen:
        receipt = service.put_document(name, body, seen)
    return receipt, etag(receipt.version)


@documents_control.post(f"{ENTRY}/test")
@read_only
@right(VIEW)
@documents_control.arguments(TryDocumentSchema)
@documents_control.response(200, RehearsalSchema)
def test_policy_document(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Try a document on recorded inputs, and on one that is given; nothing is stored"""
    if "document" in body:
        demand_right(ADMIN)
    return service.try_document(name, body)


add_history(policies_control, PolicyKind.REGO, "policy", PolicyVersionSchema, lambda found: found)
add_history(
    documents_control,
    PolicyKind.DATA,
    "policy_document",
    DocumentVersionSchema,
    service.as_document,
)
