"""One check of a request's head as a server's library has read it.

Those libraries forgive what a proxy in front may read in another way, and the two would then
disagree where a body ends and the next request begins. Such heads are refused, and their
connections closed. What the library itself does not show, such as a line that ended by a carriage
return alone, is a proxy's to refuse: docs/production.md says which.
"""

from __future__ import annotations

import re
from email.message import Message
from http import HTTPStatus

# RFC 9110, section 5: tokens, and values without control characters, so that no line goes on.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_LENGTH = re.compile(r"[0-9]{1,18}")


class BadHead(ValueError):
    """A head that somebody else could read in another way than we.

    Attributes:
        status: of the answer, after which the connection is closed.
    """

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


def check_head(version: str, headers: Message) -> None:
    """Check what was read, and the headers that say where a request ends, and for whom it is.

    Source: RFC 9112, sections 3.2, 5, 6.1 and 6.3.

    Args:
        version: such as ``HTTP/1.1``.

    Raises:
        BadHead: a line is no header, or they are ambiguous, or say something that we do not know.
    """
    pairs = [(name, str(value)) for name, value in headers.items()]
    # The reader of mails takes "From x" for an envelope, and what follows no header for a text.
    whole = not (headers.defects or headers.get_unixfrom() or headers.get_payload())
    if not whole or not all(_NAME.fullmatch(n) and _VALUE.fullmatch(v) for n, v in pairs):
        raise BadHead("A line of the head is no header.")
    hosts, lengths, codings = (
        [value.strip(" \t") for name, value in pairs if name.lower() == wanted]
        for wanted in ("host", "content-length", "transfer-encoding")
    )
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        raise BadHead("There must be one Host.")
    if len(lengths) + len(codings) > 1:
        raise BadHead("There must be one Content-Length, or one Transfer-Encoding.")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise BadHead("Content-Length must be digits.")
    if codings and version != "HTTP/1.1":
        raise BadHead("Transfer-Encoding is not of this version of HTTP.")
    if codings and codings[0].lower() != "chunked":
        raise BadHead("The only Transfer-Encoding here is chunked.", HTTPStatus.NOT_IMPLEMENTED)
