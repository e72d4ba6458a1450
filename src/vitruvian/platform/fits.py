"""Fits of a kind made from a tenant's own subjects: made, compared on others, taken into use, taken back.

    drift is seen -> a fit is made from some subjects -> compared with the one in use on the others -> somebody takes it

Nothing is taken by itself. The line of uses is only added to; to go back is a new entry that names the fit before.
Twins whose belief rests on another fit are calibrated again: those that are followed at once, others when asked.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from vitruvian.core.errors import FieldError, InferenceError, KindError, MissingError, StoreError
from vitruvian.core.keys import generator
from vitruvian.core.kind import AbstractKind, Fittable
from vitruvian.models.drift.renewable import Followed, Renewable
from vitruvian.models.drift.retraining import Entry, HeldBack, Line, held_back
from vitruvian.platform import executors
from vitruvian.platform.executors.sharding import Local, placed
from vitruvian.platform.instant import micros, text, to_seconds
from vitruvian.platform.jobs import queue
from vitruvian.platform.store import Store
from vitruvian.platform.store.schema import twins
from vitruvian.platform.store.schema_fits import fit_uses, fits
from vitruvian.platform.store.schema_live import standing

HELD = 0.4  # share of the subjects that a new fit is compared on, and not made from: assumed
OPENED = 16  # fits kept in memory
_KEPT: dict[tuple[str, str], AbstractKind] = {}


def kind_of(store: Store, name: str) -> AbstractKind:
    """The kind as this tenant uses it: as it came, or with the fit that was taken into use last."""
    kind = executors.place(name)
    if not isinstance(kind, Renewable):
        return kind
    with store.database.read() as connection:
        used = _newest(connection, store.tenant, name)
        if used is None or used["fit_id"] is None:
            return kind
        return _opened(connection, store.tenant, kind, used["fit_id"])


def make(
    store: Store,
    name: str,
    *,
    reason: str = "",
    seed: int = 0,
    now: datetime,
    actor: str,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """A new fit of a kind from the tenant's subjects, compared with the one in use on subjects held back; kept.

    reason: why; by default what drift of the kind is seen now.
    """
    from vitruvian.platform.follow import drifting

    old = renewable(kind_of(store, name))
    with store.database.read() as connection:
        why = reason.strip() or drifting.of_kind(connection, store.tenant, name).proposal or ""
    if not why:
        raise FieldError("nothing has drifted", where="reason", fix="say why it is to be fitted again all the same")
    people = _followed(store, name)
    if len(people) < 2:
        raise InferenceError(
            f"{len(people)} twins of {name} have readings", where=f"kind '{name}'", fix="follow more subjects first"
        )
    order = generator(seed, "held back", name).permutation(len(people))
    held = {int(i) for i in order[: max(1, round(HELD * len(people)))]}
    progress(0.1)
    new = renewable(old.fit_again([p for i, p in enumerate(people) if i not in held], seed))
    progress(0.7)
    asked = [people[i] for i in sorted(held)]
    before, after = old.told(asked), new.told(asked)
    if not len(before.y):
        fix = "record outcomes of more subjects"
        raise InferenceError(f"none of {len(asked)} held-back subjects has an outcome", where=f"kind '{name}'", fix=fix)
    compared = held_back(before.p, after.p, before.y, before.whose, seed)
    row = _row(store.tenant, name, old, new, why, compared, actor, micros(now))
    with store.database.write() as connection:
        connection.execute(insert(fits).values(**row))
    return _told(row)


def take(connection: Connection, tenant: str, name: str, fit: str, reason: str, actor: str, now_us: int) -> int:
    """Use this fit from now on: the version of its use. FieldError where it is not better on the held-back subjects, or
    was compared with another fit than the one in use."""
    row = _find(connection, tenant, name, fit)
    line, uses = line_of(connection, tenant, name)
    if row["against"] != line.current.artefact:
        raise FieldError(
            "was compared with another fit than the one that is in use", where=f"fit {fit}", fix="make a new one"
        )
    line.take(row["artefact"], now_us / 1e6, reason, compared_of(row["compared"]))
    return _use(connection, tenant, name, len(uses), fit, row["artefact"], reason, actor, now_us)


def back(connection: Connection, tenant: str, name: str, reason: str, actor: str, now_us: int) -> int:
    """Use the fit before the present one again; twice is further back."""
    if not reason.strip():
        raise FieldError("is empty", where="reason", fix="say why it is taken back")
    line, uses = line_of(connection, tenant, name)
    artefact = line.back(now_us / 1e6, reason).current.artefact
    fit = next((u["fit_id"] for u in uses if u["artefact"] == artefact), None)
    return _use(connection, tenant, name, len(uses), fit, artefact, reason, actor, now_us)


def line_of(connection: Connection, tenant: str, name: str) -> tuple[Line, list[dict[str, Any]]]:
    """All uses, as a line that starts with what came with the package, and their rows."""
    rows = connection.execute(
        select(fit_uses).where(fit_uses.c.tenant == tenant, fit_uses.c.kind == name).order_by(fit_uses.c.version)
    )
    uses = [dict(row) for row in rows.mappings()]
    shipped = renewable(executors.place(name))
    assert isinstance(shipped, Fittable)
    first = Entry(shipped.artefact, 0.0, "as it came with the package")
    return Line((first, *(Entry(u["artefact"], u["at_us"] / 1e6, u["reason"]) for u in uses))), uses


def told(connection: Connection, tenant: str, name: str) -> dict[str, Any]:
    """Which fit is in use, the line of uses, and every fit that was made, the newest first."""
    line, uses = line_of(connection, tenant, name)
    f = fits.c
    columns = [c for c in f if c.name != "blob"]
    rows = connection.execute(
        select(*columns).where(f.tenant == tenant, f.kind == name).order_by(f.created_us.desc(), f.id)
    ).mappings()
    said = [{"version": 0, "fit": None, "artefact": line.entries[0].artefact, "reason": line.entries[0].reason,
             "actor": "", "at": None}]  # fmt: skip
    for u in uses:
        said.append({"version": u["version"], "fit": u["fit_id"], "artefact": u["artefact"], "reason": u["reason"],
                     "actor": u["actor"], "at": text(u["at_us"])})  # fmt: skip
    return {"kind": name, "current": said[-1], "uses": said, "fits": [_told(dict(row)) for row in rows]}


def compared_of(said: Mapping[str, Any]) -> HeldBack:
    """Back from its JSON."""
    return HeldBack(**{**said, "interval": (said["interval"][0], said["interval"][1])})


def _followed(store: Store, name: str) -> list[Followed]:
    out = []
    for row in store.list_twins():
        if row.kind != name:
            continue
        record = store.record(row.id).until(math.inf)
        if len(record):
            last = to_seconds(store.known_until(row.id) or 0, row.origin)
            until = max(float(record.valid_time.max()), min(last, float(record.known_at.max())))
            out.append(Followed(row.id, store.case(row.id), record, until))
    return out


def _row(
    tenant: str, name: str, old: Any, new: Any, why: str, compared: HeldBack, actor: str, now_us: int
) -> dict[str, Any]:
    blob = new.to_bytes()
    return {
        "id": f"fit-{secrets.token_hex(5)}",
        "tenant": tenant,
        "kind": name,
        "artefact": new.artefact,
        "against": old.artefact,
        "origin": new.origin,
        "reason": why,
        "compared": compared.to_json(),
        "blob": blob,
        "digest": hashlib.sha256(blob).hexdigest(),
        "actor": actor,
        "created_us": now_us,
    }


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "kind", "artefact", "against", "origin", "reason", "compared", "actor")
    return {**{n: row[n] for n in names}, "created": text(row["created_us"])}


def _use(
    connection: Connection,
    tenant: str,
    name: str,
    before: int,
    fit: str | None,
    artefact: str,
    reason: str,
    actor: str,
    now_us: int,
) -> int:
    row = {"tenant": tenant, "kind": name, "version": before + 1, "fit_id": fit, "artefact": artefact}
    connection.execute(insert(fit_uses).values(**row, reason=reason, actor=actor, at_us=now_us))
    s = standing.c
    match = select(s.twin_id).join_from(standing, twins, s.twin_id == twins.c.id)
    followed = match.where(s.tenant == tenant, twins.c.kind == name, s.ended_us.is_(None))
    for twin in connection.execute(followed).scalars().all():
        if not queue.waiting(connection, twin, "calibrate"):
            queue.put(connection, tenant, twin, "calibrate", {}, actor, now_us)
    return before + 1


def _newest(connection: Connection, tenant: str, name: str) -> Mapping[str, Any] | None:
    u = fit_uses.c
    match = select(u.fit_id, u.artefact).where(u.tenant == tenant, u.kind == name)
    row = connection.execute(match.order_by(u.version.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def _find(connection: Connection, tenant: str, name: str, fit: str) -> Mapping[str, Any]:
    f = fits.c
    match = select(fits).where(f.id == fit, f.tenant == tenant, f.kind == name)
    row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no fit '{fit}' of {name}", where="fits", fix="see the list of its fits")
    return dict(row)


def _opened(connection: Connection, tenant: str, kind: AbstractKind, fit: str) -> AbstractKind:
    """The kind with this fit: the same object every time, which is what groups twins."""
    key = (fit, executors.current().address)
    if key not in _KEPT:
        row = _find(connection, tenant, kind.name, fit)
        if hashlib.sha256(row["blob"]).hexdigest() != row["digest"]:
            fix = "restore the database from a backup, or go back to the fit before"
            raise StoreError("is damaged: its bytes do not match their digest", where=f"fit {fit}", fix=fix)
        made = renewable(kind).of_bytes(row["blob"], f"fit {fit}")
        if len(_KEPT) >= OPENED:
            _KEPT.clear()
        _KEPT[key] = made if isinstance(executors.current(), Local) else placed(made, executors.current())
    return _KEPT[key]


def renewable(kind: AbstractKind) -> Any:
    """The kind; KindError where it cannot be fitted again here."""
    if not isinstance(kind, Renewable):
        raise KindError("cannot be fitted again", where=f"kind '{kind.name}'", fix="calibrate its twins instead")
    return kind
