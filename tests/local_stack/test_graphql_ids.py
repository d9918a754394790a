"""Node ids have GitHub's form and are read back exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_stack.simulator import ids

NUMBERS = st.integers(0, 2**64 - 1)
WORDS = st.text(max_size=60)


@given(prefix=st.sampled_from(["R", "PR", "PRRC"]), key=st.lists(NUMBERS | WORDS, min_size=1, max_size=4))
def test_an_id_is_read_back(prefix: str, key: list[int | str]) -> None:
    assert ids.decode(ids.encode(prefix, *key)) == (prefix, tuple(key))


@given(text=st.text())
def test_any_other_text_is_no_id(text: str) -> None:
    decoded = ids.decode(text)
    assert decoded is None or ids.encode(decoded[0], *decoded[1]) == text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        # Ids of these forms are in GitHub's documentation: R_kgDO…, PR_kwDO….
        (ids.repository(1), "R_kgDOAAAAAQ"),
        (ids.pull_request(1, 2), "PR_kwDOAAAAAc4AAAAC"),
    ],
)
def test_ids_have_githubs_form(made: str, expected: str) -> None:
    assert made == expected
