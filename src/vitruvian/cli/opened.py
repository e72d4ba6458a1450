"""The store and the twin a command works on; closed when the command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vitruvian.platform.live import LiveTwin
    from vitruvian.platform.session import Session


def session() -> Session:
    """The session on the store in $VITRUVIAN_HOME."""
    from vitruvian.platform.session import Session

    made = Session.begin()
    click.get_current_context().call_on_close(made.store.close)
    return made


def twin(name: str) -> LiveTwin:
    """The twin of this id or subject's name."""
    return session().open(name)
