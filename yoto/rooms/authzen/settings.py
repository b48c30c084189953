"""Settings of questions of other programs."""

from __future__ import annotations

from yoto.settings import choice, declares, text

_TYPE = r"(?!(?:user|server|channel|global|application)=)[a-z][a-z0-9_-]*=[1-9][0-9]{0,17}"


@declares
class Access:
    """Questions of other programs: [authzen.md](authzen.md)"""

    AUTHZEN_TYPES = text(
        "",
        "type=server id, separated by commas",
        rf"(?:{_TYPE}(?:,{_TYPE})*)?",
        "Resource types of other applications: `record=7` makes the channels of server 7 records,"
        " each known by its name.",
    )
    AUTHZEN_SUBJECT = choice(
        "username",
        ("username", "external_id", "id"),
        "The kind of a subject's id; by default `id` in an application that Yoto is a guest in.",
    )
