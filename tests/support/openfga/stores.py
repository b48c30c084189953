"""The sample stores of one model each."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from tests.support.openfga.store import PUBLIC_NAME, Asked, Store


def banking() -> Store:
    """An account is moved by its owner or manager, up to what the bank allows to each."""
    limits = {"anne": 100, "bob": 1000}
    moving = "(account.own OR account.manage) AND account.within_limit"

    def rule(permission: str, who: str, node: str, context: Mapping[str, Any]) -> bool:
        amount: int = context["amount"]
        return amount <= limits[who] or amount <= context["approved"]

    def asked(amount: int, approved: int, allowed: str) -> Asked:
        context = {"amount": amount, "approved": approved}
        return Asked("account", moving, {"account:123": allowed}, context)

    return Store(
        types={"bank": (), "account": ("bank",)},
        roles={
            "owner": "account.own",
            "manager": "account.manage",
            "limited": "account.within_limit",
        },
        people="anne bob carl",
        nodes={"bank:acme": None, "account:123": "bank:acme", "account:456": "bank:acme"},
        # Carl owns an account of a bank that has no limit for him, which is none at all.
        held=(
            ("anne", "limited", "bank:acme"),
            ("bob", "limited", "bank:acme"),
            ("anne", "owner", "account:123"),
            ("bob", "manager", "account:123"),
            ("carl", "owner", "account:456"),
        ),
        judged="account.within_limit",
        rule=rule,
        asked=(
            asked(10, 0, "anne bob"),
            asked(1000, 0, "bob"),
            asked(1000, 1000, "anne bob"),
            asked(2000, 0, ""),
        ),
    )


def developer_portal() -> Store:
    """A program uses a component if it was let in and is of the organization that has it."""
    member = "AND component.of_organization"
    return Store(
        types={"organization": (), "app": ("organization",), "component": ("organization",)},
        roles={
            "admin": "app.edit app.view component.delete",
            "member": "app.view",
            "program": "component.of_organization",
            "reader": "component.read",
            "writer": "component.write",
        },
        people="anne marie",
        programs="one two stranger",
        nodes={
            "organization:acme": None,
            "app:one": "organization:acme",
            "component:payment": "organization:acme",
            "component:purchases": "organization:acme",
        },
        held=(
            ("anne", "admin", "organization:acme"),
            ("marie", "member", "organization:acme"),
            ("one", "program", "organization:acme"),
            ("two", "program", "organization:acme"),
            ("one", "reader", "component:payment"),
            ("two", "writer", "component:payment"),
            ("stranger", "writer", "component:payment"),
        ),
        asked=(
            Asked(
                "component",
                f"(component.read OR component.write) {member}",
                {"component:payment": "one two"},
            ),
            Asked("component", f"component.write {member}", {"component:payment": "two"}),
            Asked("app", "app.view", {"app:one": "anne marie"}),
            Asked("app", "app.edit", {"app:one": "anne"}),
        ),
    )


def ip_based_access() -> Store:
    """A viewer reads from within the network of the organization alone."""

    def rule(permission: str, who: str, node: str, context: Mapping[str, Any]) -> bool:
        return ip_address(context["ip"]) in ip_network("192.168.0.0/24")

    viewing = "document.view AND document.in_network"

    def asked(ip: str, allowed: str) -> Asked:
        return Asked("document", viewing, {"document:one": allowed}, {"ip": ip})

    return Store(
        types={"organization": (), "document": ("organization",)},
        roles={"member": "document.in_network", "viewer": "document.view"},
        people="anne bob",
        nodes={
            "organization:acme": None,
            "document:one": "organization:acme",
            "document:two": "organization:acme",
        },
        # Bob views a document of an organization that he is not of.
        held=(
            ("anne", "member", "organization:acme"),
            ("anne", "viewer", "document:one"),
            ("bob", "viewer", "document:one"),
        ),
        judged="document.in_network",
        rule=rule,
        asked=(asked("192.168.0.1", "anne"), asked("192.168.1.1", "")),
    )


def role_assignments() -> Store:
    """Roles of an organization, whose rights are switched for all, and held a project at a time."""

    def right(verb: str) -> str:
        return f"binding.assigned AND binding.role_{verb} OR binding.admin"

    return Store(
        types={"organization": (), "project": ("organization",), "binding": ("project",)},
        roles={
            "admin": "binding.admin",
            "assignee": "binding.assigned",
            "lets_view": "binding.role_view",
            "lets_edit": "binding.role_edit",
        },
        people="anne bob cleo",
        nodes={
            "organization:acme": None,
            "project:openfga": "organization:acme",
            "project:sdk": "organization:acme",
            "binding:openfga": "project:openfga",
            "binding:sdk": "project:sdk",
            "binding:readers": "project:sdk",
        },
        held=(
            ("cleo", "admin", "organization:acme"),
            ("anne", "assignee", "binding:openfga"),
            ("bob", "assignee", "binding:sdk"),
            ("anne", "assignee", "binding:readers"),
            *((PUBLIC_NAME, "lets_view", f"binding:{one}") for one in ("openfga", "sdk")),
            *((PUBLIC_NAME, "lets_edit", f"binding:{one}") for one in ("openfga", "sdk")),
            (PUBLIC_NAME, "lets_view", "binding:readers"),
        ),
        asked=(
            Asked(
                "binding",
                right("view"),
                {
                    "binding:openfga": "anne cleo",
                    "binding:sdk": "bob cleo",
                    "binding:readers": "anne cleo",
                },
            ),
            Asked(
                "binding",
                right("edit"),
                {
                    "binding:openfga": "anne cleo",
                    "binding:sdk": "bob cleo",
                    "binding:readers": "cleo",
                },
            ),
        ),
    )


def stripe() -> Store:
    """A card buys while it is active, but not where its account is tried out."""
    testing = "AND NOT {}.in_test_mode"
    return Store(
        types={"account": (), "card": ("account",)},
        roles={
            "owner": "account.own card.see",
            "viewer": "account.view",
            "cardholder": "card.hold card.see",
            "active": "card.active",
            "tested": "account.in_test_mode card.in_test_mode",
        },
        people="tyler dongni raghd jon maria",
        nodes={
            "account:1": None,
            "account:2": None,
            "card:1": "account:1",
            "card:2": "account:1",
            "card:3": "account:2",
        },
        held=(
            ("tyler", "owner", "account:1"),
            ("tyler", "owner", "account:2"),
            ("dongni", "viewer", "account:1"),
            ("raghd", "cardholder", "card:1"),
            ("jon", "cardholder", "card:2"),
            ("maria", "cardholder", "card:3"),
            (PUBLIC_NAME, "active", "card:1"),
            (PUBLIC_NAME, "active", "card:3"),
            (PUBLIC_NAME, "tested", "account:2"),
        ),
        asked=(
            Asked(
                "card",
                f"card.hold AND card.active {testing.format('card')}",
                {"card:1": "raghd"},
            ),
            Asked("account", f"account.own {testing.format('account')}", {"account:1": "tyler"}),
            Asked(
                "card",
                "card.see",
                {"card:1": "tyler raghd", "card:2": "tyler jon", "card:3": "tyler maria"},
            ),
        ),
    )


def mcp_gateway() -> Store:
    """A tool is called from within the network, with a right to it or to all of its server."""
    calling = (
        "tool.passes AND (tool.call OR tool.is_readonly AND (tool.read OR tool.write)"
        " OR tool.is_readwrite AND tool.write)"
    )

    def rule(permission: str, who: str, node: str, context: Mapping[str, Any]) -> bool:
        if permission == "tool.call":
            return bool(context["channel"] == "#product-announcements")
        return ip_address(context["ip"]) in ip_network("192.168.0.0/24")

    def asked(channel: str, ip: str, sending: str, reading: str) -> Asked:
        allowed = {"tool:send": sending, "tool:read": reading}
        return Asked("tool", calling, allowed, {"channel": channel, "ip": ip})

    return Store(
        types={"gateway": (), "mcp": ("gateway",), "tool": ("mcp",)},
        roles={
            "passes": "tool.passes",
            "caller": "tool.call",
            "reader": "tool.read",
            "writer": "tool.write",
            "readonly": "tool.is_readonly",
            "readwrite": "tool.is_readwrite",
        },
        people="anne bob cleo dan",
        teams={"devops": "anne", "product": "bob"},
        nodes={
            "gateway:one": None,
            "mcp:slack": "gateway:one",
            "tool:send": "mcp:slack",
            "tool:read": "mcp:slack",
        },
        held=(
            (PUBLIC_NAME, "passes", "gateway:one"),
            (PUBLIC_NAME, "readwrite", "tool:send"),
            (PUBLIC_NAME, "readonly", "tool:read"),
            ("team:devops", "writer", "mcp:slack"),
            ("team:product", "caller", "tool:send"),
            ("cleo", "reader", "mcp:slack"),
        ),
        judged="tool.passes tool.call",
        rule=rule,
        asked=(
            asked("#product-announcements", "192.168.0.1", "anne bob", "anne cleo"),
            asked("#general", "192.168.0.1", "anne", "anne cleo"),
            asked("#product-announcements", "200.168.0.1", "", ""),
        ),
    )
