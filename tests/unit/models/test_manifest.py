import pytest
from pydantic import ValidationError

from signalbox.models.config_resource import ConfigResource
from signalbox.models.ids import ConnectionId
from signalbox.models.issuer import Grant
from signalbox.models.manifest import (
    ChangeAction,
    Manifest,
    manifest_errors,
    plan_changes,
    validation_errors,
)
from signalbox.models.principal import Role
from signalbox.models.rate_limits import Limits, RateLimit
from tests.builders import a_connection, a_source, a_subscription
from tests.fakes.tokens import an_issuer


def manifest(text: str) -> Manifest:
    return Manifest.model_validate_json(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"subscriptions": [{"id": "a", "connection": "c", "changes": ["created", "finished"]}]}',
         "subscriptions[0].changes[1]"),
        ('{"sources": [{"provider": "github", "max_attempts": 0}]}', "sources[0].max_attempts"),
        ('{"connections": [{"id": "A", "connector": "slack"}]}', "connections[0].id"),
        ('{"sources": {}}', "sources"),
        ('{"source": []}', "source"),
        ('{"version": 2}', "version"),
        ("[]", ""),
    ],
)  # fmt: skip
def test_a_flaw_names_where_it_is(text: str, path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        manifest(text)

    assert [flaw.path for flaw in validation_errors(caught.value)] == [path]


def test_a_manifest_that_fits_together_has_no_flaws() -> None:
    whole = Manifest(
        sources=(a_source(), a_source(name="other")),
        connections=(a_connection(),),
        subscriptions=(a_subscription(),),
    )

    assert manifest_errors(whole) == ()


def test_a_subscription_needs_its_connection() -> None:
    alone = Manifest(subscriptions=(a_subscription(),))

    assert [flaw.path for flaw in manifest_errors(alone)] == ["subscriptions[0].connection"]
    assert manifest_errors(alone, [ConnectionId("team-slack")]) == ()


def test_what_is_named_twice_is_a_flaw() -> None:
    twice = Manifest(
        sources=(a_source(), a_source()),
        connections=(a_connection(), a_connection()),
        subscriptions=(a_subscription(), a_subscription()),
    )

    paths = [flaw.path for flaw in manifest_errors(twice)]

    assert paths == ["sources[1]", "connections[1]", "subscriptions[1]"]


def test_a_role_takes_no_name_of_one_that_is_built_in() -> None:
    odd = Manifest(roles=(Role(name="auditor"), Role(name="viewer")))

    assert [flaw.path for flaw in manifest_errors(odd)] == ["roles[1].name"]


def test_a_role_that_is_named_has_to_be_there() -> None:
    issuer = an_issuer(
        grants={"ops": Grant(roles=("auditor", "operator"))}, everybody=Grant(roles=("viewer", "x"))
    )
    limits = Limits(roles=dict.fromkeys(("worker2", "worker"), RateLimit(count=1, burst=1)))
    whole = Manifest(issuers=(issuer,), limits=limits)

    found = manifest_errors(whole)

    assert [flaw.path for flaw in found] == [
        "issuers[0].grants.ops.roles[0]",
        "issuers[0].everybody.roles[1]",
        "limits.roles.worker2",
    ]
    assert found[0].reason == ("there is no role auditor; allowed: admin, operator, viewer, worker")
    assert manifest_errors(whole, roles=["auditor", "x", "worker2"]) == ()


def test_a_role_of_the_same_manifest_is_there() -> None:
    whole = Manifest(
        issuers=(an_issuer(everybody=Grant(roles=("auditor",))),), roles=(Role(name="auditor"),)
    )

    assert manifest_errors(whole) == ()


def test_what_is_there_already_is_left_alone() -> None:
    plan = plan_changes(Manifest(sources=(a_source(),)), [a_source()], prune=False)

    assert (plan.edits, plan.put, plan.remove) == ((), (), ())


def test_what_is_new_is_added() -> None:
    plan = plan_changes(Manifest(connections=(a_connection(),)), [], prune=False)

    assert [(edit.action, edit.kind, edit.name) for edit in plan.edits] == [
        (ChangeAction.ADD, "connection", "team-slack")
    ]
    assert plan.put == (a_connection(),)


def test_a_change_says_what_was_and_what_will_be() -> None:
    manifest = Manifest(sources=(a_source(mention="bot"),))

    (edit,) = plan_changes(manifest, [a_source()], prune=False).edits

    (difference,) = edit.differences
    assert edit.action is ChangeAction.CHANGE
    assert (difference.field, difference.before, difference.after) == (
        "mention",
        "signalbox",
        "bot",
    )


def test_what_is_not_named_stays_unless_it_is_pruned() -> None:
    there: list[ConfigResource] = [a_connection(), a_source(), a_subscription()]

    kept = plan_changes(Manifest(), there, prune=False)
    pruned = plan_changes(Manifest(), there, prune=True)

    assert kept.remove == ()
    assert pruned.remove[0] == a_subscription(), "before the connection that it needs"
    assert set(pruned.edits) == {
        edit for edit in pruned.edits if edit.action is ChangeAction.REMOVE
    }
    assert len(pruned.remove) == 3


def test_connections_are_put_before_what_needs_them() -> None:
    whole = Manifest(connections=(a_connection(),), subscriptions=(a_subscription(),))

    assert plan_changes(whole, [], prune=False).put == (a_connection(), a_subscription())


def test_sources_of_two_providers_may_have_one_name() -> None:
    both = Manifest(sources=(a_source(), a_source(provider="gitlab")))

    assert manifest_errors(both) == ()
