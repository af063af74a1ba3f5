"""The alert rules and the dashboard of deploy/ ask for what GET /metrics serves."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import promql_parser as promql
import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from cli.target import PROJECT
from signalbox.http.prometheus import exposition
from signalbox.models.circuit import Circuit
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.gateway_metrics import (
    CountedRequest,
    GatewayMetric,
    ServiceCounts,
    ServiceMetrics,
    request_counts,
)
from signalbox.models.ids import ConnectionId
from signalbox.models.instance_status import InstanceState
from signalbox.models.metrics import ACK_BOUNDS, RUN_BOUNDS, counter_name, observe
from signalbox.models.metrics import Metric as Counted
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.redelivery import RedeliveryState
from signalbox.models.task import ChangeType, Priority
from signalbox.services.metrics import MetricsSnapshot
from signalbox.services.ports.tasks import QueueDepth
from signalbox.services.queues.backlog import QueueBacklog
from tests.builders import NOW
from tests.pages import anchors_of

RULES: Final = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "rules.yaml").read_text())
DASHBOARD: Final = json.loads((PROJECT / "deploy" / "grafana" / "signalbox.json").read_text())
ALERTS: Final[Mapping[str, Mapping[str, Any]]] = {
    rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]
}
PANELS: Final = {each["title"]: each for each in DASHBOARD["panels"] if each["type"] != "row"}
PAGES: Final = {"docs/operations.md", "docs/runbooks.md"}
OUTCOMES: Final = {
    *DeliveryStatus,
    *("duplicate", "internal", "not_found", "payload_invalid", "payload_too_large"),
    *("signature_invalid", "unavailable"),
}
OF_SCRAPES: Final = {"job", "instance", "le"}
"""The labels that no sample of /metrics needs to have."""


def counts() -> Mapping[str, int]:
    """At least one of everything that is counted."""
    found = {counter_name(Counted.GAPS, "tasks"): 1}
    for outcome in OUTCOMES:
        found[counter_name(Counted.REQUESTS, "github", outcome)] = 1
    for status in DeliveryStatus:
        found[counter_name(Counted.DEFERRED, "github", status)] = 1
    for change in ChangeType:
        found[counter_name(Counted.STEPS, change)] = 1
    for result in ("delayed", *NotificationStatus):
        found[counter_name(Counted.NOTIFICATIONS, "slack", result)] = 1
    found.update(observe(Counted.ACKS, "github", seconds=1, bounds=ACK_BOUNDS))
    return {**found, **observe(Counted.RUNS, seconds=1, bounds=RUN_BOUNDS)}


def service() -> ServiceMetrics:
    request = CountedRequest(
        status=502, error="e", seconds=1, upstream_seconds=1, attempts=[("a", "5xx")] * 2
    )
    of_instances = {
        counter_name(metric, "a"): 1 for metric in (GatewayMetric.EJECTIONS, GatewayMetric.OPENINGS)
    }
    return ServiceMetrics(
        name="shop",
        counted=ServiceCounts(counts={**request_counts(request), **of_instances}, since=NOW),
        instances={"a": InstanceState.HEALTHY},
    )


def served() -> Mapping[str, list[Mapping[str, str]]]:
    """The labels of the samples of /metrics, by their names."""
    depth = QueueDepth(queue=Priority.LOW, waiting=1, in_flight=1, delayed=1, dead_letters=1)
    figures = MetricsSnapshot(
        counts=counts(),
        queues=[QueueBacklog(priority=Priority.LOW, depth=depth, oldest_seconds=1)],
        circuits={ConnectionId("team"): Circuit()},
        redelivery={"github/default": RedeliveryState(created_at=NOW, looked_at=NOW)},
        oldest_pending=NOW,
        services=[service()],
        complete=True,
    )
    families: Iterable[Metric] = text_string_to_metric_families(exposition(figures, lambda _: 10.0))
    found: dict[str, list[Mapping[str, str]]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


SERVED: Final = served()


def faults(expression: str) -> list[str]:
    """What the expression asks for that is not served; Grafana's variables match anything."""
    text = re.sub(r'"\$\w+"', '".*"', expression.replace("$__rate_interval", "5m"))
    found: list[str] = []
    names: set[str] = set()

    def visit(node: object) -> bool:
        if isinstance(node, promql.VectorSelector):
            names.add(node.name or "")
            if not any(matches(node, labels) for labels in SERVED.get(node.name or "", [])):
                found.append(f"no sample matches {node.prettify()}")
        return True

    def visit_grouping(node: object) -> bool:
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            labels = {label for name in names for each in SERVED.get(name, []) for label in each}
            wrong = set(node.modifier.labels) - labels - OF_SCRAPES
            found.extend(f"there is no label {label}" for label in sorted(wrong))
        return True

    tree = promql.parse(text)
    promql.walk(tree, visit)
    promql.walk(tree, visit_grouping)
    return found


def matches(selector: promql.VectorSelector, labels: Mapping[str, str]) -> bool:
    matchers = [each for each in selector.matchers.matchers if each.name not in OF_SCRAPES]
    return all(is_met(each, labels.get(each.name, "")) for each in matchers)


def is_met(matcher: promql.Matcher, value: str) -> bool:
    if matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe):
        is_equal = re.fullmatch(matcher.value, value) is not None
    else:
        is_equal = matcher.value == value
    return is_equal is (matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re))


def anchors(page: str) -> set[str]:
    """The anchors of a page, and the page itself."""
    return {page, *(f"{page}#{each}" for each in anchors_of(PROJECT / page))}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_asks_for_what_is_served(name: str) -> None:
    assert faults(ALERTS[name]["expr"]) == []


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_asks_for_what_is_served(title: str) -> None:
    expressions = [target["expr"] for target in PANELS[title]["targets"]]

    assert [each for each in expressions if faults(each)] == []


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("tasks_keep > 0", "no sample matches tasks_keep"),
        ('webhook_requests_total{status="fialed"}', "no sample matches webhook_requests_total"),
        ('tasks_kept{staus="failed"}', "no sample matches tasks_kept"),
        ("sum by (provder) (webhook_requests_total)", "there is no label provder"),
    ],
)
def test_what_is_not_served_is_found(expression: str, fault: str) -> None:
    (found,) = faults(expression)

    assert found.startswith(fault)


@pytest.mark.parametrize("expression", ["sum by (provider", "rate(tasks_kept)", "tasks_kept[5x]"])
def test_what_is_not_promql_is_found(expression: str) -> None:
    with pytest.raises(ValueError, match=r"expect|parse|duration|unclosed"):
        faults(expression)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    runbooks = {anchor for page in PAGES for anchor in anchors(page)}

    assert set(alert) <= {"alert", "expr", "for", "labels", "annotations"}
    assert set(alert["labels"]) == {"severity"}
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    assert alert["annotations"]["runbook"] in runbooks


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_names_only_labels_that_its_expression_keeps(name: str) -> None:
    alert = ALERTS[name]
    named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
    tree = promql.parse(alert["expr"])

    assert named <= kept_labels(tree)


def kept_labels(node: object) -> set[str]:
    """The labels of the result of an expression."""
    parts: Sequence[object] = ()
    match node:
        case promql.AggregateExpr():
            return set(node.modifier.labels) if node.modifier else set()
        case promql.VectorSelector():
            return {label for labels in SERVED[node.name or ""] for label in labels}
        case promql.BinaryExpr():
            parts = (node.lhs, node.rhs)
        case promql.Call():
            parts = node.args
        case promql.ParenExpr():
            parts = (node.expr,)
        case promql.MatrixSelector():
            parts = (node.vector_selector,)
    return {label for part in parts for label in kept_labels(part)}


def test_names_of_alerts_and_groups_are_unique() -> None:
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]

    assert len(ALERTS) == len(rules)
    assert len({group["name"] for group in RULES["groups"]}) == len(RULES["groups"])


def test_panels_have_ids_and_titles_of_their_own_and_do_not_overlap() -> None:
    places = [each["gridPos"] for each in DASHBOARD["panels"]]

    assert len({each["id"] for each in DASHBOARD["panels"]}) == len(places)
    assert len({each["title"] for each in DASHBOARD["panels"]}) == len(places)
    assert all(each["x"] + each["w"] <= 24 for each in places)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_panels_use_the_data_source_and_the_variables_that_the_dashboard_has() -> None:
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([PANELS, DASHBOARD["templating"]])))

    assert used - {"__rate_interval", "__all"} == variables
    assert {each["datasource"]["uid"] for each in PANELS.values()} == {"${datasource}"}


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_has_a_description_and_legends_of_labels_that_it_keeps(title: str) -> None:
    panel = PANELS[title]

    assert panel["description"].endswith(".")
    assert len({each["refId"] for each in panel["targets"]}) == len(panel["targets"])
    for target in panel["targets"]:
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        text = re.sub(r"\$__rate_interval", "5m", target["expr"])
        assert named <= kept_labels(promql.parse(text))


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    expressions = [each["expr"] for each in ALERTS.values()]
    expressions += [each["expr"] for panel in PANELS.values() for each in panel["targets"]]
    used = set(re.findall(r"\b[a-z_]+_[a-z_]+\b", " ".join(expressions)))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in SERVED}

    unused = families - {re.sub(r"_bucket$", "", name) for name in used}

    assert unused == {
        "webhook_success_ratio",  # a share since the beginning
        "webhook_missed_total",
        "webhook_missed_healed_total",
        "webhook_redeliveries_requested_total",
    }
