"""Liveness and readiness of the process."""

from .checks import MIGRATIONS, examine_setup, migrations_check
from .probe import CheckResult, Finding, State, overall
from .views import init_health, probe

__all__ = [
    "CheckResult",
    "Finding",
    "MIGRATIONS",
    "State",
    "examine_setup",
    "init_health",
    "migrations_check",
    "overall",
    "probe",
]
