"""Five of OpenFGA's sample stores, as trees."""

from __future__ import annotations

from tests.support.trees.by_hand import HOUR, NOW, Ask, Example, Who, at, by_hand
from tests.support.trees.model import (
    ANYONE,
    PUBLIC,
    Application,
    Person,
    Team,
    Type,
    Window,
)
from tests.support.trees.writes import (
    AddRoleParent,
    AddTeamMember,
    AddTeamParent,
    Assign,
    Leave,
    MoveNode,
    RemoveTeamMember,
    Unassign,
)


def gdrive() -> Example:
    """Folders in folders, documents shared with teams, with outsiders, and with the public."""
    world = by_hand(
        types=[
            Type("drive", members=True, owner=True),
            Type("folder", ("drive", "folder"), owner=True, shared=ANYONE),
            Type("doc", ("folder",), owner=True, shared=ANYONE),
        ],
        local="folder.view folder.share doc.read doc.write",
        nodes={
            "drive:xyz": None,
            "folder:product": "drive:xyz",
            "folder:product-2021": "folder:product",
            "folder:private": "drive:xyz",
            "doc:roadmap-2021": "folder:product-2021",
            "doc:public-roadmap": "folder:product-2021",
            "doc:salaries": "folder:private",
        },
        owners={"folder:private": "dora"},
        roles={"viewer": "folder.view doc.read", "owner": "doc.write folder.share"},
        people="anne beth charles dora erik",
        teams="fabrikam",
        members={"drive:xyz": "anne dora"},
        writes=[
            AddRoleParent("owner", "viewer"),
            AddTeamMember("fabrikam", Person("charles")),
            Assign(Person("anne"), "owner", at("folder:product")),
            Assign(Team("fabrikam"), "viewer", at("folder:product")),
            Assign(Person("beth"), "viewer", at("doc:roadmap-2021")),
            Assign(PUBLIC, "viewer", at("doc:public-roadmap")),
        ],
    )
    everything = "doc.read doc.write folder.share folder.view"
    return Example(
        world,
        [
            Ask("anne", "doc:roadmap-2021", everything),
            Ask("anne", "drive:xyz"),
            Ask("anne", "doc:salaries"),
            Ask("charles", "folder:product-2021", "doc.read folder.view"),
            Ask("charles", "folder:private"),
            Ask("beth", "doc:roadmap-2021", "doc.read folder.view"),
            Ask("beth", "folder:product-2021"),
            Ask("dora", "doc:salaries", everything),
            Ask("erik", "doc:public-roadmap", "doc.read folder.view"),
            Ask(PUBLIC, "doc:public-roadmap", "doc.read folder.view"),
            Ask(PUBLIC, "doc:roadmap-2021"),
            Who("doc.read", "doc:roadmap-2021", ("anne", "beth", "charles")),
            # Folders and documents are for outsiders, too: rights given there survive leaving.
            Leave(at("drive:xyz"), "anne"),
            Leave(at("drive:xyz"), "dora"),
            Ask("anne", "doc:roadmap-2021", everything),
            Ask("dora", "doc:salaries", everything),
            # With its new folder the document has other readers; beth's own share goes along.
            MoveNode(at("doc:roadmap-2021"), at("folder:private")),
            Who("doc.read", "doc:roadmap-2021", ("beth", "dora")),
            MoveNode(at("folder:private"), at("folder:product")),
            Who("doc.read", "doc:roadmap-2021", ("anne", "beth", "charles", "dora")),
            RemoveTeamMember("fabrikam", Person("charles")),
            Ask("charles", "doc:roadmap-2021"),
        ],
    )


def custom_roles() -> Example:
    """Roles that customers make, held by teams: one team with two roles, roles with two parents."""
    world = by_hand(
        types=[
            Type("org", members=True, owner=True),
            Type("category", ("org",)),
            Type("asset", ("category",)),
        ],
        local="asset.view asset.comment asset.edit asset.create org.report",
        nodes={
            "org:acme": None,
            "category:website": "org:acme",
            "category:print": "org:acme",
            "asset:logo": "category:website",
            "asset:flyer": "category:print",
        },
        owners={"org:acme": "olga"},
        roles={
            "viewer": "asset.view",
            "commenter": "asset.comment",
            "content-manager": "asset.create asset.edit",
            "analyst": "org.report",
        },
        homes=dict.fromkeys(("viewer", "commenter", "content-manager", "analyst"), "org:acme"),
        people="olga mary nick pia",
        teams="marketing campaigns",
        members={"org:acme": "mary nick pia"},
        writes=[
            AddRoleParent("content-manager", "viewer"),
            AddRoleParent("content-manager", "commenter"),
            AddTeamMember("marketing", Person("mary")),
            AddTeamMember("campaigns", Person("nick")),
            AddTeamParent("campaigns", "marketing"),
            Assign(Team("marketing"), "content-manager", at("category:website")),
            Assign(Team("marketing"), "analyst"),
            Assign(Person("pia"), "commenter", at("asset:flyer")),
        ],
    )
    manages = "asset.comment asset.create asset.edit asset.view"
    return Example(
        world,
        [
            Ask("mary", "asset:logo", f"{manages} org.report"),
            Ask("nick", "asset:logo", f"{manages} org.report"),
            Ask("mary", "asset:flyer", "org.report"),
            Ask("mary", "org:acme", "org.report"),
            Ask("pia", "asset:flyer", "asset.comment"),
            Ask("pia", "category:print"),
            Ask("olga", "asset:flyer", f"{manages} org.report"),
            Assign(Team("campaigns"), "viewer", at("category:print")),
            Ask("nick", "asset:flyer", "asset.view org.report"),
            Ask("mary", "asset:flyer", "org.report"),
            Unassign(Team("marketing"), "content-manager", at("category:website")),
            Ask("nick", "asset:logo", "org.report"),
            Leave(at("org:acme"), "nick"),
            Ask("nick", "asset:flyer"),
        ],
    )


def superadmin() -> Example:
    """An operator at the root, a helpdesk for an hour, an application at one organisation."""
    world = by_hand(
        types=[
            Type("system"),
            Type("org", ("system",), members=True, shared=ANYONE),
            Type("project", ("org",)),
            Type("task", ("project",)),
        ],
        local="org.manage project.edit task.edit task.view",
        globally="system.operate",
        nodes={
            "system:root": None,
            "org:acme": "system:root",
            "org:contoso": "system:root",
            "project:site": "org:acme",
            "task:paint": "project:site",
            "project:shop": "org:contoso",
            "task:pack": "project:shop",
        },
        roles={
            "admin": "org.manage project.edit task.edit task.view system.operate",
            "helpdesk": "task.view",
        },
        people="anne john mia",
        applications="cron",
        members={"org:contoso": "mia"},
        writes=[
            Assign(Person("anne"), "admin", at("system:root")),
            Assign(Person("john"), "helpdesk", at("org:acme"), Window(until=NOW + HOUR)),
            Assign(Person("mia"), "helpdesk", at("org:contoso"), Window(until=NOW + 2 * HOUR)),
            Assign(Person("mia"), "helpdesk", at("project:shop"), Window(until=NOW + HOUR)),
            Assign(Person("john"), "helpdesk", at("project:shop")),
            Assign(Application("cron"), "admin", at("org:acme")),
        ],
    )
    all_local = "org.manage project.edit task.edit task.view"
    everything = "org.manage project.edit system.operate task.edit task.view"
    return Example(
        world,
        [
            # Above the home an assignment counts for everybody, and a role that is held at a node
            # gives no permission of scope global.
            Ask("anne", "task:pack", all_local),
            Ask("anne", "system:root", all_local),
            Ask("anne", None),
            Ask(Application("cron"), "task:paint", all_local),
            Ask(Application("cron"), "task:pack"),
            # Organisations take helpers from outside, projects do not.
            Ask("john", "task:paint", "task.view"),
            Ask("john", "task:paint", now=NOW + HOUR),
            Ask("john", "task:pack"),
            Ask("mia", "task:pack", "task.view"),
            Ask("mia", "org:contoso", "task.view", now=NOW + HOUR),
            Ask("mia", "task:pack", "task.view", now=NOW + HOUR),
            Ask("mia", "task:pack", now=NOW + 2 * HOUR),
            Unassign(Person("mia"), "helpdesk", at("org:contoso")),
            Ask("mia", "org:contoso"),
            Ask("mia", "task:pack", "task.view"),
            Ask("mia", "task:pack", now=NOW + HOUR),
            # The same role without a node is the platform's.
            Assign(Person("anne"), "admin"),
            Ask("anne", None, everything),
            Ask("anne", "task:pack", everything),
            MoveNode(at("project:site"), at("org:contoso")),
            Ask(Application("cron"), "task:paint"),
            Who("task.edit", "task:paint", ("anne",)),
        ],
    )


def banking() -> Example:
    """Customers and managers with limits; the policy that compares them is not part of this."""
    world = by_hand(
        types=[Type("bank"), Type("account", ("bank",), owner=True)],
        local="account.view account.transfer account.approve",
        nodes={"bank:ours": None, "account:checking": "bank:ours", "account:savings": "bank:ours"},
        owners={"account:savings": "walter"},
        roles={
            "customer": "account.transfer",
            "manager": "account.approve account.view",
            "delegate": "account.view account.transfer",
        },
        people="anne bob walter",
        applications="teller",
        writes=[
            AddRoleParent("manager", "customer"),
            Assign(Person("anne"), "customer", at("account:checking"), attributes={"limit": 100}),
            Assign(Person("bob"), "manager", at("bank:ours"), attributes={"limit": 1000}),
            Assign(
                Person("anne"),
                "delegate",
                at("account:savings"),
                Window(NOW, NOW + HOUR),
                {"limit": 50},
            ),
            Assign(Application("teller"), "delegate", at("bank:ours"), attributes={"limit": 10}),
        ],
    )
    return Example(
        world,
        [
            Ask("anne", "account:checking", "account.transfer"),
            Ask("anne", "account:savings", "account.transfer account.view"),
            Ask("anne", "account:savings", now=NOW - 1),
            Ask("anne", "account:savings", now=NOW + HOUR),
            Ask("anne", "bank:ours"),
            Ask("bob", "account:checking", "account.approve account.transfer account.view"),
            Ask("walter", "account:savings", "account.approve account.transfer account.view"),
            Ask("walter", "account:checking"),
            Who(
                "account.transfer",
                "account:savings",
                ("anne", "bob", "walter", Application("teller")),
            ),
            # Another window and other attributes: still one assignment.
            Assign(Person("anne"), "delegate", at("account:savings"), Window(until=NOW + 2 * HOUR)),
            Ask("anne", "account:savings", "account.transfer account.view", now=NOW + HOUR),
        ],
    )


def expenses() -> Example:
    """The chain of managers is the tree: a report is below its submitter, and moves with them."""
    world = by_hand(
        types=[
            Type("employee", ("employee",), owner=True),
            Type("report", ("employee",), owner=True),
        ],
        local="report.view report.approve report.submit",
        nodes={
            "employee:emily": None,
            "employee:sam": "employee:emily",
            "employee:matt": "employee:sam",
            "employee:daniel": "employee:matt",
            "employee:rita": "employee:emily",
            "report:taxi": "employee:daniel",
        },
        roles={"submitter": "report.view report.submit", "manager": "report.view report.approve"},
        people="emily sam matt daniel rita",
        writes=[
            Assign(Person("daniel"), "submitter", at("employee:daniel")),
            Assign(Person("matt"), "manager", at("employee:daniel")),
            Assign(Person("sam"), "manager", at("employee:matt")),
            Assign(Person("emily"), "manager", at("employee:sam")),
            Assign(Person("emily"), "manager", at("employee:rita")),
        ],
    )
    return Example(
        world,
        [
            Ask("daniel", "report:taxi", "report.submit report.view"),
            Ask("matt", "report:taxi", "report.approve report.view"),
            Ask("matt", "employee:matt"),
            Who("report.approve", "report:taxi", ("emily", "matt", "sam")),
            # Daniel goes to rita: one write, and other people approve what is below him.
            MoveNode(at("employee:daniel"), at("employee:rita")),
            Unassign(Person("matt"), "manager", at("employee:daniel")),
            Assign(Person("rita"), "manager", at("employee:daniel")),
            Who("report.approve", "report:taxi", ("emily", "rita")),
            Ask("daniel", "report:taxi", "report.submit report.view"),
        ],
    )
