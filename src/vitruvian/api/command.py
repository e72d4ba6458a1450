"""vitruvian serve: the server in one process, on an embedded database or on PostgreSQL."""

from __future__ import annotations

import logging
import sys
from typing import Any

import click

DEMO = "demonstration (synthetic)"


@click.command()
@click.option("--db", default=None, metavar="PLACE", help="A folder, a file, or postgresql://... [default: the store]")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, help="The port; 0 takes a free one.")
@click.option("--demo", is_flag=True, help="With a synthetic person whose sensor and meals arrive as you watch.")
@click.option("--behind-tls", is_flag=True, help="A proxy in front speaks TLS: cookies are sent over TLS only.")
@click.option("--mllp", default=None, metavar="[HOST:]PORT", help="Take HL7 v2 over MLLP here, e.g. 2575.")
@click.option("--hl7-zone", default="UTC", show_default=True, help="The zone of HL7 times without an offset.")
@click.option("--mqtt", default=None, metavar="URL", help="Take device data from this broker: mqtt://host:1883/omh.")
@click.option(
    "--dask", default="", metavar="ADDRESS", envvar="VITRUVIAN_DASK", help="Run members on this Dask cluster."
)
@click.option("--quiet", is_flag=True, help="No line of log a request.")
def serve(
    db: str | None,
    host: str,
    port: int,
    demo: bool,
    behind_tls: bool,
    mllp: str | None,
    hl7_zone: str,
    mqtt: str | None,
    dask: str,
    quiet: bool,
) -> None:
    """Serve twins over HTTP: records in, forecasts and alerts out, a live stream of both.

    \b
    Examples:
      vitruvian serve
      vitruvian serve --demo --db demo
      vitruvian serve --mllp 2575 --hl7-zone Europe/Berlin --mqtt mqtt://localhost:1883/omh
      vitruvian serve --dask tcp://scheduler:8786
      vitruvian serve --db postgresql://vitruvian@localhost/vitruvian --port 8443 --behind-tls

    While there is no user, a one-time token is printed with which the first one is made (POST /v1/setup). Paths and
    examples: /docs. Ctrl-C ends it; what was acknowledged is on disk.
    """
    import uvicorn

    from vitruvian.api.app import Part, create_app
    from vitruvian.api.devices import services
    from vitruvian.api.site import Settings
    from vitruvian.platform import executors
    from vitruvian.platform.trust import people

    _log(quiet)
    executors.use(dask)
    app = create_app(
        db, settings=Settings(secure_cookies=behind_tls), parts=[Part(services=services(mllp, hl7_zone, mqtt))]
    )
    site = app.site
    with site.database.write() as connection:
        token = people.setup_token(connection, site.now_us)
        source = _demo_token(connection, site.now_us) if demo else None
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
    listening = config.bind_socket()
    click.echo(f"Vitruvian listens on http://{host}:{listening.getsockname()[1]}  (database: {site.database.where})")
    if source is not None:
        from vitruvian.api.demo import service

        site.services.append(service(f"http://{host}:{listening.getsockname()[1]}", source))
        click.echo("A synthetic person's readings arrive: it is calibrated first, which takes a minute.")
    if token is not None:
        click.echo(f"No user yet. One-time set-up token: {token}")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


def _demo_token(connection: Any, now_us: int) -> str:
    """A token of this start's sender; those of earlier starts are worth nothing any more."""
    from vitruvian.platform.trust import people

    for token in people.list_tokens(connection, "local"):
        if token["name"] == DEMO and token["revoked_us"] is None:
            people.revoke_token(connection, "local", token["id"], now_us)
    return people.add_token(connection, "local", DEMO, "engineer", None, "server", now_us)[1]


def _log(quiet: bool) -> None:
    """One JSON object a line on stderr; what names a person never gets there."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("vitruvian")
    root.addHandler(handler)
    root.setLevel(logging.WARNING if quiet else logging.INFO)
    root.propagate = False
