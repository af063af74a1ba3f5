"""The local stack as one thing: the cloud, the template deployed to it, its addresses.

with LocalStack(options=isolated_options(tmp_path)) as stack:
    deployed = stack.deploy()
    requests.get(f"{deployed.base_url}/health", timeout=10)
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from cli.local.cloud import LocalCloud, require_ports_free
from cli.local.echo import EchoInbox, EchoTarget
from cli.local.emulator_fixes import fix_emulated_stack
from cli.local.forward import Forwarder, ForwardTarget
from cli.local.options import REGION, LocalOptions
from cli.local.parameters import stack_parameters
from cli.local.sam import BUCKET, Sam
from cli.local.serve import serve_http

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_ssm import SSMClient

_FINGERPRINT = "/local-cloud/fingerprint"
_NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployed stack; clients of `session` need `endpoint_url`."""

    name: str
    base_url: str
    echo_url: str
    endpoint_url: str
    outputs: Mapping[str, str]
    session: boto3.Session


class LocalStack:
    """A context manager: entering starts the cloud and its servers, leaving saves its state."""

    def __init__(self, *, options: LocalOptions) -> None:
        self.options = options
        self.inbox = EchoInbox()
        self.cloud = LocalCloud(options=options)
        self._target = ForwardTarget(port=options.cloud_port)
        self._session = boto3.Session("test", "test", region_name=REGION)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        """Start everything, with the saved state."""
        require_ports_free(self.options.port, self.options.echo_port, self.options.cloud_port)
        with ExitStack() as opened:
            opened.enter_context(self.cloud)
            echo = partial(EchoTarget, inbox=self.inbox)
            opened.enter_context(serve_http(self.options.echo_port, echo))
            forwarder = partial(Forwarder, target=self._target)
            opened.enter_context(serve_http(self.options.port, forwarder))
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything in order."""
        self._opened.close()

    def deploy(self) -> Deployed:
        """Build and deploy what has changed since the last deploy."""
        options = self.options
        sam = Sam(options=options, parameters=self._parameters())
        fingerprint = sam.fingerprint()
        if self._deployed_fingerprint() != fingerprint:
            self._make_room()
            sam.build()
            sam.deploy()
            self._remember(fingerprint)
        fix_emulated_stack(self._session, options)
        outputs = {
            output["OutputKey"]: output["OutputValue"] for output in self._stack()["Outputs"]
        }
        self._target.websocket_api_id = outputs["WebSocketApiId"]
        self._target.api_id = outputs["ApiId"]
        return Deployed(
            name=options.stack_name,
            base_url=options.base_url,
            echo_url=options.echo_url,
            endpoint_url=options.endpoint_url,
            outputs=outputs,
            session=self._session,
        )

    def _parameters(self) -> dict[str, str]:
        ours = {
            "TrustedOrigins": self.options.trusted_origins,
            "WebSocketUrl": self.options.websocket_url,
            "WebSocketEndpoint": f"{self.options.endpoint_url}/_aws/execute-api",
            **self.options.parameters,
        }
        return stack_parameters(self.options.project / "samconfig.toml", ours)

    @cached_property
    def _cloudformation(self) -> CloudFormationClient:
        return self._session.client("cloudformation", endpoint_url=self.options.endpoint_url)

    @cached_property
    def _parameter_store(self) -> SSMClient:
        return self._session.client("ssm", endpoint_url=self.options.endpoint_url)

    def _stack(self) -> StackTypeDef:
        stacks = self._cloudformation.describe_stacks(StackName=self.options.stack_name)
        return stacks["Stacks"][0]

    def _find_stack(self) -> StackTypeDef | None:
        try:
            return self._stack()
        except ClientError:
            return None

    def _deployed_fingerprint(self) -> str:
        """Return the fingerprint of the last deploy. It is stored in the cloud, with the stack."""
        try:
            return self._parameter_store.get_parameter(Name=_FINGERPRINT)["Parameter"]["Value"]
        except self._parameter_store.exceptions.ParameterNotFound:
            return ""

    def _remember(self, fingerprint: str) -> None:
        self._parameter_store.put_parameter(
            Name=_FINGERPRINT, Value=fingerprint, Type="String", Overwrite=True
        )

    def _make_room(self) -> None:
        """Create the bucket for artifacts, and delete a stack whose creation failed."""
        endpoint = self.options.endpoint_url
        self._session.client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
        stack = self._find_stack()
        if stack is not None and stack["StackStatus"] in _NEVER_CREATED:
            self._cloudformation.delete_stack(StackName=self.options.stack_name)
            gone = self._cloudformation.get_waiter("stack_delete_complete")
            gone.wait(StackName=self.options.stack_name, WaiterConfig={"Delay": 1})
