"""What each setting of the platform means, how text becomes its value, and which values are right.

An application has them under their own names, or, where the platform is a guest, with ``YOTO_``
before each; the defaults are in ``yoto/defaults.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yoto.defaults import Defaults
from yoto.errors import ConfigurationError
from yoto.logs import LEVELS
from yoto.monitor import BACKENDS as MONITOR_BACKENDS
from yoto.optimization import INVALIDATION_RANGES, INVALIDATION_STRATEGIES, QUEUE_KEYS
from yoto.policy import INSTEAD_OF_SLOW, POLICY_ENGINES

PREFIX = "YOTO_"
SECRET_KEY_MIN_LENGTH = 16  # characters; RFC 7518 wants as many bits as the hash for real secrets


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: the type its value must have and the test it must pass.

    Attributes:
        says: what is right, for whoever wrote something else.
        secret: whether no message shows its value.
    """

    kind: type
    says: str
    accepts: Callable[[Any], bool] = lambda value: True
    optional: bool = False
    secret: bool = False

    def parse(self, key: str, text: str) -> Any:
        """The value that ``text`` means; None for an empty one where there need be none.

        Raises:
            ConfigurationError: it means none; names ``key``.
        """
        if self.optional and not text:
            return None
        try:
            if self.kind is bool:
                return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
            return self.kind(text)
        except (KeyError, ValueError):
            raise ConfigurationError(key, f"{text!r} is not right: {self.says}") from None

    def check(self, key: str, value: Any) -> None:
        """Accept ``value``.

        Raises:
            ConfigurationError: it is missing, or not right; names ``key``.
        """
        if value is None:
            if self.optional:
                return
            raise ConfigurationError(key, f"is missing: {self.says}")
        allowed = (int, float) if self.kind is float else self.kind
        wrong_type = not isinstance(value, allowed) or (
            isinstance(value, bool) and self.kind is not bool
        )
        if wrong_type or not self.accepts(value):
            shown = "the value given" if self.secret else repr(value)
            raise ConfigurationError(key, f"{shown} is not right: {self.says}")


def between(low: float, high: float) -> Callable[[Any], bool]:
    """Whether a number is one of them, both ends included."""
    return lambda value: low <= value <= high


_WEB = re.compile(r"https?://[^\s/]")
_TYPE = r"(?!(?:user|server|channel|global|application)=)[a-z][a-z0-9_-]*=[1-9][0-9]{0,17}"
_TYPES = re.compile(rf"(?:{_TYPE}(?:,{_TYPE})*)?", re.ASCII)
_METRICS_TOKEN = re.compile(rf"[!-~]{{{SECRET_KEY_MIN_LENGTH},}}", re.ASCII)

AUTHZEN_SUBJECTS = ("username", "external_id", "id")

SETTINGS: dict[str, Setting] = {
    "SECRET_KEY": Setting(
        str,
        f"at least {SECRET_KEY_MIN_LENGTH} characters that nobody can guess",
        lambda value: len(value) >= SECRET_KEY_MIN_LENGTH,
        optional=True,
        secret=True,
    ),
    "DATABASE_POOL_SIZE": Setting(int, "connections, 1 to 500", between(1, 500)),
    "SOCKETS_MAX": Setting(int, "sockets of one worker, 1 to 100000", between(1, 100_000)),
    "SOCKETS_PER_ADDRESS": Setting(
        int, "sockets of one address at one worker, 1 to 100000", between(1, 100_000)
    ),
    "TRUSTED_PROXIES": Setting(int, "how many proxies stand in front, 0 to 10", between(0, 10)),
    "LOG_LEVEL": Setting(str, f"one of {', '.join(LEVELS)}", LEVELS.__contains__),
    "LOG_REQUEST_SAMPLE": Setting(float, "a share, 0 to 1", between(0, 1)),
    "REDIS_URL": Setting(
        str, "a redis://, rediss:// or unix:// address", optional=True, secret=True
    ),
    "REDIS_USERNAME": Setting(str, "a user of the Redis server", optional=True),
    "REDIS_PASSWORD": Setting(str, "the password of that user", optional=True, secret=True),
    "REDIS_TLS": Setting(bool, "true or false"),
    "REDIS_TLS_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "REDIS_DB": Setting(int, "a database number, 0 or more", between(0, 65535)),
    "REDIS_SOCKET_TIMEOUT": Setting(float, "seconds, 0.001 to 60", between(0.001, 60)),
    "REDIS_CONNECT_TIMEOUT": Setting(float, "seconds, 0.001 to 60", between(0.001, 60)),
    "REDIS_RETRY_TIME": Setting(float, "seconds, 0.001 to 60", between(0.001, 60)),
    "REDIS_MAX_CONNECTIONS": Setting(int, "connections, 1 to 10000", between(1, 10000)),
    "REDIS_KEY_PREFIX": Setting(str, "text without braces, such as yoto:", bool),
    "RESILIENCE_ENABLED": Setting(bool, "true or false"),
    "MAX_STALENESS": Setting(float, "seconds, 0.5 to 60", between(0.5, 60)),
    "OUTBOX_RELAY": Setting(bool, "true or false"),
    "OUTBOX_RELAY_INTERVAL": Setting(float, "seconds, 0.05 to 60", between(0.05, 60)),
    "PERMISSION_POOL_SIZE": Setting(int, "connections, 1 to 100", between(1, 100)),
    "PERMISSION_POOL_WAIT": Setting(float, "seconds, 0.01 to 60", between(0.01, 60)),
    "INVALIDATION_STRATEGY": Setting(
        str, f"one of {', '.join(INVALIDATION_STRATEGIES)}", INVALIDATION_STRATEGIES.__contains__
    ),
    **{
        key: Setting(kind, f"a number, {low:g} to {high:g}", between(low, high))
        for key, (_, kind, low, high) in INVALIDATION_RANGES.items()
    },
    "HOT_COUNTS": Setting(bool, "true or false"),
    "HOT_HOURS": Setting(float, "hours, 0.01 to 8760", between(0.01, 8760)),
    "HOT_MEMBERS": Setting(int, "members, 100 to 1000000", between(100, 1_000_000)),
    "HOT_FLUSH_SECONDS": Setting(float, "seconds, 0.1 to 3600", between(0.1, 3600)),
    "PRELOAD": Setting(bool, "true or false"),
    "PRELOAD_INTERVAL": Setting(float, "seconds, 1 to 86400", between(1, 86400)),
    "PRELOAD_ENTRIES": Setting(int, "entries, 1 to 1000000", between(1, 1_000_000)),
    "PRELOAD_SECONDS": Setting(float, "seconds, 0.1 to 3600", between(0.1, 3600)),
    "PRELOAD_SHARE": Setting(float, "a share, 0.01 to 1", between(0.01, 1)),
    "WARM_UP_AT_START": Setting(bool, "true or false"),
    "WARM_UP_SECONDS": Setting(float, "seconds, 1 to 3600", between(1, 3600)),
    **{
        key: Setting(
            allowed.kind,
            f"{allowed.unit}, {allowed.low:.10g} to {allowed.high:.10g}",
            between(allowed.low, allowed.high),
        )
        for key, allowed in QUEUE_KEYS.items()
    },
    "DECISION_RECORDS": Setting(bool, "true or false"),
    "DECISION_RECORD_ALLOW_SAMPLE": Setting(float, "a share, 0 to 1", between(0, 1)),
    "DECISION_RECORD_DAYS": Setting(float, "days, 0.01 to 3650", between(0.01, 3650)),
    "POLICY_ENGINE": Setting(
        str, f"one of {', '.join(POLICY_ENGINES)}", POLICY_ENGINES.__contains__
    ),
    "POLICY_DIR": Setting(str, "a folder of policies", optional=True),
    "POLICY_POLL_SECONDS": Setting(float, "seconds, 0.05 to 3600", between(0.05, 3600)),
    "POLICY_CACHE_SIZE": Setting(int, "decisions, 1 to 10000000", between(1, 10_000_000)),
    "POLICY_CACHE_SECONDS": Setting(float, "seconds, 0 to 3600", between(0, 3600)),
    "POLICY_CACHE_SECONDS_MAX": Setting(float, "seconds, 0 to 3600", between(0, 3600)),
    "POLICY_SLOW_ALERT_MS": Setting(float, "milliseconds, 0.1 to 60000", between(0.1, 60_000)),
    "POLICY_SLOW_LIMIT_MS": Setting(float, "milliseconds, 0.1 to 60000", between(0.1, 60_000)),
    "POLICY_INSTEAD_OF_SLOW": Setting(
        str, f"one of {', '.join(INSTEAD_OF_SLOW)}", INSTEAD_OF_SLOW.__contains__
    ),
    "POLICY_DENY_JUMP": Setting(float, "a share, 0 to 1", between(0, 1)),
    "OPA_URL": Setting(
        str, "an http:// or https:// address", lambda value: bool(_WEB.match(value)), optional=True
    ),
    "OPA_TOKEN": Setting(str, "the bearer token of the OPA server", optional=True, secret=True),
    "OPA_TIMEOUT": Setting(float, "seconds, 0.01 to 60", between(0.01, 60)),
    "OPA_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "ALERT_INTERVAL": Setting(float, "seconds, 0.1 to 60", between(0.1, 60)),
    "ALERT_KEEP_DAYS": Setting(float, "days, 0.01 to 3650", between(0.01, 3650)),
    "ALERT_WEBHOOK_TIMEOUT": Setting(float, "seconds, 0.1 to 10", between(0.1, 10)),
    "ALERT_WEBHOOK_HOURS": Setting(float, "hours, 0.01 to 720", between(0.01, 720)),
    "ALERT_WEBHOOK_ALLOW_INTERNAL": Setting(bool, "true or false"),
    "ALERT_WEBHOOK_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "MONITOR": Setting(bool, "true or false"),
    "MONITOR_BACKEND": Setting(
        str, f"one of {', '.join(MONITOR_BACKENDS)}", MONITOR_BACKENDS.__contains__
    ),
    "MONITOR_INTERVAL": Setting(float, "seconds, 0.1 to 10", between(0.1, 10)),
    "METRICS_TOKEN": Setting(
        str,
        f"at least {SECRET_KEY_MIN_LENGTH} visible ASCII characters that nobody can guess",
        lambda value: bool(_METRICS_TOKEN.fullmatch(value)),
        optional=True,
        secret=True,
    ),
    "MONITOR_STATSD": Setting(str, "host:port of a StatsD server", optional=True),
    "TUNING_AUTO": Setting(bool, "true or false"),
    "TUNING_CONFIDENCE": Setting(float, "a share, 0.01 to 1", between(0.01, 1)),
    "TUNING_WINDOW": Setting(float, "seconds, 5 to 3600", between(5, 3600)),
    "PREFETCH_ENABLED": Setting(bool, "true or false"),
    "PREFETCH_SAMPLE": Setting(float, "a share, 0 to 1", between(0, 1)),
    "PREFETCH_HISTORY": Setting(int, "actions of a user, 8 to 10000", between(8, 10_000)),
    "PREFETCH_RETENTION_DAYS": Setting(float, "days, 0.01 to 3650", between(0.01, 3650)),
    "PREFETCH_HALF_LIFE_DAYS": Setting(float, "days, 0.04 to 3650", between(0.04, 3650)),
    "PREFETCH_BUFFER": Setting(int, "actions, 100 to 1000000", between(100, 1_000_000)),
    "PREFETCH_USERS": Setting(int, "users, 1 to 1000000", between(1, 1_000_000)),
    "PREFETCH_CONFIDENCE": Setting(float, "a probability, 0.01 to 1", between(0.01, 1)),
    "PREFETCH_RATE": Setting(float, "loads a second, 1 to 100000", between(1, 100_000)),
    "PREFETCH_CONCURRENCY": Setting(int, "loads at a time, 1 to 100", between(1, 100)),
    "PREFETCH_MEMORY_SHARE": Setting(float, "a share, 0.001 to 1", between(0.001, 1)),
    "PREFETCH_PRECISION": Setting(float, "a share, 0 to 1", between(0, 1)),
    "PREFETCH_SNAPSHOT_SECONDS": Setting(float, "seconds, 1 to 3600", between(1, 3600)),
    "AUTHZEN_SUBJECT": Setting(
        str, f"one of {', '.join(AUTHZEN_SUBJECTS)}", AUTHZEN_SUBJECTS.__contains__
    ),
    "PUBLIC_URL": Setting(
        str, "an http:// or https:// address", lambda value: bool(_WEB.match(value)), optional=True
    ),
    "AUTHZEN_TYPES": Setting(
        str, "type=server id, separated by commas", lambda value: bool(_TYPES.fullmatch(value))
    ),
    "MAX_CONTENT_LENGTH": Setting(int, "bytes, 1024 to 67108864", between(1024, 67108864)),
}


def guest_config(*sources: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a platform that is a guest in an application.

    Args:
        sources: with the prefix before each key; the later wins. Texts mean what they mean in the
            environment.

    Raises:
        ConfigurationError: a value is wrong; it names the key, with the prefix.
    """
    found: dict[str, Any] = {}
    for key, setting in SETTINGS.items():
        value, named = getattr(Defaults, key, None), PREFIX + key
        for source in sources:
            if named in source:
                value = source[named]
                if isinstance(value, str) and setting.kind is not str:
                    value = setting.parse(named, value)
        setting.check(named, value)
        found[key] = value
    if found["POLICY_ENGINE"] == "opa" and not found["OPA_URL"]:
        raise ConfigurationError(f"{PREFIX}OPA_URL", "the policy engine 'opa' needs one")
    return found
