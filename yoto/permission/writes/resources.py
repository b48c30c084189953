"""Resources that are in no table of the application's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.loading import Site, load_sites
from yoto.permission.loading.finding import checked_node, site_in
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.numbers import SubjectId
from yoto.permission.people.subjects import holder_of
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.context import checked_json
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.store.models import Resource
from yoto.store.resources import ResourceType, known_types


class ResourceWrites:
    """Registered resources."""

    def put_resource(
        self,
        type: str,
        id: NodeId,
        parent: tuple[str, NodeId] | None = None,
        owner: SubjectId | None = None,
        attributes: Mapping[str, Any] | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Register a resource that is in no table of the application's, or change it.

        Its type is declared without a class: ``yoto.resource("file", parent={"project": ...})``.
        No rank protects a resource: ``actor_id`` and ``reason`` are for the audit log, which
        records its place and its owner before and after.

        Args:
            parent: the node that it is below, type and id; moving it moves all below it.
            owner: the person who may do everything with it.
            attributes: JSON data for policies, which read it as ``input.resource.attributes``.

        Raises:
            PermissionDenied: the actor does not exist, or is disabled.
            ValidationFailed: a value is refused; its field is named.
        """
        kept = checked_json(attributes, "attributes")
        with acting(options) as act:
            act.check_actor()
            session = act.session
            declared = known_types().get(type)
            if not declared.registered:
                raise ValidationFailed({"type": f"'{type}' has a class: change its rows"})
            node = declared.place(id, "id")
            values = _values(session, declared, node, parent)
            if owner is not None:
                holder = holder_of(session, owner, "owner")
                if holder.user_id is None:
                    raise ValidationFailed({"owner": "must be a person"})
                values["owner_id"] = holder.user_id
            found = session.get(Resource, (type, node.id))
            was = load_sites(session.connection(), [node]).get(node) if found else None
            before, row = _shown(found), found or Resource(type=type, id=node.id)
            for column, value in values.items():
                setattr(row, column, value)
            row.attributes = kept
            session.add(row)
            session.flush()
            site = load_sites(session.connection(), [node]).get(node)
            if parent is not None and site is None:
                raise ValidationFailed({"parent": "would be below itself, or too deep"})
            after = _shown(row)
            if before != after:
                # A resource that left its home is recorded in the log of that home.
                act.record(
                    "resource.put", str(node), before, after, _home_of(site) or _home_of(was)
                )
        return WriteReceipt()

    def delete_resource(
        self, type: str, id: NodeId, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Forget a registered resource, with all rights at it; else as ``put_resource``.

        Raises:
            PermissionDenied: the actor does not exist, or is disabled.
            ValidationFailed: also where others are below it (field ``id``).
        """
        with acting(options) as act:
            session = act.session
            declared = known_types().get(type)
            node = declared.place(id, "id")
            row = session.get(Resource, (type, node.id)) if declared.registered else None
            if row is None:
                raise UnknownResource(type, id, "id")
            below = select(Resource.id).where(
                Resource.parent_type == type, Resource.parent_text == node.id
            )
            if session.scalar(below.limit(1)) is not None:
                raise ValidationFailed({"id": "others are below it"})
            site = load_sites(session.connection(), [node]).get(node)
            act.record("resource.delete", str(node), _shown(row), None, _home_of(site))
            session.delete(row)
        return WriteReceipt()


def _home_of(site: Site | None) -> str | None:
    return None if site is None else site.home


def _shown(row: Resource | None) -> dict[str, Any] | None:
    """The place and the owner of a resource, as the audit log has them; None: there is none."""
    if row is None:
        return None
    ids = (row.parent_number, row.parent_uuid, row.parent_text)
    above = next((id for id in ids if id is not None), None)
    parent = None if row.parent_type is None or above is None else Place(row.parent_type, above)
    return {"parent": None if parent is None else str(parent), "owner_id": row.owner_id}


def _values(
    session: Session,
    declared: ResourceType,
    node: Place,
    parent: tuple[str, NodeId] | None,
) -> dict[str, Any]:
    """The columns of a row for its parent and its owner."""
    values: dict[str, Any] = dict.fromkeys(
        ("parent_type", "parent_number", "parent_uuid", "parent_text", "owner_id")
    )
    if parent is None:
        return values
    above = checked_node(parent, "parent")
    if all(one.type != above.kind for one in declared.parents):
        raise ValidationFailed({"parent": f"a {declared.name} is below no {above.kind}"})
    if above == node:
        raise ValidationFailed({"parent": "is the resource itself"})
    site_in(session, above, "parent")
    column = {int: "parent_number", uuid.UUID: "parent_uuid", str: "parent_text"}
    values["parent_type"] = above.kind
    values[column[known_types().get(above.kind).id_type]] = above.id
    return values
