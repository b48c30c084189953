"""Settings of alerts."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.monitor.links import Links
from yoto.settings import certificates, declares, flag, number, of


@declares
class AlertKeys:
    """Alerts: [alerts.md](alerts.md)"""

    ALERT_INTERVAL = number(5.0, 0.1, 60, "s", "Time between evaluations of the rules.")
    ALERT_KEEP_DAYS = number(
        30.0,
        0.01,
        3650,
        "days",
        "How long alerts, history, messages and silences are kept once they are over.",
    )
    ALERT_WEBHOOK_TIMEOUT = number(
        5.0,
        0.1,
        10,
        "s",
        "Time limit of each step: finding a webhook's address, connecting, the answer.",
    )
    ALERT_WEBHOOK_HOURS = number(
        24.0, 0.01, 720, "hours", "Age at which an undelivered message is given up."
    )
    ALERT_WEBHOOK_ALLOW_INTERNAL = flag(
        False, "Whether webhooks may have addresses of internal networks, and http."
    )
    ALERT_WEBHOOK_CA_CERTS = certificates("Certificates to trust instead of the system's.")


@dataclass(frozen=True, slots=True)
class SendSettings:
    """Settings of sending.

    Attributes:
        timeout: seconds for each step: resolving the name, connecting, the response.
        allow_internal: whether addresses of internal networks, and http, are allowed.
        ca_file: certificates to trust instead of the system's.
    """

    timeout: float = of("ALERT_WEBHOOK_TIMEOUT")
    allow_internal: bool = of("ALERT_WEBHOOK_ALLOW_INTERNAL")
    ca_file: str | None = of("ALERT_WEBHOOK_CA_CERTS")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Settings of alerts in an application.

    Attributes:
        interval: seconds between evaluations.
        keep_days: for which resolved alerts are kept.
        give_up_hours: after which an undeliverable message is given up.
        sending: settings of sending.
        links: the addresses of alerts and runbooks.
    """

    interval: float = of("ALERT_INTERVAL")
    keep_days: float = of("ALERT_KEEP_DAYS")
    give_up_hours: float = of("ALERT_WEBHOOK_HOURS")
    sending: SendSettings = SendSettings()
    links: Links = Links()
