"""What a process keeps of the users read last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recalld.recall.cache import UserCache
from recalld.values import UserRef

ADA = UserRef(tenant_id="acme", user_id="ada")
BOB = UserRef(tenant_id="acme", user_id="bob")


def test_the_least_recently_used_goes_first() -> None:
    cache: UserCache[str] = UserCache(2)
    cache.put(ADA, ("a",), "one")
    cache.put(BOB, ("a",), "two")
    assert cache.get(ADA, ("a",)) == "one"
    cache.put(BOB, ("b",), "three")
    assert cache.get(BOB, ("a",)) is None
    assert cache.get(ADA, ("a",)) == "one"


def test_purposes_are_part_of_the_key() -> None:
    cache: UserCache[str] = UserCache(9)
    cache.put(ADA, ("sales",), "one")
    assert cache.get(ADA, ("support",)) is None


def test_a_user_is_forgotten_with_all_purposes() -> None:
    cache: UserCache[str] = UserCache(9)
    for purposes in (("a",), ("b",)):
        cache.put(ADA, purposes, "ada")
        cache.put(BOB, purposes, "bob")
    cache.forget(ADA)
    assert [cache.get(ADA, (name,)) for name in "ab"] == [None, None]
    assert [cache.get(BOB, (name,)) for name in "ab"] == ["bob", "bob"]


def test_what_is_too_heavy_is_not_kept() -> None:
    cache: UserCache[str] = UserCache(3, len)
    cache.put(ADA, (), "long value")
    assert cache.get(ADA, ()) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=6)), max_size=40))
def test_the_limit_holds_whatever_is_put(puts: list[tuple[int, str]]) -> None:
    cache: UserCache[str] = UserCache(10, len)
    for number, value in puts:
        cache.put(UserRef(tenant_id="t", user_id=str(number)), (), value)
    kept = [cache.get(UserRef(tenant_id="t", user_id=str(number)), ()) for number in range(6)]
    assert sum(len(value) for value in kept if value is not None) <= 10
