"""The template of Jobs: a manifest of batch/v1 in YAML, with defaults for what it leaves out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from lightkube.models.batch_v1 import Job, JobSpec
from lightkube.models.core_v1 import (
    Capabilities,
    Container,
    PodSecurityContext,
    PodSpec,
    ResourceRequirements,
    SeccompProfile,
    SecurityContext,
)
from msgspec.structs import replace

from cli.errors import CommandError

_LIMITS: Final = {"cpu": "2", "memory": "4Gi"}
_DEADLINE_SECONDS: Final = 3_600
_TTL_SECONDS: Final = 3_600
_MAX_BYTES: Final = 262_144

_FIXED: Final = {
    "backoffLimit": 0,
    "completions": 1,
    "parallelism": 1,
    "suspend": False,
}
"""One pod for one attempt: tasks are retried by their own rules."""

_REFUSED: Final = (
    "backoffLimitPerIndex",
    "completionMode",
    "manualSelector",
    "maxFailedIndexes",
    "managedBy",
    "podFailurePolicy",
    "podReplacementPolicy",
    "selector",
    "successPolicy",
)


def read_template(path: Path) -> Job:
    """Return the Job in a file, with the defaults of Signalbox.

    Raises:
        CommandError: The file cannot be read, or is no Job of which one pod runs.
    """
    try:
        text = path.read_bytes()
    except OSError as failure:
        raise CommandError(f"{path}: {failure.strerror}") from None
    if len(text) > _MAX_BYTES:
        raise CommandError(f"{path} is larger than {_MAX_BYTES} bytes")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as flaw:
        raise CommandError(f"{path} is not one document of YAML: {_first_line(flaw)}") from None
    try:
        return parse_template(document)
    except CommandError as flaw:
        raise CommandError(f"{path}: {flaw}") from None


def parse_template(document: Any) -> Job:  # noqa: ANN401  what YAML contains
    """Return a Job from its manifest, with the defaults of Signalbox.

    Raises:
        CommandError: It is no Job of which one pod runs.
    """
    if not isinstance(document, dict) or (document.get("apiVersion"), document.get("kind")) != (
        "batch/v1",
        "Job",
    ):
        raise CommandError("it is not a Job of batch/v1")
    try:
        job = msgspec.convert(document, Job)
    except msgspec.ValidationError as flaw:
        raise CommandError(str(flaw)) from None
    unknown = next(_unknown_fields(document, job.to_dict(), ""), None)
    if unknown:
        raise CommandError(f"{unknown} is no field of Kubernetes")
    if job.spec is None or job.spec.template.spec is None or not job.spec.template.spec.containers:
        raise CommandError("spec.template.spec.containers is missing")
    if not job.spec.template.spec.containers[0].image:
        raise CommandError("spec.template.spec.containers[0].image is missing")
    _refuse_reserved(job.spec, job.spec.template.spec)
    return replace(job, spec=_with_defaults(job.spec, job.spec.template.spec))


def _unknown_fields(given: object, known: object, path: str) -> Iterator[str]:
    """Yield the paths of fields that the model of Kubernetes did not take over."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            place = f"{path}.{name}".lstrip(".")
            if name in known:
                yield from _unknown_fields(value, known[name], place)
            elif value is not None:
                yield place
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(given, known, strict=True)):
            yield from _unknown_fields(value, other, f"{path}[{index}]")


def _refuse_reserved(spec: JobSpec, pod: PodSpec) -> None:
    for name, value in _FIXED.items():
        if getattr(spec, name) not in {None, value}:
            raise CommandError(f"spec.{name} has to be {value}: tasks have retries of their own")
    for name in _REFUSED:
        if getattr(spec, name, None) is not None:
            raise CommandError(f"spec.{name} is not supported: each attempt is one pod")
    if pod.restartPolicy not in {None, "Never"}:
        raise CommandError("spec.template.spec.restartPolicy has to be Never")


def _with_defaults(spec: JobSpec, pod: PodSpec) -> JobSpec:
    first, *others = pod.containers
    secured = replace(
        pod,
        restartPolicy="Never",
        automountServiceAccountToken=pod.automountServiceAccountToken or False,
        enableServiceLinks=pod.enableServiceLinks or False,
        securityContext=_secured_pod(pod.securityContext),
        containers=[_limited(_secured(first)), *map(_secured, others)],
        initContainers=[*map(_secured, pod.initContainers)] if pod.initContainers else None,
    )
    return replace(
        spec,
        **_FIXED,
        activeDeadlineSeconds=spec.activeDeadlineSeconds or _DEADLINE_SECONDS,
        ttlSecondsAfterFinished=(
            _TTL_SECONDS if spec.ttlSecondsAfterFinished is None else spec.ttlSecondsAfterFinished
        ),
        template=replace(spec.template, spec=secured),
    )


def _secured_pod(given: PodSecurityContext | None) -> PodSecurityContext:
    context = given or PodSecurityContext()
    return replace(
        context,
        runAsNonRoot=True if context.runAsNonRoot is None else context.runAsNonRoot,
        seccompProfile=context.seccompProfile or SeccompProfile(type="RuntimeDefault"),
    )


def _secured(container: Container) -> Container:
    context = container.securityContext or SecurityContext()
    escalation = context.allowPrivilegeEscalation
    secured = replace(
        context,
        # a privileged container cannot be without it
        allowPrivilegeEscalation=bool(context.privileged) if escalation is None else escalation,
        capabilities=context.capabilities or Capabilities(drop=["ALL"]),
    )
    return replace(container, securityContext=secured)


def _limited(container: Container) -> Container:
    resources = container.resources or ResourceRequirements()
    limits: Any = {**_LIMITS, **(resources.limits or {})}  # numbers or texts, as YAML has them
    return replace(container, resources=replace(resources, limits=limits))


def _first_line(flaw: Exception) -> str:
    return str(flaw).partition("\n")[0]
