import json

import boto3
from moto import mock_aws

from cli.local.permissions import align_permissions

ROLE = "sender"


def policy(*actions: str) -> str:
    allowed = {
        "Sid": "One",
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": "arn:aws:sqs:::one",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def test_who_may_send_one_message_may_send_a_batch_and_nothing_else_changes() -> None:
    with mock_aws():
        iam = boto3.client("iam", "us-east-1")
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=ROLE, PolicyName="a", PolicyDocument=policy("sqs:SendMessage"))
        iam.put_role_policy(RoleName=ROLE, PolicyName="b", PolicyDocument=policy("s3:GetObject"))

        for _ in range(2):
            align_permissions(iam, [ROLE])

        documents = [
            iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"] for name in "ab"
        ]
        assert documents == [
            json.loads(policy("sqs:SendMessage", "sqs:SendMessageBatch")),
            json.loads(policy("s3:GetObject")),
        ]


def test_who_may_read_a_stream_may_read_it_here() -> None:
    with mock_aws():
        iam = boto3.client("iam", "us-east-1")
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
        reads = policy("dynamodb:GetRecords")
        iam.put_role_policy(RoleName=ROLE, PolicyName="a", PolicyDocument=reads)

        align_permissions(iam, [ROLE])

        document = iam.get_role_policy(RoleName=ROLE, PolicyName="a")["PolicyDocument"]
        assert document == json.loads(reads.replace("arn:aws:sqs:::one", "*"))
