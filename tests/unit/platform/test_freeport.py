"""A free port is one that can be listened on, and that no outgoing connection is given."""

from pathlib import Path

import pytest

from vitruvian.platform import freeport

pytestmark = pytest.mark.fast


def test_it_lies_below_those_of_outgoing_connections():
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert {freeport.free_port() < max(lowest, freeport.USUAL) for _ in range(20)} == {True}


def test_where_nothing_below_is_free_the_system_chooses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(freeport, "TRIES", 0)
    assert freeport.free_port() > 0
