"""Panels are data: what they name, their kind has."""

import pytest

from vitruvian.kinds.hospital.model import Hospital
from vitruvian.kinds.hospital.seen import slug
from vitruvian.platform import described, registry

KINDS = sorted({"metabolic", "hospital", "infusion", "deterioration", "vitals"})


@pytest.mark.parametrize("name", KINDS)
def test_what_a_panel_names_the_kind_has(name: str) -> None:
    kind = registry.get(name)
    known = {o.name for o in (*kind.observables, *kind.quantities)} | {"patient"}  # rows of who is where
    panels = described.panels(kind)
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert set(panel["of"]) <= known, panel["id"]
        if "action" in panel:
            kind.action_type(panel["action"])
        for limit in (*panel.get("constraints", ()), *([panel["objective"]] if "objective" in panel else ())):
            kind.quantity(limit["quantity"])


def test_the_floor_has_the_models_steps_and_beds() -> None:
    kind = registry.get("hospital")
    assert isinstance(kind, Hospital)
    (floor,) = (panel for panel in described.panels(kind) if panel["type"] == "floor")
    assert [(s["name"], s["place"]) for s in floor["steps"]] == [(s.name, s.place) for s in kind.model.steps]
    assert floor["classes"] == [c.name for c in kind.model.classes]
    beds = {pool.name: sum(part.count for part in pool.parts) for pool in kind.model.pools}
    assert floor["beds"]["wards"] == beds["ward bed"]


def test_the_gantt_has_the_models_machines_and_rooms() -> None:
    kind = registry.get("hospital")
    assert isinstance(kind, Hospital)
    (gantt,) = (panel for panel in described.panels(kind) if panel["type"] == "gantt")
    pools = {pool.name: sum(part.count for part in pool.parts) for pool in kind.model.pools}
    steps = {step.name for step in kind.model.steps}
    busy = {f"busy_{slug(name)}": count for name, count in pools.items()}
    for resource in gantt["resources"]:
        assert set(resource["steps"]) <= steps
        assert resource["count"] == busy[resource["busy"]]
        kind.observable(resource["busy"])
