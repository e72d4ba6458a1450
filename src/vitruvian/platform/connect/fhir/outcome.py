"""What is wrong with a resource or a request, as an OperationOutcome: where, what, and how to put it right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from vitruvian.core.errors import VitruvianError


class Issue(NamedTuple):
    """One thing wrong. `code` is of FHIR's issue-type; `expression` a path such as Observation.component[1].code."""

    code: str
    what: str
    expression: str = ""
    fix: str = ""

    def to_json(self) -> dict[str, Any]:
        """An OperationOutcome.issue."""
        where = {"expression": [self.expression]} if self.expression else {}
        place = f"{self.expression} " if self.expression else ""
        fix = f". Fix: {self.fix}" if self.fix else ""
        return {"severity": "error", "code": self.code, "diagnostics": f"{place}{self.what}{fix}"} | where


class Refusal(VitruvianError):
    """A request that is refused, with its HTTP status and every issue found."""

    def __init__(self, status: int, *issues: Issue, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.issues, self.headers = status, issues, dict(headers or {})
        first = issues[0]
        super().__init__(first.what, where=first.expression, fix=first.fix)

    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome."""
        return outcome(self.issues)


@dataclass(frozen=True)
class At:
    """A place below which issues are told: the same issues, one level further down."""

    prefix: str

    def __call__(self, issues: Iterable[Issue]) -> tuple[Issue, ...]:
        """The issues, each under the prefix."""
        return tuple(i._replace(expression=f"{self.prefix}.{i.expression}".rstrip(".")) for i in issues)


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome of these issues."""
    return {"resourceType": "OperationOutcome", "issue": [issue.to_json() for issue in issues]}


def said(text: str) -> dict[str, Any]:
    """An OperationOutcome that only informs."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": text}],
    }
