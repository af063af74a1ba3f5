"""Write how the webhooks of each provider are set up, for the dashboard.

`python -m cli.provider_setups > FILE`; `make dashboard` bundles the file.
"""

import json
import sys

from pydantic import BaseModel

from signalbox.models.provider_setup import SecretForm
from signalbox.runtime.registry import providers
from signalbox.services.ports.deliveries import Provider


class ProviderInstructions(BaseModel):
    """The steps of a provider, with the placeholders of `ProviderSetup`.

    `choices` are what the service calls the events that have commands.
    """

    secret: SecretForm
    choices: tuple[str, ...]
    steps: tuple[str, ...]


def provider_instructions(provider: Provider) -> ProviderInstructions:
    """Return the instructions of a provider."""
    setup = provider.setup
    events = setup.selected_events(provider.events, ())
    return ProviderInstructions(
        secret=setup.secret, choices=setup.choices_of(events), steps=tuple(setup.steps)
    )


def main() -> None:
    """Write the instructions of every provider as JSON."""
    instructions = {
        name: provider_instructions(create()).model_dump(mode="json")
        for name, create in sorted(providers().items())
    }
    json.dump(instructions, sys.stdout, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    main()
