"""--dask: members are run on a Dask cluster that is there already."""

from __future__ import annotations

from typing import Any

import click


def _use(context: click.Context, _parameter: click.Parameter, address: str | None) -> None:
    if not address:
        return
    from vitruvian.platform import executors

    executors.use(address)
    context.call_on_close(lambda: executors.use(""))


dask_option: Any = click.option(
    "--dask",
    metavar="ADDRESS",
    envvar="VITRUVIAN_DASK",
    expose_value=False,
    callback=_use,
    help="Run members on this Dask cluster, e.g. tcp://scheduler:8786. The answer is the same to the last bit.",
)
