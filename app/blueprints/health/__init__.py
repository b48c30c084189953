"""Whether the process lives and whether it can serve."""

from app.blueprints.health.checks import examine_migrations
from app.blueprints.health.probe import CheckResult, State, overall
from app.blueprints.health.views import init_health, probe

__all__ = ["CheckResult", "State", "examine_migrations", "init_health", "overall", "probe"]
