"""Starts the web process."""

from __future__ import annotations

from typing import Final

import uvicorn
from starlette.applications import Starlette

from api.protocol import Connections, protocol_of
from api.starting import StartingApp
from forecast.runtime.settings import get_settings
from forecast.startup.requirements import free_port
from forecast.startup.starting import in_one_sentence, start

GRACE_SECONDS: Final = 3
"""Limit on the wait for open event streams, which would otherwise delay a stop without end."""


def load_app() -> Starlette:
    """Import and make the application; a process that cannot do so ends, so that its supervisor notices."""
    import logging
    import os
    import sys
    import traceback

    from forecast.startup.requirements import require_database
    from forecast.startup.starting import EXIT_CODE, sentence

    try:
        from api.app import create_app
        from forecast.access.exposure import require_keys
        from forecast.runtime.logs import configure_logging
        from forecast.store import utc_now

        settings = get_settings()
        configure_logging("api", settings.log_level)
        # Unreadable requests are counted (api/protocol.py); uvicorn's own log is needed for errors alone.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        require_database(settings)
        app = create_app(settings)
        if not settings.is_loopback:
            require_keys(app.state.service.database, settings, utc_now())
        return app
    except BaseException as error:  # noqa: BLE001 (reported, and the process ends)
        if said := sentence(error):
            sys.stderr.write(f"error: {said}\n")
            os._exit(EXIT_CODE)
        traceback.print_exc()
        os._exit(1)


@in_one_sentence()
def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    # The database is checked while the application loads, when liveness probes are already answered.
    settings = start(with_database=False)
    free_port(settings)
    connections = Connections.of(settings)
    uvicorn.run(
        StartingApp(load_app, settings.root_path),
        host=settings.host,
        port=settings.port,
        http=protocol_of(connections),
        backlog=connections.backlog,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        h11_max_incomplete_event_size=64 * 1024,
        lifespan="on",
    )


if __name__ == "__main__":
    main()
