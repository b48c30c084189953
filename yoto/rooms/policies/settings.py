"""Settings of policies, from the application's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoto.settings import (
    Combination,
    Configured,
    choice,
    declares,
    flag,
    go_together,
    number,
    of,
    optional,
    share,
    whole,
)
from yoto.settings.serving import WEB
from yoto.settings.setting import certificates

Instead = Literal["deny", "last_good"]


@declares
class Policies:
    """Policies: [policies.md](policies.md)"""

    POLICY_ENGINE = choice(
        "embedded",
        ("embedded", "opa"),
        "The engine of policies: this process, or the OPA server at `OPA_URL`.",
    )
    POLICY_PORTABLE = flag(
        False,
        "Admit only policies that mean the same on every engine; for fleets whose workers run"
        " different ones.",
    )
    OPA_URL = optional("an http:// or https:// address", "Address of an OPA server.", WEB)
    OPA_TOKEN = optional("the bearer token of the OPA server", "Its bearer token.", secret=True)
    OPA_TIMEOUT = number(1.0, 0.01, 60, "s", "How long it may take to answer.")
    OPA_CA_CERTS = certificates("Certificates to trust instead of the system's.")
    POLICY_DIR = optional(
        "a folder of policies",
        "A folder whose files are stored as soon as they are saved, for development.",
    )
    POLICY_POLL_SECONDS = number(
        2.0,
        0.05,
        3600,
        "s",
        "Time between looks for changes that no event announced; five times as long while the log"
        " is heard.",
    )
    POLICY_CACHE_SIZE = whole(10_000, 1, 10_000_000, "decisions", "Decisions kept in a worker.")
    POLICY_CACHE_SECONDS = number(
        5.0, 0, 3600, "s", "How long a decision is reused at most; 0: none is kept."
    )
    POLICY_CACHE_SECONDS_MAX = number(
        60.0, 0, 3600, "s", "How long it is reused at most while policies are slow."
    )
    POLICY_SLOW_ALERT_MS = number(
        50.0, 0.1, 60_000, "ms", "The median evaluation that raises an alert."
    )
    POLICY_SLOW_LIMIT_MS = number(
        500.0, 0.1, 60_000, "ms", "The median evaluation that takes a set out of service."
    )
    POLICY_INSTEAD_OF_SLOW = choice(
        "deny",
        ("deny", "last_good"),
        "The set that serves then: a denial of everything, or the last good one.",
    )
    POLICY_DENY_JUMP = share(
        0.2, 0, "How far a promotion may raise the share of denials before it is undone."
    )


go_together(
    Combination(
        ("OPA_URL", "POLICY_ENGINE"),
        lambda url, engine: engine != "opa" or bool(url),
        "is missing: {0}POLICY_ENGINE is 'opa', which needs the address of a server",
    )
)


@dataclass(frozen=True, slots=True)
class PolicySettings(Configured):
    """Settings of one application's policies.

    Attributes:
        directory: a folder of policies that is watched; None: none.
        poll_seconds: time between looks at the record for missed changes.
        cache_size, cache_seconds: verdicts kept, and the longest reuse of one.
        cache_seconds_max: how far the adaptive part may widen ``cache_seconds``.
        slow_alert_ms, slow_limit_ms: median latencies that raise an alert and end the service.
        instead_of_slow: the fallback for a set out of service.
        deny_jump: how far a promotion may raise the share of denials, 0 to 1.
    """

    directory: Path | None = of("POLICY_DIR", Path)
    poll_seconds: float = of("POLICY_POLL_SECONDS")
    cache_size: int = of("POLICY_CACHE_SIZE")
    cache_seconds: float = of("POLICY_CACHE_SECONDS")
    cache_seconds_max: float = of("POLICY_CACHE_SECONDS_MAX")
    slow_alert_ms: float = of("POLICY_SLOW_ALERT_MS")
    slow_limit_ms: float = of("POLICY_SLOW_LIMIT_MS")
    instead_of_slow: Instead = of("POLICY_INSTEAD_OF_SLOW")
    deny_jump: float = of("POLICY_DENY_JUMP")
