"""A server that is wholly local: tables, queues and secrets in ministack, without its functions."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError, WaiterError

from cli.errors import CommandError
from cli.local.cloud import LocalCloud, require_ports_free
from cli.local.echo import EchoInbox, EchoTarget
from cli.local.emulator_fixes import fix_emulated_stack
from cli.local.options import REGION
from cli.local.parameters import stack_parameters
from cli.local.serve import serve_http
from cli.stack import describe_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, WaiterConfigTypeDef

    from cli.local.options import LocalOptions
    from cli.server.plan import ServerPlan
    from cli.stack import Stack

_KEPT: Final = frozenset({"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket"})
_PARTS: Final = ("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions")
_WAIT: Final[WaiterConfigTypeDef] = {"Delay": 1, "MaxAttempts": 60}


@contextmanager
def local_cloud(
    options: LocalOptions, plan: ServerPlan, parameters: Mapping[str, str]
) -> Iterator[Stack]:
    """Run the emulator with the tables and queues of the template inside the block.

    Raises:
        CommandError: It did not start, or a port is taken.
    """
    require_ports_free(options.echo_port, options.cloud_port)
    session = boto3.Session("test", "test", region_name=REGION)
    with ExitStack() as opened:
        opened.enter_context(LocalCloud(options=options))
        echo = partial(EchoTarget, inbox=EchoInbox())
        opened.enter_context(serve_http(options.echo_port, echo))
        _deploy(session, options, plan, parameters)
        yield describe_stack(
            session,
            options.stack_name,
            endpoint_url=options.endpoint_url,
            base_url=options.base_url,
        )


def stateful_template(plan: ServerPlan, base_url: str) -> str:
    """Return the tables, queues and buckets of the template, and the outputs that name them."""
    document = plan.document
    resources, outputs = document["Resources"], document["Outputs"]
    if not isinstance(resources, dict) or not isinstance(outputs, dict):
        raise TypeError("the template has no resources or outputs")
    kept = {
        name: resource
        for name, resource in resources.items()
        if isinstance(resource, dict) and resource.get("Type") in _KEPT
    }
    parts = {name: document[name] for name in _PARTS if name in document}
    named = {name: output for name, output in outputs.items() if _names_one_of(output, kept)}
    return json.dumps(
        {
            **parts,
            "Resources": kept,
            "Outputs": {
                **named,
                "ApiUrl": {"Value": base_url},
                "KeyEnvironment": outputs["KeyEnvironment"],
                "ParameterPrefix": outputs["ParameterPrefix"],
            },
        }
    )


def _names_one_of(output: object, resources: Mapping[str, object]) -> bool:
    match output:
        case {"Value": {"Ref": str(name)}}:
            return name in resources
    return False


def _deploy(
    session: boto3.Session, options: LocalOptions, plan: ServerPlan, more: Mapping[str, str]
) -> None:
    client = session.client("cloudformation", endpoint_url=options.endpoint_url)
    body = stateful_template(plan, options.base_url)
    try:
        _apply(client, options.stack_name, body, _parameters(options, plan, more))
    except (ClientError, WaiterError) as refused:
        raise CommandError(f"the tables and queues were not created: {refused}") from refused
    fix_emulated_stack(session, options)


def _apply(
    client: CloudFormationClient, name: str, body: str, parameters: list[ParameterTypeDef]
) -> None:
    try:
        client.describe_stacks(StackName=name)
    except ClientError:
        client.create_stack(StackName=name, TemplateBody=body, Parameters=parameters)
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_WAIT)
        return
    try:
        client.update_stack(StackName=name, TemplateBody=body, Parameters=parameters)
    except ClientError as refused:
        if "No updates" not in str(refused):
            raise
        return
    client.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig=_WAIT)


def _parameters(
    options: LocalOptions, plan: ServerPlan, more: Mapping[str, str]
) -> list[ParameterTypeDef]:
    """Return those of the local stage in samconfig.toml, and `more`.

    Raises:
        CommandError: The template has no such parameter.
    """
    known = plan.document["Parameters"]
    given = stack_parameters(
        options.project / "samconfig.toml", {"TrustedOrigins": options.trusted_origins, **more}
    )
    if not isinstance(known, dict) or more.keys() - known.keys():
        raise CommandError(f"the template has no parameter {', '.join(sorted(more))}")
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
