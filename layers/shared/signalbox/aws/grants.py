"""Grants in SSM Parameter Store: a SecureString for each connection with refresh tokens.

They are no secrets that operators set: each is a document that the connector replaces. Above 4 KB a
parameter is an advanced one, which costs money: https://aws.amazon.com/systems-manager/pricing/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.aws.errors import error_code
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.grants import Grants
from signalbox.services.ports.grants import GrantStore

if TYPE_CHECKING:
    from signalbox.aws.protocols import SsmApi
    from signalbox.models.connection import Connection

_MAX_BYTES: Final = 8_192
_SERVICE: Final = "the parameter store"


@frozen
class SsmGrants(GrantStore):
    """Stores grants; `prefix` begins every name, such as `/signalbox/<stack>`."""

    ssm: SsmApi
    prefix: str

    @override
    def get(self, connection: Connection) -> Grants:
        try:
            with aws_unavailable(_SERVICE):
                answer = self.ssm.get_parameter(Name=self._path(connection), WithDecryption=True)
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) == "ParameterNotFound":
                return Grants()
            raise
        try:
            return Grants.model_validate_json(answer["Parameter"].get("Value", ""))
        except ValidationError:
            raise Unavailable(f"{connection.grants_name} cannot be read") from None

    @override
    def put(self, connection: Connection, grants: Grants) -> None:
        document = _document(grants)
        if len(document) > _MAX_BYTES:
            document = _document(grants.without_access_tokens())
        with aws_unavailable(_SERVICE):
            self.ssm.put_parameter(
                Name=self._path(connection),
                Value=document,
                Type="SecureString",
                Tier="Intelligent-Tiering",
                Overwrite=True,
            )

    def _path(self, connection: Connection) -> str:
        return f"{self.prefix}/{connection.grants_name}"


def _document(grants: Grants) -> str:
    return grants.model_dump_json(exclude_none=True)
