from typing import Any

import msgspec
import pytest
from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Pod

from cli.jobs.pod_state import job_report, late_report, pod_waiting_reason
from cli.work.running import AttemptOutcome, AttemptReport

OOM = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed", "message": " all good\n"}}
RUNNING = {"running": {"startedAt": "2026-11-28T20:00:00Z"}}
DEADLINE = {
    "type": "Failed",
    "status": "True",
    "reason": "DeadlineExceeded",
    "message": "Job was active longer than specified deadline",
}
LIMIT = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
COMPLETE = {"type": "Complete", "status": "True"}


def a_job(*conditions: dict[str, Any]) -> Job:
    document = {"metadata": {"name": "j"}, "status": {"conditions": list(conditions)}}
    return msgspec.convert(document, Job)


def a_pod(
    state: dict[str, Any] | None = None,
    *conditions: dict[str, Any],
    deleted: bool = False,
    **status: Any,
) -> Pod:
    container = {"image": "i", "imageID": "", "ready": False, "restartCount": 0}
    states = [{**container, "name": "sidecar", "state": RUNNING}]
    states += [{**container, "name": "agent", "state": state}] if state else []
    metadata = {"name": "p"} | ({"deletionTimestamp": "2026-11-28T20:00:00Z"} if deleted else {})
    status |= {"containerStatuses": states, "conditions": list(conditions)}
    return msgspec.convert({"metadata": metadata, "status": status}, Pod)


def disrupted(reason: str) -> dict[str, Any]:
    return {"type": "DisruptionTarget", "status": "True", "reason": reason}


def report(outcome: AttemptOutcome, reason: str = "", output: str = "") -> AttemptReport:
    return AttemptReport(outcome=outcome, reason=reason, output=output)


DEADLINE_WORDS = "the Job failed: DeadlineExceeded: Job was active longer than specified deadline"


@pytest.mark.parametrize(
    ("job", "pod", "end"),
    [
        (None, None, None),
        (a_job(), None, None),
        (a_job(), a_pod(phase="Pending"), None),
        (a_job(), a_pod(RUNNING, phase="Running"), None),
        (a_job(), a_pod(DONE), report(AttemptOutcome.SUCCEEDED, output="all good")),
        (
            a_job(LIMIT),
            a_pod({"terminated": {"exitCode": 3, "reason": "Error"}}),
            report(AttemptOutcome.FAILED, "the container ended with 3"),
        ),
        (
            a_job(),
            a_pod(OOM),
            report(AttemptOutcome.FAILED, "the container ended with 137 (OOMKilled)"),
        ),
        (
            a_job(),
            a_pod(phase="Failed", reason="Evicted", message="The node was low on memory."),
            report(AttemptOutcome.FAILED, "the pod failed: Evicted: The node was low on memory."),
        ),
        (a_job(), a_pod(phase="Failed"), report(AttemptOutcome.FAILED, "the pod failed")),
        (a_job(DEADLINE), a_pod(RUNNING), report(AttemptOutcome.FAILED, DEADLINE_WORDS)),
        (a_job(DEADLINE), a_pod(DONE), report(AttemptOutcome.FAILED, DEADLINE_WORDS)),
        (
            a_job(DEADLINE),
            a_pod({"waiting": {"reason": "ErrImagePull", "message": "no such image"}}),
            report(
                AttemptOutcome.FAILED,
                f"{DEADLINE_WORDS}; the pod waited: ErrImagePull: no such image",
            ),
        ),
        (a_job(), a_pod(DONE, deleted=True), None),
        (a_job(COMPLETE), a_pod(DONE, deleted=True), report(AttemptOutcome.SUCCEEDED)),
        (a_job(LIMIT), None, None),
    ],
)
def test_the_states_of_a_job_and_its_pod_tell_how_it_ended(
    job: Job | None, pod: Pod | None, end: AttemptReport | None
) -> None:
    assert job_report(job, pod, "agent") == end


@pytest.mark.parametrize(
    "reason",
    [
        "DeletionByPodGC",
        "DeletionByTaintManager",
        "EvictionByEvictionAPI",
        "PreemptionByScheduler",
    ],
)
def test_a_pod_that_the_cluster_ended_is_not_a_failed_attempt(reason: str) -> None:
    killed = {"terminated": {"exitCode": 143, "reason": "Error"}}

    end = job_report(a_job(), a_pod(killed, disrupted(reason)), "agent")

    assert end == report(AttemptOutcome.RELEASED, f"the pod was disrupted ({reason})")
    assert job_report(a_job(), a_pod(RUNNING, disrupted(reason)), "agent") is None


def test_a_pod_that_used_too_much_has_failed() -> None:
    pod = a_pod(OOM, disrupted("TerminationByKubelet"))

    end = job_report(a_job(), pod, "agent")

    assert end
    assert end.outcome is AttemptOutcome.FAILED


@pytest.mark.parametrize(
    ("job", "exists", "end"),
    [
        (a_job(COMPLETE), True, report(AttemptOutcome.SUCCEEDED)),
        (a_job(COMPLETE), False, report(AttemptOutcome.SUCCEEDED)),
        (a_job(LIMIT), True, report(AttemptOutcome.FAILED, "the Job failed: BackoffLimitExceeded")),
        (a_job(), False, report(AttemptOutcome.FAILED, "the Job was deleted")),
        (None, False, report(AttemptOutcome.FAILED, "the Job was deleted")),
        (a_job(), True, None),
    ],
)
def test_a_job_without_a_pod_tells_how_it_ended(
    job: Job | None,
    exists: bool,  # noqa: FBT001  a parameter of the table
    end: AttemptReport | None,
) -> None:
    assert late_report(job, exists=exists) == end


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (None, ""),
        (a_pod({"waiting": {"reason": "ContainerCreating"}}), ""),
        (
            a_pod({"waiting": {"reason": "ImagePullBackOff", "message": "back-off"}}),
            "ImagePullBackOff: back-off",
        ),
        (
            a_pod(
                None,
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available",
                },
            ),
            "Unschedulable: 0/3 nodes are available",
        ),
        (a_pod(RUNNING), ""),
    ],
)
def test_what_a_pod_waits_for_is_known(pod: Pod | None, words: str) -> None:
    assert pod_waiting_reason(pod, "agent") == words
