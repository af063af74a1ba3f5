"""A deployed stack, local or on AWS, described by its outputs."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from cli.errors import CommandError, Unreachable
from signalbox.aws.audit import DynamoAudit
from signalbox.aws.config import DynamoConfig, DynamoKeys
from signalbox.aws.dynamo_table import Table, aws_unavailable
from signalbox.aws.grants import SsmGrants
from signalbox.aws.sdk_errors import with_own_errors
from signalbox.aws.secrets import SsmSecrets
from signalbox.runtime.registry import connectors
from signalbox.services.ports.notifications import Connector
from signalbox.services.ports.time import utc_now

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

    from signalbox.aws.protocols import DynamoApi, SsmApi

_CONFIG: Final = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard"})
_LOCAL_CONFIG: Final = _CONFIG.merge(Config(proxies={}))


class Outputs(BaseModel):
    """The outputs of the template that the command line needs."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    api_url: str
    key_environment: str
    parameter_prefix: str
    config_table: str
    audit_table: str
    tasks_table: str = ""
    deliveries_table: str = ""
    state_table: str = ""
    bodies_bucket: str = ""
    queue_high: str = ""
    queue_normal: str = ""
    queue_low: str = ""
    function_logs: str = ""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack.

    Its connectors may call the private `trusted` origins; `base_url` is that of the API,
    `alarm_topic` the SNS topic of alarms, empty if there is none.
    """

    name: str
    base_url: str
    outputs: Outputs
    trusted: frozenset[str]
    session: boto3.Session
    endpoint_url: str | None = None
    alarm_topic: str = ""

    @property
    def local(self) -> bool:
        """Return whether it runs on this machine."""
        return self.endpoint_url is not None

    @cached_property
    def config(self) -> DynamoConfig:
        """Return the store of the configuration."""
        return DynamoConfig(table=self._config_table, clock=utc_now)

    def read_config(self, unreadable: Callable[[str, str], None]) -> DynamoConfig:
        """Return the store of the configuration.

        It reports what it cannot parse with kind and name.
        """
        return DynamoConfig(
            table=self._config_table,
            clock=utc_now,
            unreadable=unreadable,
        )

    @cached_property
    def keys(self) -> DynamoKeys:
        """Return the store of API keys."""
        return DynamoKeys(table=self._config_table)

    @cached_property
    def audit(self) -> DynamoAudit:
        """Return the store of the audit log."""
        return DynamoAudit(table=Table(client=self._dynamo, name=self.outputs.audit_table))

    @cached_property
    def connectors(self) -> Mapping[str, Connector]:
        """Return every connector by name."""
        return {name: make() for name, make in connectors(self.trusted).items()}

    @cached_property
    def caller(self) -> str:
        """Return our AWS identity, such as `user/ada`; for a local stack the login name.

        Raises:
            Unavailable: AWS did not answer.
        """
        if self.endpoint_url:
            with suppress(OSError, KeyError):
                return getpass.getuser()
            return "unknown"
        with aws_unavailable("STS"):
            sts = with_own_errors(self.session.client("sts", config=_CONFIG))
            identity = sts.get_caller_identity()
        return identity["Arn"].split(":", 5)[-1]

    @cached_property
    def secrets(self) -> SsmSecrets:
        """Return the store of secrets."""
        return SsmSecrets(ssm=self._ssm, prefix=self.outputs.parameter_prefix, clock=utc_now)

    @cached_property
    def grants(self) -> SsmGrants:
        """Return the store of the tokens of connections."""
        return SsmGrants(ssm=self._ssm, prefix=self.outputs.parameter_prefix)

    @cached_property
    def _ssm(self) -> SsmApi:
        config = client_config(self.endpoint_url)
        return with_own_errors(
            self.session.client("ssm", endpoint_url=self.endpoint_url, config=config)
        )

    @property
    def _config_table(self) -> Table:
        return Table(client=self._dynamo, name=self.outputs.config_table)

    @cached_property
    def _dynamo(self) -> DynamoApi:
        config = client_config(self.endpoint_url)
        return with_own_errors(
            self.session.client("dynamodb", endpoint_url=self.endpoint_url, config=config)
        )


def client_config(endpoint_url: str | None) -> Config:
    """Return the configuration of clients; none of a local stack goes through a proxy."""
    return _LOCAL_CONFIG if endpoint_url else _CONFIG


def describe_stack(
    session: boto3.Session,
    name: str,
    *,
    endpoint_url: str | None = None,
    base_url: str | None = None,
) -> Stack:
    """Return the stack as CloudFormation describes it.

    Raises:
        CommandError: There is no such stack.
        Unreachable: CloudFormation does not answer.
    """
    found = _described(session, name, endpoint_url)
    pairs = {pair["OutputKey"]: pair["OutputValue"] for pair in found.get("Outputs", [])}
    try:
        outputs = Outputs.model_validate(pairs)
    except ValidationError:
        raise CommandError(f"{name} is not a stack of Signalbox, or of another version") from None
    given = {
        pair.get("ParameterKey"): pair.get("ParameterValue", "")
        for pair in found.get("Parameters", [])
    }
    origins = given.get("TrustedOrigins", "").split(",")
    return Stack(
        name=name,
        base_url=(base_url or outputs.api_url).rstrip("/"),
        outputs=outputs,
        trusted=frozenset(origin.strip() for origin in origins if origin.strip()),
        session=session,
        endpoint_url=endpoint_url,
        alarm_topic=given.get("AlarmTopicArn", ""),
    )


def _described(session: boto3.Session, name: str, endpoint_url: str | None) -> StackTypeDef:
    config = client_config(endpoint_url)
    try:
        client = session.client("cloudformation", endpoint_url=endpoint_url, config=config)
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as refused:
        raise CommandError(f"the stack {name} was not found: {refused}") from refused
    except BotoCoreError as failure:
        raise Unreachable(f"AWS was not reached: {failure}") from failure
