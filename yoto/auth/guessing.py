"""Protection against password guessing: limits by address and account where one is tried."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app

from yoto.errors import StoreUnavailable
from yoto.extensions import monitor
from yoto.monitor import names
from yoto.redis import RedisConnection, RedisStore
from yoto.request.context import origin
from yoto.resilience import Dimension, MultiDimensionalKey, RateLimitConfig, network_of, rate_limit

CONTROL_SIGN_IN = "control.sign-in"
CONTROL_SIGN_IN_KNOWN = "control.sign-in.known"

MINUTE, HOUR = 60.0, 3600.0  # s

# Tries. An office or a school signs in from one address at nine o'clock.
SIGN_INS_OF_ADDRESS = Dimension("ip", limit=30, window=5 * MINUTE)
# Tries. A site has 65,536 networks of IPv6, and each counts as an address.
SIGN_INS_OF_SITE = Dimension("site", limit=90, window=5 * MINUTE)
# Tries of strangers at all accounts, from all addresses: what two workers can check. Those who come
# back to where they signed in before are not counted with them.
SIGN_INS_OF_STRANGERS = Dimension("global", limit=600, window=MINUTE)
# Tries. A user who does not remember a password tries a few, and goes on with one in three minutes.
SIGN_INS_OF_ADDRESS_TO_ACCOUNT = Dimension("user+ip", limit=10, window=30 * MINUTE)
# Tries. Against many addresses that guess one password. One address has 10 at once and 20 an hour,
# a third of what comes back here, so it takes several that go on together to keep the owner out.
SIGN_INS_TO_ACCOUNT = Dimension("user", limit=60, window=HOUR)

# Tries at one endpoint, of callers who come for the first time and of those who were there before.
SIGN_INS_OF_ANYBODY = RateLimitConfig(
    dimensions=(
        SIGN_INS_OF_ADDRESS,
        SIGN_INS_OF_SITE,
        SIGN_INS_OF_ADDRESS_TO_ACCOUNT,
        SIGN_INS_TO_ACCOUNT,
        SIGN_INS_OF_STRANGERS,
    )
)
SIGN_INS_OF_KNOWN = RateLimitConfig(
    dimensions=(SIGN_INS_OF_ADDRESS, SIGN_INS_OF_ADDRESS_TO_ACCOUNT)
)
CONTROL_GUARDS = {
    CONTROL_SIGN_IN: {"rate_limit": SIGN_INS_OF_ANYBODY},
    CONTROL_SIGN_IN_KNOWN: {"rate_limit": SIGN_INS_OF_KNOWN},
}

DIGEST_BYTES = 16
KEPT_SECONDS = 60 * 24 * 3600  # two months, as behaviour

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


def counted_guess(
    verify: Callable[Concatenate[str, P], R],
    strangers: str,
    known: str,
    is_known: Callable[[str], bool],
) -> Callable[Concatenate[str, P], R]:
    """Count each try of a password, by address and account, before anything else happens.

    A right password counts as much as a wrong one, and an unknown account as much as a known one.

    Tries by strangers do not use up those of known callers.

    Args:
        strangers, known: the limits of the endpoint at which it is tried.
        is_known: whether the caller is known as one of the account; such as ``knows_address``.
    """
    by_strangers = rate_limit(strangers, key=guess)(verify)
    by_known = rate_limit(known, key=guess)(verify)

    @wraps(verify)
    def counted(username: str, *args: P.args, **kwargs: P.kwargs) -> R:
        return (by_known if is_known(username) else by_strangers)(username, *args, **kwargs)

    return counted  # type: ignore[return-value]


def count_sign_in(outcome: str) -> None:
    """Count a sign-in, or a step of one, for the monitor: accepted, failed or locked_out."""
    monitor.current.recorder.counter(names.SIGN_INS, outcome=outcome).add()


def knows_address(username: str) -> bool:
    """Whether the account was signed in to from the caller's address lately.

    While Redis is unavailable no address is known.
    """
    try:
        redis = _redis()
        return bool(redis.client.exists(_key(redis, username)))
    except StoreUnavailable:
        return False


def remember_address(username: str) -> None:
    """Know the caller's address as one of the account from now on."""
    try:
        redis = _redis()
        redis.client.set(_key(redis, username), 1, ex=KEPT_SECONDS)
    except StoreUnavailable as error:
        log.warning("the address of a sign-in was not remembered: %s", error)


def _redis() -> RedisConnection:
    return RedisStore.of(current_app)


def _key(redis: RedisConnection, username: str) -> str:
    network = network_of(origin().address) or ""
    return redis.keys.tagged(("known", account_digest(username)), network)


def address() -> MultiDimensionalKey:
    """The caller's address."""
    return MultiDimensionalKey(ip_address=network_of(origin().address))


def guess(username: str, *_: Any, **__: Any) -> MultiDimensionalKey:
    """The caller's address, and the account (existing or not) whose password is tried."""
    return MultiDimensionalKey(
        user_id=account_digest(username), ip_address=network_of(origin().address)
    )


def account_digest(username: str) -> str:
    """A digest that replaces the name of an account where guesses are counted.

    The name is untrusted text of any length, and need not be readable in Redis. The key keeps
    operators who see the digest in the control plane from finding the name by brute force.
    """
    name = username.strip().lower().encode(errors="surrogatepass")
    key = hmac.digest(current_app.config["SECRET_KEY"].encode(), b"yoto callers", "sha256")
    return hashlib.blake2b(name, digest_size=DIGEST_BYTES, key=key).hexdigest()
