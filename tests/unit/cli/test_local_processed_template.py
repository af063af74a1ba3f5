import json

import pytest

from cli.local.processed_template import GatewayApi, GatewayRoute, ProcessedTemplate

URI = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${Called}/invocations"


def operation(function: str, alias: str = "") -> dict[str, object]:
    arn: dict[str, object] = {"Fn::GetAtt": [function, "Arn"]}
    called = {"Fn::If": ["HasAlias", {"Ref": alias}, arn]} if alias else arn
    uri = {"Fn::Sub": [URI, {"Called": called}]}
    return {"x-amazon-apigateway-integration": {"uri": uri}, "responses": {}}


def template(**resources: dict[str, object]) -> str:
    return json.dumps({"Resources": resources, "Outputs": {}})


def api(**body: object) -> dict[str, object]:
    return {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"openapi": "3", **body}}}


def table(**properties: object) -> dict[str, object]:
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def only_api(text: str) -> GatewayApi:
    (found,) = ProcessedTemplate.read(text).apis
    return found


def test_every_operation_becomes_a_route_to_its_function() -> None:
    paths = {
        "/health": {"get": operation("ApiFunction")},
        "/webhooks/{source}": {"post": operation("WebhookFunction", "WebhookAlias")},
        "/{proxy+}": {"x-amazon-apigateway-any-method": operation("ApiFunction")},
    }

    found = only_api(template(GatewayApi=api(paths=paths)))

    assert found.name == "GatewayApi"
    assert found.routes == (
        GatewayRoute("ANY /{proxy+}", "ApiFunction"),
        GatewayRoute("GET /health", "ApiFunction"),
        GatewayRoute("POST /webhooks/{source}", "WebhookFunction"),
    )


def test_a_route_to_something_else_than_a_function_is_an_error() -> None:
    elsewhere = {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": "http://elsewhere"}}}

    with pytest.raises(ValueError, match="get /health"):
        ProcessedTemplate.read(template(GatewayApi=api(paths={"/health": {"get": elsewhere}})))


def test_cors_is_read_in_the_words_of_api_gateway() -> None:
    cors = {"allowOrigins": ["https://a.example"], "allowMethods": ["GET"], "maxAge": 300}

    found = only_api(template(GatewayApi=api(**{"x-amazon-apigateway-cors": cors})))

    assert found.cors
    assert found.cors.origins == ["https://a.example"]
    assert found.cors.methods == ["GET"]
    assert found.cors.max_age == 300
    assert not found.cors.credentials


def test_an_api_without_cors_has_none() -> None:
    found = only_api(template(GatewayApi=api()))

    assert found.cors is None


def test_only_tables_with_a_time_to_live_expire() -> None:
    expiring = table(TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True})

    processed = ProcessedTemplate.read(template(Tasks=expiring, Config=table(BillingMode="x")))

    assert processed.expiring == {"Tasks": "ttl"}


def test_resources_of_other_kinds_are_left_alone() -> None:
    queue: dict[str, object] = {"Type": "AWS::SQS::Queue"}

    processed = ProcessedTemplate.read(template(Queue=queue))

    assert processed == ProcessedTemplate(apis=(), expiring={}, roles=())
