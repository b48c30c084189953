"""The application's tables, one file an aggregate; importing this package shows migrations all."""

from app.models.channel import Category, Channel, ChannelKind
from app.models.message import Message
from app.models.second_factor import RecoveryCode, SecondFactor
from app.models.server import Invite, Member, Server
from app.models.user import User
from yoto.store.models import SEALED

# A SECRET_KEY that changes seals these anew too.
SEALED[SecondFactor] = {"secret": "second_factors.secret"}

__all__ = [
    "Category",
    "Channel",
    "ChannelKind",
    "Invite",
    "Member",
    "Message",
    "RecoveryCode",
    "SecondFactor",
    "Server",
    "User",
]
