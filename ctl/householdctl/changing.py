"""Changing the runtime configuration of one daemon or several, and showing what became of each setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from householdctl import output
from householdctl.options import DRY_RUN
from householdctl.records import Tagged
from householdctl.several import ask
from householdctl.tables import Table
from householdctl.terminal import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from household.v1.config_service_pb2 import (
        ResetRuntimeConfigRequest,
        ResetRuntimeConfigResponse,
        RuntimeConfig,
        Setting,
        UpdateRuntimeConfigRequest,
        UpdateRuntimeConfigResponse,
    )
    from household.v1.session_service_pb2 import UnreachableWorker
    from householdctl.client import Client
    from householdctl.options import Options
    from householdctl.tables import Column
    from householdctl.timeout_views import Change

    Views = Callable[[Iterable[Setting], RuntimeConfig, Sequence[str]], list[Change]]


@dataclass(frozen=True)
class _Changed:
    before: Sequence[Setting]
    answer: UpdateRuntimeConfigResponse | ResetRuntimeConfigResponse

    @property
    def unreachable_workers(self) -> Sequence[UnreachableWorker]:
        return self.answer.unreachable_workers


def update(
    options: Options, request: UpdateRuntimeConfigRequest, columns: Sequence[Column[Change]], view: Views
) -> None:
    """Changes settings, each daemon all of them or none."""
    _change(options, request, lambda client: client.update_config(request), columns, view)


def reset(options: Options, request: ResetRuntimeConfigRequest, columns: Sequence[Column[Change]], view: Views) -> None:
    """Puts settings back to what is configured."""
    _change(options, request, lambda client: client.reset_config(request), columns, view)


def _change(
    options: Options,
    request: UpdateRuntimeConfigRequest | ResetRuntimeConfigRequest,
    call: Callable[[Client], UpdateRuntimeConfigResponse | ResetRuntimeConfigResponse],
    columns: Sequence[Column[Any]],
    view: Views,
) -> None:
    answers = ask(options, lambda client: _Changed(client.get_config().settings, call(client)))
    paths = list(request.update_mask.paths)
    rows = [
        answers.tag(target, row)
        for target, changed in answers
        for row in view(changed.before, changed.answer.config, paths)
    ]
    table = Table(answers.columns(columns), rows)
    if answers.several:
        configs = [Tagged(target, changed.answer) for target, changed in answers]
        document = {"configs": configs, "unreachable_targets": answers.unreachable}
        output.show(options, document, table, lines=configs)
    else:
        output.show(options, answers.only.answer, table)
    if request.validate_only:
        note(DRY_RUN)
    answers.warn_of_workers()
    answers.warn()
    answers.finish()


def show(options: Options, columns: Sequence[Column[Setting]], prefix: str = "") -> None:
    """Prints the settings whose path begins with ``prefix``."""
    answers = ask(options, lambda client: client.get_config())
    settings = [
        answers.tag(target, setting)
        for target, answer in answers
        for setting in answer.settings
        if setting.path.startswith(prefix)
    ]
    document: object = answers.only
    if answers.several:
        configs = [Tagged(target, answer) for target, answer in answers]
        document = {"configs": configs, "unreachable_targets": answers.unreachable}
    output.show(options, document, Table(answers.columns(columns), settings), lines=settings)
    answers.warn()
    answers.finish()
