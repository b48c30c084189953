"""Attributes from the database that policies read."""

from yoto.rooms.policies.attributes.emergency import (
    Emergencies,
    EmergencyHeld,
    RememberedEmergencies,
    load_emergencies,
)
from yoto.rooms.policies.attributes.nodes import attributes_of, rows_of
from yoto.rooms.policies.attributes.people import Person, has_device, load_person, load_roles
from yoto.rooms.policies.attributes.remembered import RememberedPeople
from yoto.rooms.policies.attributes.usage import counts_in_server

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
