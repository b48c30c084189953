"""Five worlds of other trades, with what the samples have none of: denies, gates, walls, bans."""

from __future__ import annotations

from tests.support.trees.by_hand import HOUR, NOW, Ask, Example, Who, at, by_hand
from tests.support.trees.model import (
    ANYONE,
    DENY,
    PUBLIC,
    Application,
    Everyone,
    Person,
    RoleTarget,
    Team,
    Type,
    Window,
)
from tests.support.trees.writes import (
    AddRoleParent,
    AddTeamMember,
    AddTeamParent,
    Assign,
    Ban,
    ClearOverwrite,
    Grant,
    Join,
    Leave,
    MoveNode,
    SetDisabled,
    SetOverwrite,
    SetOwner,
    SetRoleActive,
    SetSync,
    TimeOut,
    Unassign,
)


def hospital() -> Example:
    """Wards with their staff, and a patient that not everyone may see, and that moves."""
    world = by_hand(
        types=[
            Type("hospital", owner=True),
            Type(
                "ward",
                ("hospital",),
                members=True,
                owner=True,
                administrator="ward.administer",
                remaining=("patient.see",),
            ),
            Type("patient", ("ward",), owner=True, gate="patient.see"),
            Type("file", ("patient",), shared=ANYONE),
        ],
        local="patient.see patient.treat file.read file.write ward.administer",
        nodes={
            "hospital:general": None,
            "ward:north": "hospital:general",
            "ward:south": "hospital:general",
            "patient:smith": "ward:north",
            "patient:minister": "ward:north",
            "file:x-ray": "patient:minister",
        },
        owners={"ward:north": "head", "patient:minister": "surgeon"},
        roles={
            "nurse": "patient.treat",
            "sees": "patient.see file.read",
            "on-call": "patient.see patient.treat file.read file.write",
            "matron": "ward.administer",
        },
        homes={"nurse": "ward:north"},
        defaults={"north-staff": "ward:north", "south-staff": "ward:south"},
        people="head surgeon nina olaf sven kay fred",
        applications="monitor",
        members={"ward:north": "nina olaf surgeon", "ward:south": "sven"},
        writes=[
            Assign(Everyone(at("ward:north")), "sees", at("ward:north")),
            Assign(Everyone(at("ward:south")), "sees", at("ward:south")),
            Assign(Person("nina"), "nurse"),
            Assign(Person("kay"), "on-call", at("hospital:general"), Window(NOW, NOW + HOUR)),
            Assign(Application("monitor"), "sees", at("ward:north")),
            Assign(Person("sven"), "matron", at("ward:south")),
            SetOverwrite(at("patient:minister"), RoleTarget("sees"), deny=("patient.see",)),
            SetOverwrite(at("patient:minister"), Person("nina"), allow=("patient.see",)),
            Assign(Person("fred"), "sees", at("file:x-ray")),
        ],
    )
    every = "file.read file.write patient.see patient.treat ward.administer"
    return Example(
        world,
        [
            Ask("olaf", "patient:smith", "file.read patient.see"),
            Ask("olaf", "patient:minister"),
            Ask("olaf", "file:x-ray"),
            Ask("nina", "patient:minister", "file.read patient.see patient.treat"),
            Ask("surgeon", "file:x-ray", every),
            Ask("head", "file:x-ray", every),
            Ask("head", "ward:south"),
            Ask(Application("monitor"), "patient:smith", "file.read patient.see"),
            Ask(Application("monitor"), "patient:minister"),
            # On call above all wards: no member of any, but for that hour.
            Ask("kay", "patient:smith", "file.read file.write patient.see patient.treat"),
            Ask("kay", "patient:smith", now=NOW + HOUR),
            Ask("kay", "patient:smith", now=NOW - 1),
            # The file is shared with fred: a denial to the role above it binds him, too.
            Ask("fred", "file:x-ray"),
            SetOverwrite(at("file:x-ray"), Person("fred"), allow=("patient.see",)),
            Ask("fred", "file:x-ray", "file.read patient.see"),
            Ask("fred", "patient:minister"),
            # To the other ward, with the file.
            MoveNode(at("patient:minister"), at("ward:south")),
            Ask("nina", "patient:minister"),
            Ask("sven", "file:x-ray", every),
            Ask("head", "file:x-ray"),
            # The surgeon is no member there: owning the patient counts for insiders alone.
            Ask("surgeon", "patient:minister"),
            Join(at("ward:south"), "surgeon"),
            Ask("surgeon", "patient:minister", every),
            # Time-outs bind who is not in charge.
            TimeOut(at("ward:north"), "nina", NOW + HOUR),
            Ask("nina", "patient:smith", "patient.see"),
            Ask("nina", "patient:smith", "file.read patient.see patient.treat", now=NOW + HOUR),
            TimeOut(at("ward:south"), "sven", NOW + HOUR),
            Ask("sven", "file:x-ray", every),
        ],
    )


def newsroom() -> Example:
    """Desks, stories under embargo, a freelancer, and pieces with the rules of their template."""
    world = by_hand(
        types=[
            Type("paper"),
            Type("desk", ("paper",), members=True, owner=True, administrator="desk.run"),
            Type("story", ("desk",), owner=True, shared=ANYONE, sync="story"),
            Type("photo", ("story",)),
        ],
        local="story.read story.edit story.publish photo.use desk.run",
        globally="paper.audit",
        nodes={
            "paper:daily": None,
            "desk:politics": "paper:daily",
            "desk:sports": "paper:daily",
            "story:template": "desk:politics",
            "story:budget": "desk:politics",
            "photo:chart": "story:budget",
            "story:final": "desk:sports",
        },
        owners={"desk:politics": "petra", "story:budget": "leo"},
        roles={
            "reader": "story.read",
            "editor": "story.edit",
            "publisher": "story.publish paper.audit",
        },
        homes={"editor": "desk:politics"},
        defaults={"politics": "desk:politics", "sports": "desk:sports"},
        people="petra leo eva gus otto",
        teams="agency photographers",
        members={"desk:politics": "leo eva", "desk:sports": "gus"},
        writes=[
            AddRoleParent("editor", "reader"),
            Grant("politics", "story.read", at("desk:politics")),
            Grant("politics", "photo.use", at("story:budget")),
            Assign(Person("eva"), "editor"),
            Assign(Person("gus"), "publisher"),
            Assign(PUBLIC, "reader", at("story:budget"), Window(from_=NOW + HOUR)),
            AddTeamMember("photographers", Person("otto"), Window(until=NOW + HOUR)),
            AddTeamParent("photographers", "agency"),
            SetOverwrite(at("story:budget"), Team("agency"), ("story.read",), ("story.publish",)),
            SetOverwrite(at("photo:chart"), Team("agency"), ("photo.use",)),
            SetOverwrite(at("story:template"), RoleTarget("editor"), deny=("story.edit",)),
        ],
    )
    every = "desk.run photo.use story.edit story.publish story.read"
    return Example(
        world,
        [
            Ask("petra", "photo:chart", every),
            Ask("petra", "story:final"),
            Ask("leo", "photo:chart", every),
            Ask("leo", "desk:politics", "story.read"),
            Ask("eva", "story:budget", "photo.use story.edit story.read"),
            # A global role without a node is held everywhere, a home's role in its home.
            Ask("gus", "story:budget", "paper.audit story.publish"),
            Ask("gus", None, "paper.audit story.publish"),
            Ask("eva", None),
            Ask("eva", "story:final"),
            # Stories are shared with outsiders, photos are not.
            Ask("otto", "story:budget", "story.read"),
            Ask("otto", "photo:chart", "story.read"),
            Ask("otto", "story:budget", "story.read", now=NOW + HOUR),
            Ask(PUBLIC, "story:budget"),
            Ask(PUBLIC, "story:budget", "story.read", now=NOW + HOUR),
            # A denial to a team also covers what its members have by other roles.
            AddTeamMember("agency", Person("gus")),
            Ask("gus", "story:budget", "paper.audit story.read"),
            # In sync: the template's overwrites, and the grants of the story itself.
            SetSync(at("story:budget"), at("story:template")),
            Ask("eva", "story:budget", "photo.use story.read"),
            Ask("gus", "story:budget", "paper.audit story.publish"),
            SetSync(at("story:budget"), None),
            Ask("eva", "story:budget", "photo.use story.edit story.read"),
            Ban(at("desk:politics"), "eva"),
            Ask("eva", "story:budget"),
            # Banned, leo still owns the story, whose type is for outsiders, too.
            Ban(at("desk:politics"), "leo"),
            Ask("leo", "photo:chart", every),
            SetOwner(at("story:budget"), None),
            Ask("leo", "photo:chart"),
        ],
    )


def school() -> Example:
    """Classes, teachers for a term, pupils who own what they hand in, and parents from outside."""
    world = by_hand(
        types=[
            Type("school", members=True, owner=True, remaining=("work.read",)),
            Type("class", ("school",), gate="class.enter"),
            Type("work", ("class",), owner=True, shared=ANYONE),
        ],
        local="class.enter work.read work.grade work.hand-in",
        globally="district.report",
        nodes={
            "school:hill": None,
            "class:maths": "school:hill",
            "class:arts": "school:hill",
            "work:essay": "class:arts",
        },
        owners={"work:essay": "paul", "school:hill": "dean"},
        roles={
            "teacher": "class.enter work.read work.grade",
            "guest": "class.enter",
            "guardian": "work.read",
            "inspector": "class.enter work.read district.report",
            "lost-key": "work.read",
        },
        homes={"teacher": "school:hill", "guest": "school:hill"},
        defaults={"pupils": "school:hill"},
        people="dean tina paul mona gina ines",
        teams="tutors",
        members={"school:hill": "tina paul mona"},
        writes=[
            Grant("pupils", "class.enter"),
            Grant("pupils", "work.read", at("school:hill")),
            Grant("lost-key", "work.read", effect=DENY),
            SetOverwrite(at("class:arts"), RoleTarget("pupils"), deny=("work.read",)),
            Assign(Person("tina"), "teacher", at("class:maths"), Window(until=NOW + HOUR)),
            AddTeamMember("tutors", Person("mona"), Window(NOW, NOW + HOUR)),
            Assign(Team("tutors"), "teacher", at("class:arts")),
            Assign(Person("gina"), "guardian", at("work:essay")),
            Assign(Person("ines"), "inspector"),
        ],
    )
    return Example(
        world,
        [
            Ask("tina", "class:maths", "class.enter work.grade work.read"),
            Ask("tina", "class:maths", "class.enter work.read", now=NOW + HOUR),
            Ask("tina", "class:arts", "class.enter"),
            Ask("mona", "work:essay", "class.enter work.grade"),
            Ask("mona", "work:essay", "class.enter", now=NOW + HOUR),
            Ask("paul", "work:essay", "class.enter work.grade work.hand-in work.read"),
            Ask("paul", "class:arts", "class.enter"),
            # The class has a door: a work shared behind it needs a way in.
            Ask("gina", "work:essay"),
            SetOverwrite(at("work:essay"), Person("gina"), allow=("class.enter",)),
            Ask("gina", "work:essay", "class.enter work.read"),
            Ask("ines", "work:essay", "class.enter district.report work.read"),
            # A deny of any role outweighs every allow of the base, but not the owner.
            Assign(Person("ines"), "lost-key", at("class:arts")),
            Ask("ines", "work:essay", "class.enter district.report work.read"),
            Join(at("school:hill"), "ines"),
            Ask("ines", "work:essay", "class.enter district.report"),
            Ask("ines", "class:maths", "class.enter district.report work.read"),
            Assign(Person("paul"), "lost-key", at("class:arts")),
            Ask("paul", "work:essay", "class.enter work.grade work.hand-in work.read"),
            SetRoleActive("lost-key", False),
            # Now it is the overwrite of all pupils, of whom she is one, that takes it away there.
            Ask("ines", "class:arts", "class.enter district.report"),
            TimeOut(at("school:hill"), "ines", NOW + HOUR),
            Ask("ines", "class:maths", "work.read"),
            SetDisabled(Person("ines"), True),
            Ask("ines", None),
            Ask("dean", "work:essay", "class.enter work.grade work.hand-in work.read"),
        ],
    )


def law_firm() -> Example:
    """Clients above, matters with their own people, and a wall between two of them."""
    world = by_hand(
        types=[
            Type("client", owner=True),
            Type("matter", ("client",), members=True, owner=True),
            Type("binder", ("matter", "binder"), gate="binder.open"),
            Type("brief", ("binder",), gate="brief.read"),
        ],
        local="binder.open brief.read brief.draft brief.file",
        nodes={
            "client:acme": None,
            "client:bolt": None,
            "matter:merger": "client:acme",
            "matter:suit": "client:bolt",
            "binder:court": "matter:merger",
            "binder:exhibits": "binder:court",
            "brief:motion": "binder:exhibits",
        },
        owners={"client:acme": "partner"},
        roles={"associate": "binder.open brief.read brief.draft", "clerk": "brief.file"},
        homes={"clerk": "matter:merger"},
        defaults={"merger-team": "matter:merger"},
        people="partner alma bert cora judge",
        applications="discovery",
        teams="litigation wall",
        members={"matter:merger": "alma bert", "matter:suit": "cora"},
        writes=[
            Grant("merger-team", "binder.open", at("binder:court")),
            AddTeamMember("litigation", Person("alma")),
            AddTeamMember("litigation", Person("cora")),
            AddTeamMember("litigation", Application("discovery")),
            AddTeamMember("wall", Person("cora")),
            Assign(Team("litigation"), "associate", at("client:acme")),
            Assign(Person("bert"), "clerk", at("binder:court")),
            SetOverwrite(at("binder:court"), Team("wall"), deny=("binder.open",)),
            SetOverwrite(at("brief:motion"), Person("bert"), allow=("brief.read",)),
        ],
    )
    every = "binder.open brief.draft brief.file brief.read"
    return Example(
        world,
        [
            # Owning the client is owning all below, and no gate and no wall binds it.
            Ask("partner", "brief:motion", every),
            # The team holds the role above the matter: it counts for outsiders, until the wall.
            Ask("alma", "brief:motion", "binder.open brief.draft brief.read"),
            Ask("cora", "matter:merger", "binder.open brief.draft brief.read"),
            Ask("cora", "binder:court"),
            Ask("cora", "brief:motion"),
            Ask(Application("discovery"), "brief:motion", "binder.open brief.draft brief.read"),
            Ask("bert", "binder:exhibits", "binder.open brief.file"),
            Ask("bert", "brief:motion", "binder.open brief.file brief.read"),
            Ask("bert", "matter:merger"),
            ClearOverwrite(at("brief:motion"), Person("bert")),
            Ask("bert", "brief:motion"),
            # The exhibits leave the binder that has the wall.
            MoveNode(at("binder:exhibits"), at("matter:merger")),
            Ask("cora", "brief:motion", "binder.open brief.draft brief.read"),
            Ask("bert", "binder:exhibits"),
            MoveNode(at("matter:merger"), at("client:bolt")),
            Ask("cora", "brief:motion"),
            Ask("partner", "brief:motion"),
            Who("brief.read", "brief:motion"),
        ],
    )


def game_studio() -> Example:
    """Assets in folders in folders, teams in two departments, a locked folder, a build machine."""
    world = by_hand(
        types=[
            Type("studio", members=True, owner=True, administrator="studio.run"),
            Type("project", ("studio",), shared=ANYONE),
            Type("folder", ("project", "folder"), shared=ANYONE),
            Type("asset", ("folder",), owner=True),
        ],
        local="asset.see asset.change asset.lock studio.run",
        globally="store.sell",
        nodes={
            "studio:pixel": None,
            "project:quest": "studio:pixel",
            "project:archive": "studio:pixel",
            "folder:art": "project:quest",
            "folder:heroes": "folder:art",
            "folder:knight": "folder:heroes",
            "asset:sword": "folder:knight",
        },
        owners={"studio:pixel": "sia", "asset:sword": "carl"},
        roles={
            "sees": "asset.see",
            "changes": "asset.change",
            "lead": "asset.lock",
            "seller": "store.sell",
            "runner": "studio.run",
        },
        homes={"lead": "studio:pixel"},
        defaults={"studio-everyone": "studio:pixel"},
        people="sia ann ben carl dan",
        applications="builder",
        teams="artists animators heroes-crew leads",
        members={"studio:pixel": "ann ben"},
        writes=[
            AddRoleParent("lead", "sees"),
            AddRoleParent("lead", "changes"),
            AddRoleParent("lead", "seller"),
            AddTeamParent("animators", "artists"),
            AddTeamParent("animators", "heroes-crew"),
            AddTeamMember("animators", Person("ann")),
            AddTeamMember("leads", Person("ben")),
            Assign(Team("artists"), "sees", at("project:quest")),
            Assign(Team("heroes-crew"), "changes", at("folder:heroes")),
            Assign(Team("leads"), "lead"),
            Assign(Application("builder"), "sees"),
            Assign(Person("dan"), "sees", at("folder:knight"), Window(until=NOW + HOUR)),
        ],
    )
    return Example(
        world,
        [
            Ask("ann", "folder:art", "asset.see"),
            Ask("ann", "asset:sword", "asset.change asset.see"),
            # Lead inherits rights of scope global from seller, which count where lead does: in the
            # studio, and not beyond.
            Ask("ben", "asset:sword", "asset.change asset.lock asset.see store.sell"),
            Ask("ben", None),
            Ask(Application("builder"), "asset:sword", "asset.see"),
            Ask("dan", "asset:sword", "asset.see"),
            Ask("dan", "folder:heroes"),
            Ask("dan", "asset:sword", now=NOW + HOUR),
            # carl is no member, and assets are for members alone, their owners included.
            Ask("carl", "asset:sword"),
            Join(at("studio:pixel"), "carl"),
            Ask("carl", "asset:sword", "asset.change asset.lock asset.see studio.run"),
            Leave(at("studio:pixel"), "carl"),
            # Locked for everyone; roles' overwrites come after that, below it once more.
            SetOverwrite(
                at("folder:heroes"),
                RoleTarget("studio-everyone"),
                deny=("asset.see", "asset.change"),
            ),
            Ask("ann", "folder:art", "asset.see"),
            Ask("ann", "asset:sword"),
            Ask("dan", "asset:sword", "asset.see"),
            SetOverwrite(at("folder:heroes"), RoleTarget("lead"), allow=("asset.change",)),
            Ask("ben", "asset:sword", "asset.change asset.lock store.sell"),
            SetOverwrite(at("folder:knight"), Team("artists"), allow=("asset.see",)),
            Ask("ann", "asset:sword", "asset.see"),
            Who("asset.see", "asset:sword", ("sia", "ann", "dan", Application("builder"))),
            # Into the archive, where the team of artists has no role; overwrites go along.
            MoveNode(at("folder:knight"), at("project:archive")),
            Ask("ann", "asset:sword", "asset.see"),
            Ask("ben", "asset:sword", "asset.change asset.lock asset.see store.sell"),
            Unassign(Team("leads"), "lead"),
            Ask("ben", "asset:sword"),
            Assign(Person("ben"), "runner", at("project:archive")),
            Ask("ben", "asset:sword", "asset.change asset.lock asset.see studio.run"),
            Ask("ben", "folder:heroes"),
        ],
    )
