"""The demonstration: starts the service, submits the Karabakh study over HTTP, and shows what comes of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console

from forecast.cli import ExitCode, finish_job, make_console, watch_job
from forecast.cli.bundled import find_study_file
from forecast.client.client import ForecastClient
from forecast.errors import ForecastError
from forecast.runtime.settings import Settings, get_settings
from forecast.study import load_study
from forecast.wording.stages import COMPILE_TIME

STUDY: Final = "karabakh-2021"
"""What is forecast, unless ``DEMO_STUDY`` names another bundled study."""
STOP_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.2


def run_demo(console: Console) -> ExitCode:
    """Run the demonstration; it stays until Ctrl-C, or with ``DEMO_EXIT=1`` stops everything and returns."""
    settings = get_settings()

    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    with _running_service(settings, say) as url, ForecastClient(url, key=settings.key_for(url)) as client:
        study = load_study(find_study_file(os.environ.get("DEMO_STUDY", STUDY)))
        say(f"\nSubmitting the study {study.study!r} over HTTP: {study.title}, as of {study.as_of}.")
        client.put_study(study.study, study.canonical())
        job = client.submit(study=study.study)
        say(f"Accepted as job {job.id}. A worker now compiles the model and samples it.")
        say(f"On the first run of a machine, compiling takes {COMPILE_TIME}; later runs read it from a cache.")
        code = finish_job(client, watch_job(client, job.id, console), console)
        if os.environ.get("DEMO_EXIT") != "1":
            say(
                "\nThe service goes on running; Ctrl-C stops it. This address signs a browser in, once and within ten minutes"
            )
            say("(later, `forecast open` gives another one):")
            say(client.sign_in_address(f"/forecasts/{client.job(job.id).forecast_id or ''}"))
            _wait_for_interrupt()
        say("\nStopping the service.")
    say("Stopped.")
    return code


@contextmanager
def _running_service(settings: Settings, say: Callable[[str], None]) -> Iterator[str]:
    """The address of a running service: one that is there, or our own, stopped at the end."""
    if running := _running_url(settings):
        say(f"A service runs already at {running}; it is used, and left running.")
        yield running
        return
    say("Starting the service: web process, worker, scheduler and an embedded Redis.")
    port = settings.port if _is_free(settings.host, settings.port) else 0
    if port != settings.port:
        say(f"Port {settings.port} is taken by another program, so a free one is used.")
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.supervisor"],
        env={**os.environ, "FORECAST_PORT": str(port)},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        # Ctrl-C reaches the demonstration, which then stops the service in order.
        start_new_session=True,
    )
    try:
        yield _ready_url(process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class DemoError(ForecastError, RuntimeError):
    """The demonstration could not start."""

    code = "demo_failed"


def _ready_url(process: subprocess.Popen[str]) -> str:
    """The address that the supervisor announces; what it says before that is passed on."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ready: "):
            return line.removeprefix("Ready: ").strip()
        print(line, end="", flush=True)
    raise DemoError("the service did not start; what it said is above")


def _running_url(settings: Settings) -> str | None:
    """The address of a service that serves our data directory already."""
    if not settings.address_file.is_file():
        return None
    url = settings.address_file.read_text(encoding="utf-8").strip()
    with ForecastClient(url) as client:
        return url if client.is_healthy() else None


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass


def main() -> None:
    """Run the demonstration as a program."""
    try:
        sys.exit(run_demo(make_console()))
    except ForecastError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
