"""Add to an emulated stack what ministack leaves out: routes, CORS, TTL, batch permissions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.local.permissions import align_permissions
from cli.local.processed_template import GatewayApi, GatewayCors, ProcessedTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3 import Session
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_apigatewayv2.type_defs import CorsTypeDef
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient

    from cli.local.options import LocalOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FixEmulatedStack:
    """Fix a stack. It may run after every deploy, and changes only what differs."""

    cloudformation: CloudFormationClient
    gateway: ApiGatewayV2Client
    dynamodb: DynamoDBClient
    iam: IAMClient
    stack_name: str

    def __call__(self) -> None:
        """Fix the stack."""
        template = self.cloudformation.get_template(
            StackName=self.stack_name, TemplateStage="Processed"
        )["TemplateBody"]
        processed = ProcessedTemplate.read(json.dumps(template))
        ids = self._physical_ids()
        for api in processed.apis:
            _fix_api(self.gateway, api, ids)
        for table, attribute in processed.expiring.items():
            self._expire(ids[table], attribute)
        align_permissions(self.iam, (ids[role] for role in processed.roles))

    def _physical_ids(self) -> dict[str, str]:
        pages = self.cloudformation.get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.stack_name)
            for resource in page["StackResourceSummaries"]
        }

    def _expire(self, table: str, attribute: str) -> None:
        now = self.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if now["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
            self.dynamodb.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
            )


def fix_emulated_stack(session: Session, options: LocalOptions) -> None:
    """Fix the stack with these options."""
    endpoint = options.endpoint_url
    FixEmulatedStack(
        cloudformation=session.client("cloudformation", endpoint_url=endpoint),
        gateway=session.client("apigatewayv2", endpoint_url=endpoint),
        dynamodb=session.client("dynamodb", endpoint_url=endpoint),
        iam=session.client("iam", endpoint_url=endpoint),
        stack_name=options.stack_name,
    )()


def _fix_api(gateway: ApiGatewayV2Client, api: GatewayApi, ids: Mapping[str, str]) -> None:
    api_id = ids[api.name]
    integrations = _integrations(gateway, api_id, {ids[route.function] for route in api.routes})
    targets = {
        route.key: f"integrations/{integrations[ids[route.function]]}" for route in api.routes
    }
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        if targets.get(route["RouteKey"]) == route.get("Target"):
            del targets[route["RouteKey"]]
        else:
            gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for key, target in targets.items():
        gateway.create_route(ApiId=api_id, RouteKey=key, Target=target)
    if api.cors:
        gateway.update_api(ApiId=api_id, CorsConfiguration=_sdk_cors(api.cors))


def _integrations(gateway: ApiGatewayV2Client, api_id: str, functions: set[str]) -> dict[str, str]:
    """Return the integration of each function, and create missing ones."""
    found = {
        integration["IntegrationUri"]: integration["IntegrationId"]
        for integration in gateway.get_integrations(ApiId=api_id)["Items"]
    }
    for function in functions - found.keys():
        found[function] = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
    return found


def _sdk_cors(cors: GatewayCors) -> CorsTypeDef:
    return {
        "AllowOrigins": cors.origins,
        "AllowMethods": cors.methods,
        "AllowHeaders": cors.headers,
        "ExposeHeaders": cors.exposed,
        "MaxAge": cors.max_age,
        "AllowCredentials": cors.credentials,
    }
