"""What runs by itself: standing forecasts and their scores, alert rules, alerts and their delivery, jobs.

Rows with a `seq` stand in the one order of ingestion, so that a live stream can go on where it was cut off.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Double, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from vitruvian.platform.store.metadata import Sequence64, metadata

standing = Table(  # a twin that is followed: its belief is renewed when data come, and so is this forecast
    "standing",
    metadata,
    Column("twin_id", ForeignKey("twins.id"), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("request", JSON, nullable=False),  # hours, of
    Column("done_seq", BigInteger, nullable=False),  # all facts up to here are in the belief
    Column("failed", Text),  # why the last renewal could not be done
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
)

scores = Table(  # a past forecast against the reading that came: live calibration
    "scores",
    metadata,
    Column("twin_id", ForeignKey("twins.id"), primary_key=True),
    Column("forecast_version", Integer, primary_key=True),
    Column("reading_seq", BigInteger, primary_key=True),
    Column("observable", String(200), nullable=False),
    Column("valid_us", BigInteger, nullable=False),
    Column("ahead_s", Double, nullable=False),
    Column("value", Double, nullable=False),
    Column("median", Double, nullable=False),
    Column("rank", Double, nullable=False),  # probability that was given to a lower value
    Column("created_us", BigInteger, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("twin_id", ForeignKey("twins.id")),  # none: every twin of the kind
    Column("kind", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("body", JSON, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_rules_tenant_kind", "tenant", "kind"),
)

watches = Table(  # where the alarm policy of a rule stands with a twin: its last looks, armed or not, its last alarm
    "watches",
    metadata,
    Column("rule_id", ForeignKey("rules.id"), primary_key=True),
    Column("twin_id", ForeignKey("twins.id"), primary_key=True),
    Column("state", JSON, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of its last step
    Column("tenant", String(64), nullable=False),
    Column("twin_id", ForeignKey("twins.id"), nullable=False),
    Column("rule_id", ForeignKey("rules.id"), nullable=False),
    Column("state", String(32), nullable=False),  # open, acknowledged, silenced, resolved
    Column("severity", String(32), nullable=False),
    Column("said", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("raised_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("escalate_us", BigInteger),  # when it is told to more people unless somebody acknowledges it
    Column("silent_until_us", BigInteger),
    Index("ix_alerts_seq", "seq"),
    Index("ix_alerts_tenant_state", "tenant", "state"),
    Index("ix_alerts_twin_id_rule_id", "twin_id", "rule_id"),
)

alert_steps = Table(
    "alert_steps",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=False),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False),
    Column("what", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_alert_steps_alert_id", "alert_id"),
)

channels = Table(
    "channels",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("type", String(32), nullable=False),  # webhook, smtp
    Column("target", JSON, nullable=False),
    Column("escalation", Integer, nullable=False),  # 0: told at once; 1: told when nobody acknowledged in time
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_channels_tenant", "tenant"),
)

deliveries = Table(  # written with the alert, in one transaction; sent afterwards, until the other side confirms
    "deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False),
    Column("step_seq", BigInteger, nullable=False),
    Column("channel_id", ForeignKey("channels.id"), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),  # none: delivered, or given up
    Column("sent_us", BigInteger),
    Column("error", Text),
    Unique("step_seq", "channel_id"),
    Index("ix_deliveries_next_us", "next_us"),
    Index("ix_deliveries_alert_id", "alert_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of its last change
    Column("tenant", String(64), nullable=False),
    Column("twin_id", ForeignKey("twins.id")),
    Column("type", String(64), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("state", String(32), nullable=False),  # queued, running, done, failed, cancelled
    Column("progress", Double, nullable=False),
    Column("result", JSON),
    Column("error", JSON),
    Column("attempt", Integer, nullable=False),  # also the fence: who works on an older attempt writes nothing
    Column("beat_us", BigInteger),  # when its worker was last heard of
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Index("ix_jobs_seq", "seq"),
    Index("ix_jobs_state", "state"),
    Index("ix_jobs_tenant_seq", "tenant", "seq"),
)
