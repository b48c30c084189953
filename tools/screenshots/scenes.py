"""The scenes of the pictures: each page, and its states that an address or a few clicks lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from yoto.control_plane.navigation import pages_of
from yoto.parts.rooms import ALL, chosen

# The viewers: an administrator of the platform, one who is signed out, and the owner and a member
# of the demo's first server.
OPERATOR, SIGNED_OUT, OWNER, MEMBER = "admin", "", "mara", "tomas"
QUESTION = "permission=message.send&scope=channel&scope_id=2"


@dataclass(frozen=True, slots=True)
class Scene:
    """A page in a state.

    Attributes:
        path: its address, with parts in braces that are known only once the happenings took place.
        by: the viewer.
        open: the steps on the page before the picture.
        whole: whether the picture shows the whole page, not only one screen of it.
    """

    path: str
    by: str = OPERATOR
    open: Callable[[Page], None] | None = None
    whole: bool = True


def _control(path: str, open: Callable[[Page], None] | None = None, whole: bool = True) -> Scene:
    """A page of the control plane."""
    return Scene(f"/control{path}", OPERATOR, open, whole)


def _search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("mes")


def _configure(page: Page) -> None:
    cards = page.locator("article.guard").filter(has_text="message.send")
    cards.locator("[data-act=edit]").first.click()


OPERATORS = {
    "status": _control("/status"),
    **{one.key: _control(one.path) for one in pages_of(chosen(ALL))},
    # Otherwise hidden once the first steps of a new installation are done.
    "overview": _control("/?first_steps=shown"),
    "overview-later": _control("/?first_steps=hidden"),
    "person": _control(f"/people/{MEMBER}"),
    "guard": _control("/guards/message.send"),
    "guard-editor": _control("/guards?guard=rate_limit:message.send", _configure, whole=False),
    "guards-table": _control("/guards?view=table&idle=open"),
    "role": _control("/roles/5"),
    "resource": _control("/resources/channel/2"),
    "resource-server": _control("/resources/server/1"),
    "decision": _control("/permissions?tab=decisions&record={decision}"),
    "decision-trends": _control("/permissions?tab=decisions&days=7"),
    "explain": _control(f"/permissions?tab=explain&username={MEMBER}&{QUESTION}"),
    "who-can": _control(f"/permissions?tab=search&{QUESTION}"),
    "compare": _control(
        "/permissions?tab=search&find=compare&user=dana&other=tomas&scope=server&scope_id=1"
    ),
    "matrix": _control("/permissions?tab=matrix&scope=server&scope_id=1"),
    "what-if": _control(
        "/permissions?tab=matrix&scope=server&scope_id=1&try=4:channel.manage", whole=False
    ),
    "policy": _control("/policies?policy=time"),
    "alert": _control("/alerts?alert={alert}"),
    "silences": _control("/alerts?part=silences"),
    "dead-letters": _control("/queues?letters=digest.mail"),
    "audit-everything": _control("/audit?area=all"),
    "runbook": _control("/runbooks/error_rate"),
    "runbook-figures": _control("/runbooks/figures"),
    "search": _control("/", _search, whole=False),
    "no-such-page": _control("/runbooks/none"),
}
TABS = "members roles overwrites groups invites bans requests rules audit view-as".split()
COMMUNITY = {
    "communities": Scene("/", OWNER),
    "community-channels": Scene("/servers/1", OWNER),
    **{f"community-{tab}": Scene(f"/servers/1?tab={tab}", OWNER) for tab in TABS},
    "community-denied": Scene("/servers/1?channel=2", MEMBER),
    "community-own-requests": Scene("/servers/1?tab=requests", MEMBER),
}
SCENES = {
    "sign-in": Scene("/control/sign-in", SIGNED_OUT),
    "community-sign-in": Scene("/", SIGNED_OUT),
    **OPERATORS,
    **COMMUNITY,
}
# Pictures of READMEs and guides, in docs/images: page, theme and language of each.
DOCUMENTED = {
    "overview.webp": ("overview-later", "light", "en"),
    "overview-zh.webp": ("overview-later", "light", "zh"),
    "guards.webp": ("guards", "dark", "en"),
    "decision.webp": ("decision", "light", "en"),
    "community.webp": ("community-roles", "light", "en"),
}
