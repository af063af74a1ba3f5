"""The rules for every resource of the template, also for those that SAM's transform creates."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from pydantic import JsonValue

from cli.lint.template import (
    Finding,
    Resource,
    Template,
    as_boolean,
    as_list,
    as_number,
    logical_id,
    value_at,
)
from signalbox.models.redaction import redacted

Rule = Callable[[Template], Iterator[Finding]]

_DAYS_14: Final = 14 * 86_400
_TIMEOUT: Final = 3
_VISIBILITY: Final = 30
_TIMES: Final = 6
_QUEUE: Final = "SQS::Queue"
_FUNCTION: Final = "Lambda::Function"
_MAPPING: Final = "Lambda::EventSourceMapping"
_ALARM: Final = "CloudWatch::Alarm"
_WITHOUT_RESOURCE: Final = frozenset(
    {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "servicediscovery:DiscoverInstances",
    }
)
"""Actions that can only be allowed on everything."""
_SECRET_WORDS: Final = frozenset(
    {"SECRET", "SECRETS", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "CREDENTIALS", "APIKEY"}
)


def no_stars(template: Template) -> Iterator[Finding]:
    """Require that policies name each action and a resource."""
    for name, statement in _statements(template):
        if value_at(statement, "Effect") != "Allow":
            continue
        for key in ("NotAction", "NotResource"):
            if value_at(statement, key) is not None:
                yield Finding(name, key, "allows all but what it names")
        for action in as_list(value_at(statement, "Action")):
            if "*" in str(action):
                yield Finding(name, f"action {action}", "allows actions it does not name")
        actions = {str(action) for action in as_list(value_at(statement, "Action"))}
        if "*" in as_list(value_at(statement, "Resource")) and not actions <= _WITHOUT_RESOURCE:
            yield Finding(name, "resource *", "allows them on everything")


def no_managed_policies(template: Template) -> Iterator[Finding]:
    """Forbid managed policies of AWS, which allow their actions on everything."""
    own = {name for name, _ in template.of("IAM::ManagedPolicy")}
    for name, role in template.of("IAM::Role"):
        for arn in _possible(value_at(role.properties, "ManagedPolicyArns")):
            if logical_id(arn) in {*own, "AWS::NoValue"}:
                continue
            policy = json.dumps(arn).strip('"}] ').rpartition("/")[2]
            yield Finding(name, f"policy {policy}", "has a managed policy")


def own_roles(template: Template) -> Iterator[Finding]:
    """Require a role for every function, so that it has no permissions of others."""
    roles = {
        name: logical_id(value_at(made.properties, "Role")) for name, made in template.of(_FUNCTION)
    }
    shared = Counter(roles.values())
    for name, role in roles.items():
        if not role or shared[role] > 1:
            yield Finding(name, "Role", "has no role of its own")


def has_trigger(template: Template) -> Iterator[Finding]:
    """Require that every function reads a queue or a stream, or may be invoked by something."""
    callers = (*template.of(_MAPPING), *template.of("Lambda::Permission"))
    ours = {
        logical_id(called)
        for _, caller in callers
        for called in _possible(value_at(caller.properties, "FunctionName"))
    }
    for name, _ in template.of(_FUNCTION):
        if name not in ours:
            yield Finding(name, "Events", "is called by nothing")


def whole_streams(template: Template) -> Iterator[Finding]:
    """Require that a stream is read from its start, so that early changes count."""
    for name, mapping in _stream_mappings(template):
        if value_at(mapping.properties, "StartingPosition") != "TRIM_HORIZON":
            yield Finding(name, "StartingPosition", "leaves out what was there before")


def access_logs(template: Template) -> Iterator[Finding]:
    """Require an access log of every API, which also has requests that reach no function."""
    for name, stage in template.of("ApiGatewayV2::Stage"):
        if not logical_id(value_at(stage.properties, "AccessLogSettings", "DestinationArn")):
            yield Finding(name, "AccessLogSettings", "has no access log")


def queues_have_dead_letters(template: Template) -> Iterator[Finding]:
    """Require a dead-letter queue for every queue, whose messages are kept for 14 days."""
    targets = _dead_letter_queues(template)
    for name, queue in template.of(_QUEUE):
        if name in targets:
            kept = as_number(value_at(queue.properties, "MessageRetentionPeriod"), 0)
            if kept != _DAYS_14:
                yield Finding(name, "MessageRetentionPeriod", "dead letters are kept for 14 days")
            if value_at(queue.properties, "RedriveAllowPolicy", "redrivePermission") == "denyAll":
                yield Finding(name, "RedriveAllowPolicy", "takes no dead letters")
        elif not logical_id(value_at(queue.properties, "RedrivePolicy", "deadLetterTargetArn")):
            yield Finding(name, "RedrivePolicy", "has no queue for dead letters")


def encrypted_queues(template: Template) -> Iterator[Finding]:
    """Require that queues are encrypted."""
    for name, queue in template.of(_QUEUE):
        managed = as_boolean(value_at(queue.properties, "SqsManagedSseEnabled"))
        if not managed and value_at(queue.properties, "KmsMasterKeyId") is None:
            yield Finding(name, "SqsManagedSseEnabled", "is not encrypted")


def tls_only(template: Template) -> Iterator[Finding]:
    """Require that queues and buckets refuse requests without TLS."""
    guarded = {
        logical_id(target)
        for kind, key in (("SQS::QueuePolicy", "Queues"), ("S3::BucketPolicy", "Bucket"))
        for _, policy in template.of(kind)
        if any(
            map(_refuses_plain, as_list(value_at(policy.properties, "PolicyDocument", "Statement")))
        )
        for target in as_list(value_at(policy.properties, key))
    }
    for kind in (_QUEUE, "S3::Bucket"):
        for name, _ in template.of(kind):
            if name not in guarded:
                yield Finding(name, "aws:SecureTransport", "may be spoken to without TLS")


def visibility_timeouts(template: Template) -> Iterator[Finding]:
    """Require a visibility timeout of six times the timeout of the function."""
    queues = dict(template.of(_QUEUE))
    functions = dict(template.of(_FUNCTION))
    for _, mapping in template.of(_MAPPING):
        source = logical_id(value_at(mapping.properties, "EventSourceArn"))
        reader = logical_id(value_at(mapping.properties, "FunctionName"))
        if source in queues and reader in functions:
            hidden = as_number(
                value_at(queues[source].properties, "VisibilityTimeout"), _VISIBILITY
            )
            needed = _TIMES * as_number(value_at(functions[reader].properties, "Timeout"), _TIMEOUT)
            if hidden < needed:
                problem = f"hides for {hidden} s what {reader} needs hidden for {needed} s"
                yield Finding(source, "VisibilityTimeout", problem)


def resources_have_alarms(template: Template) -> Iterator[Finding]:
    """Require alarms on dead letters, queues, functions, streams and APIs."""
    watched = {
        (str(value_at(metric, "MetricName")), logical_id(value_at(dimension, "Value")))
        for _, alarm in template.of(_ALARM)
        for metric in _metrics(alarm)
        for dimension in as_list(value_at(metric, "Dimensions"))
    }
    for name, metric in _to_be_watched(template):
        if (metric, name) not in watched:
            yield Finding(name, metric, "has no alarm")


def has_alarm_target(template: Template) -> Iterator[Finding]:
    """Require that every alarm notifies somebody."""
    for name, alarm in template.of(_ALARM):
        if not as_list(value_at(alarm.properties, "AlarmActions")):
            yield Finding(name, "AlarmActions", "tells nobody")


def safe_tables(template: Template) -> Iterator[Finding]:
    """Require point-in-time recovery, deletion protection and a deletion policy of tables."""
    for name, table in template.of("DynamoDB::Table"):
        recovery = value_at(
            table.properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"
        )
        if not as_boolean(recovery):
            yield Finding(name, "PointInTimeRecoverySpecification", "cannot be restored")
        protection = value_at(table.properties, "DeletionProtectionEnabled")
        if not as_boolean(protection) and not logical_id(protection):
            yield Finding(name, "DeletionProtectionEnabled", "may be deleted by mistake")
        if not as_boolean(value_at(table.properties, "SSESpecification", "SSEEnabled")):
            yield Finding(name, "SSESpecification", "has no key that shows in our audit trail")
        yield from _kept(name, table)


def no_secret_variables(template: Template) -> Iterator[Finding]:
    """Forbid secrets in variables, as anybody who can view the function sees them."""
    for name, function in template.of(_FUNCTION):
        variables = value_at(function.properties, "Environment", "Variables")
        for variable, value in variables.items() if isinstance(variables, dict) else ():
            text = json.dumps(value)
            words = set(variable.upper().split("_"))
            resolved = "{{resolve:secretsmanager" in text or "{{resolve:ssm-secure" in text
            if words & _SECRET_WORDS or variable.upper().endswith("_KEY"):
                yield Finding(name, f"variable {variable}", "has the name of a secret")
            elif resolved or redacted(text) != text:
                yield Finding(name, f"variable {variable}", "holds a secret")


RULES: Final[tuple[Rule, ...]] = (
    no_stars,
    no_managed_policies,
    own_roles,
    has_trigger,
    whole_streams,
    access_logs,
    queues_have_dead_letters,
    encrypted_queues,
    tls_only,
    visibility_timeouts,
    resources_have_alarms,
    has_alarm_target,
    safe_tables,
    no_secret_variables,
)


def lint_template(template: Template) -> list[Finding]:
    """Return the findings of all rules."""
    return [finding for rule in RULES for finding in rule(template)]


def _possible(value: JsonValue) -> Iterator[JsonValue]:
    """Yield the members of a list, whatever its conditions are."""
    for member in as_list(value):
        condition = value_at(member, "Fn::If")
        if isinstance(condition, list):
            for alternative in condition[1:]:
                yield from _possible(alternative)
        else:
            yield member


def _statements(template: Template) -> Iterator[tuple[str, JsonValue]]:
    for name, resource in template.resources.items():
        documents: list[JsonValue] = []
        if resource.kind == "AWS::IAM::Role":
            policies = as_list(value_at(resource.properties, "Policies"))
            documents = [value_at(policy, "PolicyDocument") for policy in policies]
        elif resource.kind in {
            "AWS::IAM::Policy",
            "AWS::IAM::ManagedPolicy",
            "AWS::SQS::QueuePolicy",
            "AWS::S3::BucketPolicy",
        }:
            documents = [value_at(resource.properties, "PolicyDocument")]
        for document in documents:
            for statement in as_list(value_at(document, "Statement")):
                yield name, statement


def _dead_letter_queues(template: Template) -> list[str]:
    after_attempts = (
        logical_id(value_at(queue.properties, "RedrivePolicy", "deadLetterTargetArn"))
        for _, queue in template.of(_QUEUE)
    )
    after_failure = (
        logical_id(value_at(mapping.properties, "DestinationConfig", "OnFailure", "Destination"))
        for _, mapping in template.of(_MAPPING)
    )
    return list(dict.fromkeys(name for name in (*after_attempts, *after_failure) if name))


def _stream_mappings(template: Template) -> Iterator[tuple[str, Resource]]:
    tables = {name for name, _ in template.of("DynamoDB::Table")}
    for name, mapping in template.of(_MAPPING):
        if logical_id(value_at(mapping.properties, "EventSourceArn")) in tables:
            yield name, mapping


def _metrics(alarm: Resource) -> list[JsonValue]:
    """Return the metrics of an alarm, each with its name and dimensions."""
    calculated = as_list(value_at(alarm.properties, "Metrics"))
    return [alarm.properties, *(value_at(one, "MetricStat", "Metric") for one in calculated)]


def _to_be_watched(template: Template) -> Iterator[tuple[str, str]]:
    """Yield resources with the metrics that show that something is wrong with them.

    Messages that a function receives are rarely visible in its queue, so those of dead letters are
    counted as received.
    """
    dead = _dead_letter_queues(template)
    read = {
        logical_id(value_at(one.properties, "EventSourceArn")) for _, one in template.of(_MAPPING)
    }
    for name, _ in template.of(_QUEUE):
        if name not in dead:
            yield name, "ApproximateAgeOfOldestMessage"
            continue
        yield name, "ApproximateNumberOfMessagesVisible"
        if name in read:
            yield name, "NumberOfMessagesReceived"
    for name, _ in template.of(_FUNCTION):
        yield name, "Errors"
        yield name, "Throttles"
    for _, mapping in _stream_mappings(template):
        yield logical_id(value_at(mapping.properties, "FunctionName")), "IteratorAge"
    for name, api in template.of("ApiGatewayV2::Api"):
        is_websocket = value_at(api.properties, "ProtocolType") == "WEBSOCKET"
        yield name, "IntegrationError" if is_websocket else "5xx"


def _refuses_plain(statement: JsonValue) -> bool:
    insecure = value_at(statement, "Condition", "Bool", "aws:SecureTransport")
    return value_at(statement, "Effect") == "Deny" and str(insecure).lower() == "false"


def _kept(name: str, resource: Resource) -> Iterator[Finding]:
    if resource.deletion is None or resource.replacement is None:
        yield Finding(name, "DeletionPolicy", "does not say what becomes of it")
