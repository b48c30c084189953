"""Questions of explanations and searches on the wire."""

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


class PageQuery(ma.Schema):
    """The end of the previous page, and the length of this one."""

    after = ma.fields.Integer(
        load_default=None,
        validate=Range(0, MAX_ID),
        metadata={"description": "The `next_after` of the page before"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))


WITHIN = "Only those below this one, such as server:7"


class FoundAfter(ma.Schema):
    """Nodes of a type, by pages: the previous page ended with an id of the type."""

    scope = TypeName(everywhere=False, load_default="channel")
    after = NodeId(
        load_default=None, metadata={"description": "The `next_after` of the page before"}
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))
    within = Node(load_default=None, metadata={"description": WITHIN})
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


NEXT_AFTER = "Null at the end; a short page alone is not the end"
INCOMPLETE = (
    "Why people may be missing; null: nobody is. `people`: some are not known yet. "
    "`provided_roles`: of some the application was never asked which roles they hold"
)
