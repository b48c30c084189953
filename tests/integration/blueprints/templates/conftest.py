"""Templates are given to roles and overwrites, and tested with the people of both."""

from tests.integration.blueprints.channels.conftest import community, gardener
from tests.integration.blueprints.roles.conftest import crew

__all__ = ["community", "crew", "gardener"]
