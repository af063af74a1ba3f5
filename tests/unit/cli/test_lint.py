from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.lint.__main__ import main, problems
from cli.lint.rules import ALLOWED, RULES, findings
from cli.lint.template import Finding, Template
from cli.lint.translate import translated
from cli.target import PROJECT

Resources = dict[str, Any]
Break = Callable[[Resources], None]


def get(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def an_alarm(metric: str, resource: str) -> Resources:
    dimensions = [{"Name": "Name", "Value": {"Fn::GetAtt": [resource, "QueueName"]}}]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"MetricName": metric, "Dimensions": dimensions},
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
    role = {
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [allow]}}],
        "ManagedPolicyArns": [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSLambdaSQSQueueExecutionRole"},
        ],
    }
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
            "Properties": {"Timeout": 10, "Environment": {"Variables": variables}},
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
        "Stream": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                "FunctionName": {"Ref": "Function"},
                "DestinationConfig": {"OnFailure": {"Destination": get("Lost")}},
            },
        },
        "DeadAlarm": an_alarm("ApproximateNumberOfMessagesVisible", "Dead"),
        "LostAlarm": an_alarm("ApproximateNumberOfMessagesVisible", "Lost"),
        "Errors": an_alarm("Errors", "Function"),
        "Throttles": an_alarm("Throttles", "Function"),
        "Age": an_alarm("IteratorAge", "Function"),
    }


def found(resources: Resources, allowed: Mapping[str, str] = ALLOWED) -> list[Finding]:
    return findings(Template.model_validate({"Resources": resources}), allowed)


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
        (without("Queue", "Properties", "RedrivePolicy"), "Queue", "RedrivePolicy"),
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
        (without("DeadAlarm"), "Dead", "ApproximateNumberOfMessagesVisible"),
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


def test_what_is_allowed_is_allowed_for_a_reason() -> None:
    managed = found(sound(), allowed={})

    assert {one.about for one in managed} <= set(ALLOWED)
    assert all(len(reason) > 20 for reason in ALLOWED.values())


def test_our_template_is_sound() -> None:
    template = Template.model_validate_json(translated(PROJECT / "template.yaml"))

    assert [str(finding) for finding in findings(template)] == []


def test_every_rule_has_something_to_look_at_in_our_template() -> None:
    template = Template.model_validate_json(translated(PROJECT / "template.yaml"))
    kinds = {resource.kind.removeprefix("AWS::") for resource in template.resources.values()}

    assert kinds >= {
        "CloudWatch::Alarm",
        "DynamoDB::Table",
        "IAM::Role",
        "Lambda::EventSourceMapping",
        "Lambda::Function",
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

    wrong = problems(path)

    assert any("after the transform" in line and "E3505" in line for line in wrong)
    assert any("Function: has no alarm (Errors)" in line for line in wrong)
    assert main([str(path)]) == 1
