"""vitruvian serve: the server in one process, on an embedded database or on PostgreSQL."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import ExitStack
from typing import Any

import click

DEMO = "demonstration (synthetic)"
GRACE = 3  # s for requests to end: a live stream has no end, and a page that is open would hold the server for ever


@click.command()
@click.option("--db", default=None, metavar="PLACE", help="A folder, a file, or postgresql://... [default: the store]")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, help="The port; 0 takes a free one.")
@click.option("--demo", is_flag=True, help="With synthetic patients and a hospital whose data arrive as you watch.")
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
      vitruvian serve --demo
      vitruvian serve --mllp 2575 --hl7-zone Europe/Berlin --mqtt mqtt://localhost:1883/omh
      vitruvian serve --dask tcp://scheduler:8786
      vitruvian serve --db postgresql://vitruvian@localhost/vitruvian --port 8443 --behind-tls

    While there is no user, a one-time token is printed with which the first one is made (POST /v1/setup). With --demo a
    link is printed that logs in, once; its store is apart from yours unless --db names one. Paths and examples: /docs.
    Ctrl-C ends it; what was acknowledged is on disk.
    """
    import uvicorn

    from vitruvian.api.app import Part, create_app
    from vitruvian.api.devices import services
    from vitruvian.api.site import Settings
    from vitruvian.platform import executors
    from vitruvian.platform.home import home
    from vitruvian.platform.trust import people

    _log(quiet)
    executors.use(dask)
    # A job's process is a fork that becomes another program at once: nothing of JAX runs in between.
    warnings.filterwarnings("ignore", message="os.fork", category=RuntimeWarning)
    with ExitStack() as stack:
        if demo:
            db = str(home() / "demo") if db is None else db
            mllp = "127.0.0.1:0" if mllp is None else mllp
            mqtt = _broker(stack) if mqtt is None else mqtt
        parts = [Part(services=services(mllp, hl7_zone, mqtt))]
        app = create_app(db, settings=Settings(secure_cookies=behind_tls, demonstration=demo), parts=parts)
        site = app.site
        how: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
        config = uvicorn.Config(app, host=host, port=port, timeout_graceful_shutdown=GRACE, **how)
        listening = config.bind_socket()
        address = f"http://{host}:{listening.getsockname()[1]}"
        click.echo(f"Vitruvian listens on {address}  (database: {site.database.where})")
        if site.database.found:
            click.echo(f"Found at the start: {site.database.found}.")
        if demo:
            _demonstrate(site, address, mqtt)
        else:
            with site.database.write() as connection:
                token = people.setup_token(connection, site.now_us)
            if token is not None:
                click.echo(f"No user yet. One-time set-up token: {token}")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listening])


def _broker(stack: ExitStack) -> str | None:
    """A broker for the sensors of the demonstration, or word that there is none."""
    from vitruvian.api.demo import broker

    url = stack.enter_context(broker.running())
    if url is None:
        click.echo("No MQTT broker: mosquitto is not installed (apt-get install mosquitto). Sensors post over HTTP.")
    return url


def _demonstrate(site: Any, address: str, broker: str | None) -> None:
    """Add the synthetic sources, and print the link that logs in."""
    from vitruvian.api.demo import service
    from vitruvian.platform.trust import people

    with site.database.write() as connection:
        for token in people.list_tokens(connection, "local"):  # those of earlier starts are worth nothing any more
            if token["name"] == DEMO and token["revoked_us"] is None:
                people.revoke_token(connection, "local", token["id"], site.now_us)
        source = people.add_token(connection, "local", DEMO, "engineer", None, "server", site.now_us)[1]
        link = people.login_token(connection, "local", "demo", "admin", site.now_us)
    site.services.append(service(address, source, broker))
    click.echo("A demonstration: six patients and a hospital, all synthetic. They fill in over the first two minutes.")
    click.echo(f"Open this link; it logs you in, once:  {address}/enter?token={link}")


def _log(quiet: bool) -> None:
    """One JSON object a line on stderr; what names a person never gets there."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("vitruvian")
    root.addHandler(handler)
    root.setLevel(logging.WARNING if quiet else logging.INFO)
    root.propagate = False
