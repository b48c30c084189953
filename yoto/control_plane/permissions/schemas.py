"""What questions of operators and their answers look like."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.api.people import PersonSchema
from yoto.api.permissions.checks.schemas import NAME_LENGTH, PlaceQuery, QuestionSchema
from yoto.api.permissions.insight.schemas import INCOMPLETE, FoundAfter
from yoto.api.permissions.review.schemas import CSV, JSON
from yoto.http.fields import MAX_ID, Facts, Node, NodeId, RowId, TypeName, with_node_id
from yoto.http.paging import PAGE_DEFAULT, PAGE_MAX, PageQuery, page_of

USERNAME_LENGTH = 256  # characters: an application may call its people by their addresses
SEARCH_LENGTH = 100
ROLES_MAX = 100


class _OneUser(ma.Schema):
    @ma.validates_schema
    def names_one_user(self, data: dict[str, Any], **options: Any) -> None:
        if (data["user_id"] is None) == (data["username"] is None):
            raise ma.ValidationError("Give either user_id or username.", "user_id")


class AskSchema(QuestionSchema, _OneUser):
    """A question about somebody."""

    user_id = RowId(load_default=None, allow_none=True)
    username = ma.fields.String(
        load_default=None, allow_none=True, validate=Length(1, USERNAME_LENGTH)
    )
    context = Facts(
        metadata={"description": "Facts about the request; giving any makes policies take part"},
    )


class WhoQuery(PageQuery, PlaceQuery):
    """Who may do something in a place."""

    permission = ma.fields.String(required=True, validate=Length(1, NAME_LENGTH))


class WhatQuery(FoundAfter, _OneUser):
    """Where somebody may do something."""

    permission = ma.fields.String(required=True, validate=Length(1, NAME_LENGTH))
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))
    user_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
    username = ma.fields.String(load_default=None, validate=Length(1, USERNAME_LENGTH))


class ExportQuery(PlaceQuery):
    """A review as a file."""

    permission = ma.fields.String(required=True, validate=Length(1, NAME_LENGTH))
    format = ma.fields.String(load_default=CSV, validate=OneOf([CSV, JSON]))


class NameQuery(PageQuery):
    """Part of a list, by name."""

    search = ma.fields.String(
        load_default="",
        validate=Length(max=SEARCH_LENGTH),
        metadata={"description": "What the name contains; of users, what it begins with"},
    )


class ListedServerSchema(ma.Schema):
    """A server in a list."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    owner_id = ma.fields.Integer(required=True)
    public = ma.fields.Boolean(required=True)


class ListedChannelSchema(ma.Schema):
    """A channel in a list."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    category = ma.fields.String(required=True, allow_none=True)


class NamedQuery(ma.Schema):
    """Resources of a type, by name or id."""

    scope = TypeName(everywhere=False, required=True)
    search = ma.fields.String(
        load_default="",
        validate=Length(max=SEARCH_LENGTH),
        metadata={"description": "What the name contains, or the whole id"},
    )
    within = Node(load_default=None, metadata={"description": "Only those below this one"})
    after = NodeId(load_default=None, metadata={"description": "The `next` of the page before"})
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "after", spelled=True)


class HomeSchema(ma.Schema):
    """A resource that people belong to."""

    scope = TypeName(everywhere=False, required=True)
    scope_id = NodeId(required=True)

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id", spelled=True)


class MatrixQuery(PageQuery, HomeSchema):
    """All that roles grant there."""

    everywhere = ma.fields.Boolean(
        load_default=False, metadata={"description": "Global roles, too, which count there"}
    )


class OverwritesQuery(HomeSchema):
    """The overwrites below it."""

    of = TypeName(everywhere=False, required=True)
    after = NodeId(load_default=None, metadata={"description": "The `next` of the page before"})
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))

    @ma.post_load
    def after_one_of_these(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "of", "after", spelled=True)


class ResourceSchema(ma.Schema):
    """A resource."""

    scope = ma.fields.String(required=True)
    id = NodeId(required=True)
    name = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null: its type has no names"}
    )


class PlacedResourceSchema(ResourceSchema):
    """A resource, and what people belong to above it."""

    home = ma.fields.Nested(ResourceSchema, required=True, allow_none=True)


class FoundResourceSchema(PlacedResourceSchema):
    """Where somebody may do something."""

    server_id = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "The home, where it is a server"}
    )
    server = ma.fields.String(required=True, allow_none=True)


class GrantSchema(ma.Schema):
    """What a role grants by itself, for the whole home or for something below it."""

    permission = ma.fields.String(required=True)
    effect = ma.fields.String(required=True, metadata={"enum": ["allow", "deny"]})
    scope = ma.fields.String(
        required=True, metadata={"description": "global, server:7 or channel:3"}
    )
    group = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The group it comes through"}
    )


class MatrixRoleSchema(ma.Schema):
    """A role with its own grants; those of the roles it inherits from count too."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    position = ma.fields.Integer(required=True)
    active = ma.fields.Boolean(
        required=True, metadata={"description": "An inactive role grants nothing to anybody"}
    )
    is_default = ma.fields.Boolean(required=True)
    holders = ma.fields.Integer(
        required=True, metadata={"description": "Assignments, also those that are not in force"}
    )
    inherits = ma.fields.List(
        ma.fields.Integer(),
        required=True,
        metadata={"description": "The roles that it inherits from now, nearest first"},
    )
    grants = ma.fields.List(ma.fields.Nested(GrantSchema), required=True)


class AncestorSchema(ma.Schema):
    """A role of the server or a global one that a listed role inherits from."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    grants = ma.fields.List(ma.fields.Nested(GrantSchema), required=True)


class MatrixPermissionSchema(ma.Schema):
    """A permission that can be granted in a server."""

    name = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    group = ma.fields.String(required=True, allow_none=True, attribute="category")
    description = ma.fields.String(required=True)


class ResourceMatrixSchema(ma.Schema):
    """Roles and what they grant in a resource that people belong to."""

    resource = ma.fields.Nested(ResourceSchema, required=True)
    scopes = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Scopes of grants that count for all of it"},
    )
    permissions = ma.fields.List(ma.fields.Nested(MatrixPermissionSchema), required=True)
    roles = ma.fields.List(ma.fields.Nested(MatrixRoleSchema), required=True)
    ancestors = ma.fields.List(
        ma.fields.Nested(AncestorSchema),
        required=True,
        metadata={"description": "What listed roles inherit from that is not listed itself"},
    )
    next = ma.fields.Integer(required=True, allow_none=True)


class MatrixSchema(ResourceMatrixSchema):
    """Roles of a server and what they grant."""

    server = ma.fields.Nested(ListedServerSchema, required=True)


class PlacedOverwriteSchema(ma.Schema):
    """What one role, user or team may do differently."""

    target_type = ma.fields.String(required=True, metadata={"enum": ["role", "user", "team"]})
    target_id = NodeId(required=True)
    target = ma.fields.String(required=True)
    allow = ma.fields.List(ma.fields.String(), required=True)
    deny = ma.fields.List(ma.fields.String(), required=True)


class OverwrittenChannelSchema(ma.Schema):
    """A channel and the overwrites in force in it."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    category = ma.fields.String(required=True, allow_none=True)
    synced = ma.fields.Boolean(
        required=True, metadata={"description": "The overwrites are those of the category"}
    )
    overwrites = ma.fields.List(ma.fields.Nested(PlacedOverwriteSchema), required=True)


class OverwrittenSchema(PlacedResourceSchema):
    """A resource in which there are overwrites in force."""

    place = ma.fields.String(
        required=True, metadata={"description": "What has them: itself, or what it is in sync with"}
    )
    overwrites = ma.fields.List(ma.fields.Nested(PlacedOverwriteSchema), required=True)


class FoundPersonSchema(PersonSchema):
    """A person or a program."""

    id = NodeId(required=True)  # type: ignore[assignment]


PERSON_PAGE = page_of(FoundPersonSchema, NodeId)
WHO_PAGE = type(PERSON_PAGE).from_dict(
    {"incomplete": ma.fields.String(required=True, allow_none=True, metadata=INCOMPLETE)},
    name="WhoPage",
)()
SERVER_PAGE = page_of(ListedServerSchema)
CHANNEL_PAGE = page_of(ListedChannelSchema)
FOUND_PAGE = page_of(FoundResourceSchema, NodeId)
RESOURCE_PAGE = page_of(PlacedResourceSchema, NodeId)
OVERWRITTEN_CHANNELS = page_of(OverwrittenChannelSchema)
OVERWRITTEN_PAGE = page_of(OverwrittenSchema, NodeId)
