"""The tuner of one application: present suggestions and the trial that goes on, fleet-wide."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict

from yoto.errors import StoreUnavailable, ValidationFailed, VersionConflict
from yoto.events import Event
from yoto.housekeeping import Housekeeper
from yoto.resilience import FLEET, ConfigStore, Entry, Kind, Origin, TuningConfig
from yoto.resilience.settings import MOST_IDS

from .events import TuningApplied, TuningKept, TuningReverted
from .guard_limits import GuardLimit, guards_of
from .outcomes import TuningOutcome, changed_at, outcomes_of
from .recommenders import advise
from .snapshot import Guards, TuningSnapshot
from .suggestion import Suggestion
from .trial import NOT_APPLIED, OVERRULED, Points, Trial, TuningStep, next_step
from .tunables import LIVE, tunable_of

log = logging.getLogger(__name__)

AUTHOR = "tuner"
# s. A look costs nothing without a trial.
LOOK = 15.0
# s after a note within which its change is in force in every process, or never will be.
APPLIED_WITHIN = 30.0
# Changes that outcomes are read from.
HISTORY = 200

# Gives the snapshot of the time since an epoch second, with those values and guards in force;
# None: unknown.
TakeSnapshot = Callable[[float, Mapping[str, float], Guards], TuningSnapshot | None]


class Tuner:
    """Every process has one; their shared state is the entry ``tuning:fleet``. Safe for threads.

    All methods raise ``StoreUnavailable`` when a required store is unavailable.
    """

    def __init__(
        self,
        store: Callable[[], ConfigStore],
        configured: Mapping[str, float],
        look: TakeSnapshot,
        points: Points,
        now: Callable[[], float],
        publish: Callable[[Event], object],
        elected: Callable[[], AbstractContextManager[bool]],
        window: float,
        never: Iterable[str] = (),
    ) -> None:
        """Nothing is asked and no thread starts.

        Args:
            store: gives the configuration store, loaded.
            configured: the values of this process's configuration, by the names of ``TUNABLES``.
            look: gives the snapshot to advise from.
            points: gives the measurements, to judge a trial by.
            now: gives epoch s, by the clock of the measurements.
            publish: publishes an event.
            elected: lets one process at a time take a turn.
            window: seconds that are compared before and after a change.
            never: names of guards whose limits must not be tuned.
        """
        self.window = window
        self._store = store
        self._configured = dict(configured)
        self._take_snapshot = look
        self._points = points
        self._now = now
        self._publish = publish
        self._elected = elected
        self._never = frozenset(never)
        self._thread = Housekeeper("yoto-tuner")
        self._thread.add("turn", self._task)

    def values(self, config: TuningConfig) -> dict[str, float]:
        """The values in force under ``config``."""
        tuned = {name: getattr(config, name, None) for name in LIVE}
        return self._configured | {name: one for name, one in tuned.items() if one is not None}

    def suggestions(self) -> list[Suggestion]:
        """The present suggestions, the surest first.

        Settings of operators, and dismissed or reverted suggestions, are left out. There are none
        during a trial: measurements then are about two settings.
        """
        entry = self._entry()
        return [] if _trial(entry) is not None else self._suggestions(entry)

    def apply(self, suggestion_id: str, *, author: str, reason: str) -> Suggestion:
        """Apply a suggestion in all processes, and watch its effect.

        Raises:
            ValidationFailed: it is not suggested now, cannot be changed live, or a trial goes on
                (field ``id``); nothing changed.
            VersionConflict: something else was changed at this moment; nothing changed.
        """
        entry = self._entry()
        trial = _trial(entry)
        if trial is not None:
            raise ValidationFailed({"id": f"{trial.id} is being observed; one at a time"})
        found = self._find(suggestion_id, entry)
        if not found.live:
            key = tunable_of(found.setting).key
            says = f"set {key} to {found.proposed:g} in the configuration and restart"
            raise ValidationFailed({"id": f"cannot be changed while workers run: {says}"})
        self._begin(found, entry, author, reason)
        return found

    def dismiss(self, suggestion_id: str, *, author: str, reason: str) -> Suggestion:
        """Do not suggest that again; raises as ``apply``.

        The list is the field ``dismissed`` of the tuner's layer of ``tuning:fleet``.
        """
        entry = self._entry()
        found = self._find(suggestion_id, entry)
        dismissed = (*_config(entry).dismissed, found.id)[-MOST_IDS:]
        self._set(entry, {"dismissed": dismissed}, author, reason)
        return found

    def restore(self, suggestion_id: str, *, author: str, reason: str) -> None:
        """Allow a dismissed suggestion again.

        Raises:
            ValidationFailed: it is not dismissed (field ``id``); nothing changed.
            VersionConflict: something else was changed at this moment; nothing changed.
        """
        entry = self._entry()
        dismissed = _config(entry).dismissed
        if suggestion_id not in dismissed:
            known = ", ".join(dismissed) or "nothing"
            raise ValidationFailed({"id": f"{suggestion_id!r} is not dismissed; that is: {known}"})
        left = tuple(one for one in dismissed if one != suggestion_id)
        self._set(entry, {"dismissed": left}, author, reason)

    def trial(self) -> Trial | None:
        """The change that is being observed."""
        return _trial(self._entry())

    def outcomes(self) -> list[TuningOutcome]:
        """Recently applied suggestions and their outcomes, newest first."""
        return outcomes_of(self._store().history(Kind.TUNING, FLEET, HISTORY))

    def dismissed(self) -> tuple[str, ...]:
        """The dismissed suggestions, oldest first."""
        return _config(self._entry()).dismissed

    def turn(self) -> None:
        """Judge the trial that goes on."""
        entry = self._entry()
        trial = _trial(entry)
        if trial is not None:
            self._evaluate(trial, entry)

    def start(self) -> None:
        """Take turns from now on."""
        self._store()
        self._thread.start()

    def close(self) -> None:
        """End the thread; a trial goes on, under the process elected then."""
        self._thread.stop()

    def _task(self) -> float:
        try:
            with self._elected() as mine:
                if mine:
                    self.turn()
        except (StoreUnavailable, ValidationFailed) as error:
            log.warning("tuning waits: %s", error)
        return LOOK

    def _entry(self) -> Entry:
        return self._store().get(Kind.TUNING, FLEET)

    def _find(self, suggestion_id: str, entry: Entry) -> Suggestion:
        found = self._suggestions(entry)
        for one in found:
            if one.id == suggestion_id:
                return one
        known = ", ".join(one.id for one in found) or "nothing"
        raise ValidationFailed({"id": f"{suggestion_id!r} is not suggested; now is: {known}"})

    def _suggestions(self, entry: Entry) -> list[Suggestion]:
        config, store = _config(entry), self._store()
        # Observations from before the last change are about other values.
        guards = (*store.list(Kind.BULKHEAD), *store.list(Kind.RATE_LIMIT))
        since = max([changed_at(entry, LIVE), *map(changed_at, guards)])
        snapshot = self._take_snapshot(since, self.values(config), guards_of(store, self._never))
        if snapshot is None:
            return []
        unwanted = {*config.dismissed, *_reverted(entry)}
        return [
            one
            for one in advise(snapshot)
            if one.id not in unwanted and not self._forced(one.setting)
        ]

    def _forced(self, setting: str) -> bool:
        """Whether an operator has set it."""
        limit = GuardLimit.of(setting)
        if limit is not None:
            return limit.forced(self._store())
        return setting in self._store().forced_fields(Kind.TUNING, FLEET)

    def _begin(self, found: Suggestion, entry: Entry, author: str, reason: str) -> None:
        limit = GuardLimit.of(found.setting)
        before = self._tuned(found.setting, entry)
        at = self._now()
        trial = Trial(found.setting, before, found.proposed, found.metric, at)
        change = {} if limit is not None else {found.setting: found.proposed}
        # The note comes first: a process that dies in between leaves a trial that changed nothing.
        self._set(entry, {**change, "trial": trial.to_plain()}, author, reason)
        if limit is not None:
            try:
                limit.write(self._store(), found.proposed, author, reason)
            except ValidationFailed as error:
                self._not_applied(trial, refused=not isinstance(error, VersionConflict))
                raise
        self._announce(TuningApplied, trial, reason)

    def _not_applied(self, trial: Trial, refused: bool) -> None:
        """Take the note back. If that fails too, the process that judges the trial does it."""
        entry = self._entry()
        note: dict[str, object] = {"trial": None}
        if refused:
            # The same change would be refused again.
            note["reverted"] = (*_reverted(entry), trial.id)[-MOST_IDS:]
        try:
            self._set(entry, note, AUTHOR, NOT_APPLIED)
        except (VersionConflict, StoreUnavailable) as error:
            log.warning("the note of %s stays until it is judged: %s", trial.id, error)

    def _tuned(self, setting: str, entry: Entry) -> float | None:
        """The tuner's own values; None: none."""
        limit = GuardLimit.of(setting)
        if limit is not None:
            return limit.own(self._store())
        own: float | None = getattr(_own(entry), setting, None)
        return own

    def _evaluate(self, trial: Trial, entry: Entry) -> None:
        if self._tuned(trial.setting, entry) != trial.value:
            if self._now() < trial.at + APPLIED_WITHIN:
                return
            self._set(entry, {"trial": None}, AUTHOR, NOT_APPLIED)
            self._announce(TuningReverted, trial, NOT_APPLIED)
            return
        if self._forced(trial.setting):
            self._take_back(trial, entry, {}, OVERRULED)
            self._announce(TuningReverted, trial, OVERRULED)
            return
        step, why = next_step(trial, self._now(), self.window, self._points)
        if step is TuningStep.REVERT:
            reverted = (*_reverted(entry), trial.id)[-MOST_IDS:]
            self._take_back(trial, entry, {"reverted": reverted}, why)
            self._announce(TuningReverted, trial, why)
        elif step is TuningStep.KEEP:
            self._set(entry, {"trial": None}, AUTHOR, why)
            self._announce(TuningKept, trial, why)

    def _take_back(self, trial: Trial, entry: Entry, note: Mapping[str, object], why: str) -> None:
        limit, back = GuardLimit.of(trial.setting), {**note, "trial": None}
        if limit is None:
            back[trial.setting] = trial.before
        else:
            # The limit comes first: if this process dies in between, its successor does it again.
            limit.write(self._store(), trial.before, AUTHOR, why)
        self._set(entry, back, AUTHOR, why)

    def _set(self, entry: Entry, values: Mapping[str, object], author: str, reason: str) -> None:
        self._store().set(
            Kind.TUNING,
            FLEET,
            values,
            author=author,
            reason=reason,
            version=entry.version,
            origin=Origin.TUNER,
        )

    def _announce(
        self,
        cls: type[TuningApplied] | type[TuningReverted] | type[TuningKept],
        trial: Trial,
        reason: str,
    ) -> None:
        about = asdict(trial)
        del about["at"]
        self._publish(cls(**about, reason=reason))


def _config(entry: Entry) -> TuningConfig:
    assert isinstance(entry.config, TuningConfig)
    return entry.config


def _own(entry: Entry) -> TuningConfig:
    """The tuner's own values, whatever operators laid over them."""
    changes = (change for change in entry.layers if change.origin is Origin.TUNER)
    change = next(changes, None)
    values = change.values if change else None
    return type(_config(entry)).from_mapping(values or {})


def _trial(entry: Entry) -> Trial | None:
    return Trial.of(_own(entry).trial)


def _reverted(entry: Entry) -> tuple[str, ...]:
    return _own(entry).reverted
