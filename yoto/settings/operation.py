"""Settings of policies and measurements."""

from __future__ import annotations

from .serving import WEB
from .setting import certificates, choice, flag, number, optional, share, whole


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


class Monitoring:
    """Measurements: [monitoring.md](monitoring.md)"""

    MONITOR = flag(True, "Whether this process measures.")
    MONITOR_BACKEND = choice(
        "redis",
        ("redis", "memory"),
        "`redis`: all workers add up; `memory`: for a platform of one process, minutes for a day.",
    )
    MONITOR_INTERVAL = number(1.0, 0.1, 10, "s", "Time between two deliveries.")
    METRICS_TOKEN = optional(
        "at least 16 visible ASCII characters that nobody can guess",
        "The bearer token that `/metrics` wants; without it, everybody who reaches it may read it.",
        r"[!-~]{16,}",
        secret=True,
    )
    METRICS_TOKEN_FALLBACK = optional(
        "at least 16 visible ASCII characters that nobody can guess",
        "Another token that `/metrics` takes beside it, while the token is being replaced.",
        r"[!-~]{16,}",
        secret=True,
    )
    RUNBOOKS_URL = optional(
        "an http:// or https:// address with {rule} in it",
        "Where runbooks of the platform's alert rules are; by default pages of the control plane.",
        r"https?://[^\s{}]+\{rule\}[^\s{}]*",
    )
