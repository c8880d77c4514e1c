from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.api.keyset import KeysetRequest
from householdd.api.paging import PagingError

FILTER = 'profile = "alex"'


@given(st.floats(0, 1e12), st.text(max_size=36))
def test_a_token_leads_to_where_the_page_ended(at: float, row_id: str) -> None:
    token = KeysetRequest.parse("runs", 0, "", FILTER).token((at, row_id))
    assert KeysetRequest.parse("runs", 7, token, FILTER).after == (at, row_id)


def test_no_size_is_a_hundred() -> None:
    request = KeysetRequest.parse("runs", 0, "", FILTER)
    assert (request.size, request.after) == (100, None)


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(PagingError, match="allowed is 0 to 1000"):
        KeysetRequest.parse("runs", size, "", FILTER)


@pytest.mark.parametrize(("what", "text"), [("sessions", FILTER), ("runs", "")])
def test_a_token_is_for_its_list_and_filter_only(what: str, text: str) -> None:
    token = KeysetRequest.parse("runs", 0, "", FILTER).token((1.0, "a"))
    with pytest.raises(PagingError, match="made for another list or filter"):
        KeysetRequest.parse(what, 0, token, text)


@given(st.text(min_size=1, max_size=100) | st.binary(min_size=1).map(lambda it: base64.urlsafe_b64encode(it).decode()))
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PagingError, match="page_token"):
        KeysetRequest.parse("runs", 0, token, FILTER)
