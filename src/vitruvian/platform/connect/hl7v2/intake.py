"""A message in: stored as it came, read, written into resources, and answered, all in one transaction.

Its resources go where FHIR's go (and from there to the twins). A message that comes again gets the answer it got. What
no resource is made of stays in the raw message. Of two contents of one thing the one that was said later holds,
whichever arrives first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import hl7
from sqlalchemy import Connection, insert, select

from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.platform.connect.fhir import arrival, search
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.connect.fhir.validate import structure
from vitruvian.platform.connect.fhir.values import span
from vitruvian.platform.connect.hl7v2 import ack, orders, patients, reading, results, visits, wire
from vitruvian.platform.connect.hl7v2.ack import Fault
from vitruvian.platform.connect.hl7v2.context import Context, Faulty
from vitruvian.platform.instant import micros, text
from vitruvian.platform.store import chain
from vitruvian.platform.store.schema_fhir import messages

TYPES = frozenset((  # message types of HL7 table 0076 that are sent unasked, and answers
    "ADT", "ORU", "ORM", "OML", "OMG", "OUL", "SIU", "MDM", "RDE", "RDS", "RAS", "RGV", "DFT", "BAR", "VXU",
    "REF", "RRI", "PPR", "PGL", "PTR", "MFN", "ORL", "ORR", "SRM", "VXQ", "OMP", "OMS", "OMD", "OMI", "OMB",
    "OMN", "ORA", "QBP", "QRY", "RSP", "CRM", "CSU", "PPP", "PMU", "PIN", "PEX", "EHC", "ESU", "SSU", "SLR",
    "INU", "STC", "TCU", "EAR", "NMD", "SDR", "SMD", "OPL", "OPR", "OPU", "ORD", "ORF",
))  # fmt: skip
UTC = ZoneInfo("UTC")
RESULTS = ("ORU", "OUL", "ADT", "MDM", "SIU")  # whose OBX are about the patient, not about an order
ORDERS = ("ORM", "OML", "OMG")
MERGES = {"A18", "A34", "A40"}
WRITING = Callable[[Callable[[Connection], Any]], Any]


class Answered(NamedTuple):
    """The answers (none, where none was asked for; two, where MSH-15 and MSH-16 both ask), and whether it was taken."""

    texts: tuple[str, ...]
    taken: bool


@dataclass(frozen=True)
class Intake:
    """Takes messages of one tenant. `zone`: of times without an offset. `writing` runs work in a transaction."""

    writing: WRITING
    clock: Callable[[], datetime]
    tenant: str = "local"
    zone: ZoneInfo = UTC

    def take(self, data: bytes) -> tuple[bytes, ...]:
        """The answers to a frame or file, each to be framed: ACKs in the sender's character set, a batch's in one."""
        codec = "utf-8"
        try:
            decoded = wire.decode(data)
            codec = decoded.codec
            batch = wire.split(decoded.text)
        except ParseError as err:
            header = ack.fields(data.decode("latin-1").lstrip("\ufeffï»¿\r\n "))
            return (ack.reply(header, self.clock(), _fault(err).kind, _fault(err)).encode(codec, "replace"),)
        replies = [text for message in batch.messages for text in self.one(message).texts]
        if any(line.startswith("BHS") for line in batch.envelope):
            replies = ["".join(_enveloped(batch.envelope, replies))]
        elif batch.envelope:
            replies = ["".join(replies)]
        return tuple(reply.encode(codec, "replace") for reply in replies)

    def one(self, message: str) -> Answered:
        """A single message."""
        header = ack.fields(message)
        try:
            context = self._context(message, header)
        except Faulty as err:
            return self._refused(header, err.fault)

        def work(connection: Connection) -> Answered:
            return self._write(connection, message, header, context)

        try:
            return self.writing(work)
        except Faulty as err:
            return self._refused(header, err.fault)
        except VitruvianError as err:
            return self._refused(header, Fault(207, "MSH", err.message, err.fix or "send it again"))

    def _context(self, message: str, header: list[str]) -> Context:
        try:
            parsed = reading.parse(message)
            found = tuple(reading.segments(parsed))
        except (hl7.HL7Exception, ValueError, IndexError, KeyError) as err:
            raise Faulty(100, "MSH", f"cannot be parsed ({str(err)[:80]})", "begin with MSH|^~\\&|") from None
        _check_header(found[0])
        said = reading.instant(found[0].at(7), self.zone) or text(micros(self.clock()))
        return Context(found, self.zone, said, (span(said) or (0, 0))[0])

    def _write(self, connection: Connection, message: str, header: list[str], context: Context) -> Answered:
        now = self.clock()
        key = chain.digest(self.tenant, context.header.at(3), context.header.at(4), context.header.at(10), message)
        own = messages.c
        held = select(own.answer).where(own.tenant == self.tenant, own.protocol == "hl7v2", own.digest == key)
        before = connection.execute(held).scalar()
        if before is not None:
            return Answered(tuple(json.loads(before)), True)
        seq = chain.take_lock(connection) + 1
        chain.give_out(connection, seq)
        sender = "|".join(context.header.at(n) for n in (3, 4))
        archive = Archive(connection, self.tenant, micros(now), sender or "hl7", f"hl7 {context.header.at(10)}")
        archive.said_us = context.said_us
        for resource in _resources(archive, context):
            _keep(archive, resource)
        archive.release()
        feed(archive)
        replies = _replies(header, now, None)
        row = {"seq": seq, "tenant": self.tenant, "protocol": "hl7v2", "sender": sender[:200], "digest": key}
        row |= {"message_id": context.header.at(10)[:200], "raw": message.encode(), "answer": json.dumps(replies)}
        connection.execute(insert(messages).values(**row, received_us=micros(now)))
        return Answered(replies, True)

    def _refused(self, header: list[str], fault: Fault) -> Answered:
        return Answered(_replies(header, self.clock(), fault), False)


def _check_header(msh: Any) -> None:
    if not msh.at(9):
        raise Faulty(101, "MSH-9", "does not say what type of message it is", "send e.g. ADT^A01")
    if msh.at(9).upper() not in TYPES:
        raise Faulty(200, "MSH-9", f"the message type '{msh.at(9)[:20]}' is not known", "send a type of the standard")
    if not msh.at(10):
        raise Faulty(101, "MSH-10", "has no message control id", "give every message its own")
    if not msh.at(12).startswith("2."):
        raise Faulty(203, "MSH-12", f"the version '{msh.at(12)[:20]}' is not read", "send version 2.1 to 2.9")
    if msh.at(11).upper() not in ("", "P", "T", "D"):
        raise Faulty(202, "MSH-11", f"the processing id '{msh.at(11)[:20]}' is not known", "use P, T or D")


def _resources(archive: Archive, context: Context) -> Iterator[dict[str, Any]]:
    kind, event = context.header.at(9).upper(), context.header.at(9, 2).upper()
    who = patients.patient(context)
    if who is None and kind == "ADT":
        raise Faulty(100, "PID", "an ADT message without PID", "send PID")
    if who is not None:
        who = _known(archive, who)
        yield who
    if event in MERGES and kind == "ADT" and who is not None:
        yield from _merged(archive, context, who)
        return
    if kind == "ADT" and event == "A37" and who is not None:
        yield from _parted(archive, context, who)
        return
    name = str(who["id"]) if who is not None else ""
    stay = ""
    if who is not None and context.first("PV1") is not None:
        stay = visits.encounter_id(context, name)
        held = archive.newest("Encounter", stay)
        made = visits.encounter(context, event, name, None if held is None or held.deleted else held.resource)
        if kind == "ADT" and made is not None:
            yield made
        elif held is None:
            stay = ""
    if who is not None and kind in RESULTS:
        yield from results.observations(context, name, stay)
    if who is not None and kind in ORDERS:
        yield from orders.requests(context, name, stay)
    if kind == "SIU":
        yield orders.appointment(context, event, name or None)


def _known(archive: Archive, patient: dict[str, Any]) -> dict[str, Any]:
    """The patient under the id that it has here already: by any of its identifiers."""
    if archive.head("Patient", str(patient["id"])) is not None:
        return patient
    for one in patient["identifier"]:
        name = patients.patient_id(one)
        if archive.head("Patient", name) is not None:
            return patient | {"id": name}
        query = [("identifier", f"{one['system']}|{one['value']}")]
        found = search.matches(archive.connection, "Patient", query, archive.tenant)
        if found:
            return patient | {"id": found[0].id}
    return patient


def _merged(archive: Archive, context: Context, who: dict[str, Any]) -> Iterator[dict[str, Any]]:
    link = {"other": {"reference": f"Patient/{who['id']}"}, "type": "replaced-by"}
    for prior in _priors(archive, context):
        if prior["id"] != who["id"]:
            others = [one for one in prior.get("link", ()) if one != link]
            yield {**prior, "active": False, "link": [*others, link]}


def _parted(archive: Archive, context: Context, who: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A37: the two patients (two PID segments) are not one."""
    second = [s for s in context.segments if s.name == "PID"][1:]
    found = [context.identifiers(pid, 3) for pid in second]
    if not found or not found[0]:
        raise Faulty(100, "PID", "an unlink of one patient", "send two PID segments")
    other = _stored(archive, found[0][0])
    for one, two in ((who, other), (other, who)):
        held = archive.newest("Patient", str(one["id"]))
        if held is None or held.deleted:
            continue
        resource = held.resource
        rest = [n for n in resource.get("link", ()) if n["other"].get("reference") != f"Patient/{two['id']}"]
        if len(rest) != len(resource.get("link", ())):
            less = {key: value for key, value in resource.items() if key not in ("link", "active")}
            yield {**less, **({"link": rest} if rest else {"active": True})}


def _priors(archive: Archive, context: Context) -> Iterator[dict[str, Any]]:
    for one in patients.prior(context):
        yield _stored(archive, one)


def _stored(archive: Archive, identifier: dict[str, Any]) -> dict[str, Any]:
    """The patient of an identifier as it is stored, or a new one that only has the identifier."""
    bare = {"resourceType": "Patient", "id": patients.patient_id(identifier), "identifier": [identifier]}
    named = _known(archive, bare)
    held = archive.newest("Patient", str(named["id"]))
    return named if held is None or held.deleted else held.resource


def _keep(archive: Archive, resource: dict[str, Any]) -> None:
    if issues := structure(resource):
        first = issues[0]
        raise Faulty(102, "MSH", f"{first.expression} {first.what}", first.fix)
    kind, name = str(resource["resourceType"]), str(resource["id"])
    if kind == "Encounter" or "link" in resource or "active" in resource:  # made from what is stored
        archive.put(resource, name)
        return
    if kind == "Patient":
        held = archive.newest(kind, name)
        if held is not None and not held.deleted:
            resource = _with_links(resource, held.resource)
    arrival.keep(archive, resource)


def _with_links(resource: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Demographics say nothing of merges; identifiers are gathered."""
    known = {f"{i.get('system')}|{i.get('value')}": i for i in stored.get("identifier", ())}
    known |= {f"{i['system']}|{i['value']}": i for i in resource["identifier"]}
    kept = {key: stored[key] for key in ("link", "active") if key in stored}
    return resource | {"identifier": sorted(known.values(), key=lambda i: (i.get("system", ""), i["value"]))} | kept


def _replies(header: list[str], now: datetime, fault: Fault | None) -> tuple[str, ...]:
    """The commit answer as MSH-15 asks, the application's as MSH-16 asks; with neither (original mode) the latter."""
    accept, application = ((header[n].strip().upper() if len(header) > n else "") for n in (15, 16))
    if not accept and not application:
        application = "AL"
    code = "AA" if fault is None else fault.kind
    codes = [f"C{code[1]}"] if _wanted(accept, fault) else []
    codes += [code] if _wanted(application, fault) else []
    return tuple(ack.reply(header, now, one, fault) for one in codes)


def _wanted(mode: str, fault: Fault | None) -> bool:
    """AL always, NE never, SU on success, ER on error (table 0155)."""
    return mode == "AL" or (mode == "SU" and fault is None) or (mode == "ER" and fault is not None)


def _enveloped(envelope: tuple[str, ...], replies: list[str]) -> list[str]:
    head = next(line for line in envelope if line.startswith("BHS"))
    fields = head.split(head[3])
    sent = [*fields, *[""] * (12 - len(fields))]
    answer = ["BHS", sent[1], sent[4], sent[5], sent[2], sent[3], "", "", "", "", "", sent[10]]
    return [head[3].join(answer) + "\r", *replies, f"BTS{head[3]}{len(replies)}\r"]


def _fault(err: ParseError) -> Fault:
    code = 102 if err.where == "MSH-18" else 100
    return Fault(code, err.where, err.what, err.fix)
