"""The allowed addresses of webhooks, and the part of them that may be shown."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from yoto.errors import ValidationFailed

from .addresses import is_internal

LONGEST_URL = 2_000
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-zA-Z0-9._:-]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """An address taken apart.

    Attributes:
        tls: whether it is https.
        host: a name or an address, without brackets.
        port: the given one, else the scheme's.
        authority: the ``Host`` header.
        path: path and query; often with a secret.
    """

    tls: bool
    host: str
    port: int
    authority: str
    path: str = field(repr=False)


def target_of(url: str, allow_internal: bool) -> WebhookTarget:
    """Take an address apart.

    Args:
        allow_internal: whether it may be without TLS, and an internal address.

    Raises:
        ValidationFailed: the text cannot be the address of a webhook.
    """
    split, port = _split(url)
    host = split.hostname or ""
    if not _HOST.fullmatch(host):
        raise _refused("must name a host")
    if split.scheme not in _PORTS:
        raise _refused("must begin with https://")
    if split.scheme == "http" and not allow_internal:
        raise _refused("must begin with https:// unless ALERT_WEBHOOK_ALLOW_INTERNAL is on")
    if "@" in split.netloc or split.fragment:
        raise _refused("must have no user, password or fragment")
    if _is_internal_literal(host) and not allow_internal:
        raise _refused("must not be an internal address unless ALERT_WEBHOOK_ALLOW_INTERNAL is on")
    shown = f"[{host}]" if ":" in host else host
    usual = port in (None, _PORTS[split.scheme])
    return WebhookTarget(
        tls=split.scheme == "https",
        host=host,
        port=port or _PORTS[split.scheme],
        authority=shown if usual else f"{shown}:{port}",
        path=(split.path or "/") + (f"?{split.query}" if split.query else ""),
    )


def shown_url(url: str) -> str:
    """The part that may be shown: scheme and host. The rest is a secret at many services."""
    split = urlsplit(url)
    rest = "/..." if split.path.strip("/") or split.query else ""
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{rest}"


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not isinstance(url, str) or len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise _refused(f"must be at most {LONGEST_URL} printable ASCII characters without spaces")
    try:
        split = urlsplit(url)
        return split, split.port
    except ValueError as error:
        raise _refused(f"cannot be read: {error}") from None


def _is_internal_literal(host: str) -> bool:
    try:
        return is_internal(ipaddress.ip_address(host))
    except ValueError:
        return False


def _refused(why: str) -> ValidationFailed:
    return ValidationFailed({"url": why})
