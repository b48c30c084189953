"""Attributes from the database that policies read."""

from yoto.policy.attributes.emergency import (
    EMERGENCY_SWITCH,
    Emergencies,
    EmergencyHeld,
    RememberedEmergencies,
    load_emergencies,
)
from yoto.policy.attributes.nodes import attributes_of, rows_of
from yoto.policy.attributes.people import Person, has_device, load_person, load_roles
from yoto.policy.attributes.places import (
    PlaceAttributes,
    counts_in_server,
    judged_channels,
    judges_members,
    load_place,
)
from yoto.policy.attributes.remembered import RememberedPeople, RememberedPlaces

__all__ = [
    "EMERGENCY_SWITCH",
    "Emergencies",
    "EmergencyHeld",
    "Person",
    "PlaceAttributes",
    "RememberedEmergencies",
    "RememberedPeople",
    "RememberedPlaces",
    "attributes_of",
    "counts_in_server",
    "has_device",
    "judged_channels",
    "judges_members",
    "load_emergencies",
    "load_person",
    "load_place",
    "load_roles",
    "rows_of",
]
