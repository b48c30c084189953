"""An action as the audit log records it, for layers that know no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class AuditEntry:
    """An operator's action, audited before it takes effect or together with its change.

    Attributes:
        action: the action, such as ``resilience.config.set`` or ``alert.silence``.
        subject: its object, such as ``rate_limit:message.send``.
        by: the operator: ``user:42``, or the name of a program or of a user at a terminal.
        reason: the operator's own words.
        before, after: plain data that changes.
    """

    action: str
    subject: str
    by: str
    reason: str = ""
    before: Any = None
    after: Any = None


# May raise to refuse the action: an action without audit is not done.
Audit: TypeAlias = Callable[[AuditEntry], None]
