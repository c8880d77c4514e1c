"""Changes the runtime configuration."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from householdctl.control.multi_target import ask
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output import printer
from householdctl.output.serialize import Tagged
from householdctl.output.tables import Table
from householdctl.output.terminal import note, note_dry_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from household.v1.config_service_pb2 import (
        GetRuntimeConfigResponse,
        ResetRuntimeConfigRequest,
        ResetRuntimeConfigResponse,
        RuntimeConfig,
        Setting,
        UpdateRuntimeConfigRequest,
        UpdateRuntimeConfigResponse,
    )
    from household.v1.session_service_pb2 import UnreachableWorker
    from householdctl.control.client import Client
    from householdctl.control.options import Options
    from householdctl.output.tables import Column
    from householdctl.views.timeouts import TimeoutChange

    Views = Callable[[Iterable[Setting], RuntimeConfig, Sequence[str]], list[TimeoutChange]]


@dataclass(frozen=True)
class _Changed:
    before: Sequence[Setting]
    answer: UpdateRuntimeConfigResponse | ResetRuntimeConfigResponse

    @property
    def unreachable_workers(self) -> Sequence[UnreachableWorker]:
        return self.answer.unreachable_workers


def update(
    options: Options, request: UpdateRuntimeConfigRequest, columns: Sequence[Column[TimeoutChange]], view: Views
) -> None:
    """Each daemon changes all settings or none."""
    _change(options, request, lambda client: client.update_config(request), columns, view)


def reset(
    options: Options, request: ResetRuntimeConfigRequest, columns: Sequence[Column[TimeoutChange]], view: Views
) -> None:
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
        if row.before != row.after
    ]
    table = Table(answers.columns(columns), rows)
    if not rows:
        note("nothing to change: the settings have these values")
    if answers.several:
        configs = [Tagged(target, changed.answer) for target, changed in answers]
        document = {"configs": configs, "unreachable_targets": answers.unreachable}
        printer.show(options, document, table, lines=configs)
    else:
        printer.show(options, answers.only.answer, table)
    if request.validate_only:
        note_dry_run()
    answers.warn_of_workers()
    answers.warn()
    answers.finish()


def show(options: Options, columns: Sequence[Column[Setting]], paths: Sequence[str] = ()) -> None:
    """Print the settings of ``paths``, by default all."""
    answers = ask(options, lambda client: _narrowed(client.get_config(), paths))
    settings = answers.items("settings")
    document: object = answers.only
    if answers.several:
        configs = [Tagged(target, answer) for target, answer in answers]
        document = {"configs": configs, "unreachable_targets": answers.unreachable}
    printer.show(options, document, Table(answers.columns(columns), settings), lines=settings)
    answers.warn()
    answers.finish()


def print_values(options: Options, paths: Sequence[str]) -> None:
    from householdctl.views import config as config_views

    if not options.for_people:
        show(options, config_views.COLUMNS, paths)
        return
    answers = ask(options, lambda client: _narrowed(client.get_config(), paths))
    for target, answer in answers:
        for setting in answer.settings:
            value = config_views.written(setting, setting.current_value)
            printer.print_line(f"{target}  {value}" if answers.several else value)
    answers.warn()
    answers.finish()


def _narrowed(answer: GetRuntimeConfigResponse, paths: Sequence[str]) -> GetRuntimeConfigResponse:
    """Keep the settings of ``paths``. Raise CommandError."""
    for path in paths:
        if not any(_names(path, setting) for setting in answer.settings):
            raise _unknown(path, [setting.path for setting in answer.settings])
    if paths:
        shown = [setting for setting in answer.settings if any(_names(path, setting) for path in paths)]
        del answer.settings[:]
        answer.settings.extend(shown)
    return answer


def _unknown(path: str, known: Sequence[str]) -> CommandError:
    leaves = {each.rpartition(".")[2]: each for each in known}
    near = get_close_matches(path, known) or [leaves[each] for each in get_close_matches(path, leaves)]
    hint = f"did you mean {', '.join(near)}?" if near else "to list all: householdctl config show"
    return CommandError(ExitCode.NOT_FOUND, f"no setting {path!r}", hint)


def _names(path: str, setting: Setting) -> bool:
    return setting.path == path or setting.path.startswith(f"{path}.")
