"""Types of resources: the application's tables of things that permissions apply to."""

from yoto.store.resources.chains import Chain, Rung, chain_of
from yoto.store.resources.declaring import declare_resource
from yoto.store.resources.types import ResourceType, ResourceTypes, known_types, types_of

__all__ = [
    "Chain",
    "ResourceType",
    "ResourceTypes",
    "Rung",
    "chain_of",
    "declare_resource",
    "known_types",
    "types_of",
]
