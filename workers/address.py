"""The address of the service: one that can be listened on, and whether somebody answers there."""

from __future__ import annotations

import errno
import http.client
import socket
from typing import ClassVar
from urllib.parse import urlsplit

from forecast.errors import ForecastError
from forecast.settings import Settings


class CannotServeError(ForecastError, RuntimeError):
    """The service cannot be started as it is configured."""

    code: ClassVar[str] = "cannot_serve"


def is_answering_http(url: str) -> bool:
    """Whether the web application at this address answers."""
    # Not urllib.request: it would ask a proxy of the environment.
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        # Unlike /healthz, this is answered by the application once it is loaded.
        connection.request("GET", "/version")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def choose_address(settings: Settings) -> Settings:
    """The settings with a port that can be listened on.

    Raises
    ------
    CannotServeError
        When the port is taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = "is taken by another program" if error.errno == errno.EADDRINUSE else f"is unusable ({error})"
            raise CannotServeError(
                f"port {settings.port} of {settings.host} {reason}; choose another with --port or FORECAST_PORT"
            ) from error
        port = int(probe.getsockname()[1])
    return settings.model_copy(update={"port": port})
