from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.lint.__main__ import lint_file, main
from cli.lint.rules import RULES, lint_template
from cli.lint.template import Finding, Template
from tests.integration.template import template as source
from tests.integration.template import translated

Resources = dict[str, Any]
Break = Callable[[Resources], None]


def get(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def an_alarm(metric: str, resource: str) -> Resources:
    dimensions = [{"Name": "Name", "Value": {"Fn::GetAtt": [resource, "QueueName"]}}]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "MetricName": metric,
            "Dimensions": dimensions,
            "AlarmActions": [{"Ref": "Topic"}],
        },
    }


def calculated(resource: str, *metrics: str) -> Resources:
    """An alarm on what is calculated from these metrics."""
    dimensions = [{"Name": "Name", "Value": {"Fn::GetAtt": [resource, "QueueName"]}}]
    looked_at = [
        {"Id": metric, "MetricStat": {"Metric": {"MetricName": metric, "Dimensions": dimensions}}}
        for metric in metrics
    ]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Metrics": [{"Id": "all", "Expression": "a + b"}, *looked_at],
            "AlarmActions": [{"Ref": "Topic"}],
        },
    }


def a_queue(**changes: object) -> Resources:
    properties = {
        "SqsManagedSseEnabled": True,
        "MessageRetentionPeriod": 1_209_600,
        "VisibilityTimeout": 60,
    }
    return {"Type": "AWS::SQS::Queue", "Properties": properties | changes}


def tls_only(kind: str, **targets: object) -> Resources:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Type": f"AWS::{kind}",
        "Properties": {"PolicyDocument": {"Statement": [deny]}, **targets},
    }


def sound() -> Resources:
    """Resources that no rule has anything to say of."""
    allow = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": get("Queue")}
    role = {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [allow]}}]}
    table = {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": {"Ref": "DeletionProtection"},
        "SSESpecification": {"SSEEnabled": True},
    }
    variables = {"TABLE": {"Ref": "Table"}, "SIGNALBOX_KEY_ENVIRONMENT": "live"}
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Role": get("Role"),
                "Timeout": 10,
                "Environment": {"Variables": variables},
            },
        },
        "OtherRole": {"Type": "AWS::IAM::Role", "Properties": role},
        "Other": {"Type": "AWS::Lambda::Function", "Properties": {"Role": get("OtherRole")}},
        "Schedule": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Fn::If": ["HasAlias", {"Ref": "OtherAlias"}, {"Ref": "Other"}]}
            },
        },
        "Api": {"Type": "AWS::ApiGatewayV2::Api"},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"AccessLogSettings": {"DestinationArn": get("Logs")}},
        },
        "Queue": a_queue(RedrivePolicy={"deadLetterTargetArn": get("Dead")}),
        "Dead": a_queue(),
        "Lost": a_queue(),
        "Policy": tls_only("SQS::QueuePolicy", Queues=[{"Ref": "Queue"}, {"Ref": "Dead"}]),
        "LostPolicy": tls_only("SQS::QueuePolicy", Queues=[{"Ref": "Lost"}]),
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "BucketPolicy": tls_only("S3::BucketPolicy", Bucket={"Ref": "Bucket"}),
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": {"Ref": "RetainPolicy"},
            "UpdateReplacePolicy": "Retain",
            "Properties": table,
        },
        "Reader": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": get("Queue"), "FunctionName": {"Ref": "Function"}},
        },
        "DeadReader": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": get("Dead"), "FunctionName": {"Ref": "Function"}},
        },
        "Stream": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "TRIM_HORIZON",
                "DestinationConfig": {"OnFailure": {"Destination": get("Lost")}},
            },
        },
        "QueueAge": an_alarm("ApproximateAgeOfOldestMessage", "Queue"),
        "DeadAlarm": calculated(
            "Dead", "NumberOfMessagesReceived", "ApproximateNumberOfMessagesVisible"
        ),
        "LostAlarm": an_alarm("ApproximateNumberOfMessagesVisible", "Lost"),
        "Errors": an_alarm("Errors", "Function"),
        "Throttles": an_alarm("Throttles", "Function"),
        "Age": an_alarm("IteratorAge", "Function"),
        "OtherErrors": an_alarm("Errors", "Other"),
        "OtherThrottles": an_alarm("Throttles", "Other"),
        "ServerErrors": an_alarm("5xx", "Api"),
    }


def found(resources: Resources) -> list[Finding]:
    return lint_template(Template.model_validate({"Resources": resources}))


def put(value: object, *path: str) -> Break:
    """Sets what stands at a path of the resources."""

    def change(resources: Resources) -> None:
        *way, last = path
        here: Any = resources
        for step in way:
            here = here[int(step) if isinstance(here, list) else step]
        here[last] = value

    return change


def without(*path: str) -> Break:
    def change(resources: Resources) -> None:
        *way, last = path
        here: Any = resources
        for step in way:
            here = here[int(step) if isinstance(here, list) else step]
        del here[last]

    return change


STATEMENT = ("Role", "Properties", "Policies", "0", "PolicyDocument", "Statement", "0")


def test_what_is_sound_is_left_in_peace() -> None:
    assert found(sound()) == []


def test_a_policy_of_the_template_may_be_attached_on_a_condition() -> None:
    resources = sound()
    see = {"Effect": "Allow", "Action": ["ec2:DescribeSubnets"], "Resource": "*"}
    resources["Own"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Statement": [see]}},
    }
    arns = {"Fn::If": ["HasVpc", [{"Ref": "Own"}], {"Ref": "AWS::NoValue"}]}
    resources["Role"]["Properties"]["ManagedPolicyArns"] = arns

    assert found(resources) == []


def test_no_more_than_what_must_be_is_allowed_on_everything() -> None:
    resources = sound()
    actions = ["ec2:DescribeSubnets", "ec2:CreateNetworkInterface"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    resources["Own"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Statement": [statement]}},
    }

    assert [finding.about for finding in found(resources)] == ["resource *"]


@pytest.mark.parametrize(
    ("change", "resource", "about"),
    [
        (put("sqs:*", *STATEMENT, "Action"), "Role", "action sqs:*"),
        (put(["sqs:Send*"], *STATEMENT, "Action"), "Role", "action sqs:Send*"),
        (put("*", *STATEMENT, "Action"), "Role", "action *"),
        (put("*", *STATEMENT, "Resource"), "Role", "resource *"),
        (put(["arn:x", "*"], *STATEMENT, "Resource"), "Role", "resource *"),
        (put(["iam:PassRole"], *STATEMENT, "NotAction"), "Role", "NotAction"),
        (put("arn:x", *STATEMENT, "NotResource"), "Role", "NotResource"),
        (
            put(["arn:aws:iam::aws:policy/AdministratorAccess"], "Role", "Properties",
                "ManagedPolicyArns"),
            "Role",
            "policy AdministratorAccess",
        ),
        (
            put([{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSLambdaSQS"}], "Role",
                "Properties", "ManagedPolicyArns"),
            "Role",
            "policy AWSLambdaSQS",
        ),
        (
            put({"Fn::If": ["HasVpc", ["arn:aws:iam::aws:policy/AWSLambdaVPC"], None]}, "Role",
                "Properties", "ManagedPolicyArns"),
            "Role",
            "policy AWSLambdaVPC",
        ),
        (put(get("Role"), "Other", "Properties", "Role"), "Function", "Role"),
        (put(get("Role"), "Other", "Properties", "Role"), "Other", "Role"),
        (without("Other", "Properties", "Role"), "Other", "Role"),
        (put("arn:x", "Other", "Properties", "Role"), "Other", "Role"),
        (without("Schedule"), "Other", "Events"),
        (without("Stage", "Properties", "AccessLogSettings"), "Stage", "AccessLogSettings"),
        (put("LATEST", "Stream", "Properties", "StartingPosition"), "Stream", "StartingPosition"),
        (without("Queue", "Properties", "RedrivePolicy"), "Queue", "RedrivePolicy"),
        (
            put({"redrivePermission": "denyAll"}, "Dead", "Properties", "RedriveAllowPolicy"),
            "Dead",
            "RedriveAllowPolicy",
        ),
        (
            put(345_600, "Dead", "Properties", "MessageRetentionPeriod"),
            "Dead",
            "MessageRetentionPeriod",
        ),
        (without("Lost", "Properties", "MessageRetentionPeriod"), "Lost", "MessageRetentionPeriod"),
        (
            put(False, "Queue", "Properties", "SqsManagedSseEnabled"),
            "Queue",
            "SqsManagedSseEnabled",
        ),
        (without("LostPolicy"), "Lost", "aws:SecureTransport"),
        (without("BucketPolicy"), "Bucket", "aws:SecureTransport"),
        (
            put("Allow", "LostPolicy", "Properties", "PolicyDocument", "Statement", "0", "Effect"),
            "Lost",
            "aws:SecureTransport",
        ),
        (put(59, "Queue", "Properties", "VisibilityTimeout"), "Queue", "VisibilityTimeout"),
        (without("Queue", "Properties", "VisibilityTimeout"), "Queue", "VisibilityTimeout"),
        (put(11, "Function", "Properties", "Timeout"), "Queue", "VisibilityTimeout"),
        (without("QueueAge"), "Queue", "ApproximateAgeOfOldestMessage"),
        (without("ServerErrors"), "Api", "5xx"),
        (without("Errors", "Properties", "AlarmActions"), "Errors", "AlarmActions"),
        (without("DeadAlarm"), "Dead", "ApproximateNumberOfMessagesVisible"),
        (
            put(an_alarm("ApproximateNumberOfMessagesVisible", "Dead"), "DeadAlarm"),
            "Dead",
            "NumberOfMessagesReceived",
        ),
        (
            put(an_alarm("NumberOfMessagesReceived", "Dead"), "DeadAlarm"),
            "Dead",
            "ApproximateNumberOfMessagesVisible",
        ),
        (without("LostAlarm"), "Lost", "ApproximateNumberOfMessagesVisible"),
        (without("Errors"), "Function", "Errors"),
        (without("Throttles"), "Function", "Throttles"),
        (without("Age"), "Function", "IteratorAge"),
        (
            put({"PointInTimeRecoveryEnabled": False}, "Table", "Properties",
                "PointInTimeRecoverySpecification"),
            "Table",
            "PointInTimeRecoverySpecification",
        ),
        (
            without("Table", "Properties", "DeletionProtectionEnabled"),
            "Table",
            "DeletionProtectionEnabled",
        ),
        (
            put(False, "Table", "Properties", "DeletionProtectionEnabled"),
            "Table",
            "DeletionProtectionEnabled",
        ),
        (without("Table", "Properties", "SSESpecification"), "Table", "SSESpecification"),
        (without("Table", "DeletionPolicy"), "Table", "DeletionPolicy"),
        (without("Table", "UpdateReplacePolicy"), "Table", "DeletionPolicy"),
    ],
)  # fmt: skip
def test_each_thing_that_is_not_sound_is_found(change: Break, resource: str, about: str) -> None:
    resources = sound()

    change(resources)

    assert (resource, about) in {(one.resource, one.about) for one in found(resources)}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEBHOOK_SECRET", "x"),
        ("GITHUB_TOKEN", {"Ref": "Token"}),
        ("DB_PASSWORD", ""),
        ("SIGNING_KEY", "x"),
        ("HOOK", "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop"),
        ("HOOK", "{{resolve:ssm-secure:/signalbox/x}}"),
        ("HOOK", {"Fn::Sub": "{{resolve:secretsmanager:${Name}}}"}),
    ],
)
def test_no_variable_holds_a_secret(variable: str, value: object) -> None:
    resources = sound()

    put(value, "Function", "Properties", "Environment", "Variables", variable)(resources)

    assert [one.about for one in found(resources)] == [f"variable {variable}"]


def test_a_refusal_may_name_everything() -> None:
    resources = sound()

    put("Deny", *STATEMENT, "Effect")(resources)
    put("*", *STATEMENT, "Action")(resources)

    assert found(resources) == []


def test_our_template_is_sound() -> None:
    template = Template.model_validate_json(translated())

    assert [str(finding) for finding in lint_template(template)] == []


def test_sam_adds_no_role_to_those_of_our_template() -> None:
    template = Template.model_validate_json(translated())

    assert {name for name, _ in template.of("IAM::Role")} == {
        name for name, resource in source().resources.items() if resource.type == "AWS::IAM::Role"
    }


def test_every_rule_has_something_to_look_at_in_our_template() -> None:
    template = Template.model_validate_json(translated())
    kinds = {resource.kind.removeprefix("AWS::") for resource in template.resources.values()}

    assert kinds >= {
        "ApiGatewayV2::Api",
        "ApiGatewayV2::Stage",
        "CloudWatch::Alarm",
        "DynamoDB::Table",
        "IAM::Role",
        "Lambda::EventSourceMapping",
        "Lambda::Function",
        "Lambda::Permission",
        "S3::Bucket",
        "SQS::Queue",
        "SQS::QueuePolicy",
    }
    assert len(set(RULES)) == len(RULES)


def test_cfn_lint_looks_at_what_the_transform_made(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 5}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: here
      Handler: app.handler
      Runtime: python3.13
      Timeout: 10
      Events: {Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
"""
    )

    wrong = lint_file(path)

    assert any("after the transform" in line and "E3505" in line for line in wrong)
    assert any("Function: has no alarm (Errors)" in line for line in wrong)
    assert main([str(path)]) == 1
