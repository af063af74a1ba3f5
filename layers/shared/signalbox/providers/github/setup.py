"""How a webhook of GitHub is set up.

https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        (
            "On GitHub open the repository, or the organization, and choose Settings → Webhooks → "
            "Add webhook."
        ),
        "Payload URL: {url}",
        "Content type: application/json",
        "Secret: {secret}",
        "Leave SSL verification enabled.",
        "Choose “Let me select individual events”, and tick: {events}",
        "Choose Add webhook. GitHub sends a ping; it is listed under Recent Deliveries.",
    ),
    command_events=frozenset(
        {
            "issue_comment",
            "issues",
            "pull_request",
            "pull_request_review",
            "pull_request_review_comment",
            "discussion",
            "discussion_comment",
        }
    ),
    choices={
        "issue_comment": "Issue comments",
        "issues": "Issues",
        "pull_request": "Pull requests",
        "pull_request_review": "Pull request reviews",
        "pull_request_review_comment": "Pull request review comments",
        "push": "Pushes",
        "workflow_run": "Workflow runs",
        "check_run": "Check runs",
        "release": "Releases",
        "discussion": "Discussions",
        "discussion_comment": "Discussion comments",
    },
)
