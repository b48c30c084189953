"""Teams and programs on the wire."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Flag, Instant, Name
from yoto.http.reasons import ReasonSchema
from yoto.store.columns import longest
from yoto.store.models import ProgramAccount, Team

TEAM_NAME = longest(Team.__table__.c.name)
APPLICATION_NAME = longest(ProgramAccount.__table__.c.name)


class NewTeamSchema(ReasonSchema):
    """A new, empty team."""

    name = Name(TEAM_NAME, required=True)


class TeamSchema(ma.Schema):
    """People and programs that hold roles together."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    created_at = Instant(required=True)


class TeamWindowSchema(ReasonSchema):
    """A period; null: no bound."""

    valid_from = Instant(load_default=None, allow_none=True)
    valid_until = Instant(load_default=None, allow_none=True)


class TeamMemberSchema(ma.Schema):
    """A member of a team, and the period of membership."""

    subject = ma.fields.String(required=True, metadata={"description": "user:42 or application:3"})
    valid_from = Instant(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)


class WholeTeamSchema(TeamSchema):
    """A team with its direct members, and the teams that it is in."""

    members = ma.fields.List(ma.fields.Nested(TeamMemberSchema), required=True)
    parents = ma.fields.List(ma.fields.Integer(), required=True)


class NewApplicationSchema(ReasonSchema):
    """A program."""

    name = Name(APPLICATION_NAME, required=True)


class SwitchSchema(ReasonSchema):
    """Whether a program is enabled."""

    disabled = Flag(required=True)


class ApplicationSchema(ma.Schema):
    """A program that has an account of its own."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    disabled = ma.fields.Boolean(required=True)
    created_at = Instant(required=True)
