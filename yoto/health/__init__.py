"""Whether the process lives and whether it can serve."""

from .checks import MIGRATIONS, TIMEOUT_SECONDS, lacking
from .probe import Check, CheckResult, Finding, State, overall
from .views import init_health, probe

__all__ = [
    "TIMEOUT_SECONDS",
    "Check",
    "CheckResult",
    "Finding",
    "State",
    "MIGRATIONS",
    "init_health",
    "lacking",
    "overall",
    "probe",
]
