from __future__ import annotations

from typing import Any

import grpc
import pytest

from household.v1 import server_service_pb2
from household.v1 import session_service_pb2 as pb
from household_filters.values import Kind
from householdd.api import requests
from householdd.api.convert import duration
from householdd.api.errors import Refusal
from householdd.api.requests import drain_deadline
from tests.api.samples import session

ID = "6f1e7a52-0000-4000-8000-000000000001"


def refused(caught: pytest.ExceptionInfo[Refusal]) -> str:
    """Return the message of a refusal, after checking that its details name the same field."""
    refusal = caught.value
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    (details,) = refusal.details
    (violation,) = getattr(details, "field_violations")  # noqa: B009 - a message of any type
    assert refusal.message == f"{violation.field}: {violation.description}"
    return refusal.message


@pytest.mark.parametrize("selector", [{"ids": pb.SessionIds(ids=[ID])}, {"filter": "profile = jake"}, {"all": True}])
def test_a_kill_with_one_selector_and_a_reason_passes(selector: dict[str, Any]) -> None:
    requests.check_kill(pb.KillSessionsRequest(**selector, reason="maintenance"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": "x"}, "selector: exactly one of ids, filter and all is needed"),
        ({"all": True}, "reason: 1 to 200 characters are needed, not 0"),
        ({"all": True, "reason": "   "}, "reason: 1 to 200 characters are needed, not 0"),
        ({"all": True, "reason": "x" * 201}, "reason: 1 to 200 characters are needed, not 201"),
        ({"all": False, "reason": "x"}, "all: must be true when it is the selector"),
        ({"filter": " ", "reason": "x"}, "filter: must not be empty; to kill every session set all"),
        ({"filter": "age > soon", "reason": "x"}, f"filter: at 7: age: 'soon' is not {Kind.DURATION.value}"),
        ({"ids": pb.SessionIds(), "reason": "x"}, "ids: 1 to 1000 ids are allowed, not 0"),
        ({"ids": pb.SessionIds(ids=[ID] * 1001), "reason": "x"}, "ids: 1 to 1000 ids are allowed, not 1001"),
        (
            {"ids": pb.SessionIds(ids=[ID, "seven"]), "reason": "x"},
            "ids[1]: 'seven' is not a UUID; `householdctl sessions list` shows the ids",
        ),
    ],
)
def test_a_wrong_kill_is_refused_by_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        requests.check_kill(pb.KillSessionsRequest(**fields))
    assert refused(caught) == message


def test_an_id_is_taken_in_any_usual_form() -> None:
    assert requests.session_id(ID.upper()) == requests.session_id(ID.replace("-", "")) == ID


def test_a_wrong_id_is_shown_cut_to_a_readable_length() -> None:
    with pytest.raises(Refusal) as caught:
        requests.session_id("x" * 10_000)
    assert refused(caught).startswith(f"id: '{'x' * 64}' is not a UUID; ")


def test_a_request_for_a_page_is_checked_as_a_whole() -> None:
    request = pb.ListSessionsRequest(page_size=5, filter="profile = jake", order_by="id")
    assert requests.page_request(request).size == 5
    assert requests.predicate(request.filter)(session())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"page_size": -1}, "page_size: -1 is out of range; allowed is 0 to 1000, 0 means 100"),
        ({"page_token": "x"}, "page_token: not a token of this daemon; ask for the first page without one"),
        ({"order_by": "id down"}, "order_by: after id only asc or desc is allowed, not 'down'"),
    ],
)
def test_a_wrong_page_is_refused_by_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        requests.page_request(pb.ListSessionsRequest(**fields))
    assert refused(caught) == message


def test_a_watch_refuses_what_changes() -> None:
    with pytest.raises(Refusal) as caught:
        requests.predicate("state = quiet", constant_only=True)
    assert refused(caught) == "filter: at 1: state changes during a session and cannot be filtered on here"


@pytest.mark.parametrize(("deadline", "taken"), [(None, 30), (0, 0), (0.5, 0.5), (3600, 3600)])
def test_a_drain_has_its_own_deadline_or_the_configured_one(deadline: float | None, taken: float) -> None:
    request = server_service_pb2.DrainServerRequest(deadline=None if deadline is None else duration(deadline))
    assert drain_deadline(request, 30) == taken


@pytest.mark.parametrize("deadline", [-1, 3600.5])
def test_a_drain_deadline_out_of_range_is_refused(deadline: float) -> None:
    with pytest.raises(Refusal) as caught:
        drain_deadline(server_service_pb2.DrainServerRequest(deadline=duration(deadline)), 30)
    assert refused(caught) == f"deadline: {deadline:g} s is out of range; allowed is 0 to 3600 s"
