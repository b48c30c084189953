"""The places where policies judge members: part of the core, so that they deny without policies."""

from yoto.permission.judged.channels import JudgedChannels
from yoto.permission.judged.memory import connection_of, may_remember
from yoto.permission.judged.places import CHANNEL, PlaceAttributes
from yoto.permission.judged.remembered import Remembered

__all__ = [
    "CHANNEL",
    "JudgedChannels",
    "PlaceAttributes",
    "Remembered",
    "connection_of",
    "may_remember",
]
