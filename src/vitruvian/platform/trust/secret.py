"""Secrets: passwords as argon2id, everything else as random tokens of which only a digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING

from vitruvian.core.errors import FieldError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12  # characters of a password: NIST SP 800-63B-4 asks 15 alone, 8 with a second factor; assumed between
LONGEST = 256  # argon2 takes any; a limit keeps a request from costing more
PREFIX = "vt_"


def new_token() -> str:
    """256 random bits, in a form that scanners for leaked secrets can know."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored of a token: it has 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """argon2id with its own salt; FieldError when the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise FieldError(
            f"must have {SHORTEST} to {LONGEST} characters (has {len(password)})",
            where="password",
            fix="a few words are easier to remember than signs",
        )
    return _hasher().hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Whether it is the one; without a stored hash the same time is spent, so that names cannot be guessed."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored or _nobody(), password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # lazy: most commands have no users

    return PasswordHasher()  # argon2id, RFC 9106's low-memory choice: 64 MiB, t = 3


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_hex(16))
