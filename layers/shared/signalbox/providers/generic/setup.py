"""How a webhook of any service is set up: its source needs settings first."""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        "Choose the preset of the service, or describe it: see docs/providers/generic.md.",
        "Write it into the settings of the source in the manifest, and run `signalbox apply`.",
        "Add a webhook in the settings of the service.",
        "URL: {url}",
        "Secret or token: {secret}",
        "If the service makes the secret, store that one for sources/{source} instead.",
        "Choose the events that the source selects, and send a test.",
    )
)
