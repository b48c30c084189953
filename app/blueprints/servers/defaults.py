"""What a new server starts with."""

from __future__ import annotations

# What `@everyone` may do until the owner says otherwise.
EVERYONE_GRANTS = (
    "channel.read",
    "message.read_history",
    "message.send",
    "member.invite",
)

FIRST_CHANNEL = "general"
