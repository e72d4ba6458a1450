"""Which executor this process uses: local until one is named."""

from __future__ import annotations

from functools import cache

from vitruvian.core.errors import FieldError
from vitruvian.core.kind import AbstractKind
from vitruvian.platform import registry
from vitruvian.platform.executors.sharding import AbstractExecutor, Local, placed

_USED: list[AbstractExecutor] = [Local()]  # the last is used


def current() -> AbstractExecutor:
    """The executor of this process."""
    return _USED[-1]


def use(address: str) -> AbstractExecutor:
    """From now on members are run on this Dask cluster ("": in this process). FieldError when it cannot be reached."""
    if address:
        if "://" not in address:
            fix = "write the scheduler's address like tcp://scheduler:8786"
            raise FieldError(f"'{address}' is no address of a cluster", where="--dask", fix=fix)
        from vitruvian.platform.executors.cluster import Cluster  # lazy: an extra

        made: AbstractExecutor = Cluster.connect(address)
    else:
        made = Local()
    current().close()
    _USED[-1] = made
    place.cache_clear()
    return made


@cache
def place(name: str) -> AbstractKind:
    """The kind of this name, as this process runs it: the same object every time, which is what groups twins."""
    kind = registry.get(name)
    return kind if isinstance(current(), Local) else placed(kind, current())
