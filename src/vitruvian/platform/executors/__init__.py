"""Where members are run: in this process, or on a Dask cluster that is there already.

    executors.use("tcp://scheduler:8786")     # for everything that this process asks of its twins from now on

`run` is pure, so its members may be run anywhere: an executor shards the member axis (of a cohort and of options too)
and joins the answers, which are those of a local run to the last bit. Kinds and verbs know nothing of it.
"""

from vitruvian.platform.executors.sharding import AbstractExecutor, Call, Local, placed, worked
from vitruvian.platform.executors.using import current, place, use

__all__ = ["AbstractExecutor", "Call", "Local", "current", "place", "placed", "use", "worked"]
