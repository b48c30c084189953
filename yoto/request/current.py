"""The context of a request, for policies. Outside a request there is none."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

from flask import has_request_context, request

DEVICE_HEADER = "X-Device-Token"
USER_AGENT_MAX = 200


@dataclass(frozen=True, slots=True)
class CurrentRequest:
    """Facts of the request at hand; None: not known.

    Attributes:
        ip: the caller's address as text; one of IPv4 that came as IPv6 is written as IPv4.
        user_agent: the client's name for itself.
        method: the HTTP method.
        device: the hash of the secret that the client's device sent.
    """

    ip: str | None = None
    user_agent: str | None = None
    method: str | None = None
    device: str | None = None


def current_request() -> CurrentRequest | None:
    """The context of the current request; None outside one."""
    if not has_request_context():
        return None
    token = request.headers.get(DEVICE_HEADER)
    agent = request.headers.get("User-Agent")
    return CurrentRequest(
        ip=_address(request.remote_addr),
        user_agent=agent[:USER_AGENT_MAX] if agent else None,
        method=request.method,
        device=token_hash(token) if token else None,
    )


def token_hash(token: str) -> str:
    """The stored form of a device's secret: SHA-256 in hex; it is random and long, so no salt."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _address(text: str | None) -> str | None:
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None  # a Unix socket, or whatever else a server calls its peer
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            found = ipaddress.IPv6Address(int(found))
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
    return str(found)
