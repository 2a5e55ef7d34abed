"""Documents written as YAML read back as the very same study."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.study import load_study, study_from_bytes
from forecast.study.reading.plain_data import plain_copy
from forecast.study.reading.yaml_reader import read_yaml
from forecast.study.reading.yaml_writer import as_yaml
from priors import bundled_studies, study_path


@pytest.mark.parametrize("name", bundled_studies())
def test_a_bundled_study_has_the_same_digest_afterwards(name: str) -> None:
    study = load_study(study_path(name))
    again = study_from_bytes(as_yaml(study.canonical()).encode(), "application/yaml")
    assert again.digest == study.digest


def test_rows_are_lines() -> None:
    text = as_yaml({"study": "a", "rows": [{"id": "x", "duration": 3, "event": None}, {"id": "no", "duration": 4.5}]})
    assert "- {id: x, duration: 3, event: null}\n- {id: 'no', duration: 4.5}\n" in text


leaves = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=12)
words = st.sampled_from(
    ["no", "NO", "~", "2021-09-10", "012", "1e5", "0x1", "1:30", "null", "", " a ", "- b", "a: b", "#c"]
)


@given(
    st.dictionaries(
        texts,
        st.recursive(
            leaves | texts | words,
            lambda x: st.lists(x, max_size=3) | st.dictionaries(texts, x, max_size=3),
            max_leaves=10,
        ),
        max_size=5,
    )
)
def test_any_document_survives(document: dict[str, object]) -> None:
    assert plain_copy(read_yaml(as_yaml(document).encode())) == plain_copy(document)
