"""The tools: which operation of the API each of them is, and what a model should know of it.

Parameters, schemas and scopes are those of the route. There is deliberately no tool that approves
or edits tasks, changes the configuration or reads unmasked bodies: that is for people.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from signalbox.models.frozen import frozen

_TASK: Final = "/api/v1/tasks/<task_id>"
_DELIVERY: Final = "/api/v1/deliveries/<delivery_id>"


@frozen
class Tool:
    """A tool. `operation` is the method and path of its route, `headers` arguments sent in headers.

    A tool that is `idempotent` changes nothing more when it is called again.
    """

    name: str
    title: str
    description: str
    operation: str
    destructive: bool = False
    idempotent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def read_only(self) -> bool:
        """Return whether it changes nothing."""
        return self.operation.startswith("GET ")

    @property
    def annotations(self) -> dict[str, bool]:
        """Return the hints for clients, which decide by them what to ask a person about."""
        return {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent or self.read_only,
            "openWorldHint": False,
        }


TOOLS: Final = (
    Tool(
        name="list_tasks",
        title="List tasks",
        description="List tasks, newest first, by status, provider, priority, repository or time.",
        operation="GET /api/v1/tasks",
    ),
    Tool(
        name="get_task",
        title="Get a task",
        description="Get everything that is known of one task, except its lease.",
        operation=f"GET {_TASK}",
    ),
    Tool(
        name="list_dependents",
        title="List the tasks that wait for a task",
        description="List the first 20 tasks that wait for a task, and whether there may be more.",
        operation=f"GET {_TASK}/dependents",
    ),
    Tool(
        name="create_task",
        title="Create a task",
        description=(
            "Create a task, which a worker will claim. Calls with the same idempotency_key "
            "create one task."
        ),
        operation="POST /api/v1/tasks",
        headers={"idempotency_key": "idempotency-key"},
    ),
    Tool(
        name="cancel_task",
        title="Cancel a task",
        description=(
            "Cancel a task, with subtree also all tasks that wait for it, directly or not. Its "
            "worker is informed at its next heartbeat."
        ),
        operation=f"POST {_TASK}/cancel",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="claim_task",
        title="Claim the next task",
        description=(
            "Claim the next task and get a lease, which the other tools of work need. Task and "
            "lease are null if there is no task. Extend the lease after each third of "
            "lease_seconds; another worker gets the task when it ends."
        ),
        operation="POST /api/v1/queue/claim",
    ),
    Tool(
        name="extend_lease",
        title="Extend the lease of a task",
        description=(
            "Extend the lease of a claimed task, report progress, and learn whether to continue. "
            "Stop working on the task if action is cancel or the lease is lost."
        ),
        operation=f"POST {_TASK}/heartbeat",
        idempotent=True,
    ),
    Tool(
        name="append_log",
        title="Append to the log of a task",
        description="Append lines to the log of a claimed task. seq counts from 1 without gaps.",
        operation=f"POST {_TASK}/logs",
        idempotent=True,
    ),
    Tool(
        name="read_log",
        title="Read the log of a task",
        description="Read the lines of the log of a task after a position.",
        operation=f"GET {_TASK}/logs",
    ),
    Tool(
        name="complete_task",
        title="Complete a task",
        description=(
            "Report that a claimed task is done, with its result. With claim also claim the next "
            "task, which is next in the result, null if there is none."
        ),
        operation=f"POST {_TASK}/complete",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="fail_task",
        title="Fail a task",
        description=(
            "Report that the attempt failed and why. Another attempt follows if it is retryable "
            "and attempts are left."
        ),
        operation=f"POST {_TASK}/fail",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="release_task",
        title="Release a task",
        description="Return a claimed task to its queue without counting the attempt.",
        operation=f"POST {_TASK}/release",
        idempotent=True,
    ),
    Tool(
        name="list_deliveries",
        title="List deliveries",
        description="List received webhooks, newest first, by provider, source, status or time.",
        operation="GET /api/v1/deliveries",
    ),
    Tool(
        name="explain_delivery",
        title="Explain a delivery",
        description="Get what became of a webhook step by step, and why nothing did.",
        operation=f"GET {_DELIVERY}/explain",
    ),
    Tool(
        name="find_delivery",
        title="Explain a delivery by the id of its provider",
        description="Explain a webhook by the id that its provider gave it.",
        operation="GET /api/v1/explain",
    ),
    Tool(
        name="list_rejections",
        title="List rejected requests",
        description="List how many webhooks of each source were rejected, and why.",
        operation="GET /api/v1/rejections",
    ),
    Tool(
        name="replay_delivery",
        title="Replay a delivery",
        description=(
            "Interpret a stored webhook again with the current configuration and create the tasks "
            "that are missing. Use dry_run first to see which."
        ),
        operation=f"POST {_DELIVERY}/replay",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="get_queue",
        title="Get the status of the queues",
        description="Get depth, age, dead letters and pause of each queue of tasks.",
        operation="GET /api/v1/queue",
    ),
    Tool(
        name="list_services",
        title="List services",
        description="List the services behind the gateway.",
        operation="GET /api/v1/services",
    ),
    Tool(
        name="list_instances",
        title="List the instances of a service",
        description="List the instances of a service behind the gateway, with their health.",
        operation="GET /api/v1/services/<name>/instances",
    ),
)
"""In the order in which clients see them, which does not change from call to call."""
