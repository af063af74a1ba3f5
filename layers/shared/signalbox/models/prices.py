"""What AWS charges: us-east-1, arm64, in dollars.

The pages to compare them with:
https://aws.amazon.com/dynamodb/pricing/on-demand/,
https://aws.amazon.com/dynamodb/pricing/provisioned/, https://aws.amazon.com/lambda/pricing/,
https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/api-gateway/pricing/,
https://aws.amazon.com/cloudwatch/pricing/. Prices are for a million, but for
logs, compute and provisioned capacity.
"""

from typing import Final

PRICES_AS_OF: Final = "2026-11-28"
"""The day since which these are used."""

WRITE_UNIT: Final = 0.625
READ_UNIT: Final = 0.125
WRITE_CAPACITY_HOUR: Final = 0.00065
READ_CAPACITY_HOUR: Final = 0.00013
"""A unit a second of a table or an index with provisioned capacity, for an hour."""

HTTP_API: Final = 1.00
INVOCATION: Final = 0.20
SQS: Final = 0.40
LOG_BYTE: Final = 0.50 / 1_000
"""0.50 a gigabyte, for a byte in each of a million requests."""

GB_MILLISECOND: Final = 0.0000133334 * 1_000
"""0.0000133334 a gigabyte-second, for a millisecond in each of a million requests."""

ALARM_METRIC_MONTH: Final = 0.10
"""A metric that an alarm watches, for a month."""

FREE_ALARM_METRICS: Final = 10
FREE_QUEUE_CALLS: Final = 1_000_000
"""What is free of charge in each month."""
