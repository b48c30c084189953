"""Explanations and searches on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Range

from yoto.api.permissions.checks.schemas import NAME_LENGTH, CheckSchema, PlaceQuery
from yoto.http.fields import Facts, Node, NodeId, TypeName, with_node_id
from yoto.nodes import MAX_ID

PAGE_DEFAULT, PAGE_MAX = 100, 1_000
POSITION_LENGTH = 64
EXPRESSION_LENGTH = 4_000


class ExplainSchema(CheckSchema):
    """One question; about the caller when no user is named."""

    context = Facts(
        metadata={"description": "Facts about the request; giving any makes policies take part"},
    )
    at_least = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=Length(1, POSITION_LENGTH),
        metadata={"description": "A position that the answer must include"},
    )


class RoleLinkSchema(ma.Schema):
    """A role that the user has, or would have if its status allowed."""

    role_id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    source = ma.fields.String(required=True)
    via = ma.fields.Integer(required=True, allow_none=True)
    status = ma.fields.String(required=True)
    valid_from = ma.fields.AwareDateTime(required=True, allow_none=True)
    valid_until = ma.fields.AwareDateTime(required=True, allow_none=True)
    since = ma.fields.AwareDateTime(required=True, allow_none=True)
    at = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The resource at which it is held; null: wherever it counts"},
    )
    through = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "team:5, everyone or public, where the user is not named"},
    )
    here_only = ma.fields.Boolean(
        required=True, metadata={"description": "Whether it is held there and not below"}
    )


class GrantLinkSchema(ma.Schema):
    """A grant that bears on the permission."""

    role_id = ma.fields.Integer(required=True)
    permission = ma.fields.String(required=True)
    effect = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    group = ma.fields.String(required=True, allow_none=True)
    counts = ma.fields.Boolean(required=True)


class OverwriteLinkSchema(ma.Schema):
    """An overwrite that bears on the permission."""

    target = ma.fields.String(required=True)
    permission = ma.fields.String(required=True)
    effect = ma.fields.String(required=True)
    counts = ma.fields.Boolean(required=True)
    place = ma.fields.String(required=True, metadata={"description": "The resource that has it"})


class OverwriteStepSchema(ma.Schema):
    """One step of the overwrites."""

    target = ma.fields.String(required=True)
    gave = ma.fields.List(ma.fields.String(), required=True)
    took = ma.fields.List(ma.fields.String(), required=True)
    before = ma.fields.Boolean(required=True)
    after = ma.fields.Boolean(required=True)
    place = ma.fields.String(required=True, metadata={"description": "Whose overwrites they are"})


class PolicyLinkSchema(ma.Schema):
    """The policies' verdict."""

    allow = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True)
    version = ma.fields.String(required=True, allow_none=True)
    codes = ma.fields.List(ma.fields.String(), required=True)
    texts = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        required=True,
        metadata={"description": "What the codes say, by language: en, zh"},
    )


class ChangeSchema(ma.Schema):
    """One change that turns the verdict."""

    kind = ma.fields.String(required=True)
    affected = ma.fields.Integer(required=True)
    detail = ma.fields.Dict(required=True)
    text = ma.fields.String(required=True)


class ExplanationSchema(ma.Schema):
    """The explanation of a verdict."""

    user_id = NodeId(required=True)
    username = ma.fields.String(required=True, allow_none=True)
    permission = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    scope_id = NodeId(required=True, allow_none=True)
    allowed = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True)
    tier = ma.fields.String(required=True)
    age_ms = ma.fields.Float(required=True)
    position = ma.fields.String(required=True, allow_none=True)
    policy_version = ma.fields.String(required=True, allow_none=True)
    at = ma.fields.AwareDateTime(required=True)
    agrees = ma.fields.Boolean(required=True)
    valid_until = ma.fields.AwareDateTime(required=True, allow_none=True)
    standing = ma.fields.String(required=True)
    super_admin = ma.fields.Boolean(required=True)
    roles = ma.fields.List(ma.fields.Nested(RoleLinkSchema), required=True)
    grants = ma.fields.List(ma.fields.Nested(GrantLinkSchema), required=True)
    base = ma.fields.List(ma.fields.String(), required=True)
    overwritten = ma.fields.String(required=True, allow_none=True)
    overwrites = ma.fields.List(ma.fields.Nested(OverwriteLinkSchema), required=True)
    steps = ma.fields.List(ma.fields.Nested(OverwriteStepSchema), required=True)
    rules = ma.fields.List(ma.fields.String(), required=True)
    gates = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "What is missing, without which nothing else there remains"},
    )
    remaining = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "What a time-out leaves"}
    )
    effective = ma.fields.List(ma.fields.String(), required=True)
    policies = ma.fields.List(ma.fields.Nested(PolicyLinkSchema), required=True)
    changes = ma.fields.List(ma.fields.Nested(ChangeSchema), required=True)
    text = ma.fields.String(required=True)


class PageQuery(ma.Schema):
    """The end of the previous page, and the length of this one."""

    after = ma.fields.Integer(
        load_default=None,
        validate=Range(0, MAX_ID),
        metadata={"description": "The `next_after` of the page before"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))


WITHIN = {"description": "Only those below this one, such as server:7"}


class FoundAfter(ma.Schema):
    """Nodes of a type, by pages: the previous page ended with an id of the type."""

    scope = TypeName(everywhere=False, load_default="channel")
    after = NodeId(
        load_default=None, metadata={"description": "The `next_after` of the page before"}
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))
    within = Node(load_default=None, metadata=WITHIN)
    server_id = ma.fields.Integer(
        load_default=None,
        validate=Range(1, MAX_ID),
        metadata={"description": "Short for `within` of a server"},
    )

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        server_id = data.pop("server_id")
        if server_id is not None:
            if data["within"] is not None:
                raise ma.ValidationError("Give either within or server_id.", "server_id")
            data["within"] = ("server", server_id)
        # 0 means that the page begins before the first number.
        first = {"after": None} if data["after"] == "0" else {}
        return with_node_id(data | first, "scope", "after", spelled=True)


class WantedQuery(ma.Schema):
    """One permission, or an expression over several."""

    permission = ma.fields.String(load_default=None, validate=Length(max=NAME_LENGTH))
    expression = ma.fields.String(
        load_default=None,
        validate=Length(max=EXPRESSION_LENGTH),
        metadata={
            "description": "In place of `permission`: a condition such as "
            "`channel.read AND NOT message.send`"
        },
    )


class ResourcesQuery(FoundAfter, WantedQuery):
    """A search for resources by permission; about the caller when no user is named."""

    user_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))


class UsersQuery(PageQuery, PlaceQuery, WantedQuery):
    """A search for people by permission in a place."""


class SetsQuery(PlaceQuery):
    """A search for sets of people by permission in a place."""

    permission = ma.fields.String(required=True, validate=Length(max=NAME_LENGTH))


NEXT_AFTER = {"description": "Null at the end; a short page alone is not the end"}
INCOMPLETE = {
    "description": "Why people may be missing; null: nobody is. `people`: some are not known yet. "
    "`provided_roles`: of some the application was never asked which roles they hold"
}


class PageSchema(ma.Schema):
    """Ids in ascending order."""

    ids = ma.fields.List(NodeId(), required=True)
    next_after = NodeId(required=True, allow_none=True, metadata=NEXT_AFTER)


class UserPageSchema(ma.Schema):
    """Ids in ascending order, of people and of programs."""

    ids = ma.fields.List(ma.fields.Integer(), required=True)
    applications = ma.fields.List(ma.fields.Integer(), required=True)
    next_after = NodeId(required=True, allow_none=True, metadata=NEXT_AFTER)
    incomplete = ma.fields.String(required=True, allow_none=True, metadata=INCOMPLETE)


class SetsSchema(ma.Schema):
    """Sets of people who have the permission merely by belonging to the set."""

    sets = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "team:5, everyone:server:7 or public"},
    )
