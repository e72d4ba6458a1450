"""Observations, given medications and visits as facts of a twin: readings, actions, or kept aside with the reason.

Valid time is when it was observed or given; known since `issued`, or the extension urn:vitruvian:said, where one is
there. A further version of a resource is
a further version of its fact; one that was entered in error, or deleted, takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.units import convert, spoken
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.fhir import coding, values
from vitruvian.platform.connect.fhir.arrival import SAID
from vitruvian.platform.connect.fhir.coding import UCUM
from vitruvian.platform.instant import text
from vitruvian.platform.store.facts import Deed, Observation

TYPES = ("Observation", "MedicationAdministration", "Encounter")
TAKEN_BACK = ("entered-in-error", "cancelled", "not-done", "unknown")
EARLY = 300 * 1_000_000  # us that a sender's clock may run ahead of ours; assumed
LIMITS = {"<": -1, "<=": -1, ">": 1, ">=": 1}
RAW = 500


@dataclass(frozen=True)
class Facts:
    """What a resource says to a kind."""

    readings: tuple[Observation, ...] = ()
    deeds: tuple[Deed, ...] = ()
    asides: tuple[Aside, ...] = ()


@dataclass(frozen=True)
class Clinical:
    """Reads resources for one kind. `since`: not known before that (a merge told whose they are)."""

    kind: AbstractKind
    now_us: int
    since_us: int | None = None

    def facts(self, resource: Mapping[str, Any]) -> Facts:
        """Nothing, for a type that holds no facts."""
        if resource["resourceType"] == "Observation":
            return self._observation(resource)
        if resource["resourceType"] == "MedicationAdministration":
            return self._given(resource)
        if resource["resourceType"] == "Encounter":
            return self._visit(resource)
        return Facts()

    def _visit(self, resource: Mapping[str, Any]) -> Facts:
        """Where a patient is, for the twin of a place where patients flow."""
        from vitruvian.kinds.hospital import Hospital  # lazy: most servers follow persons
        from vitruvian.platform.connect.fhir import flow

        if not isinstance(self.kind, Hospital):
            return Facts()
        try:
            found = flow.reading(self.kind, resource, self._time)
            return Facts() if found is None else Facts(readings=(found,))
        except VitruvianError as err:
            return Facts(asides=(self._aside(resource, err.where, {}, err),))

    def _observation(self, resource: Mapping[str, Any]) -> Facts:
        readings, asides = [], []
        parts = list(_parts(resource))
        for place, part in parts:
            try:
                readings.append(self._reading(resource, place, part))
            except VitruvianError as err:
                asides.append(self._aside(resource, place or err.where, part, err))
        return Facts(tuple(readings), (), tuple(asides))

    def _reading(self, resource: Mapping[str, Any], place: str, part: Mapping[str, Any]) -> Observation:
        seen = coding.observable(self.kind, part.get("code", {}).get("coding", ()))
        device = _device(resource)
        found = coding.sensor(self.kind, seen.observable.name, device)
        removed = resource.get("status") in TAKEN_BACK
        if removed and not any(key.startswith("value") for key in part):
            value, unit, limit = 0.0, seen.observable.unit, 0  # what is taken back needs no value
        else:
            value, unit, limit = _value(part)
        us = self._time(_effective(resource, "effective"))
        return Observation(
            reading_id=f"Observation/{resource['id']}{place}",
            observable=seen.observable.name,
            valid_us=us,
            value=float(convert(value, unit, seen.observable.unit, seen.analyte)),
            unit=seen.observable.unit,
            known_us=self._known(resource, us),
            limit=limit,
            sensor=found,
            device=device[:200],
            removed=removed,
            row=f"Observation/{resource['id']}",
            raw=f"{value} {unit}",
        )

    def _given(self, resource: Mapping[str, Any]) -> Facts:
        try:
            return Facts(deeds=(self._deed(resource),))
        except VitruvianError as err:
            return Facts(asides=(self._aside(resource, err.where, resource, err),))

    def _deed(self, resource: Mapping[str, Any]) -> Deed:
        dosage = resource.get("dosage", {})
        rate = dosage.get("rateQuantity")
        codings = _medication(resource)
        cls, fixed = coding.action(self.kind, codings, rate=rate is not None)
        start, end = _period(resource, "effective")
        us = self._time(start)
        given: dict[str, Any] = {**fixed}
        amount = rate if rate is not None and "rate" in infos(cls) else dosage.get("dose")
        if amount is None or "value" not in amount:
            raise ParseError("says no dose", where="dosage.dose", fix="give dosage.dose with value and unit")
        own = infos(cls)[cls.amount]
        given[cls.amount] = float(convert(float(amount["value"]), _unit(amount, "dosage"), own.unit))
        if "duration" in infos(cls):
            if end is None or end <= start:
                raise ParseError("says no duration", where="effectivePeriod", fix="give effectivePeriod with its end")
            given["duration"] = float(convert((end - start) / 1e6, "s", infos(cls)["duration"].unit))
        body = cls.from_json({**given, "at": 0.0}).to_json()
        return Deed(
            action_id=f"MedicationAdministration/{resource['id']}",
            type=cls.__name__,
            at_us=us,
            body={name: value for name, value in body.items() if name not in ("type", "at", "known_at")},
            known_us=self._known(resource, us),
            removed=resource.get("status") in TAKEN_BACK,
            row=f"MedicationAdministration/{resource['id']}",
            raw=", ".join(f"{c.get('system')}|{c.get('code')}" for c in codings)[:RAW],
        )

    def _time(self, us: int) -> int:
        if us > self.now_us + EARLY:
            raise ParseError(f"lies in the future ({text(us)})", where="effective", fix="check the sender's clock")
        return us

    def _known(self, resource: Mapping[str, Any], us: int) -> int | None:
        said = resource.get("issued") or next(
            (e["valueInstant"] for e in resource.get("extension", ()) if e.get("url") == SAID and "valueInstant" in e),
            "",
        )
        issued = values.span(said) if said else None
        known = issued[0] if issued else None
        if self.since_us is None:
            return known
        return max(self.since_us, us if known is None else known)

    def _aside(self, resource: Mapping[str, Any], place: str, part: Mapping[str, Any], err: VitruvianError) -> Aside:
        codings = part.get("code", {}).get("coding", ()) or _medication(resource)
        raw = ", ".join(f"{c.get('system')}|{c.get('code')} {c.get('display', '')}" for c in codings)
        raw = raw or ", ".join(p.get("location", {}).get("display", "") for p in resource.get("location", ()))
        name = f"{resource['resourceType']}/{resource['id']}"
        return Aside(name, int(resource["meta"]["versionId"]), place, raw[:RAW], err.what, err.fix or "nothing to do")


def _parts(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The observation itself if it has a value, and its components; ("", itself) when it has neither."""
    components = resource.get("component", ())
    own = any(key.startswith("value") for key in resource)
    if own or not components:
        yield "", resource
    for i, part in enumerate(components):
        yield f"/component[{i}]", part


def _value(part: Mapping[str, Any]) -> tuple[float, str, int]:
    """(value, UCUM unit, beyond which limit)."""
    if "valueInteger" in part:
        return float(part["valueInteger"]), "1", 0
    quantity = part.get("valueQuantity")
    if quantity is None:
        key = next((k for k in part if k.startswith("value")), "")
        what = f"has a {key}, not a number with a unit" if key else "has no value"
        raise ParseError(what, where=key or "value", fix="send a valueQuantity")
    if "value" not in quantity:
        raise ParseError("has a quantity without a value", where="valueQuantity.value", fix="send a value")
    unit = _unit(quantity, "valueQuantity")
    return float(quantity["value"]), unit, LIMITS.get(quantity.get("comparator", ""), 0)


def _unit(quantity: Mapping[str, Any], where: str) -> str:
    unit = quantity.get("code", "") if quantity.get("system") == UCUM else ""
    unit = unit or spoken(quantity.get("unit") or quantity.get("code") or "")
    if not unit:
        raise ParseError("has no unit", where=where, fix="send system, code and unit (UCUM), e.g. mg/dL")
    return unit


def _effective(resource: Mapping[str, Any], group: str) -> int:
    """When it holds: the time itself, the end of a period."""
    start, end = _period(resource, group)
    return start if end is None else end


def _period(resource: Mapping[str, Any], group: str) -> tuple[int, int | None]:
    for suffix in ("DateTime", "Instant"):
        if (said := resource.get(group + suffix)) is not None:
            return _precise(said, group + suffix), None
    period = resource.get(f"{group}Period")
    if period is None or "start" not in period:
        raise ParseError("does not say when", where=group, fix=f"send {group}DateTime with a zone")
    end = _precise(period["end"], f"{group}Period.end") if "end" in period else None
    return _precise(period["start"], f"{group}Period.start"), end


def _precise(said: str, where: str) -> int:
    found = values.span(said)
    if found is None or found[1] - found[0] > values.MINUTE:
        raise ParseError(f"'{said}' has no time of day", where=where, fix="send date, time and zone")
    return found[0]


def _device(resource: Mapping[str, Any]) -> str:
    device = resource.get("device", {})
    return str(device.get("display") or device.get("reference") or device.get("identifier", {}).get("value") or "")


def _medication(resource: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Codings of the medication, or of the contained resource it points to."""
    if "medicationCodeableConcept" in resource:
        return resource["medicationCodeableConcept"].get("coding", ())
    reference = resource.get("medicationReference", {}).get("reference", "")
    for inner in resource.get("contained", ()):
        if f"#{inner.get('id')}" == reference:
            return inner.get("code", {}).get("coding", ())
    return ()
