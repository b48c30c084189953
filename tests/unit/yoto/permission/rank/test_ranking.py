"""Where somebody stands, now and for as long as a grant lasts."""

from __future__ import annotations

from yoto.permission.rank.ranking import LOWEST, OUTSIDE, HeldPosition, Ranking


def test_a_rank_is_the_highest_position_in_force() -> None:
    ranking = Ranking(
        LOWEST, (HeldPosition(5, None, None), HeldPosition(9, 10, 20), HeldPosition(7, 15, None))
    )
    assert [ranking.at(moment) for moment in (0, 10, 19, 20)] == [5, 9, 9, 7]
    assert Ranking(OUTSIDE).at(0) == OUTSIDE


def test_a_rank_lasts_only_as_far_as_the_lowest_on_the_way() -> None:
    ranking = Ranking(
        LOWEST, (HeldPosition(9, None, 20), HeldPosition(3, None, None), HeldPosition(8, 25, 30))
    )
    assert ranking.throughout(0, 20) == 9
    assert ranking.throughout(0, 21) == 3
    assert ranking.throughout(0, None) == 3
    assert Ranking(LOWEST, (HeldPosition(9, 0, 20),)).throughout(5, None) == LOWEST
    # The grant ended while the write waited for its turn.
    assert ranking.throughout(20, 19) == 3
