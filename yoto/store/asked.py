"""What a function of the application's says of people, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What an application says of one person.

    Attributes:
        name: a name to show.
        disabled: may do nothing.
        super_admin: may do everything.
        epoch: an integer that grows when credentials that were made before count no longer.
    """

    name: str
    disabled: bool = False
    super_admin: bool = False
    epoch: int = 0

    def __post_init__(self) -> None:
        # What is merely taken for true or false would decide about rights.
        for field_, kind in (("name", str), ("disabled", bool), ("super_admin", bool)):
            value = getattr(self, field_)
            if type(value) is not kind:
                raise TypeError(f"{field_} must be a {kind.__name__}, not {value!r}")
        if type(self.epoch) is not int or not 0 <= self.epoch < 2**60:
            raise TypeError(f"epoch must be an integer from 0, not {self.epoch!r}")


# From some ids to what is known of each; those that it leaves out are nobody's.
Facts: TypeAlias = Callable[[list[Any]], Mapping[Any, PersonFacts]]


@dataclass(frozen=True)
class AskedPeople:
    """How an application's function is asked about people.

    Attributes:
        ids: the type of their ids.
        max_age: seconds for which an answer counts.
        deadline: seconds that an answer may take.
    """

    function: Facts
    ids: type[Any]
    max_age: float
    deadline: float
