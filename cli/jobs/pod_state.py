"""How a Job ended, and what its pod waits for, from their states in the cluster."""

from collections.abc import Iterable
from typing import Final

from lightkube.models.batch_v1 import Job, JobCondition
from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus, Pod

from cli.work.running import AttemptOutcome, AttemptReport

_DISRUPTIONS: Final = frozenset(
    {
        "DeletionByPodGC",
        "DeletionByTaintManager",
        "EvictionByEvictionAPI",
        "PreemptionByScheduler",
    }
)
"""Reasons of a pod's end that are the cluster's: its node is drained, lost, or needed for another.

https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
`TerminationByKubelet` is not one: the pod may have used more than it may.
"""

_PLAIN_REASONS: Final = frozenset({"Completed", "Error"})


def job_report(job: Job | None, pod: Pod | None, container: str) -> AttemptReport | None:
    """Return how the attempt ended, or None while it runs or its states contradict each other.

    `output` is the termination message, if the container wrote one.
    """
    disruption = _disruption(pod)
    exit_state = terminated(pod, container)
    failed = job_condition(job, "Failed") or job_condition(job, "FailureTarget")
    if disruption and (exit_state or failed or _phase(pod) == "Failed"):
        reason = f"the pod was disrupted ({disruption})"
        return AttemptReport(outcome=AttemptOutcome.RELEASED, reason=reason)
    if failed and failed.reason not in {"BackoffLimitExceeded", None}:
        return _failure(_of_condition(failed), pod_waiting_reason(pod, container))
    if exit_state:
        return _exit_report(job, pod, exit_state)
    if _phase(pod) == "Failed" and pod and pod.status:
        words = _joined(pod.status.reason, pod.status.message)
        return _failure(f"the pod failed: {words}" if words else "the pod failed")
    return None


def late_report(job: Job | None, *, exists: bool) -> AttemptReport | None:
    """Return how a Job ended whose pod does not show it, or None while it runs."""
    if job_condition(job, "Complete"):
        return AttemptReport(outcome=AttemptOutcome.SUCCEEDED)
    failed = job_condition(job, "Failed")
    if failed:
        return _failure(_of_condition(failed))
    return None if exists else _failure("the Job was deleted")


def job_condition(job: Job | None, kind: str) -> JobCondition | None:
    """Return a condition of a Job if it holds."""
    conditions = (job.status.conditions if job and job.status else None) or ()
    return next((each for each in conditions if each.type == kind and each.status == "True"), None)


def job_finished(job: Job | None) -> bool:
    """Return whether a Job has ended, well or badly."""
    return bool(job_condition(job, "Complete") or job_condition(job, "Failed"))


def has_started(pod: Pod | None, container: str) -> bool:
    """Return whether a container runs or has run, so that it has a log."""
    status = _status_of(pod, container)
    state = status.state if status else None
    return bool(state and (state.running or state.terminated))


def terminated(pod: Pod | None, container: str) -> ContainerStateTerminated | None:
    """Return the final state of a container, or None before its end."""
    status = _status_of(pod, container)
    return status.state.terminated if status and status.state else None


def pod_waiting_reason(pod: Pod | None, container: str) -> str:
    """Return what a pod waits for before its container starts, empty if that is not known."""
    if pod is None or pod.status is None or has_started(pod, container):
        return ""
    for status in _statuses(pod):
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason not in {None, "ContainerCreating", "PodInitializing"}:
            return _joined(waiting.reason, waiting.message)
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return _joined(condition.reason, condition.message)
    return ""


def _exit_report(
    job: Job | None, pod: Pod | None, end: ContainerStateTerminated
) -> AttemptReport | None:
    message = (end.message or "").strip()
    if end.exitCode == 0:
        if pod and pod.metadata and pod.metadata.deletionTimestamp:
            # it may have been ended: its Job knows
            return late_report(job, exists=True)
        return AttemptReport(outcome=AttemptOutcome.SUCCEEDED, output=message)
    why = "" if end.reason in {*_PLAIN_REASONS, None} else f" ({end.reason})"
    reason = f"the container ended with {end.exitCode}{why}"
    return AttemptReport(outcome=AttemptOutcome.FAILED, reason=reason, output=message)


def _failure(reason: str, waited: str = "") -> AttemptReport:
    words = f"{reason}; the pod waited: {waited}" if waited else reason
    return AttemptReport(outcome=AttemptOutcome.FAILED, reason=words)


def _of_condition(failed: JobCondition) -> str:
    return f"the Job failed: {_joined(failed.reason, failed.message)}"


def _disruption(pod: Pod | None) -> str:
    conditions = (pod.status.conditions if pod and pod.status else None) or ()
    return next(
        (
            each.reason
            for each in conditions
            if each.type == "DisruptionTarget"
            and each.status == "True"
            and each.reason in _DISRUPTIONS
        ),
        "",
    )


def _phase(pod: Pod | None) -> str | None:
    return pod.status.phase if pod and pod.status else None


def _status_of(pod: Pod | None, container: str) -> ContainerStatus | None:
    statuses = (pod.status.containerStatuses if pod and pod.status else None) or ()
    return next((each for each in statuses if each.name == container), None)


def _statuses(pod: Pod) -> Iterable[ContainerStatus]:
    if pod.status is None:
        return ()
    return (*(pod.status.initContainerStatuses or ()), *(pod.status.containerStatuses or ()))


def _joined(*words: str | None) -> str:
    return ": ".join(word for word in words if word)
