"""The conformance tests that do not apply to Signalbox, and why.

A name is that of a scenario, or of one check in it. Each has to fail: what passes is removed here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a test does not apply."""

    FIXTURE = "it calls a tool, a prompt or a resource that only the suite's own server has"
    INPUT = "it needs a tool or a prompt that asks the client for input, and none does"
    CAPABILITY = "it tests completions, logging or subscriptions, which are not offered"
    STREAM = "it needs a session, which is optional and which a server without state has not"
    TASKS = "it tests the extension Tasks, which is not offered"
    HEADERS = "it needs a tool whose parameters are sent in headers, and none is"


NOT_APPLICABLE: Final[Mapping[str, Reason]] = {
    **dict.fromkeys(
        (
            "json-schema-2020-12",
            "prompts-get-embedded-resource",
            "prompts-get-simple",
            "prompts-get-with-args",
            "prompts-get-with-image",
            "resources-read-binary",
            "resources-read-text",
            "resources-templates-read",
            "tools-call-audio",
            "tools-call-embedded-resource",
            "tools-call-error",
            "tools-call-image",
            "tools-call-mixed-content",
            "tools-call-simple-text",
            "tools-call-with-progress",
            "server-stateless/sep-2575-server-no-log-without-loglevel",
        ),
        Reason.FIXTURE,
    ),
    **dict.fromkeys(
        (
            "elicitation-sep1034-defaults",
            "elicitation-sep1330-enums",
            "input-required-result-basic-elicitation",
            "input-required-result-basic-list-roots",
            "input-required-result-basic-sampling",
            "input-required-result-capability-check",
            "input-required-result-ignore-extra-params",
            "input-required-result-missing-input-response",
            "input-required-result-multi-round",
            "input-required-result-multiple-input-requests",
            "input-required-result-non-tool-request",
            "input-required-result-request-state",
            "input-required-result-result-type",
            "input-required-result-tampered-state",
            "server-stateless/sep-2575-http-server-no-independent-requests-on-stream",
            "server-stateless/sep-2575-missing-capability-http-400",
            "server-stateless/sep-2575-server-rejects-undeclared-capability",
            "tools-call-elicitation",
            "tools-call-sampling",
        ),
        Reason.INPUT,
    ),
    **dict.fromkeys(
        (
            "completion-complete",
            "logging-set-level",
            "resources-subscribe",
            "resources-unsubscribe",
            "tools-call-with-logging",
        ),
        Reason.CAPABILITY,
    ),
    **dict.fromkeys(("server-sse-multiple-streams", "server-sse-polling"), Reason.STREAM),
    **dict.fromkeys(
        (
            "tasks-capability-negotiation",
            "tasks-dispatch-and-envelope",
            "tasks-lifecycle",
            "tasks-mrtr-composition",
            "tasks-mrtr-input",
            "tasks-request-headers",
            "tasks-request-state-removal",
            "tasks-required-task-error",
            "tasks-wire-fields",
        ),
        Reason.TASKS,
    ),
    "http-custom-header-server-validation": Reason.HEADERS,
}
