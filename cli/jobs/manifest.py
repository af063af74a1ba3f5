"""The objects in a cluster that belong to one lease of a task.

The Job runs the template. Its ConfigMap has the task, and its Secret the lease, which the pod never
gets: only who runs the worker again reads it. Both are deleted with the Job, which owns them.

Text of the task is only in the ConfigMap. Kubernetes expands `$(NAME)` in values of a manifest, but
not in values that it takes from a ConfigMap.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import (
    ConfigMap,
    ConfigMapKeySelector,
    ConfigMapVolumeSource,
    Container,
    EnvVar,
    EnvVarSource,
    KeyToPath,
    PodSpec,
    Secret,
    Volume,
    VolumeMount,
)
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from msgspec.structs import replace

from cli.jobs.names import ATTEMPT_LABEL, FENCE_LABEL, TASK_LABEL, JobScope, job_name
from cli.work.process import task_variables
from signalbox.http.schemas.work import LeaseRequest
from signalbox.models.change import TaskView
from signalbox.models.ids import LeaseId, TaskId
from signalbox.models.task import Priority, TaskStatus

_TASK_KEY: Final = "task.json"
_FOLDER: Final = "/signalbox"
_VOLUME: Final = "signalbox-task"
_FILE_VARIABLE: Final = "SIGNALBOX_TASK_FILE"
_LEASE_KEY: Final = "lease"
_SAMPLE_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def job_manifest(template: Job, task: TaskView, held: LeaseRequest, scope: JobScope) -> Job:
    """Return the Job for a lease of a task."""
    name = job_name(task.id, held.fence)
    labels = _labels(task, held, scope)
    given = template.metadata or ObjectMeta()
    metadata = ObjectMeta(
        name=name,
        labels={**(given.labels or {}), **labels},
        annotations=given.annotations,
    )
    spec = template.spec
    if spec is None or spec.template.spec is None:  # parse_template refuses this
        raise ValueError("the template has no pod")
    of_pod = spec.template.metadata or ObjectMeta()
    pod = replace(
        spec.template,
        metadata=replace(of_pod, labels={**(of_pod.labels or {}), **labels}),
        spec=_with_task(spec.template.spec, name, task_variables(task)),
    )
    return Job(metadata=metadata, spec=replace(spec, template=pod))


def task_config_map(task: TaskView, owner: Job) -> ConfigMap:
    """Return the ConfigMap that hands a task to the pod of its Job."""
    return ConfigMap(
        metadata=_owned(owner),
        data={_TASK_KEY: task.model_dump_json(), **task_variables(task)},
        immutable=True,
    )


def lease_secret(held: LeaseRequest, owner: Job) -> Secret:
    """Return the Secret with the lease under which a Job runs."""
    text = held.model_dump_json().encode()
    return Secret(
        metadata=_owned(owner),
        data={_LEASE_KEY: base64.b64encode(text).decode()},
        immutable=True,
        type="signalbox/lease",
    )


def lease_in(secret: Secret) -> LeaseRequest:
    """Return the lease in a Secret.

    Raises:
        ValueError: There is none.
    """
    text = base64.b64decode((secret.data or {}).get(_LEASE_KEY, ""), validate=True)
    return LeaseRequest.model_validate_json(text)


def sample_task() -> TaskView:
    """Return a task for objects that are only validated."""
    return TaskView(
        id=TaskId("tsk_" + "0" * 24),  # ids of tasks have no zeros
        version=1,
        status=TaskStatus.RUNNING,
        priority=Priority.NORMAL,
        kind="sample",
        title="Sample",
        provider="generic",
        source="default",
        attempt=1,
        created_at=_SAMPLE_TIME,
        updated_at=_SAMPLE_TIME,
    )


def sample_lease() -> LeaseRequest:
    """Return a lease for objects that are only validated."""
    return LeaseRequest(lease_id=LeaseId("lse_sample"), fence=1)


def _labels(task: TaskView, held: LeaseRequest, scope: JobScope) -> dict[str, str]:
    return {
        **scope.labels,
        TASK_LABEL: task.id,
        ATTEMPT_LABEL: str(task.attempt),
        FENCE_LABEL: str(held.fence),
    }


def _with_task(pod: PodSpec, name: str, variables: Mapping[str, str]) -> PodSpec:
    """Return the pod with the task in variables and in a file of its first container."""
    volume = Volume(
        name=_VOLUME,
        configMap=ConfigMapVolumeSource(
            name=name, items=[KeyToPath(key=_TASK_KEY, path=_TASK_KEY)]
        ),
    )
    first, *others = pod.containers
    return replace(
        pod,
        volumes=[*(pod.volumes or ()), volume],
        containers=[_given_task(first, name, variables), *others],
    )


def _given_task(container: Container, name: str, variables: Mapping[str, str]) -> Container:
    of_task = [EnvVar(name=_FILE_VARIABLE, value=f"{_FOLDER}/{_TASK_KEY}")] + [
        EnvVar(
            name=variable,
            valueFrom=EnvVarSource(configMapKeyRef=ConfigMapKeySelector(key=variable, name=name)),
        )
        for variable in variables
    ]
    replaced = {variable.name for variable in of_task}
    given = [variable for variable in container.env or () if variable.name not in replaced]
    mount = VolumeMount(name=_VOLUME, mountPath=_FOLDER, readOnly=True)
    return replace(
        container,
        env=[*of_task, *given],
        volumeMounts=[*(container.volumeMounts or ()), mount],
    )


def _owned(owner: Job) -> ObjectMeta:
    metadata = owner.metadata or ObjectMeta()
    reference = OwnerReference(
        apiVersion="batch/v1", kind="Job", name=metadata.name or "", uid=metadata.uid or ""
    )
    return ObjectMeta(
        name=metadata.name,
        namespace=metadata.namespace,
        labels=metadata.labels,
        ownerReferences=[reference],
    )
