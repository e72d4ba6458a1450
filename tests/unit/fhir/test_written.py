"""JSON as it was written: digits stay, and what is not plain JSON is refused with its place."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir.written import DEEPEST, dumps, loads


@pytest.mark.parametrize("text", ["72.10", "0.0", "1e2", "1.0E+2", "-0", "-0.0", "123456789012345678901234567890", "3"])
def test_a_number_stays_as_it_was_written(text: str) -> None:
    assert dumps(loads(f'{{"value":{text}}}')) == f'{{"value":{text}}}'.encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a":1,"a":2}', "the key 'a' is given twice"),
        (b'{"a":{"b":1,"b":1}}', "the key 'b' is given twice"),
        (b'{"a":NaN}', "NaN is no JSON number"),
        (b'{"a":-Infinity}', "Infinity is no JSON number"),
        (b'{"a":1e999999999999}', "more digits than a double"),
        (b'{"a":1e400}', "more digits than a double"),
        (b"{" + b'"a":' + b"9" * 5000 + b"}", "more digits than a double"),
        (b'{"a":"\xff"}', "is not UTF-8 at byte 6"),
        (b'{"a":1', "is not JSON"),
        (b"", "is not JSON"),
        (b'{"a":1}{}', "is not JSON"),
        (b'{"a":"line\nbreak"}', "is not JSON"),
        (b"[" * 100_000, "deeper than"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "deeper than"),
    ],
    ids=range(14),
)
def test_what_is_no_json_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said) as err:
        loads(data)
    assert err.value.fix
    assert err.value.where.startswith("body")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=10,
    )
)
def test_any_json_value_comes_back(value: object) -> None:
    text = json.dumps(value)
    once = dumps(loads(text))
    assert json.loads(once) == value
    assert dumps(loads(once)) == once
