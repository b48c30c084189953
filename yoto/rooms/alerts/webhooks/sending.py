"""Sending of one message, with time-outs, and only to a checked address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HttpTimeout

from yoto.errors import ValidationFailed
from yoto.whole_response import DeadlineConnection, DeadlineTlsConnection

from ..settings import SendSettings
from .addresses import Unresolved, WebhookTarget, resolve, target_of
from .signing import headers

# Addresses of one name that are tried, such as one of IPv6 and one of IPv4.
ADDRESSES = 2
USER_AGENT = "yoto-alerts"
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a try.

    Attributes:
        status: HTTP status; None without a response.
        error: the reason of the failure, without any part of the address; None: it was delivered.
    """

    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver accepted the message."""
        return self.error is None


class Sender:
    """Sends messages. Nothing is kept open; safe for threads and greenlets."""

    def __init__(self, settings: SendSettings, clock: Callable[[], float] = time.time) -> None:
        """``clock``: seconds since 1970, for the timestamp that receivers compare with theirs."""
        self.settings = settings
        self._clock = clock

    def send(self, url: str, secret: str, message_id: str, body: str) -> Outcome:
        """Post ``body``; only a response of 200 to 299 counts. Never raises for errors of the
        receiver, the network or the address."""
        data = body.encode()
        try:
            target = target_of(url, self.settings.allow_internal)
            addresses = resolve(
                target.host, target.port, self.settings.allow_internal, self.settings.timeout
            )
            status = self._post_to_one(
                target, addresses, data, headers(secret, message_id, int(self._clock()), data)
            )
        except ValidationFailed as error:
            # The address was allowed when the webhook was added.
            return Outcome(None, f"the address is not allowed: {error}")
        except Unresolved as error:
            return Outcome(None, str(error))
        except NewConnectionError:
            # urllib3 makes this error a kind of time-out, so it comes first.
            return Outcome(None, "no answer: it cannot be connected to")
        except (HttpTimeout, TimeoutError):
            return Outcome(None, f"no answer within {self.settings.timeout:g} s")
        except (HTTPError, OSError) as error:
            # The texts of these errors may contain the address.
            return Outcome(None, f"no answer: {type(error).__name__}")
        if status in REDIRECTS:
            return Outcome(status, f"HTTP status {status}; redirects are not followed")
        return Outcome(status, None if 200 <= status < 300 else f"HTTP status {status}")

    def _post_to_one(
        self, target: WebhookTarget, addresses: list[str], body: bytes, signed: dict[str, str]
    ) -> int:
        """Post to the first address that accepts a connection; nothing was sent to the others."""
        for address in addresses[: ADDRESSES - 1]:
            try:
                return self._post(target, address, body, signed)
            except ConnectTimeoutError:
                continue
        return self._post(target, addresses[:ADDRESSES][-1], body, signed)

    def _post(
        self, target: WebhookTarget, address: str, body: bytes, signed: dict[str, str]
    ) -> int:
        pool = self._pool(target, address)
        try:
            response = pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers={
                    "Host": target.authority,
                    "Content-Type": "application/json",
                    "User-Agent": USER_AGENT,
                    **signed,
                },
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=self.settings.timeout, read=self.settings.timeout),
                # The response's body is not needed, and may be long.
                preload_content=False,
            )
            response.close()
            return response.status
        finally:
            pool.close()

    def _pool(self, target: WebhookTarget, address: str) -> urllib3.HTTPConnectionPool:
        if not target.tls:
            plain = urllib3.HTTPConnectionPool(address, target.port, maxsize=1)
            plain.ConnectionCls = DeadlineConnection
            return plain
        options: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED", "ca_certs": self.settings.ca_file}
        # The certificate must be that of the name, not of the address.
        tls = urllib3.HTTPSConnectionPool(
            address,
            target.port,
            maxsize=1,
            server_hostname=target.host,
            assert_hostname=target.host,
            **options,
        )
        tls.ConnectionCls = DeadlineTlsConnection
        return tls
