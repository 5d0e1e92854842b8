"""Runs the portal: `python -m portal`."""

from __future__ import annotations

import asyncio

import structlog

from portal.app import create_app
from portal.limits import Limits
from portal.relay import Relay
from runtime.exit import leave_with, telling_bad_input
from runtime.logs import set_up_logs
from runtime.secret_files import warn_of_open_files
from runtime.settings import load_settings
from runtime.tables import check_tables
from runtime.temporal import connect
from runtime.watching.health import PortalHealth
from runtime.watching.watch import Watch
from runtime.web import serve
from store.content import Content
from store.database import Database
from store.links import Links

log = structlog.get_logger(__name__)


async def run() -> None:
    """Serve until SIGTERM or Ctrl-C. Starts with Temporal down too: answers wait in the outbox."""
    settings = load_settings()
    set_up_logs(settings, "portal")
    links = Links(settings.portal_url, settings.signing_keys())
    warn_of_open_files()
    database = Database(settings.database, puts_off=True)  # the relay makes up for it
    check_tables(database)
    watch = Watch(settings, database, sends=False)
    client = await connect(settings, lazy=True, runtime=watch.runtime, process="portal")
    relay = Relay(database, client)
    limits = Limits(
        wrong_links=settings.portal_wrong_links,
        sends=settings.portal_sends,
        proxies=settings.portal_proxies,
    )
    app = create_app(database, links, Content(settings.content), relay, limits)
    log.info("portal ready", port=settings.portal_port)
    async with watch.serving(PortalHealth(relay)):
        await serve(app, settings.portal_host, settings.portal_port)
    log.info("portal stopped")
    database.close()


@telling_bad_input
def main() -> int:
    """Start from the command line."""
    asyncio.run(run())
    return 0


if __name__ == "__main__":
    leave_with(main)
