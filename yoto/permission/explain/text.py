"""An explanation, and a change, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from yoto.nodes import shown_text
from yoto.permission.explain.derivation import IN_FORCE
from yoto.permission.explain.report import Explanation, RoleLink, plain
from yoto.permission.registry.scopes import words_of
from yoto.permission.verdict.verdict import NO_CHANNEL_ACCESS

STATUSES = {
    "not_yet": "its window has not begun",
    "over": "its window is over",
    "inactive": "it is switched off",
    "not_member": "the user is no member",
    "not_inherited": "it cannot be inherited from here",
}
# The parts of a change that are texts of nodes.
NODES = ("at", "home", "place", "scope")
CHANGES = {
    "remove_overwrite": "remove the overwrite that {effect}s {permission} to {target} in {place}",
    "set_overwrite": "{effect} {permission} to {target} in {place} by an overwrite",
    "set_window": "let the assignment of role {role} to the user hold now",
    "end_timeout": "end the user's time-out in {where}",
    "join_server": "make the user a member of {where}",
    "assign_role": "give role {role} to the user{there}",
    "unassign_role": "take role {role} from the user",
    "remove_grant": "remove the grant by which role {role} {effect}s {permission} in {scope}",
    "grant": "let role {role} {effect} {permission} in {scope}",
    "remove_group": "remove the grant by which role {role} {effect}s group '{group}' in {scope}",
    "enable_role": "switch role {role} on",
    "disable_role": "switch role {role} off",
    "start_timeout": "put the user in time-out in {where}",
    "leave_server": "end the user's membership of {where}",
    "enable_account": "enable the user's account",
    "revoke_super_admin": "take super-admin power from the user",
    "disable_account": "disable the user's account",
}


def detail_shown(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The target of a change, with nodes as people read them."""
    return {key: shown_text(of) if key in NODES else of for key, of in detail.items()}


def change_text(kind: str, detail: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """A change as a sentence.

    Args:
        names: names of roles, by id.
    """
    values = detail_shown(detail)
    values["there"] = f" at {values['at']}" if "at" in values else ""
    if "home" in detail:
        values["where"] = words_of(str(detail["home"]))
    if "role_id" in detail:
        role_id = detail["role_id"]
        values["role"] = f"'{names.get(role_id, '')}' ({role_id})"
    return CHANGES[kind].format(**values)


def explanation_text(explanation: Explanation) -> str:
    """The whole explanation, a line for each fact."""
    return "\n".join(_lines(explanation))


def _lines(found: Explanation) -> Iterator[str]:
    who = f"user {plain(found.user_id)}" + (f" ({found.username})" if found.username else "")
    where = "globally" if found.scope_id is None else f"in {found.scope} {found.scope_id}"
    verb = "may" if found.allowed else "may not"
    yield f"{who} {verb} {found.permission} {where}: {found.reason}"
    position = f", position {found.position}" if found.position else ""
    yield f"answered by {found.tier}, {found.age_ms:.0f} ms old{position}"
    if not found.agrees:
        yield "the database has changed since that answer; what follows is what it says now"
    yield f"standing: {found.standing}" + (", super-admin" if found.super_admin else "")
    if found.valid_until is not None:
        yield f"may change by itself at {found.valid_until.isoformat()}"
    yield from _section("roles", [_role(link) for link in found.roles])
    yield from _section(
        "grants that bear on it",
        [
            f"role {link.role_id} {link.effect}s {link.permission} in {link.scope}"
            + (f" through group '{link.group}'" if link.group else "")
            + ("" if link.counts else " (not in force)")
            for link in found.grants
        ],
    )
    yield "after roles and grants: " + _names(found.base)
    if found.overwritten is not None:
        yield from _overwrites(found)
    yield from _section("rules", [f"{rule}: {_rule(found, rule)}" for rule in found.rules])
    yield from _section(
        "policies",
        [
            f"{'allow' if answer.allow else 'deny'}: {answer.reason}"
            + (f" (version {answer.version})" if answer.version else "")
            + "".join(f"\n    {text}" for text in answer.texts.get("en", ()))
            for answer in found.policies
        ],
    )
    turned = "denied" if found.allowed else "allowed"
    yield from _section(
        f"it would be {turned}, smallest change first",
        [f"{change.text} ({_people(change.affected)})" for change in found.changes]
        or ["by no single change"],
    )


def _role(link: RoleLink) -> str:
    origin = {
        "assignment": "assigned",
        "inheritance": f"inherited by {link.via}",
        "default": "of every member",
    }[link.source]
    window = "".join(
        f", {word} {moment.isoformat()}"
        for word, moment in (("from", link.valid_from), ("until", link.valid_until))
        if moment is not None
    )
    window += f", at {link.at}{' alone' if link.here_only else ''}" if link.at else ""
    window += f", by {link.through}" if link.through else ""
    status = "" if link.status == IN_FORCE else f": gives nothing, {STATUSES[link.status]}"
    return f"{link.name} ({link.role_id}), {origin}{window}{status}"


def _overwrites(found: Explanation) -> Iterator[str]:
    if not found.steps:
        yield f"overwrites of {found.overwritten}: skipped, as for every {found.standing}"
        return
    for place in dict.fromkeys(step.place for step in found.steps):
        yield from _section(
            f"overwrites of {place}",
            [
                f"{step.target}: gives {_names(step.gave)}; takes {_names(step.took)}"
                for step in found.steps
                if step.place == place
            ],
        )


def _rule(found: Explanation, rule: str) -> str:
    if rule == NO_CHANNEL_ACCESS:
        return f"without {_and(found.gates)} nothing else in the {found.scope} remains"
    if not found.remaining:
        return "nothing remains"
    return f"only {_and(found.remaining)} remain{'s' if len(found.remaining) == 1 else ''}"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


LANGUAGES = ("en", "zh")
TEXTS = "yoto.permission.explain"
MISSING = "missing"
SEPARATOR = ":"


@cache
def texts(language: str) -> dict[str, str]:
    """Code to text; of codes like ``missing:context.ip`` only the part before the colon.

    Raises:
        ValueError: there are none in that language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there are no texts in {language!r}")
    file = resources.files(TEXTS) / "texts" / f"{language}.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def text_of(code: str, language: str = "en") -> str:
    """The text of a code; a code without a text stands for itself."""
    name, _, field = code.partition(SEPARATOR)
    text = texts(language).get(name)
    return code if text is None else text.format(field=field)
