"""The errors of the command line.

Exit codes: 0 success, 1 failed or refused, 2 wrong usage (typer's own), 3 unreachable.
"""

import sys


class CommandError(Exception):
    """End the command with one line instead of a traceback."""

    exit_code = 1


class Unreachable(CommandError):
    """The service that the command needs does not answer."""

    exit_code = 3


def explain_error(error: Exception) -> CommandError | None:
    """Return the error as one for the user, or None if it is unexpected."""
    if isinstance(error, CommandError):
        return error
    from signalbox.models.errors import SignalboxError, Unavailable
    from signalbox.models.redaction import redacted

    if isinstance(error, Unavailable) and error.__cause__:
        return Unreachable(redacted(f"{error.reason}: {error.__cause__}"))
    if isinstance(error, Unavailable) or _is_of_aws(error):
        return Unreachable(redacted(str(error)))
    return CommandError(error.reason) if isinstance(error, SignalboxError) else None


def _is_of_aws(error: Exception) -> bool:
    """Return whether the error is one of the AWS SDK, which most commands never load."""
    if "botocore" not in sys.modules:
        return False
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, BotoCoreError | ClientError)
