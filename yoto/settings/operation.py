"""Settings of measurements."""

from __future__ import annotations

from .setting import choice, flag, number, optional


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
