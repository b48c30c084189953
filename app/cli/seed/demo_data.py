"""The contents of the demo, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yoto.store.models import EVERYONE

OWNER = "mara"
MEMBER = "tomas"
ADMINISTRATOR = "admin"

PEOPLE = {
    OWNER: "Mara Lind",
    MEMBER: "Tomas Reyes",
    ADMINISTRATOR: "Administrator",
    "aiko": "Aiko Mori",
    "bela": "Béla Nagy",
    "chidi": "Chidi Okafor",
    "dana": "Dana Weiss",
    "emre": "Emre Aydın",
    "fatou": "Fatou Diallo",
    "goran": "Goran Petrović",
    "hanna": "Hanna Virtanen",
    "ines": "Inês Carvalho",
    "jonas": "Jonas Keller",
    "keiko": "Keiko Sato",
    "luca": "Luca Ferri",
    "mei": "梅子",
    "nadia": "Nadia Haddad",
    "olek": "Olek Kowal",
    "priya": "Priya Nair",
    "quinn": "Quinn Doyle",
    "rosa": "Rosa Vidal",
    "sven": "Sven Dahl",
    "tariq": "Tariq Aziz",
    "uma": "Uma Rao",
    "vera": "Věra Nová",
    "wei": "伟强",
    "ximena": "Ximena Soto",
    "yusuf": "Yusuf Kaya",
}

GROUPS = {
    "moderation": ("message.manage", "message.pin", "member.timeout", "member.kick"),
    "gardening": ("channel.manage", "channel.overwrite"),
}


@dataclass(frozen=True, slots=True)
class RolePlan:
    """A role; ``days`` bounds its assignments from the day of seeding."""

    name: str
    position: int
    holders: Sequence[str] = ()
    allow: Sequence[str] = ()
    groups: Sequence[str] = ()
    parent: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel; overwrites by role name go to its category when it is in sync with it."""

    category: str
    name: str
    topic: str = ""
    kind: str = "text"
    synced: bool = False
    deny: Mapping[str, Sequence[str]] = field(default_factory=dict)
    allow: Mapping[str, Sequence[str]] = field(default_factory=dict)
    authors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """A community."""

    name: str
    description: str
    owner: str
    public: bool
    members: Sequence[str]
    roles: Sequence[RolePlan]
    channels: Sequence[ChannelPlan]


GLOBAL_ROLES = (
    RolePlan(
        "Operator",
        1,
        holders=("sven",),
        allow=("platform.view", "platform.operate"),
    ),
    RolePlan(
        "Administrator",
        2,
        holders=(ADMINISTRATOR,),
        allow=(
            "platform.admin",
            "admin.audit",
            "admin.registry",
            "admin.users",
            "admin.roles",
            "admin.groups",
        ),
        parent="Operator",
    ),
)

SERVERS = (
    ServerPlan(
        "Harbour Kitchen",
        "Cooks of the old harbour: recipes, markets, Sunday tables.",
        OWNER,
        public=True,
        members=(
            *(MEMBER, "aiko", "bela", "chidi", "dana", "emre", "fatou", "goran", "hanna"),
            *("ines", "jonas", "keiko", "luca"),
        ),
        roles=(
            RolePlan("Regular", 1, holders=("aiko", "bela", "chidi"), allow=("member.nickname",)),
            RolePlan("Moderator", 5, holders=("dana",), groups=("moderation",), parent="Regular"),
            RolePlan("Steward", 9, holders=("emre",), groups=("gardening",), parent="Moderator"),
            RolePlan("Guest chef", 2, holders=("fatou",), allow=("message.pin",), days=14),
        ),
        channels=(
            ChannelPlan("Front of house", "general", "Everything about food"),
            ChannelPlan(
                "Front of house",
                "announcements",
                "Read here, talk in general",
                kind="announcement",
                deny={EVERYONE: ("message.send",)},
                allow={"Moderator": ("message.send",)},
                authors=(OWNER, "dana"),
            ),
            ChannelPlan("Front of house", "recipes", "One recipe a message"),
            ChannelPlan(
                "Back of house",
                "staff",
                "Moderators only",
                synced=True,
                deny={EVERYONE: ("channel.read",)},
                allow={"Moderator": ("channel.read",)},
                authors=(OWNER, "dana", "emre"),
            ),
        ),
    ),
    ServerPlan(
        "Night Sky Club",
        "Telescopes, charts and cold fingers.",
        "keiko",
        public=True,
        members=(OWNER, "luca", "mei", "nadia", "olek", "priya", "quinn", "rosa", "sven"),
        roles=(
            RolePlan("Observer", 1, holders=("mei", "nadia"), allow=("message.pin",)),
            RolePlan("Astronomer", 4, holders=("luca",), groups=("moderation",), parent="Observer"),
        ),
        channels=(
            ChannelPlan("Club", "general"),
            ChannelPlan("Club", "tonight", "What is up, and where"),
        ),
    ),
    ServerPlan(
        "Workshop",
        "Wood, metal, patience. By invitation.",
        "tariq",
        public=False,
        members=("uma", "vera", "wei", "ximena", "yusuf", "hanna", "goran"),
        roles=(RolePlan("Master", 3, holders=("vera",), groups=("moderation", "gardening")),),
        channels=(
            ChannelPlan("Floor", "general"),
            ChannelPlan(
                "Floor",
                "machines",
                "Bookings; masters decide",
                deny={EVERYONE: ("message.send",)},
                allow={"Master": ("message.send",)},
                authors=("vera",),
            ),
        ),
    ),
)

CHATTER = (
    "Good morning!",
    "Has anybody tried this with less salt?",
    "The clouds are gone, come out.",
    "I shall be there at seven.",
    "Thank you, that helped a lot.",
    "Who has the key to the shed?",
    "Photo follows tonight.",
    "Second attempt, much better.",
    "See you on Sunday.",
    "Mind the step behind the counter.",
)
