"""A cache entry's verdict on a credential, against the database that it was made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.cache import ACCOUNT_PLACE, Entry, Position
from yoto.cache.codec import decode, encode
from yoto.permission.accounts import MOST_DENIALS, AccountFacts, accepts, is_super_admin, to_loaded

keys = st.text("abc", min_size=1, max_size=2)
facts = st.builds(
    AccountFacts, st.booleans(), st.booleans(), st.integers(0, 5), st.frozensets(keys, max_size=4)
)


def entry_of(account: AccountFacts) -> Entry:
    """The entry, by way of the bytes in Redis."""
    made = Entry.of(7, ACCOUNT_PLACE, Position(5), 0.0, to_loaded(account))
    return decode(7, ACCOUNT_PLACE, encode(made))


def in_database(account: AccountFacts, epoch: int, denial_keys: tuple[str, ...]) -> bool:
    """The rule, as one reads it."""
    return (
        account.epoch == epoch
        and not account.disabled
        and not any(key in account.denied for key in denial_keys)
    )


@given(facts, st.integers(0, 5), st.tuples(keys, keys))
def test_a_verdict_is_that_of_the_database(
    account: AccountFacts, epoch: int, denial_keys: tuple[str, str]
) -> None:
    verdict = accepts(entry_of(account), epoch, denial_keys)
    truth = in_database(account, epoch, denial_keys)
    assert verdict in (truth, None)
    # A valid credential is accepted at once: it sends nobody to the database.
    assert (verdict is True) == truth


@st.composite
def later(draw: st.DrawFn, account: AccountFacts) -> AccountFacts:
    """The account after some changes: epochs grow, denials stay, it may be enabled again."""
    return AccountFacts(
        draw(st.booleans()),
        draw(st.booleans()),
        account.epoch + draw(st.integers(0, 2)),
        frozenset(account.denied) | draw(st.frozensets(keys, max_size=2)),
    )


@given(st.data(), facts, st.integers(0, 5), st.tuples(keys, keys))
def test_an_old_entry_never_refuses_for_good_what_counts_by_now(
    data: st.DataObject, account: AccountFacts, epoch: int, denial_keys: tuple[str, str]
) -> None:
    now = data.draw(later(account))
    if accepts(entry_of(account), epoch, denial_keys) is False:
        assert not in_database(now, epoch, denial_keys)


@given(facts, st.integers(0, 5))
def test_too_many_denials_leave_it_to_the_database(account: AccountFacts, epoch: int) -> None:
    denied = frozenset(f"sign-in {number}" for number in range(MOST_DENIALS + 1))
    crowded = AccountFacts(account.super_admin, account.disabled, account.epoch, denied)
    verdict = accepts(entry_of(crowded), epoch, ("another", "token"))
    assert verdict is (False if epoch < account.epoch else None)
    assert len(to_loaded(crowded).detail) == 0


def test_as_many_denials_as_an_entry_holds_are_all_in_it() -> None:
    denied = frozenset(f"sign-in {number}" for number in range(MOST_DENIALS))
    entry = entry_of(AccountFacts(False, False, 0, denied))
    assert {accepts(entry, 0, (key, "token")) for key in denied} == {False}
    assert accepts(entry, 0, ("another", "token")) is True


@given(facts)
def test_power_is_that_of_the_account(account: AccountFacts) -> None:
    assert is_super_admin(entry_of(account)) is account.super_admin
