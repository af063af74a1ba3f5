"""Secrets change while requests and notifications are under way."""

import pytest

from tests.builders import SECRET
from tests.integration.faults import unreachable
from tests.integration.installation import Installation


def test_a_webhook_signed_with_the_new_secret_is_accepted_at_once(box: Installation) -> None:
    box.comment()
    box.keep_secrets("sources/github/default", "a-new-secret", SECRET)

    new = box.comment("/agent another", delivery="d-2", secret="a-new-secret")
    old = box.comment("/agent a third", delivery="d-3")

    assert (new, old) == (True, True)
    assert len(box.records[0]) == 3


def test_a_secret_taken_away_is_refused_after_five_minutes(box: Installation) -> None:
    box.comment()
    box.keep_secrets("sources/github/default", "a-new-secret")
    box.comment("/agent another", delivery="d-2", secret="a-new-secret")

    assert not box.comment("/agent a third", delivery="d-3")


def test_a_flood_of_bad_signatures_asks_for_the_secret_twice_a_minute_at_most(
    box: Installation,
) -> None:
    box.comment()
    before = box.faults.count("SSM.GetParameter")

    for number in range(60):
        box.comment(delivery=f"d-{number}", secret="wrong")
        box.clock.advance(seconds=1)

    assert box.faults.count("SSM.GetParameter") - before <= 2
    assert len(box.records[0]) == 1


@pytest.mark.parametrize(("lost", "accepted"), [(1, True), (10, False)])
def test_a_webhook_asks_twice_for_secrets_that_do_not_come(
    box: Installation, lost: int, *, accepted: bool
) -> None:
    box.faults.on("SSM.GetParameter", unreachable, times=lost)

    assert box.comment() is accepted
    assert box.faults.count("SSM.GetParameter") == 2


def test_slack_gets_its_message_when_its_secret_was_changed_meanwhile(box: Installation) -> None:
    gone = box.slack.url + "/services/gone"
    box.keep_secrets("connections/team-slack", gone)
    box.comment()
    box.live()
    refused = len(box.slack.received)
    box.keep_secrets("connections/team-slack", box.slack.hook)
    box.clock.advance(seconds=31)

    box.comment("/agent another", delivery="d-2")
    box.live()

    assert refused == 1
    assert len(box.slack.messages) == 1
