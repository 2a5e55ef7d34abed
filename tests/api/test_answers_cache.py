"""Stored answers are kept as bytes, the ones used last, up to a limit."""

from __future__ import annotations

from api.answers_cache import AnswersCache


def reader(content: bytes, read: list[bytes]) -> bytes:
    read.append(content)
    return content


def test_what_was_read_is_not_read_again() -> None:
    cache, read = AnswersCache(100), []
    for _ in range(3):
        assert cache.get(("a",), lambda: reader(b"one", read)) == b"one"
    assert read == [b"one"]
    assert cache.get(("a", "explained"), lambda: reader(b"two", read)) == b"two"


def test_the_one_that_was_not_used_for_longest_goes_first() -> None:
    cache, read = AnswersCache(60), []
    for key in "abc":
        cache.get((key,), lambda: reader(20 * b"x", read))
    assert len(read) == 3
    cache = AnswersCache(60)
    read.clear()
    for key in ("a", "b", "c", "a", "d", "a", "b"):
        cache.get((key,), lambda key=key: reader(15 * key.encode(), read))  # type: ignore[misc]
    assert [content[:1] for content in read] == [b"a", b"b", b"c", b"d"]
    cache.get(("e",), lambda: reader(15 * b"e", read))
    cache.get(("c",), lambda: reader(15 * b"c", read))
    assert [content[:1] for content in read[4:]] == [b"e", b"c"]


def test_what_would_take_much_of_the_room_is_not_kept() -> None:
    cache, read = AnswersCache(60), []
    for _ in range(2):
        cache.get(("large",), lambda: reader(16 * b"x", read))
    assert len(read) == 2
