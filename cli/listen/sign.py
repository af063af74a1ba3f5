"""Sign forwarded deliveries as their provider does."""

from cli.errors import CommandError
from cli.listen.forward import Sign
from signalbox.models.errors import SignalboxError
from signalbox.models.event_vocabulary import suggest
from signalbox.models.request import InboundRequest
from signalbox.runtime.registry import providers


def check_provider(name: str) -> None:
    """Check that there is such a provider.

    Raises:
        CommandError: There is none.
    """
    known = providers()
    if name not in known:
        raise CommandError(f"there is no provider {name}; {suggest(name, known)}")


def signer(provider: str, secret: str) -> Sign:
    """Return a function that signs as this provider does with this secret."""
    signing = providers()[provider]()

    def sign(request: InboundRequest) -> InboundRequest:
        try:
            return signing.sign(request, secret)
        except (ValueError, SignalboxError) as invalid:
            raise CommandError(f"nothing can be signed with this secret: {invalid}") from None

    return sign
