from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from household.v1 import server_service_pb2, session_pb2
from household.v1 import session_service_pb2 as pb
from householdd.api.merge import add_totals, merge_kills, merge_lists
from householdd.api.paging import PageRequest
from tests.api.samples import houses, session

KILLED, ALREADY_CLOSED, NOT_FOUND = (
    pb.KILL_OUTCOME_KILLED,
    pb.KILL_OUTCOME_ALREADY_CLOSED,
    pb.KILL_OUTCOME_NOT_FOUND,
)


def listed(request: PageRequest, house: list[session_pb2.Session]) -> pb.ListSessionsResponse:
    """The answer of one place."""
    sessions, token = request.page(house)
    return pb.ListSessionsResponse(sessions=sessions, next_page_token=token, total_size=len(house))


@given(
    houses(),
    st.integers(1, 6),
    st.sampled_from(["", "user_id desc", "sent_bytes desc, profile", "round_trip"]),
    st.data(),
)
def test_walking_merged_pages_yields_each_session_of_every_place_once_in_order(
    house: list[session_pb2.Session], size: int, order_by: str, data: st.DataObject
) -> None:
    places: list[list[session_pb2.Session]] = [[], [], []]
    for each in house:
        data.draw(st.sampled_from(places)).append(each)
    walked: list[str] = []
    token = ""
    while True:
        request = PageRequest.parse(size, token, "", order_by)
        merged = merge_lists(request, (listed(request, place) for place in places))
        walked += [each.id for each in merged.sessions]
        assert merged.total_size == len(house)
        assert len(merged.sessions) == size or not merged.next_page_token
        token = merged.next_page_token
        if not token:
            break
    in_one_place, _ = PageRequest.parse(1000, "", "", order_by).page(house)
    assert walked == [each.id for each in in_one_place]


def test_a_full_page_of_one_place_has_a_next_one_when_that_place_has_more() -> None:
    request = PageRequest.parse(2, "", "", "id")
    full = listed(request, [session(id=each) for each in "abc"])
    merged = merge_lists(request, [full, listed(request, [])])
    assert [each.id for each in merged.sessions] == ["a", "b"]
    assert PageRequest.parse(2, merged.next_page_token, "", "id").after == ["b", "b"]


def test_no_places_make_an_empty_last_page() -> None:
    assert merge_lists(PageRequest.parse(2, "", "", ""), []) == pb.ListSessionsResponse()


def killed(*outcomes: tuple[str, pb.KillOutcome.ValueType]) -> pb.KillSessionsResponse:
    return pb.KillSessionsResponse(results=[pb.KillResult(id=each, outcome=outcome) for each, outcome in outcomes])


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (NOT_FOUND, KILLED, KILLED),
        (KILLED, NOT_FOUND, KILLED),
        (NOT_FOUND, ALREADY_CLOSED, ALREADY_CLOSED),
        (ALREADY_CLOSED, NOT_FOUND, ALREADY_CLOSED),
        (NOT_FOUND, NOT_FOUND, NOT_FOUND),
    ],
)
def test_of_a_kill_the_place_counts_that_knows_the_session(
    one: pb.KillOutcome.ValueType, other: pb.KillOutcome.ValueType, merged: pb.KillOutcome.ValueType
) -> None:
    assert merge_kills([killed(("a", one)), killed(("a", other))]) == killed(("a", merged))


def test_kills_of_different_sessions_stand_beside_each_other() -> None:
    merged = merge_kills([killed(("a", KILLED)), killed(("b", KILLED), ("c", NOT_FOUND)), killed()])
    assert merged == killed(("a", KILLED), ("b", KILLED), ("c", NOT_FOUND))


def totals(start: int, **closed: int) -> server_service_pb2.Totals:
    counts = [
        server_service_pb2.CloseCount(reason=session_pb2.CloseReason.Value(f"CLOSE_REASON_{reason}"), count=count)
        for reason, count in closed.items()
    ]
    return server_service_pb2.Totals(
        sessions_opened=start,
        sessions_closed=counts,
        sent_bytes=start + 1,
        received_bytes=start + 2,
        handshakes_refused=start + 3,
        protocol_errors=start + 4,
        refusals=[server_service_pb2.RefusalCount(cause=server_service_pb2.REFUSAL_CAUSE_FULL, count=start + 5)],
    )


def test_totals_add_up_and_so_do_the_counts_of_each_close_reason() -> None:
    total = totals(10, KILLED=1, INACTIVE=2)
    add_totals(total, totals(100, CLIENT_STOPPED=5, KILLED=3))
    assert total == server_service_pb2.Totals(
        sessions_opened=110,
        sessions_closed=totals(0, CLIENT_STOPPED=5, INACTIVE=2, KILLED=4).sessions_closed,
        sent_bytes=112,
        received_bytes=114,
        handshakes_refused=116,
        protocol_errors=118,
        refusals=[server_service_pb2.RefusalCount(cause=server_service_pb2.REFUSAL_CAUSE_FULL, count=120)],
    )


def test_every_field_of_the_totals_is_added() -> None:
    total = server_service_pb2.Totals()
    more = totals(1, KILLED=1)
    add_totals(total, more)
    assert total == more
    assert {field.name for field, _ in total.ListFields()} == set(total.DESCRIPTOR.fields_by_name)
