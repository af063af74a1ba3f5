"""Names, labels and selectors of what belongs to a task in a cluster.

Nothing of them is text that a webhook brought: ids have a fixed alphabet, and what does not fit
into a label is replaced by its hash.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Pod

from signalbox.models.ids import TaskId, WorkerId

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
INSTALLATION_LABEL: Final = "signalbox/installation"
WORKER_LABEL: Final = "signalbox/worker"
TASK_LABEL: Final = "signalbox/task"
ATTEMPT_LABEL: Final = "signalbox/attempt"
FENCE_LABEL: Final = "signalbox/fence"

_JOB_NAMES: Final = ("batch.kubernetes.io/job-name", "job-name")
"""Since Kubernetes 1.27 pods have both; the second is the older one."""

_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_HASH_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScope:
    """Whose Jobs they are: one worker of one installation, so that two can share a namespace."""

    base_url: str
    worker: WorkerId

    @property
    def installation(self) -> dict[str, str]:
        """Return the labels that all Jobs of the installation have."""
        return {MANAGED_BY: "signalbox", INSTALLATION_LABEL: _hash(self.base_url)[:_HASH_LENGTH]}

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels that all Jobs of this worker have."""
        return {**self.installation, WORKER_LABEL: label_value(self.worker)}


def job_name(task: TaskId, fence: int) -> str:
    """Return the name of the Job for a lease of a task, which is the same for the same lease."""
    name = f"signalbox-{task.removeprefix('tsk_')}-{fence}"
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?", name):
        return name
    return f"signalbox-{_hash(task)[:_HASH_LENGTH]}-{fence}"


def label_value(text: str) -> str:
    """Return the text if it is valid as the value of a label, or its hash."""
    return text if _LABEL.fullmatch(text) else f"sha256-{_hash(text)[:_HASH_LENGTH]}"


def label_selector(labels: Mapping[str, str]) -> str:
    """Return a selector of what has all of these labels."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


def labels_of(named: Job | Pod) -> Mapping[str, str]:
    """Return the labels of an object."""
    return (named.metadata.labels if named.metadata else None) or {}


def name_of(named: Job | Pod) -> str:
    """Return the name of an object, which every stored one has."""
    return (named.metadata.name if named.metadata else None) or ""


def job_of(pod: Pod) -> str:
    """Return the name of the Job to which a pod belongs."""
    labels = labels_of(pod)
    return next((labels[name] for name in _JOB_NAMES if name in labels), "")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
