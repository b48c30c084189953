"""Types of resources: where an application keeps what somebody may do something with."""

from yoto.store.resources.chains import Chain, Rung, chain_of
from yoto.store.resources.declaring import declare_resource
from yoto.store.resources.types import (
    Members,
    Parent,
    ResourceType,
    ResourceTypes,
    Sync,
    known_types,
    types_of,
)

__all__ = [
    "Chain",
    "Members",
    "Parent",
    "ResourceType",
    "ResourceTypes",
    "Rung",
    "Sync",
    "chain_of",
    "declare_resource",
    "known_types",
    "types_of",
]
