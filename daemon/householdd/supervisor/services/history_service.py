"""HistoryService of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, and_, not_, or_
from sqlalchemy.sql import ColumnElement

from household.v1 import history_service_pb2 as pb
from household.v1 import history_service_pb2_grpc
from household_filters.fields import HISTORY_FIELDS, RUN_FIELDS, FieldSpec
from householdd.api import filters
from householdd.api.convert import unix
from householdd.api.errors import Refusal, invalid, not_found, precondition
from householdd.api.paging import KeysetRequest, PagingError
from householdd.storage import reading, totals
from householdd.storage.conditions import RUN_COLUMNS, SESSION_COLUMNS, Columns, condition
from householdd.supervisor.history import messages
from householdd.supervisor.history.history import History, HistoryUnavailableError

_GROUPINGS: dict[int, totals.Grouping] = {
    pb.HISTORY_GROUPING_UNSPECIFIED: "all",
    pb.HISTORY_GROUPING_DAY: "day",
    pb.HISTORY_GROUPING_ADDRESS_BLOCK: "address_block",
    pb.HISTORY_GROUPING_PROFILE: "profile",
    pb.HISTORY_GROUPING_REASON: "reason",
    pb.HISTORY_GROUPING_GRADE: "grade",
    pb.HISTORY_GROUPING_VERDICT: "verdict",
    pb.HISTORY_GROUPING_CAUSE: "cause",
    pb.HISTORY_GROUPING_HURTING: "hurting",
}

_KEPT_GRADES = {pb.Grade.Name(number).removeprefix("GRADE_").lower(): kept for kept, number in messages.GRADES.items()}

_Context = grpc.aio.ServicerContext[object, object]

T = TypeVar("T")


class HistoryService(history_service_pb2_grpc.HistoryServiceServicer):
    """Answers from the database; ``history`` is None if it is disabled."""

    def __init__(self, history: History | None) -> None:
        self._history = history

    async def ListHistory(self, request: pb.ListHistoryRequest, _: _Context) -> pb.ListHistoryResponse:
        page, conditions = _page("sessions", request, HISTORY_FIELDS, SESSION_COLUMNS)
        rows = await self._read(
            lambda connection: reading.session_page(connection, conditions, page.after, page.size + 1)
        )
        token = page.token((rows[page.size - 1].closed_at, rows[page.size - 1].id)) if len(rows) > page.size else ""
        records = [messages.session_record(row) for row in rows[: page.size]]
        return pb.ListHistoryResponse(sessions=records, next_page_token=token)

    async def ListRuns(self, request: pb.ListRunsRequest, _: _Context) -> pb.ListRunsResponse:
        page, conditions = _page("runs", request, RUN_FIELDS, RUN_COLUMNS)
        rows = await self._read(lambda connection: reading.run_page(connection, conditions, page.after, page.size + 1))
        token = page.token((rows[page.size - 1].stored_at, rows[page.size - 1].id)) if len(rows) > page.size else ""
        runs = [messages.run(row) for row in rows[: page.size]]
        return pb.ListRunsResponse(runs=runs, next_page_token=token)

    async def GetRun(self, request: pb.GetRunRequest, _: _Context) -> pb.GetRunResponse:
        try:
            found = await self._kept().run(request.id)
        except HistoryUnavailableError as error:
            raise _unavailable(error) from error
        if found is None:
            raise not_found("run", request.id[:64])
        run, sessions = found
        records = [messages.session_record(row) for row in sessions]
        return pb.GetRunResponse(run=messages.run(run), report=run.report, sessions=records)

    async def GetHistoryStats(self, request: pb.GetHistoryStatsRequest, _: _Context) -> pb.GetHistoryStatsResponse:
        grouping = _GROUPINGS.get(request.group_by)
        if grouping is None:
            raise invalid("group_by", f"{request.group_by} is none of the groupings")
        since = _unix("since", request.since) if request.HasField("since") else None
        until = _unix("until", request.until) if request.HasField("until") else None
        if since is not None and until is not None and until <= since:
            raise invalid("until", "must be after since")
        groups = await self._read(lambda connection: totals.groups(connection, grouping, since, until))
        return pb.GetHistoryStatsResponse(groups=[messages.group(each) for each in groups])

    async def _read(self, statements: Callable[[Connection], T]) -> T:
        try:
            return await self._kept().read(statements)
        except HistoryUnavailableError as error:
            raise _unavailable(error) from error

    def _kept(self) -> History:
        if self._history is None:
            raise precondition("HISTORY_DISABLED", "history is disabled: history.enabled is false")
        return self._history


def _page(
    what: str,
    request: pb.ListHistoryRequest | pb.ListRunsRequest,
    fields: Mapping[str, FieldSpec],
    columns: Columns,
) -> tuple[KeysetRequest, list[ColumnElement[bool]]]:
    try:
        wanted = filters.read(request.filter, fields, _Conditions(columns))
        page = KeysetRequest.parse(what, request.page_size, request.page_token, request.filter)
    except filters.FilterError as error:
        raise invalid("filter", str(error)) from None
    except PagingError as error:
        raise invalid(error.field, error.problem) from None
    return page, [] if wanted is None else [wanted]


class _Conditions:
    """Turns a filter into an SQL condition."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def comparison(self, comparison: filters.Comparison) -> ColumnElement[bool]:
        if comparison.name == "grade":
            return self._grade(comparison.value, comparison.sign)
        return condition(self._columns, comparison.name, comparison.sign, comparison.value)

    def _grade(self, value: object, sign: str) -> ColumnElement[bool]:
        """Compare a grade as printed in tables, where an invalid run has none."""
        if value == "invalid":
            return condition(self._columns, "valid", sign, "false")
        counts = condition(self._columns, "valid", "=", "true")
        graded = condition(self._columns, "grade", "=", None if value is None else _KEPT_GRADES[str(value)])
        equal = and_(counts, graded)
        return equal if sign == "=" else not_(equal)

    def all_of(self, terms: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        return and_(*terms)

    def any_of(self, terms: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        return or_(*terms)

    def negation(self, term: ColumnElement[bool]) -> ColumnElement[bool]:
        return not_(term)


def _unix(field: str, moment: Timestamp) -> float:
    try:
        return unix(moment)
    except ValueError:
        raise invalid(field, "must be a time of the years 1 to 9999 with 0 to 999999999 nanoseconds") from None


def _unavailable(error: HistoryUnavailableError) -> Refusal:
    return Refusal(grpc.StatusCode.UNAVAILABLE, str(error))
