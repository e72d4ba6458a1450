"""Shapley shares of games whose shares are known, and the axioms."""

from collections.abc import Sequence

import numpy as np
import pytest

from vitruvian.core.keys import generator
from vitruvian.verbs.shapley import Coalition, shapley, shapley_by_member

ONE = np.ones(1)


def glove(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
    """Players 0 and 1 hold a left glove each, 2 the right one; a pair is worth 1. Shares: 1/6, 1/6, 2/3."""
    return [np.array([float(2 in c and bool(c & {0, 1}))]) for c in coalitions]


def test_the_glove_game() -> None:
    told = shapley(3, glove, ONE, most=8, seed=0)
    assert told.shares == pytest.approx([1 / 6, 1 / 6, 2 / 3])
    assert (told.none, told.all) == (0.0, 1.0)
    assert told.without.tolist() == [1.0, 1.0, 0.0]


def member_game(count: int, members: int, seed: int) -> np.ndarray:
    """Coefficients (member, player, player) of a quadratic game: alone on the diagonal, together off it."""
    return generator(seed, "game").standard_normal((members, count, count))


def exact_shares(a: np.ndarray) -> np.ndarray:
    """A pair's value is split in half: phi_j = a_jj + half of what j makes with others, (member, player)."""
    diagonal = np.einsum("mjj->mj", a)
    return diagonal + 0.5 * ((a.sum(axis=1) - diagonal) + (a.sum(axis=2) - diagonal))


@pytest.mark.parametrize("most", [1024, 60], ids=["exact", "sampled"])
def test_a_quadratic_game_and_its_standard_error(most: int) -> None:
    a, weights = member_game(8, 50, 1), np.full(50, 0.02)

    def values(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        return [a[:, sorted(c)][:, :, sorted(c)].sum(axis=(1, 2)) for c in coalitions]

    told = shapley(8, values, weights, most=most, seed=2)
    exact = exact_shares(a)
    assert told.shares.sum() == pytest.approx(told.all - told.none)  # efficiency
    of_members = exact.std(axis=0, ddof=1) / np.sqrt(50)
    if most == 1024:
        np.testing.assert_allclose(told.shares, exact.mean(axis=0), rtol=1e-9)
        np.testing.assert_allclose(told.errors, of_members, rtol=1e-6)
    else:
        # a permutation and its reverse share every pair in half: a quadratic game is exact after one pair
        np.testing.assert_allclose(told.shares, exact.mean(axis=0), rtol=1e-9)


def test_one_order_a_member_agrees_within_its_standard_error() -> None:
    count, members = 6, 2000
    rng = generator(3, "cubic")
    a = rng.standard_normal((members, count)) + 1.0

    def values(masks: np.ndarray) -> np.ndarray:
        return np.stack([np.where(mask, a, 0.0).sum(axis=1) ** 3 for mask in masks])

    def by_coalition(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        return [a[:, sorted(c)].sum(axis=1) ** 3 for c in coalitions]

    weights = np.full(members, 1 / members)
    told, exact = (
        shapley_by_member(count, values, weights, seed=4),
        shapley(count, by_coalition, weights, most=64, seed=0),
    )
    assert told.shares.sum() == pytest.approx(told.all - told.none)
    assert (told.none, told.all) == (pytest.approx(exact.none), pytest.approx(exact.all))
    np.testing.assert_allclose(told.without, exact.without)
    from_orders = np.sqrt(np.maximum(told.errors**2 - exact.errors**2, 0.0)) + 0.1 * told.errors
    assert (np.abs(told.shares - exact.shares) < 4 * from_orders + 1e-9).all()
    assert (np.abs(told.shares - exact.shares) > 1e-6).any()  # it was sampled


def test_players_who_do_the_same_share_alike_and_who_does_nothing_gets_nothing() -> None:
    def values(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        return [np.array([float(len(c & {0, 1, 2})) ** 2]) for c in coalitions]

    told = shapley(4, values, ONE, most=16, seed=0)
    assert told.shares == pytest.approx([3.0, 3.0, 3.0, 0.0])
