"""Inputs for the default bundle, from a seed: likely values, edges, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any

HOUR, DAY = 3600, 86_400
WINDOW = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}
NIGHT = {"days": ["fri", "sat"], "from": "22:00", "to": "06:00"}
ACTIONS = ["message.send", "server.manage", "member.ban", "admin.audit", "channel.read"]
ADDRESSES = ["10.1.2.3", "192.168.0.9", "203.0.113.7", "2001:db8::1", "::1"]
CODES = ["outside_business_hours", "in_emergency", "system_overloaded", "risk_too_high"]

# Values that no field should hold, and some hold by mistake.
WRONG: list[Any] = [False, True, 0, 1, -1, 0.5, None, "", "0", "false", [], {}, [None], {"a": 0}]
MISSING = object()

# Documents under which every rule of the default bundle has something to judge.
STRICT_DATA: dict[str, Any] = {
    "hours": {
        "business": {"admin.*": {**WINDOW, "time_zone": "Europe/Berlin"}},
        "access": ["server.*", "member.*"],
        "posting": ["message.send"],
    },
    "network": {
        "block": {"server.manage": ["10.0.0.0/8"], "*": ["203.0.113.0/24"]},
        "allow": {"admin.*": ["192.168.0.0/16", "::1/128"]},
        "servers": ["server.*", "member.*"],
    },
    "risk": {"limits": {"member.ban": 60, "*": 90}},
    "quota": {
        "reserves": {"message.send": {"message.send": 5}},
        "resources": {
            "server.manage": {"counted": "channels", "below": 500},
            "member.*": {"counted": "members", "below": 3},
        },
    },
    "threat": {
        "permissions": ["server.*", "message.send"],
        "networks": [
            {"cidr": "192.168.0.0/24", "source": "feed", "until": 1_790_000_000 + 6 * DAY},
            {"cidr": "2001:db8::/32", "source": "feed", "until": None},
        ],
        "accounts": [{"id": 1, "source": "case 7", "until": 1_790_000_000 + 3 * DAY}],
    },
    "environment": {
        "load": {"admin.*": 0.8},
        "error_rate": {"*": 0.5},
        "maintenance": ["server.*"],
        "emergency": ["member.ban", "server.*"],
    },
    "device": {"required": ["admin.*"], "servers": ["server.*", "member.*"]},
    "emergency": {"lifts": {"admin.*": CODES, "member.ban": ["in_emergency"]}},
}


def only(document: dict[str, Any], reads: Collection[str]) -> dict[str, Any]:
    """The part of an input for a reader of these dotted paths and all below them."""
    if "*" in reads:
        return document
    return _only(document, [path.split(".") for path in reads])


def _only(value: dict[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        below = [path[1:] for path in paths if path[0] == key]
        if [] in below or (below and not isinstance(inner, dict)):
            found[key] = inner
        elif below:
            found[key] = _only(inner, below)
    return found


class Inputs:
    """Draws inputs; the same seed gives the same inputs."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def draw(self) -> dict[str, Any]:
        """One input. Four fields in five hold what the platform would put there."""
        random = self._random
        action = random.choice(ACTIONS)
        channel = {
            "id": 3,
            "sensitivity": self._field(random.randint(0, 4)),
            "hours": self._field(random.choice([None, WINDOW, NIGHT, {"days": []}])),
        }
        server = {
            "id": 2,
            "owner_id": self._field(random.choice([1, 9])),
            "time_zone": self._field(random.choice(["UTC", "Asia/Tokyo", "America/New_York"])),
            "access_hours": self._field(random.choice([None, WINDOW, NIGHT])),
            "blocked_networks": self._field(random.choice([[], ["10.0.0.0/8"], ["::/0"]])),
            "device_required": self._field(random.random() < 0.5),
        }
        context = {
            "time": self._field(1_790_000_000 + random.randint(0, 14 * DAY)),
            "ip": self._field(random.choice(ADDRESSES)),
            "device": self._object({"registered": self._field(random.random() < 0.7)}),
            "risk": self._object({"score": self._field(random.choice([0, 59.9, 60, 61, 100]))}),
            "quota": self._object(
                {"message.send": self._object({"remaining": random.choice([0, 4, 5, 6, 100])})}
            ),
            "environment": self._object(
                {
                    "load": self._field(random.choice([0.1, 0.8, 0.81, 3])),
                    "error_rate": self._field(random.choice([0, 0.5, 0.6])),
                    "maintenance": self._field(random.random() < 0.2),
                    "emergency": self._field(random.random() < 0.2),
                }
            ),
        }
        emergency = {"until": 1_790_000_000 + random.randint(-DAY, 15 * DAY), "reason": "fire"}
        return self._held(
            {
                "subject": self._object(
                    {
                        "id": self._field(1),
                        "clearance": self._field(random.randint(0, 4)),
                        "emergency": self._field(random.choice([None, emergency])),
                    }
                ),
                "action": self._object(
                    {
                        "name": self._field(action),
                        "names": self._field([action, action.split(".")[0] + ".*", "*"]),
                    }
                ),
                "resource": self._object(
                    {
                        "scope": self._field(random.choice(["global", "server", "channel"])),
                        "server": self._object(server),
                        "channel": self._object(channel),
                        "usage": self._object(
                            {
                                "channels": self._field(random.choice([0, 499, 500])),
                                "members": self._field(random.choice([2, 3])),
                            }
                        ),
                    }
                ),
                "context": self._object(context),
            }
        )

    def _field(self, value: Any) -> Any:
        chance = self._random.random()
        if chance < 0.06:
            return MISSING
        return self._random.choice(WRONG) if chance < 0.12 else value

    def _object(self, value: dict[str, Any]) -> Any:
        held = self._held(value)
        return self._field(held) if self._random.random() < 0.1 else held

    def _held(self, value: dict[str, Any]) -> dict[str, Any]:
        return {key: inner for key, inner in value.items() if inner is not MISSING}
