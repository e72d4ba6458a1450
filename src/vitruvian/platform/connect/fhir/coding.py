"""Codes to a kind's observables and actions: by the codes that the kind itself declares, and those that mean the same.

LOINC gives a mass and a substance concentration of one analyte two codes; a reading under either is converted, once, to
the observable's own unit, by analyte where that needs a molar mass (core.units).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vitruvian.core.action import Action
from vitruvian.core.errors import KindError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import Observable

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
OWN = "urn:vitruvian:observable"  # a kind's own names, for what has no LOINC code

# analyte: groups of LOINC codes that differ only in their property (mass, substance) or the way they are written
SAME = {
    "glucose": (
        frozenset({"99504-3"}),  # interstitial fluid, mass
        frozenset({"2339-0", "15074-8"}),  # blood, mass and substance
        frozenset({"2345-7", "14749-6"}),  # serum or plasma
        frozenset({"41653-7", "14743-9"}),  # capillary blood by glucometer
    ),
    "hba1c": (frozenset({"4548-4", "59261-8", "17856-6"}),),  # blood: NGSP %, IFCC mmol/mol, by HPLC
    "cholesterol": (frozenset({"2093-3", "14647-2"}),),
    "triglycerides": (frozenset({"2571-8", "14927-8"}),),
    "insulin": (frozenset({"20448-7", "14796-3"}),),
    "": (
        frozenset({"59408-5", "2708-6"}),  # oxygen saturation in arterial blood: by pulse oximetry, not said how
        frozenset({"8310-5", "8331-1"}),  # body temperature, oral
    ),
}
GROUPS = {code: (analyte, group) for analyte, groups in SAME.items() for group in groups for code in group}


class Seen(NamedTuple):
    """An observable and the analyte by which its unit is converted ("" for none)."""

    observable: Observable
    analyte: str


def observable(kind: AbstractKind, codings: Iterable[Mapping[str, str]]) -> Seen:
    """The observable of these codings; KindError when the kind has none."""
    tried = []
    for coding in codings:
        system, code = coding.get("system", ""), coding.get("code", "")
        tried.append(f"{system}|{code}")
        if system == OWN and any(o.name == code for o in kind.observables):
            return Seen(kind.observable(code), analyte(kind.observable(code).code))
        if system != LOINC:
            continue
        means, group = GROUPS.get(code, ("", frozenset({code})))
        for found in kind.observables:
            if found.code in group and found.axis == "grid" and not found.dims:
                return Seen(found, means)
    has = ", ".join(f"{o.name} ({LOINC}|{o.code})" if o.code else o.name for o in kind.observables)
    what = f"no observable of kind '{kind.name}' has the code {', '.join(tried) or '(none)'}"
    raise KindError(what, where="code", fix=f"nothing to do, or code it as one of {has}")


def analyte(code: str) -> str:
    """The analyte of a LOINC code, for its units."""
    return GROUPS.get(code, ("", frozenset()))[0]


def sensor(kind: AbstractKind, name: str, device: str) -> str:
    """Which of the kind's sensors took it: the one named in the device's name, else the unnamed or only one."""
    known = [n.sensor for n in kind.noises if n.observable == name]
    said = device.casefold()
    for family in sorted((s for s in known if s), key=len, reverse=True):
        if family.replace("_", " ").casefold() in said or family.casefold() in said:
            return family
    if "" in known or len(known) == 1:
        return "" if "" in known else known[0]
    if not known:
        raise KindError(f"kind '{kind.name}' has no sensor for {name}", where="device", fix="nothing to do")
    raise KindError(f"which sensor took {name} is not said", where="device", fix=f"name it: {', '.join(known)}")


def action(
    kind: AbstractKind, codings: Iterable[Mapping[str, str]], *, rate: bool
) -> tuple[type[Action], Mapping[str, str]]:
    """The action type of these codings and the fields they fix; `rate`: it is given by a rate."""
    tried = []
    for coding in codings:
        key = f"{coding.get('system', '')}|{coding.get('code', '')}"
        tried.append(key)
        fits = [cls for cls in kind.actions if key in cls.codes]
        for cls in fits:
            if ("rate" in infos(cls)) == rate or len(fits) == 1:
                return cls, cls.codes[key]
    has = sorted({code for cls in kind.actions for code in cls.codes})
    what = f"no action of kind '{kind.name}' has the code {', '.join(tried) or '(none)'}"
    raise KindError(
        what, where="code", fix=f"nothing to do, or code it as one of {', '.join(has)}" if has else "nothing to do"
    )
