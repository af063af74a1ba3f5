"""Rotate the key by which services know who calls."""

import json
from datetime import datetime

from pydantic import BaseModel

from cli.admin.secrets import SecretWriter
from signalbox.auth.identity import IDENTITY_KEY_NAME, new_identity_key
from signalbox.auth.identity_keys import parse_identity_keys, rotate_identity_keys


class RotatedIdentityKey(BaseModel):
    """The id of the new key in the JWKS, and the time from which it signs."""

    kid: str
    signs_from: datetime


def rotate_identity_key(
    secrets: SecretWriter, now: datetime, *, at_once: bool
) -> RotatedIdentityKey:
    """Store a new key that follows the current one, and return what became of it.

    Raises:
        Conflict: The key of the last rotation does not sign yet.
        Unavailable: The store did not answer, or a stored key cannot be read.
    """
    stored = [] if at_once else secrets.refresh(IDENTITY_KEY_NAME)
    keys = rotate_identity_keys(stored, new_identity_key(), now, at_once=at_once)
    secrets.put(IDENTITY_KEY_NAME, keys)
    newest = parse_identity_keys(keys)[-1]
    signs_from = datetime.fromtimestamp(newest.signs_from, now.tzinfo)
    return RotatedIdentityKey(kid=json.loads(newest.jwk)["kid"], signs_from=signs_from)
