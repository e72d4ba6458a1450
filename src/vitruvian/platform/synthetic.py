"""What is made up says so, wherever it is seen: in the name of the subject, and of the source that sent it."""

from __future__ import annotations

MARK = "(synthetic)"


def is_synthetic(subject: str) -> bool:
    """Whether the subject was named as one that is made up."""
    return subject.endswith(MARK)
