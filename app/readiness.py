"""Whether the application is set up: its migrations, and what comes with its code."""

from __future__ import annotations

from app.migrations import examine
from yoto.health import Finding, examine_setup, migrations_check


def examine_migrations() -> Finding:
    """See ``examine_setup``; of the migrations of the application, and of the platform's."""
    return examine_setup(examine)


CHECKS = (migrations_check(examine_migrations),)
