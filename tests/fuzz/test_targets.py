"""The fuzzer's targets, over what they begin with and over bytes that hypothesis makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds
from tests.suite.sizes import sized

SHORT = 600


def mutations(target: str) -> st.SearchStrategy[bytes]:
    """A seed with a piece taken out, replaced or doubled, or cut in two and joined with another; or anything."""
    given_bytes = st.sampled_from([seed[:SHORT] for seed in seeds(target)])
    piece = st.one_of(
        st.binary(max_size=8), st.sampled_from([b"\x00", b"\xff", b"\n", b"\t", b"'", b"&a", b"*a", b"!", b"("])
    )

    def change(seed: bytes, start: int, length: int, put: bytes) -> bytes:
        start %= len(seed) + 1
        return seed[:start] + put + seed[start + length :]

    return st.one_of(
        st.builds(change, given_bytes, st.integers(0, SHORT), st.integers(0, 12), piece),
        st.builds(lambda one, other, at: one[:at] + other[at:], given_bytes, given_bytes, st.integers(0, SHORT)),
        st.binary(max_size=200),
    )


@pytest.mark.parametrize(("target", "seed"), [(name, seed) for name in sorted(TARGETS) for seed in seeds(name)])
def test_what_the_fuzzer_begins_with_is_read_or_refused(target: str, seed: bytes) -> None:
    TARGETS[target](seed)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_bytes_raise_anything_but_the_readers_own_error(target: str) -> None:
    @settings(max_examples=sized(150, 60))
    @given(mutations(target))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()
