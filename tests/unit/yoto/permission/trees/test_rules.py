"""Each sentence of the rules, on the smallest world that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.trees.by_hand import HOUR, NOW, at, by_hand, may, perform
from tests.support.trees.model import (
    ALWAYS,
    ANYONE,
    DENY,
    PUBLIC,
    Application,
    AssignmentRow,
    Everyone,
    MembershipRow,
    NodeRow,
    Person,
    RoleTarget,
    Subject,
    Team,
    Type,
    Window,
    World,
)
from tests.support.trees.verdict import UnknownNode, allowed, where, who
from tests.support.trees.writes import (
    AddRoleParent,
    AddTeamMember,
    AddTeamParent,
    Assign,
    Ban,
    Grant,
    Join,
    SetDisabled,
    SetOverwrite,
    SetOwner,
    SetRoleActive,
    SetSync,
    TimeOut,
    Unassign,
)

SPACE, FOLDER, DOC, INNER = at("space:s"), at("folder:f"), at("doc:d"), at("folder:inner")
APP = Application("app")


def small(*writes: object, **types: dict[str, object]) -> World:
    """org > space (home) > folder > inner folder > doc; mia is a member, olga is not.

    The keywords change types: ``doc={"gate": "read"}``.
    """
    declared = {
        "org": Type("org", owner=True),
        "space": Type("space", ("org",), members=True, owner=True),
        "folder": Type("folder", ("space", "folder"), owner=True, sync="folder"),
        "doc": Type("doc", ("folder",), owner=True),
    }
    for name, changes in types.items():
        declared[name] = replace(declared[name], **changes)
    return by_hand(
        types=declared.values(),
        local="read write run",
        globally="audit",
        nodes={
            "org:o": None,
            "space:s": "org:o",
            "space:other": "org:o",
            "folder:f": "space:s",
            "folder:elsewhere": "space:other",
            "folder:inner": "folder:f",
            "doc:d": "folder:inner",
        },
        roles={"reads": "read", "writes": "write", "audits": "audit", "homely": "read", "bare": ""},
        homes={"homely": "space:s"},
        defaults={"everyone": "space:s"},
        people="mia olga",
        applications="app",
        teams="team above",
        members={"space:s": "mia"},
        writes=writes,
    )


# ---- 1 --------------------------------------------------------------------------------------


def test_who_is_unknown_or_disabled_has_nothing() -> None:
    world = small(Assign(PUBLIC, "reads"), SetDisabled(Person("mia"), True), SetDisabled(APP, True))
    assert may(world, "olga", "doc:d") == "read"
    assert [may(world, asker, "doc:d") for asker in ("nobody", "mia", APP)] == ["", "", ""]
    assert may(world, Application("nothing"), None) == ""
    world.people["mia"].super_admin = True
    assert may(world, "mia", None) == ""


def test_a_super_admin_has_every_permission() -> None:
    world = small(doc={"gate": "unregistered"})
    world.people["olga"].super_admin = True
    assert may(world, "olga", None) == may(world, "olga", "doc:d") == "audit read run write"


# ---- 2 --------------------------------------------------------------------------------------


def test_a_member_has_a_row_that_is_no_ban() -> None:
    world = small(Grant("everyone", "read"))
    assert may(world, "mia", "doc:d") == "read"
    assert may(world, "olga", "doc:d") == ""
    perform(world, Ban(SPACE, "mia"))
    assert may(world, "mia", "doc:d") == ""


def test_an_owner_is_a_member_without_a_row_and_though_banned() -> None:
    world = small(Assign(Everyone(SPACE), "reads", DOC), SetOwner(SPACE, "olga"))
    assert may(world, "olga", "doc:d") == "read run write"
    perform(world, Join(SPACE, "olga"), Ban(SPACE, "olga"))
    assert may(world, "olga", "doc:d") == "read run write"


@pytest.mark.parametrize(
    ("now", "has"), [(NOW - 1, ""), (NOW, "read"), (NOW + 59, "read"), (NOW + 60, "")]
)
def test_an_assignment_is_in_force_in_its_half_open_window(now: float, has: str) -> None:
    world = small(Assign(Person("mia"), "reads", DOC, Window(NOW, NOW + 60)))
    assert may(world, "mia", "doc:d", now) == has


def test_a_team_s_roles_are_those_of_who_is_in_it_or_in_one_below_it_now() -> None:
    window = Window(until=NOW + HOUR)
    world = small(
        AddTeamMember("team", Person("mia"), window),
        AddTeamMember("team", APP),
        AddTeamParent("team", "above"),
        Assign(Team("above"), "reads", FOLDER),
        Assign(Team("team"), "writes", DOC),
    )
    assert may(world, "mia", "doc:d") == "read write"
    assert may(world, "mia", "doc:d", NOW + HOUR) == ""
    assert may(world, APP, "doc:d", NOW + HOUR) == "read write"
    assert may(world, "olga", "doc:d") == ""


def test_everyone_of_a_home_are_its_members() -> None:
    world = small(Assign(Everyone(SPACE), "reads", FOLDER))
    assert may(world, "mia", "doc:d") == "read"
    assert [may(world, asker, "doc:d") for asker in ("olga", APP, PUBLIC)] == ["", "", ""]
    assert may(world, "mia", "space:s") == ""
    # Where the folder is another home's, they are not that home's everyone.
    world.nodes[FOLDER].parent = at("space:other")
    world.memberships[at("space:other"), "mia"] = MembershipRow()
    assert may(world, "mia", "doc:d") == ""


def test_the_public_are_all_there_are() -> None:
    world = small(Assign(PUBLIC, "homely", DOC), Assign(PUBLIC, "audits"))
    for asker in ("mia", "olga", APP, PUBLIC):
        assert may(world, asker, "doc:d") == "audit read"
        assert may(world, asker, None) == "audit"


def test_a_role_counts_at_its_node_and_below() -> None:
    world = small(Assign(Person("mia"), "reads", FOLDER))
    found = [may(world, "mia", node) for node in (None, "org:o", "space:s", "folder:f", "doc:d")]
    assert found == ["", "", "", "read", "read"]


@pytest.mark.parametrize("subject", [Person("mia"), Application("app")])
def test_a_home_s_role_counts_in_its_home_alone(subject: Subject) -> None:
    world = small(Assign(subject, "homely"))
    world.memberships[at("space:other"), "mia"] = MembershipRow()
    assert may(world, subject, "doc:d") == "read"
    assert may(world, subject, "folder:elsewhere") == may(world, subject, None) == ""


def test_inactive_and_default_roles_are_not_in_force_by_assignment() -> None:
    world = small(Grant("everyone", "write"), Assign(Person("mia"), "reads"))
    world.assignments[APP, "everyone", None] = AssignmentRow(ALWAYS)
    assert may(world, APP, "doc:d") == ""
    assert may(world, "mia", "doc:d") == "read write"
    perform(world, SetRoleActive("reads", False))
    assert may(world, "mia", "doc:d") == "write"


@pytest.mark.parametrize(
    ("role", "node", "outsider_has"),
    [
        ("reads", None, "read"),  # a global role, at no node
        ("reads", at("org:o"), "read"),  # above the home
        ("reads", SPACE, ""),
        ("reads", FOLDER, ""),
        ("homely", None, ""),
        ("homely", DOC, ""),
    ],
)
def test_what_counts_for_outsiders(role: str, node: object, outsider_has: str) -> None:
    world = small(*(Assign(one, role, node) for one in (Person("mia"), Person("olga"), APP)))
    assert may(world, "mia", "doc:d") == may(world, APP, "doc:d") == "read"
    assert may(world, "olga", "doc:d") == outsider_has


@pytest.mark.parametrize("type_", ["space", "folder", "doc"])
def test_at_a_node_of_a_shared_type_an_assignment_counts_for_outsiders(type_: str) -> None:
    node = {"space": SPACE, "folder": FOLDER, "doc": DOC}[type_]
    world = small(Assign(Person("olga"), "homely", node), **{type_: {"shared": ANYONE}})
    assert may(world, "olga", "doc:d") == "read"
    others = {"space", "folder", "doc"} - {type_}
    world = small(
        Assign(Person("olga"), "homely", node), **{name: {"shared": ANYONE} for name in others}
    )
    assert may(world, "olga", "doc:d") == ""


def test_without_a_home_everybody_is_inside() -> None:
    world = small(
        Assign(Person("olga"), "reads", DOC), SetOverwrite(DOC, Person("olga"), allow=("write",))
    )
    assert may(world, "olga", "doc:d") == ""
    world.types["space"] = replace(world.types["space"], members=False)
    assert may(world, "olga", "doc:d") == "read write"


def test_a_role_brings_its_ancestors_until_one_that_is_not_to_be_inherited_from() -> None:
    inherits = (AddRoleParent("bare", "reads"), AddRoleParent("reads", "writes"))
    world = small(*inherits, AddRoleParent("bare", "audits"), Assign(Person("mia"), "bare"))
    assert may(world, "mia", "doc:d") == "audit read write"
    world.roles["reads"].active = False
    assert may(world, "mia", "doc:d") == "audit"
    world.roles["reads"].active, world.roles["reads"].parents = True, ["missing", "homely"]
    perform(world, Grant("homely", "run"))
    assert may(world, "mia", "doc:d") == "audit read"


def test_a_home_s_role_inherits_from_its_home_s_and_from_global_ones() -> None:
    world = small(AddRoleParent("homely", "writes"), Assign(Person("mia"), "homely"))
    assert may(world, "mia", "doc:d") == "read write"
    world.roles["writes"].home = at("space:other")
    assert may(world, "mia", "doc:d") == "read"
    world.roles["writes"].home = SPACE
    assert may(world, "mia", "doc:d") == "read write"


def test_the_default_role_inherits_nothing_and_gives_nothing_while_inactive() -> None:
    world = small(Grant("everyone", "read"))
    world.roles["everyone"].parents = ["writes"]
    assert may(world, "mia", "doc:d") == "read"
    world.roles["bare"].parents = ["everyone"]
    perform(world, Assign(APP, "bare"))
    assert may(world, APP, "doc:d") == ""
    world.roles["everyone"].active = False
    assert may(world, "mia", "doc:d") == ""


# ---- 3 --------------------------------------------------------------------------------------


def test_the_base_is_what_is_allowed_globally_and_at_upper_nodes_minus_what_is_denied() -> None:
    world = small(
        Grant("bare", "read", at("org:o")),
        Grant("bare", "write", SPACE),
        Grant("bare", "run", at("space:other")),
        Assign(Person("mia"), "bare"),
    )
    assert may(world, "mia", "doc:d") == may(world, "mia", "space:s") == "read write"
    perform(world, Grant("everyone", "read", SPACE, DENY))
    assert may(world, "mia", "doc:d") == "write"
    assert may(world, "mia", "folder:elsewhere") == "read run"
    assert may(world, "mia", None) == ""


def test_a_permission_of_scope_global_takes_a_global_role_held_at_no_node() -> None:
    world = small(Assign(Person("mia"), "audits", at("org:o")))
    assert may(world, "mia", "doc:d") == ""
    perform(world, AddRoleParent("homely", "audits"), Assign(Person("mia"), "homely"))
    assert may(world, "mia", "doc:d") == "audit read"
    perform(world, Unassign(Person("mia"), "homely"))
    perform(world, AddRoleParent("bare", "audits"), Assign(Person("mia"), "bare"))
    assert may(world, "mia", "doc:d") == "audit"
    assert may(world, "mia", None) == "audit"


def test_a_permission_of_scope_global_is_denied_by_such_a_role_alone() -> None:
    world = small(Grant("bare", "audit", effect=DENY), Assign(Person("mia"), "audits"))
    perform(world, Assign(Person("mia"), "bare", DOC))
    assert may(world, "mia", "doc:d") == "audit"
    perform(world, Assign(Person("mia"), "bare"))
    assert may(world, "mia", "doc:d") == ""


def test_without_a_home_grants_at_nodes_are_no_base_but_local() -> None:
    world = small(
        Grant("bare", "read", at("org:o")),
        Grant("reads", "read", effect=DENY),
        Assign(Person("mia"), "bare"),
        Assign(Person("mia"), "reads"),
    )
    # At the organisation itself no home is above: its grant comes after the deny of the base.
    assert may(world, "mia", "org:o") == "read"
    assert may(world, "mia", "space:s") == ""


# ---- 4 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", ["org:o", "space:s", "folder:f", "doc:d"])
def test_who_owns_a_node_of_the_chain_is_in_charge(node: str) -> None:
    world = small(SetOwner(at(node), "mia"), doc={"gate": "read"})
    perform(world, SetOverwrite(DOC, Person("mia"), deny=("read",)), TimeOut(SPACE, "mia", NOW + 1))
    assert may(world, "mia", "doc:d") == "read run write"
    assert may(world, "mia", "space:other") == ("read run write" if node == "org:o" else "")
    assert may(world, "mia", None) == ""


def test_an_outsider_owns_upper_nodes_and_those_of_shared_types() -> None:
    assert may(small(SetOwner(at("org:o"), "olga")), "olga", "doc:d") == "read run write"
    assert may(small(SetOwner(FOLDER, "olga")), "olga", "doc:d") == ""
    world = small(SetOwner(FOLDER, "olga"), folder={"shared": ANYONE})
    assert may(world, "olga", "doc:d") == "read run write"


def test_an_application_owns_nothing() -> None:
    world = small()
    world.nodes[SPACE].owner = "app"
    assert may(world, APP, "doc:d") == ""


@pytest.mark.parametrize("type_", ["org", "space", "folder", "doc"])
def test_who_has_the_administrator_permission_of_a_type_of_the_chain_is_in_charge(
    type_: str,
) -> None:
    world = small(
        Grant("bare", "run"), Assign(Person("olga"), "bare"), **{type_: {"administrator": "run"}}
    )
    perform(world, SetOverwrite(DOC, Person("olga"), deny=("read",)))
    assert may(world, "olga", "doc:d") == "read run write"
    assert may(world, "olga", None) == "run"


def test_an_overwrite_makes_no_administrator() -> None:
    world = small(SetOverwrite(DOC, Person("mia"), allow=("run",)), doc={"administrator": "run"})
    assert may(world, "mia", "doc:d") == "run"


# ---- 5 --------------------------------------------------------------------------------------


def test_overwrites_are_applied_from_the_top_down() -> None:
    world = small(
        SetOverwrite(FOLDER, Person("mia"), allow=("read", "write")),
        SetOverwrite(INNER, Person("mia"), deny=("read",), allow=("run",)),
        SetOverwrite(DOC, RoleTarget("everyone"), deny=("run",), allow=("read",)),
    )
    found = [may(world, "mia", node) for node in ("space:s", "folder:f", "folder:inner", "doc:d")]
    assert found == ["", "read write", "run write", "read write"]


def test_everyone_comes_before_roles_and_teams_and_these_before_the_person() -> None:
    world = small(
        Assign(Person("mia"), "bare"),
        AddTeamMember("team", Person("mia")),
        AddTeamParent("team", "above"),
        SetOverwrite(DOC, RoleTarget("everyone"), allow=("read", "write"), deny=("run",)),
        SetOverwrite(DOC, RoleTarget("bare"), allow=("run",), deny=("read",)),
        SetOverwrite(DOC, Team("above"), allow=("read",), deny=("write",)),
    )
    # Among roles and teams together an allow outweighs a deny.
    assert may(world, "mia", "doc:d") == "read run"
    perform(world, SetOverwrite(DOC, Person("mia"), allow=("write",), deny=("run",)))
    assert may(world, "mia", "doc:d") == "read write"


def test_ancestors_of_roles_have_overwrites_and_roles_held_below_count_above() -> None:
    world = small(
        AddRoleParent("bare", "writes"),
        Assign(Person("mia"), "bare", DOC),
        SetOverwrite(FOLDER, RoleTarget("writes"), allow=("run",)),
    )
    assert may(world, "mia", "doc:d") == "run write"
    assert may(world, "mia", "folder:inner") == ""


def test_grants_at_a_local_node_are_overwrites_of_their_role() -> None:
    world = small(
        Grant("bare", "read", INNER),
        Grant("everyone", "read", INNER, DENY),
        Grant("everyone", "write", FOLDER),
        Assign(Person("mia"), "bare"),
    )
    assert may(world, "mia", "doc:d") == "read write"
    assert may(world, "mia", "folder:f") == "write"


def test_overwrites_touch_no_permission_of_scope_global() -> None:
    world = small(Assign(Person("mia"), "audits"))
    world.overwrites[DOC, Person("mia"), "audit"] = DENY
    assert may(world, "mia", "doc:d") == "audit"
    world.overwrites[DOC, Person("olga"), "audit"] = "allow"
    assert may(world, "olga", "doc:d") == ""


def test_overwrites_at_the_home_and_above_do_not_count_below() -> None:
    world = small(SetOverwrite(at("org:o"), Person("olga"), allow=("read",)))
    world.overwrites[SPACE, Person("mia"), "read"] = "allow"
    assert may(world, "mia", "space:s") == may(world, "mia", "doc:d") == ""
    # The organisation itself has no home: there its own count.
    assert may(world, "olga", "org:o") == "read"
    assert may(world, "olga", "space:s") == ""


def test_a_node_in_sync_takes_another_s_overwrites_but_keeps_its_grants() -> None:
    world = small(
        Grant("everyone", "run", FOLDER),
        Grant("bare", "read", at("folder:elsewhere")),
        Assign(Person("mia"), "bare"),
        SetOverwrite(FOLDER, Person("mia"), allow=("read",)),
        SetOverwrite(at("folder:elsewhere"), Person("mia"), allow=("write",)),
        SetSync(FOLDER, at("folder:elsewhere")),
    )
    assert may(world, "mia", "folder:f") == "run write"
    # One step and no further.
    perform(world, SetSync(at("folder:elsewhere"), INNER))
    assert may(world, "mia", "folder:f") == "run write"
    perform(world, SetSync(FOLDER, None))
    assert may(world, "mia", "folder:f") == "read run"


@pytest.mark.parametrize("target", [Person("olga"), Team("team")])
def test_what_outsiders_are_allowed_by_name_or_team_counts_where_the_type_is_shared(
    target: Person | Team,
) -> None:
    writes = (
        AddTeamMember("team", Person("olga")),
        Assign(Person("olga"), "reads"),
        SetOverwrite(FOLDER, target, allow=("write",), deny=("read",)),
    )
    assert may(small(*writes), "olga", "doc:d") == ""
    assert may(small(*writes, folder={"shared": ANYONE}), "olga", "doc:d") == "write"
    assert may(small(*writes, doc={"shared": ANYONE}), "olga", "doc:d") == ""
    assert may(small(*writes, Join(SPACE, "olga")), "olga", "doc:d") == "write"


def test_an_application_has_overwrites_like_a_person() -> None:
    world = small(SetOverwrite(FOLDER, APP, allow=("read", "write")))
    perform(world, SetOverwrite(DOC, APP, deny=("write",)))
    assert may(world, APP, "doc:d") == "read"


# ---- 6 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["org", "space", "folder", "doc"])
def test_without_the_gate_of_a_type_of_the_chain_nothing_remains(type_: str) -> None:
    world = small(
        Assign(Person("mia"), "writes"), Assign(Person("mia"), "audits"), **{type_: {"gate": "run"}}
    )
    assert may(world, "mia", "doc:d") == ""
    assert may(world, "mia", None) == "audit write"
    # It is looked for in what remains at the node, wherever it comes from.
    perform(world, SetOverwrite(DOC, Person("mia"), allow=("run",)))
    assert may(world, "mia", "doc:d") == "audit run write"


def test_a_gate_that_is_not_registered_lets_nobody_through_but_who_is_in_charge() -> None:
    world = small(Assign(PUBLIC, "reads"), SetOwner(DOC, "mia"), doc={"gate": "unregistered"})
    assert may(world, "olga", "doc:d") == ""
    assert may(world, "mia", "doc:d") == "read run write"


def test_in_a_time_out_only_what_the_home_s_type_says_remains() -> None:
    world = small(
        Assign(Person("mia"), "writes"),
        Assign(Person("mia"), "audits"),
        Assign(Person("mia"), "reads", DOC),
        TimeOut(SPACE, "mia", NOW + 60),
        space={"remaining": ("read", "run")},
    )
    assert may(world, "mia", "doc:d") == "read"
    assert may(world, "mia", "space:s") == ""
    assert may(world, "mia", "folder:elsewhere") == may(world, "mia", None) == "audit write"
    assert may(world, "mia", "doc:d", NOW + 60) == "audit read write"
    # A ban makes a stranger of her, whom the time-out does not concern.
    perform(world, Ban(SPACE, "mia"))
    assert may(world, "mia", "doc:d") == "audit write"


# ---- what is no verdict, and the other questions --------------------------------------------


def test_what_is_not_there_and_what_is_too_deep_is_unknown() -> None:
    world = small(Assign(PUBLIC, "reads"))
    world.people["mia"].super_admin = True
    world.nodes[at("doc:dangling")] = NodeRow(at("folder:gone"))
    world.nodes[at("thing:undeclared")] = NodeRow()
    for node in ("doc:missing", "doc:dangling", "thing:undeclared"):
        with pytest.raises(UnknownNode):
            allowed(world, Person("mia"), at(node), NOW)
    assert where(world, PUBLIC, "read", "doc", NOW) == {DOC}
    world.deepest = 4
    assert may(world, PUBLIC, "folder:inner") == "read"
    with pytest.raises(UnknownNode):
        allowed(world, PUBLIC, DOC, NOW)
    world.deepest, world.nodes[at("org:o")].parent = 32, DOC
    with pytest.raises(UnknownNode):
        allowed(world, PUBLIC, FOLDER, NOW)


def test_who_and_where_ask_about_everybody_and_everything() -> None:
    world = small(
        Assign(APP, "reads", INNER), Assign(Person("mia"), "reads", FOLDER, Window(until=NOW))
    )
    assert who(world, "read", DOC, NOW) == {APP}
    assert who(world, "read", DOC, NOW - 1) == {APP, Person("mia")}
    assert where(world, APP, "read", "folder", NOW) == {INNER}
    assert where(world, Person("mia"), "read", "folder", NOW - 1) == {FOLDER, INNER}
