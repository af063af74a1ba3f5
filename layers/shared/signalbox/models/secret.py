"""Which texts can be a secret."""

from typing import Final

_PLACEHOLDERS: Final = frozenset(
    {"", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me", "todo"}
)


def is_placeholder(secret: str) -> bool:
    """Return whether this is a placeholder for a secret."""
    return secret.strip().casefold() in _PLACEHOLDERS


class SecretInvalid(ValueError):
    """The text cannot be a secret. `code` is for programs; neither contains the secret."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def checked_secret(text: str) -> str:
    """Return the secret without a trailing line break.

    Raises:
        SecretInvalid: It is empty, starts or ends with blanks, contains NUL or is a placeholder.
    """
    secret = text.rstrip("\r\n")
    if not secret.strip():
        raise SecretInvalid("secret_empty", "the secret is empty")
    if secret != secret.strip():
        raise SecretInvalid("secret_blanks", "the secret begins or ends with blanks")
    if "\0" in secret:
        raise SecretInvalid("secret_nul", "the secret holds a NUL character")
    if is_placeholder(secret):
        raise SecretInvalid(
            "secret_placeholder", "this is a placeholder, which anybody would guess"
        )
    return secret
