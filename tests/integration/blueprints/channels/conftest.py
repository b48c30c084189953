"""A server and somebody who looks after its channels."""

from __future__ import annotations

import pytest

from tests.support.world import Community, Person, World


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def gardener(world: World, community: Community) -> Person:
    """A member of rank 5 who may set overwrites and move channels."""
    role = world.role(community, "channel.overwrite", "channel.manage", "message.pin", position=5)
    return world.member(community, None, role)
