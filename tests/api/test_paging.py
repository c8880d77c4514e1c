from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from household.v1 import session_pb2 as pb
from householdd.api.fields import FIELDS
from householdd.api.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, KeysetRequest, PageRequest, PagingError, SortOrder
from tests.api.samples import houses, session

ORDERS = st.sampled_from(
    [
        "",
        "id",
        "id desc",
        "user_id",
        "user_id desc, opened_at",
        "sent_bytes desc, opened_at",
        "actual_download_bps, profile desc",
        "round_trip desc",
        "state, sent_bytes desc",
        "opened_at desc",
    ]
)


def walk(house: list[pb.Session], size: int, order_by: str) -> list[pb.Session]:
    """Return the sessions of all pages."""
    walked: list[pb.Session] = []
    token = ""
    while True:
        page, token = PageRequest.parse(size, token, "", order_by).page(house)
        walked += page
        assert len(page) == size or not token
        if not token:
            return walked


def ids(sessions: list[pb.Session]) -> list[str]:
    return [each.id for each in sessions]


@given(houses(), st.integers(1, 10), ORDERS)
def test_walking_the_pages_yields_each_session_once_in_order(house: list[pb.Session], size: int, order_by: str) -> None:
    assert ids(walk(house, size, order_by)) == ids(walk(house, MAX_PAGE_SIZE, order_by))
    assert sorted(ids(walk(house, size, order_by))) == sorted(ids(house))


@given(houses(), st.integers(1, 5), st.data())
def test_sessions_that_come_and_go_shift_nothing(house: list[pb.Session], size: int, data: st.DataObject) -> None:
    page, token = PageRequest.parse(size, "", "", "user_id").page(house)
    gone = data.draw(st.sets(st.sampled_from(ids(house)))) if house else set()
    left = [each for each in house if each.id not in gone]
    rest, _ = PageRequest.parse(MAX_PAGE_SIZE, token, "", "user_id").page(left) if token else ([], "")
    before = set(ids(page))
    assert sorted(ids(rest)) == sorted(set(ids(house)) - before - gone)


def test_the_order_is_by_each_field_and_direction_in_turn() -> None:
    house = [
        session(id="a", profile="jake", sent_bytes=1),
        session(id="b", profile="alex", sent_bytes=1),
        session(id="c", profile="alex", sent_bytes=2),
        session(id="d", profile="alex", sent_bytes=2),
    ]
    assert ids(walk(house, 10, "profile, sent_bytes desc")) == ["c", "d", "b", "a"]
    assert ids(walk(house, 10, "sent_bytes asc,profile desc")) == ["a", "b", "c", "d"]
    assert ids(walk(house, 10, "id desc")) == ["d", "c", "b", "a"]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_can_be_ordered_by(name: str) -> None:
    house = [session(id="b"), session(id="a", state=pb.SESSION_STATE_QUIET), session(id="c", sent_bytes=0)]
    assert sorted(ids(walk(house, 1, f"{name} desc"))) == ["a", "b", "c"]


def test_the_default_order_is_by_age() -> None:
    assert SortOrder.parse("") == SortOrder.parse("opened_at") == SortOrder((("opened_at", False), ("id", False)))


@pytest.mark.parametrize(
    ("order_by", "problem"),
    [
        ("colour", f"no field 'colour'; known are {', '.join(FIELDS)}"),
        ("id,", f"no field ''; known are {', '.join(FIELDS)}"),
        ("id down", "after id only asc or desc is allowed, not 'down'"),
        ("id desc desc", "after id only asc or desc is allowed, not 'desc desc'"),
        ("id DESC", "after id only asc or desc is allowed, not 'DESC'"),
    ],
)
def test_a_wrong_order_is_refused_with_what_is_allowed(order_by: str, problem: str) -> None:
    with pytest.raises(PagingError) as caught:
        PageRequest.parse(0, "", "", order_by)
    assert (caught.value.field, caught.value.problem) == ("order_by", problem)


@pytest.mark.parametrize("size", [-1, MAX_PAGE_SIZE + 1])
def test_a_page_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(PagingError) as caught:
        PageRequest.parse(size, "", "", "")
    assert str(caught.value) == f"page_size: {size} is out of range; allowed is 0 to 1000, 0 means 100"


@pytest.mark.parametrize(("asked", "size"), [(0, DEFAULT_PAGE_SIZE), (1, 1), (MAX_PAGE_SIZE, MAX_PAGE_SIZE)])
def test_a_page_has_the_size_that_was_asked_for(asked: int, size: int) -> None:
    assert PageRequest.parse(asked, "", "", "").size == size


def token_of(filter_text: str, order_by: str) -> str:
    return PageRequest.parse(1, "", filter_text, order_by).page([session(id="a"), session(id="b")])[1]


@pytest.mark.parametrize(
    ("filter_text", "order_by"),
    [
        ("profile = alex", "opened_at"),
        ("", "opened_at"),
        ("profile = jake", "opened_at desc"),
        ("profile = jake", "id"),
    ],
)
def test_a_token_is_refused_for_another_filter_or_order(filter_text: str, order_by: str) -> None:
    token = token_of("profile = jake", "opened_at")
    with pytest.raises(PagingError) as caught:
        PageRequest.parse(1, token, filter_text, order_by)
    assert caught.value.field == "page_token"
    assert caught.value.problem == "made for another filter or order_by; ask for the first page without one"


def test_a_page_that_is_exactly_full_is_the_last_when_nothing_is_left() -> None:
    page, token = PageRequest.parse(2, "", "", "id").page([session(id="a"), session(id="b")])
    assert (ids(page), token) == (["a", "b"], "")


def test_a_token_stands_for_another_page_size() -> None:
    token = token_of("profile = jake", "")
    assert PageRequest.parse(7, token, "profile = jake", "opened_at").after == [1_700_000_000.25, "a"]


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


DIGEST = PageRequest.parse(1, "", "", "").digest
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
GARBAGE = st.one_of(
    st.text(min_size=1),
    st.binary(min_size=1).map(lambda each: base64.urlsafe_b64encode(each).decode()),
    JSON.map(encoded),
    st.lists(JSON, min_size=2, max_size=2).map(lambda values: encoded([DIGEST, values])),
)


@given(GARBAGE)
def test_a_garbage_token_is_refused_or_at_least_does_no_harm(token: str) -> None:
    try:
        request = PageRequest.parse(1, token, "", "")
    except PagingError as error:
        assert error.field == "page_token"  # noqa: PT017 - a forged token may be well-formed
    else:
        assert len(request.page([session()])[0]) <= 1


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "ä",
        "bm9uc2Vuc2U",
        encoded(7),
        encoded([]),
        encoded("ab"),
        encoded({"a": 1, "b": 2}),
        encoded([DIGEST, None]),
        encoded([DIGEST, []]),
        encoded([DIGEST, [1.0, "a", "b"]]),
        encoded([DIGEST, ["1", "a"]]),
        encoded([DIGEST, [1.0, 2.0]]),
        encoded([DIGEST, [None, "a"]]),
        encoded([DIGEST, [[1], "a"]]),
    ],
)
def test_a_token_that_is_none_of_ours_is_refused(token: str) -> None:
    with pytest.raises(PagingError, match=r"^page_token: .*; ask for the first page without one$"):
        PageRequest.parse(1, token, "", "")


FILTER = 'profile = "alex"'


@given(st.floats(0, 1e12), st.text(max_size=36))
def test_a_token_of_rows_leads_to_where_the_page_ended(at: float, row_id: str) -> None:
    token = KeysetRequest.parse("runs", 0, "", FILTER).token((at, row_id))
    assert KeysetRequest.parse("runs", 7, token, FILTER).after == (at, row_id)


def test_no_size_means_a_hundred_rows() -> None:
    request = KeysetRequest.parse("runs", 0, "", FILTER)
    assert (request.size, request.after) == (100, None)


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_size_of_rows_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(PagingError, match="allowed is 0 to 1000"):
        KeysetRequest.parse("runs", size, "", FILTER)


@pytest.mark.parametrize(("what", "text"), [("sessions", FILTER), ("runs", "")])
def test_a_token_is_for_its_list_and_filter_only(what: str, text: str) -> None:
    token = KeysetRequest.parse("runs", 0, "", FILTER).token((1.0, "a"))
    with pytest.raises(PagingError, match="made for another list or filter"):
        KeysetRequest.parse(what, 0, token, text)


@given(st.text(min_size=1, max_size=100) | st.binary(min_size=1).map(lambda it: base64.urlsafe_b64encode(it).decode()))
def test_text_that_is_not_a_token_of_rows_is_refused(token: str) -> None:
    with pytest.raises(PagingError, match="page_token"):
        KeysetRequest.parse("runs", 0, token, FILTER)
