"""Drift of a kind over HTTP, for whoever may see its twins."""

from served import Served


def test_drift_of_a_kind(served: Served) -> None:
    said = served.call("GET", "/v1/kinds/infusion/drift").json()
    assert said == {"kind": "infusion", "proposal": None, "inputs": [], "outcomes": []}
    assert served.call("GET", "/v1/kinds/nothing/drift").status_code == 404
