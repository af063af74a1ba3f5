from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
from mypy_boto3_cloudformation import CloudFormationClient
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_iam import IAMClient

from cli.local.emulator_fixes import FixEmulatedStack

Rows = dict[str, list[dict[str, str]]]


def operation(function: str) -> dict[str, object]:
    uri = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${Called}/invocations"
    called = {"Fn::GetAtt": [function, "Arn"]}
    return {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": [uri, {"Called": called}]}}}


@dataclass
class FakeCloud:
    """As much of three services as a repair needs; counts what it changes."""

    paths: dict[str, dict[str, object]]
    cors: dict[str, object] = field(default_factory=dict)
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    integrations: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, object] = field(default_factory=dict)
    expiring: dict[str, str] = field(default_factory=dict)
    changes: int = 0

    def get_template(self, **_: str) -> dict[str, object]:
        body = {"paths": self.paths, "x-amazon-apigateway-cors": self.cors or None}
        expiry = {"TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True}}
        resources = {
            "GatewayApi": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}},
            "Tasks": {"Type": "AWS::DynamoDB::Table", "Properties": expiry},
        }
        return {"TemplateBody": {"Resources": resources}}

    def get_paginator(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, **_: str) -> Iterator[dict[str, object]]:
        for name in ("GatewayApi", "Tasks", "One", "Two"):
            summary = {"LogicalResourceId": name, "PhysicalResourceId": f"physical-{name}"}
            yield {"StackResourceSummaries": [summary]}

    def get_routes(self, *, ApiId: str) -> Rows:  # noqa: N803 -- the SDK's words
        del ApiId
        return {"Items": list(self.routes.values())}

    def create_route(self, **route: str) -> None:
        self.changes += 1
        self.routes[f"route{self.changes}"] = {**route, "RouteId": f"route{self.changes}"}

    def delete_route(self, **route: str) -> None:
        self.changes += 1
        del self.routes[route["RouteId"]]

    def get_integrations(self, **_: str) -> Rows:
        found = self.integrations.items()
        return {"Items": [{"IntegrationUri": uri, "IntegrationId": name} for uri, name in found]}

    def create_integration(self, **integration: str) -> dict[str, str]:
        self.changes += 1
        self.integrations[integration["IntegrationUri"]] = f"integration{self.changes}"
        return {"IntegrationId": f"integration{self.changes}"}

    def update_api(self, **api: dict[str, object]) -> None:
        self.allowed = api["CorsConfiguration"]

    def describe_time_to_live(self, **table: str) -> dict[str, dict[str, str]]:
        status = "ENABLED" if table["TableName"] in self.expiring else "DISABLED"
        return {"TimeToLiveDescription": {"TimeToLiveStatus": status}}

    def update_time_to_live(self, **table: str) -> None:
        self.changes += 1
        specification = cast("dict[str, str]", table["TimeToLiveSpecification"])
        self.expiring[table["TableName"]] = specification["AttributeName"]

    def positions(self) -> dict[str, str]:
        """The function behind every route."""
        functions = {f"integrations/{name}": uri for uri, name in self.integrations.items()}
        return {row["RouteKey"]: functions[row["Target"]] for row in self.routes.values()}


def repair(cloud: FakeCloud) -> None:
    FixEmulatedStack(
        cloudformation=cast("CloudFormationClient", cloud),
        gateway=cast("ApiGatewayV2Client", cloud),
        dynamodb=cast("DynamoDBClient", cloud),
        iam=cast("IAMClient", cloud),
        stack_name="signalbox-local",
    )()


def test_every_route_reaches_its_function() -> None:
    cloud = FakeCloud({"/a": {"get": operation("One"), "post": operation("Two")}})

    repair(cloud)

    assert cloud.positions() == {"GET /a": "physical-One", "POST /a": "physical-Two"}


def test_tables_expire() -> None:
    cloud = FakeCloud({})

    repair(cloud)

    assert cloud.expiring == {"physical-Tasks": "ttl"}


def test_cors_is_allowed_as_the_template_says() -> None:
    cloud = FakeCloud({}, cors={"allowOrigins": ["https://a.example"], "maxAge": 5})

    repair(cloud)

    assert cloud.allowed["AllowOrigins"] == ["https://a.example"]
    assert cloud.allowed["MaxAge"] == 5


def test_a_second_repair_changes_nothing() -> None:
    cloud = FakeCloud({"/a": {"get": operation("One")}})
    repair(cloud)
    before = cloud.changes

    repair(cloud)

    assert cloud.changes == before


def test_a_route_that_moved_or_went_follows_the_template() -> None:
    cloud = FakeCloud({"/a": {"get": operation("One")}, "/b": {"get": operation("One")}})
    repair(cloud)

    cloud.paths = {"/a": {"get": operation("Two")}, "/c": {"get": operation("One")}}
    repair(cloud)

    assert cloud.positions() == {"GET /a": "physical-Two", "GET /c": "physical-One"}
