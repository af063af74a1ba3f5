"""What ministack has to be talked into, shown on a function of our own."""

import io
import json
import time
import zipfile
from pathlib import Path

import boto3

from cli.local.cloud import LocalCloud
from cli.local.options import REGION, LocalOptions, isolated_options

HANDLER = """
import importlib.util

def handler(event, context):
    if "Records" in event:
        for record in event["Records"]:
            print("seen", record.get("body") or record["dynamodb"]["Keys"]["pk"]["S"])
    return {name: importlib.util.find_spec(name) is not None for name in event.get("modules", ())}
"""
NAME = "probe"
PATIENCE = 20.0


class Probe:
    """A function that reads the stream of a table, and a queue."""

    def __init__(self, options: LocalOptions) -> None:
        session = boto3.Session("test", "test", region_name=REGION)
        self.dynamodb = session.client("dynamodb", endpoint_url=options.endpoint_url)
        self.sqs = session.client("sqs", endpoint_url=options.endpoint_url)
        self.functions = session.client("lambda", endpoint_url=options.endpoint_url)
        self.logs = session.client("logs", endpoint_url=options.endpoint_url)

    def create(self) -> None:
        table = self.dynamodb.create_table(
            TableName=NAME,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", HANDLER)
        self.functions.create_function(
            FunctionName=NAME,
            Runtime="python3.11",
            Handler="app.handler",
            Role=f"arn:aws:iam::000000000000:role/{NAME}",
            Code={"ZipFile": packed.getvalue()},
        )
        self.functions.create_event_source_mapping(
            FunctionName=NAME,
            EventSourceArn=table["TableDescription"]["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
        )
        self.sqs.create_queue(QueueName=NAME)
        self.functions.create_event_source_mapping(
            FunctionName=NAME, EventSourceArn=f"arn:aws:sqs:{REGION}:000000000000:{NAME}"
        )

    def put(self, key: str) -> None:
        self.dynamodb.put_item(TableName=NAME, Item={"pk": {"S": key}})

    def send(self, body: str) -> None:
        url = self.sqs.get_queue_url(QueueName=NAME)["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody=body)

    def has_seen(self, text: str) -> bool:
        """Whether the function saw the item or message, in time."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if f"seen {text}\n" in self._logged():
                return True
            time.sleep(0.1)
        return False

    def importable(self, *modules: str) -> dict[str, bool]:
        """What a function finds in its interpreter."""
        event = json.dumps({"modules": modules})
        answer = self.functions.invoke(FunctionName=NAME, Payload=event)["Payload"].read()
        found: dict[str, bool] = json.loads(answer)
        return found

    def _logged(self) -> str:
        try:
            events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{NAME}")["events"]
        except self.logs.exceptions.ResourceNotFoundException:
            return ""
        return "".join(f"{event['message'].strip()}\n" for event in events)


def test_streams_and_queues_are_read_on_after_a_restart_on_other_ports(tmp_path: Path) -> None:
    with LocalCloud(options=(first := isolated_options(tmp_path))):
        before = Probe(first)
        before.create()
        before.put("an item")
        before.send("a message")
        assert before.has_seen("an item")
        assert before.has_seen("a message")

    with LocalCloud(options=(second := isolated_options(tmp_path))):
        after = Probe(second)
        after.put("another item")
        after.send("another message")

        assert after.has_seen("another item")
        assert after.has_seen("another message")


def test_functions_run_without_the_packages_of_the_local_cloud(tmp_path: Path) -> None:
    with LocalCloud(options=(options := isolated_options(tmp_path))):
        probe = Probe(options)
        probe.create()
        found = probe.importable("boto3", "moto", "ministack", "pydantic")

    assert found == {"boto3": True, "moto": False, "ministack": False, "pydantic": False}
