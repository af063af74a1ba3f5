"""A typed client of Signalbox: tasks, deliveries and queues, and a worker loop.

`Client` and `Worker` wait for each response; `AsyncClient` and `AsyncWorker` are for asyncio.
"""

from signalbox_client.async_client import AsyncClient
from signalbox_client.async_worker import AsyncWorker
from signalbox_client.attempt import (
    Attempt,
    AttemptStopped,
    HandlerResult,
    Outcome,
    StopReason,
    TaskFailed,
    TaskReleased,
)
from signalbox_client.client import Client
from signalbox_client.errors import (
    ApiError,
    ConfigurationError,
    Conflict,
    Forbidden,
    InvalidRequest,
    LeaseLost,
    NotFound,
    PreconditionFailed,
    ServerError,
    SignalboxError,
    TooManyRequests,
    Unauthorized,
    UnexpectedResponse,
    Unreachable,
    WaitTimeout,
)
from signalbox_client.pacing import WorkerOptions
from signalbox_client.retries import RetryPolicy
from signalbox_client.worker import Worker

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncWorker",
    "Attempt",
    "AttemptStopped",
    "Client",
    "ConfigurationError",
    "Conflict",
    "Forbidden",
    "HandlerResult",
    "InvalidRequest",
    "LeaseLost",
    "NotFound",
    "Outcome",
    "PreconditionFailed",
    "RetryPolicy",
    "ServerError",
    "SignalboxError",
    "StopReason",
    "TaskFailed",
    "TaskReleased",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedResponse",
    "Unreachable",
    "WaitTimeout",
    "Worker",
    "WorkerOptions",
]
