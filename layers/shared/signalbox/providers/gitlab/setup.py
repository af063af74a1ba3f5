"""How a webhook of GitLab is set up.

https://docs.gitlab.com/user/project/integrations/webhooks/
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        "In the project or group choose Settings → Webhooks → Add new webhook.",
        "URL: {url}",
        "Secret token: {secret}",
        "Trigger: tick {events}",
        (
            "Leave SSL verification enabled and the custom webhook template empty, and choose Add "
            "webhook."
        ),
        (
            "From GitLab 19.0 on a signing token is the better choice: generate it in the form, "
            "and store it with `signalbox secrets rotate sources/{source}`."
        ),
    ),
    command_events=frozenset(
        {
            "note",
            "issue.open",
            "issue.update",
            "work_item.open",
            "work_item.update",
            "merge_request.open",
            "merge_request.update",
        }
    ),
    choices={
        "note": "Comments",
        "issue": "Issues",
        "work_item": "Issues",
        "merge_request": "Merge requests",
        "push": "Push",
        "tag_push": "Tag push",
        "pipeline": "Pipeline",
        "build": "Job",
        "release": "Releases",
    },
)
