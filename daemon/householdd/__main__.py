"""The command line of the daemon."""

from __future__ import annotations

import faulthandler
import threading
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvloop

from householdd.config.loading import ConfigError, load, load_again
from householdd.logs import setup, standard_streams
from householdd.logs.line_writer import LineWriter
from householdd.supervisor import check_config
from householdd.supervisor import main as supervisor
from householdd.supervisor.errors import DaemonError
from householdd.version import VERSION

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

EPILOG = """Every setting is also a key of the configuration file (--state-dir is state_dir) and an environment
variable (HOUSEHOLDD_STATE_DIR). An option wins over the variable, the variable over the file. Signals: SIGTERM and
SIGINT drain and stop, a second one stops at once; SIGHUP reloads timeouts, limits, log level, rates of profiles,
roles, and the files of certificates, keys and tokens; SIGUSR2 is the emergency stop, as is the file emergency-stop in
the runtime directory; each worker takes both for itself, if the daemon's main process stands still. Exit status: 0
after an orderly stop, 1 if the daemon cannot run, 2 if the configuration is wrong, 3 while the emergency-stop file
exists. householdd check-config checks whether a start would succeed, and shows each setting with its source."""


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"householdd {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=EPILOG)
def householdd(  # noqa: PLR0913 - one parameter an option
    ctx: typer.Context,
    *,
    config_file: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="TOML file to read.")] = None,
    dev: Annotated[
        bool | None,
        typer.Option("--dev", help="Try it out: self-signed certificate, 127.0.0.1:8443, one worker, files in .run."),
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address for clients. [default: 0.0.0.0:8443]")
    ] = None,
    # As text, so that the settings report a wrong value, as from the file.
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="Worker processes; 0 is one per core. [default: 0]")
    ] = None,
    metrics_listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help='Address for Prometheus, at /metrics; "" disables it. [default: 127.0.0.1:8444]'
        ),
    ] = None,
    dashboard_listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help='Address of the dashboard; "" disables it. [default: 127.0.0.1:8445]'),
    ] = None,
    runtime_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Holds the control socket, DIR/control.sock. [default: /run/householdd]"),
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Holds what outlives the daemon. [default: /var/lib/householdd]")
    ] = None,
    cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
    no_tls: Annotated[bool | None, typer.Option("--no-tls", help="Plain HTTP and WS, for a proxy in front.")] = None,
    log_level: Annotated[str | None, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = None,
    show_version: Annotated[  # noqa: ARG001 - its callback acts
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Play a household over a customer's line, and measure what bufferbloat does to each person in it.

    Try it: householdd --dev
    """
    given: dict[str, Any] = {
        "dev": dev,
        "listen": listen,
        "workers": workers,
        "metrics_listen": metrics_listen,
        "dashboard": None if dashboard_listen is None else {"listen": dashboard_listen},
        "runtime_dir": runtime_dir,
        "state_dir": state_dir,
        "cert": cert,
        "key": key,
        "no_tls": no_tls,
        "log_level": log_level,
    }
    options = {name: value for name, value in given.items() if value is not None}
    if ctx.invoked_subcommand is not None:
        ctx.obj = options, config_file
        return
    try:
        settings = load(options, config_file)
    except ConfigError as error:
        _fail(str(error), 2)
    setup.set_up(settings.log_level, settings.log_format)

    stdout = LineWriter(1)

    def announce(url: str) -> None:
        threading.Thread(target=_announce, args=(stdout, url), daemon=True).start()

    try:
        uvloop.run(supervisor.run(settings, lambda: load_again(options, config_file), announce))
    except DaemonError as error:
        _fail(str(error), error.status)
    except KeyboardInterrupt:
        # Interrupted before the signal handlers were installed.
        raise SystemExit(130) from None


@app.command("check-config")
def check(
    ctx: typer.Context,
    config_file: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help=f"TOML file to read. [default: {check_config.UNIT_FILE}]"),
    ] = None,
    quiet: Annotated[  # noqa: FBT002 - typer's option
        bool, typer.Option("--quiet", "-q", help="Print nothing on success.")
    ] = False,
) -> None:
    """Check whether the daemon would start, and show the settings; exit status 0 or 2.

    Options before check-config apply as for a start. To check that the daemon's user can read the files:
    sudo -u householdd householdd check-config
    """
    options, file = ctx.obj
    file = config_file or file or (None if options else check_config.UNIT_FILE)
    try:
        for line in check_config.report(options, file):
            if not quiet:
                typer.echo(line)
    except ConfigError as error:
        _fail(str(error), 2)


def _announce(stdout: LineWriter, url: str) -> None:
    # After earlier log lines, which scripts look for once they have seen this one.
    setup.flush()
    stdout.put(f"householdd serves {url}\n".encode())


def _fail(problem: str, status: int) -> NoReturn:
    setup.tell_problem(problem)
    raise SystemExit(status)


def main() -> None:
    """Entry point of the console script."""
    standard_streams.open_missing()
    # Log the stack on SIGABRT, which the watchdog sends.
    faulthandler.enable()
    app(prog_name="householdd")


if __name__ == "__main__":
    main()
