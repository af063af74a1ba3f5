"""A stack as the server uses it: the settings of its functions, and its streams and queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError
from cli.gateway_server import aws_access
from cli.server.plan import resources_of
from cli.server.template_values import TemplateValues, UnknownReference
from cli.stack import client_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cli.server.plan import ServerPlan
    from cli.stack import Stack

_TABLE: Final = "AWS::DynamoDB::Table"
_QUEUE: Final = "AWS::SQS::Queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """`environment` has the variables of all functions; `names` the values behind references."""

    stack: Stack
    plan: ServerPlan
    names: Mapping[str, str]
    environment: Mapping[str, str]

    def stream_arn(self, table: str) -> str:
        """Return the stream of a table, by its logical name.

        Raises:
            CommandError: The stack has no such stream.
        """
        return self._named(f"{table}.StreamArn")

    def queue(self, queue: str) -> tuple[str, str]:
        """Return the URL and the ARN of a queue, by its logical name.

        Raises:
            CommandError: The stack has no such queue.
        """
        return self._named(queue), self._named(f"{queue}.Arn")

    def _named(self, name: str) -> str:
        if name not in self.names:
            problem = f"the stack {self.stack.name} has no {name}; was another version deployed?"
            raise CommandError(problem)
        return self.names[name]


def describe_deployment(plan: ServerPlan, stack: Stack) -> Deployment:
    """Return the stack as it is deployed.

    Raises:
        CommandError: AWS does not describe it.
    """
    try:
        names = _Names(stack).all(plan)
    except (BotoCoreError, ClientError, KeyError) as refused:
        raise CommandError(f"the stack {stack.name} was not described: {refused}") from refused
    conditions = plan.document.get("Conditions")
    values = TemplateValues(
        names=names, conditions=conditions if isinstance(conditions, dict) else {}
    )
    environment = {**dict(_variables(plan, values)), **aws_access(stack)}
    return Deployment(stack=stack, plan=plan, names=names, environment=environment)


def _variables(plan: ServerPlan, values: TemplateValues) -> Iterator[tuple[str, str]]:
    """Yield the variables of all functions. Where several have one, they have the same value."""
    for _, function in resources_of(plan.document, "AWS::Lambda::Function"):
        match function.get("Environment"):
            case {"Variables": dict(variables)}:
                for name, value in variables.items():
                    try:
                        yield name, values.text(value)
                    except UnknownReference:
                        continue  # of a resource that a local server does not have


@dataclass(frozen=True, slots=True)
class _Names:
    stack: Stack

    def all(self, plan: ServerPlan) -> dict[str, str]:
        session, endpoint = self.stack.session, self.stack.endpoint_url
        config = client_config(endpoint)
        client = session.client("cloudformation", endpoint_url=endpoint, config=config)
        described = client.describe_stacks(StackName=self.stack.name)["Stacks"][0]
        partition, region, account = _identity(described["StackId"])
        names = {
            "AWS::StackName": self.stack.name,
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        }
        names |= {pair["ParameterKey"]: pair["ParameterValue"] for pair in described["Parameters"]}
        pages = client.get_paginator("list_stack_resources").paginate(StackName=self.stack.name)
        names |= {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for page in pages
            for resource in page["StackResourceSummaries"]
        }
        for queue, _ in resources_of(plan.document, _QUEUE):
            if queue in names:
                name = names[queue].rpartition("/")[2]
                names[f"{queue}.Arn"] = f"arn:{partition}:sqs:{region}:{account}:{name}"
        return names | dict(self._streams(plan, names))

    def _streams(self, plan: ServerPlan, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        endpoint = self.stack.endpoint_url
        client = self.stack.session.client(
            "dynamodb", endpoint_url=endpoint, config=client_config(endpoint)
        )
        for table, properties in resources_of(plan.document, _TABLE):
            if "StreamSpecification" in properties and table in names:
                described = client.describe_table(TableName=names[table])["Table"]
                yield f"{table}.StreamArn", described["LatestStreamArn"]


def _identity(stack_id: str) -> tuple[str, str, str]:
    """Return partition, region and account of the ARN of a stack."""
    _, partition, _, region, account, *_ = stack_id.split(":")
    return partition, region, account
