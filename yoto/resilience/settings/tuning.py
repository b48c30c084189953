"""Values on trial: by live tuning in the whole fleet, and by one worker before all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, make_dataclass
from typing import Any, ClassVar

from yoto.rules import Checked, Number, Rule, Settings, Text, Whole, ruled
from yoto.settings import known_settings

# Characters of an id of a suggestion, and ids that are kept; the oldest go.
LONGEST_ID = 128
MOST_IDS = 100
LONGEST_WORKER = 128  # characters of a worker's id
# The parts of a trial, and the types of their values.
TRIAL: Mapping[str, tuple[type, ...]] = {
    "setting": (str,),
    "before": (int, float, type(None)),
    "value": (int, float),
    "metric": (str,),
    "at": (int, float),
}


@dataclass(frozen=True)
class Unless:
    """None, for the value of each process's configuration, or a value that a rule allows."""

    rule: Rule

    def __call__(self, value: Any) -> Any:
        return None if value is None else self.rule(value)

    def describe(self) -> dict[str, Any]:
        return {**self.rule.describe(), "optional": True}


def _of(name: str) -> Any:
    return ruled(None, Unless(known_settings()[name.upper()].rule))


def _ids(value: Any) -> tuple[str, ...]:
    listed = isinstance(value, list | tuple) and len(value) <= MOST_IDS
    if not listed or not all(isinstance(one, str) and len(one) <= LONGEST_ID for one in value):
        raise ValueError(
            f"must be a list of at most {MOST_IDS} texts of at most {LONGEST_ID} characters"
        )
    return tuple(value)


def _is_live(setting: str) -> bool:
    """Whether it is named as a key, or a limit of a guard, such as ``bulkhead:NAME``."""
    return setting.upper() in known_settings() or setting.startswith(("bulkhead:", "rate_limit:"))


def _trial(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    # 1.0.0 also stored whether the tuner had begun it itself.
    if not isinstance(value, Mapping) or value.keys() - {"by_itself"} != TRIAL.keys():
        raise ValueError(f"must be null or an object of {', '.join(TRIAL)}")
    wrong = [name for name, kinds in TRIAL.items() if not isinstance(value[name], kinds)]
    if wrong or not _is_live(value["setting"]):
        raise ValueError(f"must say a setting that is live and proper values ({wrong})")
    return {name: value[name] for name in TRIAL}


@dataclass(frozen=True)
class TuningConfig(Settings):
    """Settings of every process; None keeps the value of the process's own configuration.

    A field is named as its key of the configuration, in small letters, and has the same range.

    Attributes:
        cache_users_size, ..., permission_pool_size: the room ``tuner`` suggests values of these.
        trial: the change that is being watched, None without: the setting, its value before (None:
            the configuration's) and now, the measurement that must not get worse, epoch s at which
            it was made.
        reverted: suggestions that did harm.
        dismissed: suggestions that operators do not want again; a separate action adds to them, so
            that a value set for an hour does not carry them along.
    """

    tuners_own: ClassVar[tuple[str, ...]] = ("trial", "reverted", "dismissed")
    # docs/adr/0005-no-store-of-roles-and-trees.md
    retired: ClassVar[frozenset[str]] = frozenset(
        {"cache_roles_size", "cache_roles_ttl", "cache_trees_size", "cache_trees_ttl"}
    )

    cache_users_size: int | None = _of("cache_users_size")
    cache_users_ttl: float | None = _of("cache_users_ttl")
    cache_conditional_size: int | None = _of("cache_conditional_size")
    cache_conditional_ttl: float | None = _of("cache_conditional_ttl")
    permission_pool_size: int | None = _of("permission_pool_size")
    trial: Mapping[str, Any] | None = ruled(None, Checked(_trial, "trial"))
    reverted: tuple[str, ...] = ruled((), Checked(_ids, "ids"))
    dismissed: tuple[str, ...] = ruled((), Checked(_ids, "ids"))


def tuning_config(live: Iterable[str], off: Iterable[str]) -> type[TuningConfig]:
    """The class of an application with rooms, which has their fields besides.

    Args:
        live: keys of settings of its rooms that operators change while it runs.
        off: such keys of rooms that it does not have.
    """
    return make_dataclass(
        TuningConfig.__name__,
        [(key.lower(), Any, _of(key.lower())) for key in live],
        bases=(TuningConfig,),
        namespace={"absent": frozenset(map(str.lower, off))},
        frozen=True,
    )


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be an object of fields")
    return dict(value)


@dataclass(frozen=True)
class RolloutConfig(Settings):
    """An entry ``rollout`` is named after the entry that it tries: ``rate_limit:message.send``.

    Attributes:
        worker: the id of the process that tries the values.
        values: the operators' whole layer of the entry.
        version: the entry's version that the values were made from.
        seconds: how long they are tried before every worker has them.
        minimum_calls: calls of that worker below which nothing is concluded.
        max_rejected: the highest share of its calls that the guard may reject, 0 to 1.
        max_failed: the highest share of the admitted ones that may fail, 0 to 1.
    """

    worker: str = ruled("", Text(LONGEST_WORKER))
    values: Mapping[str, Any] = ruled(None, Checked(lambda one: _fields(one or {}), "fields"))
    version: int = ruled(0, Whole(0, 2**31 - 1))
    seconds: float = ruled(300.0, Number(1.0, 86_400.0, "s"))
    minimum_calls: int = ruled(20, Whole(1, 1_000_000, "calls"))
    max_rejected: float = ruled(0.05, Number(0.0, 1.0))
    max_failed: float = ruled(0.05, Number(0.0, 1.0))
