"""What is sent and answered about trials: a protocol, tables as text, a design, and the sizes that follow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from vitruvian.api.jobs import Job
from vitruvian.api.people import TEXT

FileName = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT, examples=["history.csv"])]
PROTOCOL = """title: Active against placebo, symptom score at one year
patient: id
arm: {column: arm, control: placebo, treated: active}
outcome: {column: score, type: continuous, baseline: severity}
covariates: [age, severity, marker]
design: {effect: -4, power: 0.9, deflation: 0.9, dropout: 0.1}
"""
TABLE = "id,age,severity,marker,score\np1,64,52,1.4,48.2\n"


class TextFile(BaseModel):
    """A text file: its name, and its content in UTF-8."""

    name: FileName
    text: str = Field(max_length=30_000_000, examples=[TABLE])


class NewProtocol(BaseModel):
    """A protocol (YAML or JSON): which columns are what, the estimand, the design."""

    protocol: str = Field(min_length=1, max_length=100_000, pattern=TEXT, examples=[PROTOCOL])
    protocol_name: FileName = Field(default="protocol.yaml", examples=["protocol.yaml"])


class NewTrial(NewProtocol):
    """A protocol and control patients of the past (CSV, one row a patient)."""

    history: TextFile


class NewData(BaseModel):
    """The trial's own data (CSV, one row a patient, with the protocol's arm and outcome)."""

    data: TextFile


class NewDesign(BaseModel):
    """Another design for the same score. What is left out is the protocol's."""

    effect: float | None = Field(default=None, ge=-1e9, le=1e9, description="on the estimand's scale", examples=[-4.0])
    alpha: float | None = Field(default=None, ge=1e-6, le=0.5, examples=[0.05])
    power: float | None = Field(default=None, ge=0.05, le=0.9999, examples=[0.9])
    ratio: float | None = Field(default=None, ge=0.05, le=20, description="treated per control", examples=[2.0])
    margin: float | None = Field(default=None, ge=-1e9, le=1e9, examples=[0.0])
    inflation: float | None = Field(default=None, ge=1, le=10, description="of the outcome's sd", examples=[1.1])
    deflation: float | None = Field(default=None, gt=0, le=1, description="of the correlation", examples=[0.9])
    dropout: float | None = Field(default=None, ge=0, lt=0.9, description="share without outcome", examples=[0.1])
    correlation: float | None = Field(
        default=None, ge=0, le=0.98, description="of the prediction with the outcome", examples=[0.7]
    )


class Size(BaseModel):
    """Patients (events for a time to event) that an analysis needs, and how many must be randomised for that."""

    model_config = {"extra": "allow"}

    total: int = Field(examples=[204])
    treated: int | None = Field(default=None, examples=[102])
    control: int | None = Field(default=None, examples=[102])
    randomised: int | None = Field(default=None, description="with dropout", examples=[228])
    power: float = Field(examples=[0.901])
    method: str = Field(examples=["exact t"])


class Point(BaseModel):
    """Where the plan stands on the savings curve, with the 95 % band of the history's correlation."""

    correlation: float = Field(examples=[0.78])
    low: float
    high: float
    total: int
    most: int
    fewest: int
    level: float


class Designed(BaseModel):
    """Sizes of a design, by analysis, and what they rest on."""

    sizes: dict[str, Size]
    control_only: dict[str, int] = Field(description="controls when the treated arm keeps its size")
    point: Point
    sensitivity: list[dict[str, float]] = Field(description="power at the planned size if sd or correlation drift")
    curve: list[dict[str, float]] = Field(description="patients (events) by correlation")
    power: list[dict[str, float]] = Field(description="power by patients (events), with the score and without")


class TrialGlance(BaseModel):
    """A trial in a list."""

    id: str = Field(examples=["tr-0123456789"])
    title: str
    outcome: str = Field(examples=["score"])
    type: str = Field(examples=["continuous"])
    patients: int | None = Field(description="of the history, once planned", examples=[200])
    size: Size | None = Field(description="with score and covariates")
    covariates: Size | None = Field(description="with the covariates alone")
    analysed: bool
    actor: str
    created: str
    changed: str


class Trial(TrialGlance):
    """A trial: its protocol, the job that works on it, its plan and its analysis once they are there."""

    protocol: dict[str, Any]
    protocol_name: str
    history_name: str
    data_name: str | None
    job: Job | None = Field(description="the last: how far it is, or why it failed")
    plan: dict[str, Any] | None = Field(description="score, correlations, sizes, curve: as `trial plan --json`")
    analysis: dict[str, Any] | None = Field(description="estimates and guard-rails: as `trial analyse --json`")


class TrialList(BaseModel):
    """Trials, the last changed first."""

    items: list[TrialGlance]
    next: str | None = None
