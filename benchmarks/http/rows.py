"""The rows of the table. It imports only the standard library: workers import it first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """The server that a row is asked of."""

    BARE = "bare"
    JWT = "jwt"
    STACK = "stack"
    PLAIN = "plain"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: its name on the command line and in JSON.
        shown: its title for readers.
        asked: the server.
        path: the path of its ``GET``.
        signed_in: whether the request carries a bearer token.
    """

    name: str
    shown: str
    asked: Asked
    path: str
    signed_in: bool = True


VIEWS = "/api/v1/bench"  # where the views of ours are, among those of the API
CHANNEL = 1  # the channel that they are about

BARE = Row("bare", "bare Flask view", Asked.BARE, "/view", signed_in=False)
JWT = Row("jwt", "peers: flask-jwt-extended", Asked.JWT, "/view")
STACK = Row("stack", "peers: + limiter, breaker, casbin", Asked.STACK, "/view")
EMPTY = Row("empty", "ours: around an empty view", Asked.OURS, f"{VIEWS}/empty", signed_in=False)
PERMISSION = Row(
    "permission", "ours: token, permission", Asked.OURS, f"{VIEWS}/permission/{CHANNEL}"
)
LIMIT = Row("limit", "ours: the same, leased limit", Asked.OURS, f"{VIEWS}/limit/{CHANNEL}")
STRICT = Row("strict", "ours: the same, guarded, strict", Asked.OURS, f"{VIEWS}/strict/{CHANNEL}")
LEASED = Row("leased", "ours: the same, guarded, leased", Asked.OURS, f"{VIEWS}/leased/{CHANNEL}")
MESSAGES = Row(
    "messages", "ours: list of messages", Asked.OURS, f"/api/v1/channels/{CHANNEL}/messages?limit=1"
)
# The same in an application with nothing else, whose callers are known without a token.
PLAIN = tuple(
    Row(f"plain-{name}", f"plain: {shown}", Asked.PLAIN, f"/{name}", signed_in=False)
    for name, shown in (
        ("empty", "with Yoto(app), an empty view"),
        ("permission", "permission"),
        ("limit", "leased limit"),
        ("strict", "permission, guarded, strict"),
        ("leased", "permission, guarded, leased"),
    )
)
ROWS = (BARE, JWT, STACK, *PLAIN, EMPTY, PERMISSION, LIMIT, STRICT, LEASED, MESSAGES)
CONNECTIONS = 8  # that ask at a time
# A request with this header is counted; this path then returns the counts. See ``counting``.
COUNTED_HEADER, COUNTS_PATH = "HTTP_X_BENCH_COUNTED", "/bench-counts"
# The answer of each view.
ANSWER = {"id": CHANNEL, "name": "general", "topic": "All that fits nowhere else"}
