"""``permissions.explain``: the verdict as checks give it, and how it follows from the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yoto.cache import NodeId
from yoto.nodes import shown_text
from yoto.permission.checking.asking import ask_policies
from yoto.permission.checking.deciding import decide
from yoto.permission.explain.changes import Reach, turning
from yoto.permission.explain.derivation import (
    Derivation,
    grant_links,
    left_by_time_out,
    missing_gates,
    moment,
    names_in,
    overwrite_links,
    overwrite_steps,
    related,
    role_links,
)
from yoto.permission.explain.loading import load_facts, load_reach
from yoto.permission.explain.report import Explanation, PolicyLink, VerdictChange, plain
from yoto.permission.explain.text import (
    LANGUAGES,
    change_text,
    detail_shown,
    explanation_text,
    text_of,
)
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import SubjectId, person_number
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import parse_place, place_key
from yoto.permission.state import PermissionState, get_state
from yoto.permission.verdict import verdict
from yoto.permission.verdict.context import checked_context
from yoto.permission.verdict.verdict import Decision, reason_of

CHANGES_MAX = 5


class Explaining:
    """The part of ``PermissionSystem`` that explains verdicts."""

    def explain(
        self,
        user_id: SubjectId,
        permission: str,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        context: Mapping[str, Any] | None = None,
        at_least: str | None = None,
        changes: bool = True,
    ) -> Explanation:
        """Explain the verdict of ``decide`` on the same question.

        Explaining is no use of the permission: a super-admin's is not audited. It takes about ten
        statements, whatever the size of the place.

        Args:
            changes: whether to list changes that would turn the verdict; these name roles that the
                user lacks.

        Raises: as ``decide``.
        """
        asked, user_id = user_id, person_number(user_id)
        state = get_state()
        place = parse_place(scope, scope_id)
        registered = state.registry.get(permission)
        context = checked_context(context)
        quiet = state.quiet()
        decision = decide(quiet, user_id, registered, place_key(place), context, at_least)
        now = state.clock()
        with reading() as connection:
            facts = load_facts(connection, user_id, place, registered)
            derivation = Derivation.of(facts, state.registry, now)
            proposed: tuple[VerdictChange, ...] = ()
            if changes:
                reach = Reach(*load_reach(connection, facts.roles, facts.home))
                proposed = _changes(state, derivation, registered, reach, decision)
        asks = state.asks(registered, place, context)
        policies = _policies(derivation, registered, decision) if asks else ()
        if asks and not decision.allowed and proposed:
            # A change that makes roles allow it helps only if the policies would allow it then.
            outcome = ask_policies(quiet, user_id, [registered], place, context)
            if outcome.denied:
                policies = (_policy_link(False, outcome.reason, outcome.version, outcome.codes),)
                proposed = ()
        explanation = replace(
            _explanation(state, derivation, registered, decision),
            agrees=_agrees(derivation, registered, decision, asks),
            policies=policies,
            changes=proposed,
        )
        if asked != user_id:
            explanation = _named(explanation, asked)
        return replace(explanation, text=explanation_text(explanation))


def _named(explanation: Explanation, subject: Any) -> Explanation:
    """The explanation with the user named by the caller's id."""
    number, text = f"user:{explanation.user_id}", f"user:{plain(subject)}"
    overwrites = tuple(
        replace(one, target=text) if one.target == number else one for one in explanation.overwrites
    )
    changes = []
    for one in explanation.changes:
        detail = dict(one.detail)
        if "user_id" in detail:
            detail["user_id"] = subject
        if detail.get("target") == number:
            detail["target"] = text
        changes.append(replace(one, detail=detail, text=one.text.replace(number, text)))
    return replace(explanation, user_id=subject, overwrites=overwrites, changes=tuple(changes))


def _explanation(
    state: PermissionState,
    derivation: Derivation,
    permission: RegisteredPermission,
    decision: Decision,
) -> Explanation:
    registry, facts = state.registry, derivation.facts
    resolution = derivation.resolution
    names = related(derivation, permission, registry)
    rules = {
        verdict.NO_CHANNEL_ACCESS: resolution.hidden,
        verdict.TIMED_OUT: resolution.timed_out,
    }
    at, has_levels = moment(derivation.now), bool(facts.site.levels)
    assert at is not None
    return Explanation(
        user_id=facts.user.user_id,
        username=facts.username or name_of_no_person(facts.user.user_id),
        permission=permission.name,
        scope=facts.place.kind,
        scope_id=facts.place.id,
        allowed=decision.allowed,
        reason=decision.reason,
        tier=decision.tier,
        age_ms=decision.age_ms,
        position=decision.position,
        policy_version=decision.policy_version,
        at=at,
        agrees=True,
        valid_until=moment(resolution.valid_until),
        standing=resolution.status.name.lower(),
        super_admin=facts.user.super_admin,
        roles=tuple(role_links(derivation)),
        grants=tuple(grant_links(derivation, names)),
        base=names_in(registry, resolution.base),
        overwritten=shown_text(facts.overwritten) if has_levels else None,
        overwrites=tuple(overwrite_links(derivation, names)),
        steps=tuple(overwrite_steps(derivation, permission, registry)),
        rules=tuple(code for code, applied in rules.items() if applied),
        gates=missing_gates(derivation, registry),
        remaining=left_by_time_out(derivation),
        effective=names_in(registry, resolution.mask),
    )


def _agrees(
    derivation: Derivation, permission: RegisteredPermission, decision: Decision, asks: bool
) -> bool:
    if reason_of(derivation.resolution, permission) == decision.reason:
        return True
    # Policies may deny permissions that roles allow.
    granted = bool(derivation.resolution.mask & permission.mask)
    return asks and granted and not decision.allowed


def _policies(
    derivation: Derivation, permission: RegisteredPermission, decision: Decision
) -> tuple[PolicyLink, ...]:
    """The verdict of the policies; they are asked only about permissions that roles allow."""
    if not derivation.resolution.mask & permission.mask:
        return ()
    version, codes = decision.policy_version, decision.codes
    return (_policy_link(decision.allowed, decision.reason, version, codes),)


def _policy_link(
    allow: bool, reason: str, version: str | None, codes: tuple[str, ...]
) -> PolicyLink:
    text_codes = codes or (() if allow else (reason,))
    texts = {
        language: tuple(text_of(code, language) for code in text_codes) for language in LANGUAGES
    }
    return PolicyLink(allow, reason, version, codes, texts)


def _changes(
    state: PermissionState,
    derivation: Derivation,
    permission: RegisteredPermission,
    reach: Reach,
    decision: Decision,
) -> tuple[VerdictChange, ...]:
    """Changes that would turn the verdict; none where a policy alone denies."""
    if bool(derivation.resolution.mask & permission.mask) is not decision.allowed:
        return ()
    names = {role.id: role.name for role in derivation.facts.roles.values()}
    return tuple(
        VerdictChange(
            proposal.kind,
            proposal.affected,
            _shown(proposal.detail, names),
            change_text(proposal.kind, proposal.detail, names),
        )
        for proposal in turning(derivation, permission, state.registry, reach, CHANGES_MAX)
    )


def _shown(detail: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """The target of a change, for people: readable nodes, and the role's name."""
    found = detail_shown(detail)
    return found | {"role": names[found["role_id"]]} if "role_id" in found else found
