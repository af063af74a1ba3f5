"""Secrets in SSM Parameter Store: SecureStrings, each a JSON list with the current secret first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError
from typing_extensions import override

from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.aws.errors import error_code
from signalbox.models.base import DEFERRED
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.config import SecretStore
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.aws.protocols import SsmApi

SECRET_CACHE_TTL: Final = timedelta(minutes=5)
SECRET_STALE_TTL: Final = timedelta(hours=1)
SECRET_REFRESH_INTERVAL: Final = timedelta(seconds=30)

_secrets = TypeAdapter(tuple[str, ...], config=DEFERRED)


@frozen
class SsmSecrets(SecretStore):
    """Stores secrets; `prefix` begins every name, such as `/signalbox/<stack>`.

    While SSM is down the last value is valid for an hour. A name that SSM did not answer, or did
    not have, is read again after 30 seconds at the earliest. Threads that need a name at the
    same time share one call and its outcome.
    """

    ssm: SsmApi
    prefix: str
    clock: Clock
    _stored: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)
    _last: dict[str, tuple[datetime, Sequence[str]]] = field(default_factory=dict)
    _known: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    _failed: dict[str, datetime] = field(default_factory=dict)
    _locks: dict[str, RLock] = field(default_factory=dict)

    @override
    def secrets(self, name: str) -> Sequence[str]:
        return self._shared(name, refresh=False)

    @override
    def refresh(self, name: str) -> Sequence[str]:
        return self._shared(name, refresh=True)

    def has(self, name: str) -> bool:
        """Return whether there are secrets with this name, known for five minutes. Reads none.

        Raises:
            Unavailable: SSM did not answer.
        """
        now = self.clock()
        known = self._known.get(name)
        if known and now - known[0] < SECRET_CACHE_TTL:
            return known[1]
        try:
            with aws_unavailable("the parameter store"):
                self.ssm.get_parameter(Name=self._path(name), WithDecryption=False)
            there = True
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) != "ParameterNotFound":
                raise
            there = False
        self._known[name] = (now, there)
        return there

    def put(self, name: str, secrets: Sequence[str]) -> None:
        """Store these secrets, replacing those with the same name."""
        self._put(name, secrets, overwrite=True)

    def put_new(self, name: str, secrets: Sequence[str]) -> bool:
        """Store these secrets, unless the name has secrets; return whether they were stored."""
        try:
            self._put(name, secrets, overwrite=False)
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) != "ParameterAlreadyExists":
                raise
            self._invalidate(name)  # that there were none is known to be wrong
            return False
        return True

    def remove(self, name: str) -> None:
        """Remove the secrets with this name, if there are any."""
        try:
            with aws_unavailable("the parameter store"):
                self.ssm.delete_parameter(Name=self._path(name))
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) != "ParameterNotFound":
                raise
        self._invalidate(name)

    def _put(self, name: str, secrets: Sequence[str], *, overwrite: bool) -> None:
        with aws_unavailable("the parameter store"):
            self.ssm.put_parameter(
                Name=self._path(name),
                Value=_secrets.dump_json(tuple(secrets)).decode(),
                Type="SecureString",
                Tier="Intelligent-Tiering",  # certificates may have more than 4 KB
                Overwrite=overwrite,
            )
        self._invalidate(name)

    def _invalidate(self, name: str) -> None:
        self._stored.pop(name, None)
        self._last.pop(name, None)

    def _path(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def _may_ask(self, name: str) -> bool:
        asked = self._asked.get(name)
        return asked is None or self.clock() - asked >= SECRET_REFRESH_INTERVAL

    def _shared(self, name: str, *, refresh: bool) -> Sequence[str]:
        begin = self.clock()
        with self._locks.setdefault(name, RLock()):
            if begin < self._failed.get(name, begin):
                raise Unavailable("the parameter store did not answer")
            return self._read(name, fresh=refresh and self._may_ask(name))

    def _read(self, name: str, *, fresh: bool) -> Sequence[str]:
        now = self.clock()
        if fresh:
            self._asked[name] = now
        elif not self._may_ask(name) and self._serves(name, now):
            return self._last[name][1]
        try:
            text = self._text(name, now, fresh=fresh)
        except Unavailable as unavailable:
            self._asked[name] = now
            if error_code(unavailable.__cause__) == "ParameterNotFound":
                self._last[name] = (now, ())
            if not self._serves(name, now):
                self._failed[name] = self.clock()
                raise Unavailable("the parameter store did not answer") from None
            return self._last[name][1]
        secrets = _parsed(name, text)
        self._last[name] = (now, secrets)
        return secrets

    def _text(self, name: str, now: datetime, *, fresh: bool) -> str:
        """Return the parameter, which is read again after five minutes or if it must be fresh."""
        stored = self._stored.get(name)
        if stored and not fresh and now - stored[0] < SECRET_CACHE_TTL:
            return stored[1]
        with aws_unavailable("the parameter store"):
            response = self.ssm.get_parameter(Name=self._path(name), WithDecryption=True)
        text = response["Parameter"].get("Value", "")
        self._stored[name] = (now, text)
        return text

    def _serves(self, name: str, now: datetime) -> bool:
        return name in self._last and now - self._last[name][0] <= SECRET_STALE_TTL


def _parsed(name: str, text: str) -> Sequence[str]:
    try:
        secrets = _secrets.validate_json(text)
    except ValidationError:
        raise Unavailable(f"the secret {name} is not a JSON list of texts") from None
    return tuple(secret for secret in secrets if secret)
