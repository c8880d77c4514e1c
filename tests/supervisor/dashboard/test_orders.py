"""What pages may say."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from householdd.supervisor.dashboard.orders import (
    MAX_IDS,
    DrainOrder,
    KillOrder,
    OrderError,
    ResumeOrder,
    ViewOrder,
    parse,
)

ID = "6f1e7a52-0000-4000-8000-000000000001"


def order(**message: object) -> Any:
    return parse(json.dumps(message))


def test_a_kill_has_ids_or_a_filter() -> None:
    kill = order(type="kill", id=ID, ids=["a", "b"], reason="a customer called", block=60)
    assert isinstance(kill, KillOrder)
    request = kill.request()
    assert (list(request.ids.ids), request.reason, request.request_id) == (["a", "b"], "a customer called", ID)
    assert request.block_address.seconds == 60
    assert not request.validate_only

    request = order(type="kill", id=ID, filter="profile = jake", check_only=True).request()
    assert (request.WhichOneof("selector"), request.filter, request.validate_only) == ("filter", "profile = jake", True)
    assert not request.HasField("block_address")


def test_nothing_selected_is_an_empty_filter_which_the_control_api_refuses() -> None:
    request = order(type="kill", id=ID).request()
    assert (request.WhichOneof("selector"), request.filter) == ("filter", "")


def test_a_drain_may_leave_its_deadline_to_the_configuration() -> None:
    drain = order(type="drain", id=ID, reason="upgrade")
    assert isinstance(drain, DrainOrder)
    assert not drain.request().HasField("deadline")
    assert order(type="drain", id=ID, reason="upgrade", deadline=0).request().HasField("deadline")
    resume = order(type="resume", id=ID, reason="done")
    assert isinstance(resume, ResumeOrder)
    assert (resume.request().request_id, resume.id) == (ID, uuid.UUID(ID))


def test_equal_views_are_one() -> None:
    assert len({order(type="view", filter="a"), order(type="view", filter="a"), ViewOrder(filter="b")}) == 2


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "{}",
        "[" * 5000,
        '{"type": "shutdown"}',
        '{"type": "view", "page_size": 101}',
        '{"type": "view", "page_size": 0}',
        '{"type": "view", "surprise": 1}',
        '{"type": "kill", "reason": "no id"}',
        '{"type": "kill", "id": "x"}',
        json.dumps({"type": "kill", "id": ID, "ids": ["a"] * (MAX_IDS + 1)}),
        json.dumps({"type": "kill", "id": ID, "block": -1}),
        json.dumps({"type": "view", "filter": "x" * 4001}),
        b"{}",
    ],
)
def test_what_is_no_order_is_refused(message: str | bytes) -> None:
    with pytest.raises(OrderError):
        parse(message)
