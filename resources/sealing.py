"""Sealing: returns encrypted at rest with the user's own key.

Belongs here: sealing and opening the bytes of a file. Does not belong here: which files
(`pipelines/command/seal.py`).

AES-256-GCM: a file that was changed, or another key, does not open. The key of each file is made
from `OBSERVATORY_SEAL_KEY` and a salt of its own (scrypt), so that a short text is as hard to guess
as may be. Lose the key, and what it sealed is lost.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache

from resources.errors import ObservatoryError

VARIABLE = "OBSERVATORY_SEAL_KEY"
_MARK = b"OBSERVATORY-SEALED-1\n"
_SALT, _NONCE = 16, 12


def is_sealed(content: bytes) -> bool:
    """Whether the bytes are a sealed file's."""
    return content.startswith(_MARK)


def sealed(content: bytes) -> bytes:
    """The bytes, sealed. What is sealed already stays as it is.

    Raises:
        ObservatoryError: there is no key, or it is shorter than 16 characters.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if is_sealed(content):
        return content
    salt, nonce = _salt(), os.urandom(_NONCE)
    return _MARK + salt + nonce + AESGCM(_key(_text(), salt)).encrypt(nonce, content, _MARK)


def opened(content: bytes) -> bytes:
    """The bytes of a sealed file.

    Raises:
        ObservatoryError: there is no key, it is another one, or the file was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    at = len(_MARK)
    key = _text()
    salt, nonce, body = (
        content[at : at + _SALT],
        content[at + _SALT : at + _SALT + _NONCE],
        content[at + _SALT + _NONCE :],
    )
    try:
        # the mark is authenticated with the rest
        return AESGCM(_key(key, salt)).decrypt(nonce, body, _MARK)
    except (InvalidTag, ValueError):  # a file that is too short to be sealed has not even a nonce
        raise ObservatoryError(
            f"A sealed return does not open: {VARIABLE} is another key than the one it was sealed"
            " with, or the file was changed. The key it was sealed with was expected. Set it, or"
            " have the sender send the return again."
        ) from None


def require_key() -> None:
    """Nothing where there is a key to seal and open with.

    Raises:
        ObservatoryError: there is none, or it is shorter than 16 characters.
    """
    _text()


def _text() -> str:
    text = os.environ.get(VARIABLE, "")
    if len(text) < 16:
        raise ObservatoryError(
            f"{VARIABLE} has {len(text)} characters; at least 16 were expected. Set it to a long"
            " random text, and keep it: without it sealed returns cannot be opened."
        )
    return text


@cache
def _salt() -> bytes:
    """One salt a process: to make a key of it takes a while, on purpose. The nonce is each file's
    own.
    """
    return os.urandom(_SALT)


@lru_cache(maxsize=64)
def _key(text: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(text.encode("utf-8"))
