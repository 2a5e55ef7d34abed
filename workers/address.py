"""The address of the service: one that can be listened on, and whether a server answers there."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from forecast.runtime.settings import Settings
from forecast.startup.requirements import CannotServeError, free_port

__all__ = ["CannotServeError", "choose_address", "is_answering_http"]


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
        When there is none.
    """
    return settings.model_copy(update={"port": free_port(settings)})
