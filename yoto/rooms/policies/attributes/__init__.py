"""Attributes from the database that policies read."""

from yoto.rooms.policies.attributes.emergency import (
    Emergencies,
    EmergencyHeld,
    RememberedEmergencies,
    load_emergencies,
)
from yoto.rooms.policies.attributes.people import (
    Person,
    RememberedPeople,
    attributes_of,
    counts_in_server,
    has_device,
    load_person,
    load_roles,
    rows_of,
)

__all__ = [
    "Emergencies",
    "EmergencyHeld",
    "Person",
    "RememberedEmergencies",
    "RememberedPeople",
    "attributes_of",
    "counts_in_server",
    "has_device",
    "load_emergencies",
    "load_person",
    "load_roles",
    "rows_of",
]
