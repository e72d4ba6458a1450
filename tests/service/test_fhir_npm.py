"""Our verdicts beside those of npm `fhir` (another validator) on official examples and single faults put into them.

Where the two disagree it is on an official example that npm refuses: a choice element it does not know by its type
(allowedBoolean), and references to types that R4 does not name there, which the examples have all the same.
"""

import copy
import json
import random
from pathlib import Path
from typing import Any

import npm
from needs import require_data
from vitruvian.platform.connect.fhir import definitions, written
from vitruvian.platform.connect.fhir.validate import structure

PLAIN = ("boolean", "integer", "positiveInt", "decimal")


def corpus() -> list[tuple[str, dict[str, Any]]]:
    rng, out = random.Random(1), []
    for path in sorted(require_data("interop", "fhir-r4-official-examples").glob("*.json")):
        base = json.loads(path.read_text("utf-8"))
        shape = definitions.shape(base["resourceType"])
        out.append((f"{path.name} as it is", base))
        out.append((f"{path.name} unknown element", {**base, "notAnElement": "x"}))
        required = [key for key in shape.required if key in base]
        bound = [
            k for k, e in shape.elements.items() if isinstance(e.codes, frozenset) and isinstance(base.get(k), str)
        ]
        plain = [k for k, e in shape.elements.items() if e.type in PLAIN and k in base]
        if required:
            gone = rng.choice(required)
            out.append((f"{path.name} without {gone}", {k: v for k, v in base.items() if k != gone}))
        if bound:
            out.append((f"{path.name} wrong code", {**copy.deepcopy(base), rng.choice(bound): "zzz-wrong"}))
        if plain:
            out.append((f"{path.name} text for a number", {**copy.deepcopy(base), rng.choice(plain): "true"}))
    return out


def test_at_most_one_in_a_hundred_verdicts_differs(tmp_path: Path) -> None:
    cases = corpus()
    (tmp_path / "cases.json").write_text(json.dumps([resource for _, resource in cases]))
    npm.run("verdicts.js", tmp_path / "cases.json", tmp_path / "said.json")
    theirs = json.loads((tmp_path / "said.json").read_text())
    differ = [
        (name, messages[:1])
        for (name, resource), (valid, messages) in zip(cases, theirs, strict=True)
        if bool(valid) == bool(structure(written.loads(json.dumps(resource))))
    ]
    print(f"{len(differ)} of {len(cases)} differ: {differ}")
    assert len(differ) <= 0.01 * len(cases)
    assert all(name.endswith("as it is") for name, _ in differ), "every fault is found by both"
