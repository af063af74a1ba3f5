"""Which texts may be a secret."""

from typing import Final

_PLACEHOLDERS: Final = frozenset(
    {"", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me", "todo"}
)


def is_placeholder(secret: str) -> bool:
    """Return whether this only stands where a secret should be."""
    return secret.strip().casefold() in _PLACEHOLDERS


class SecretInvalid(ValueError):
    """No secret may be like this; `code` is a word for programs, and neither holds the secret."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def checked_secret(text: str) -> str:
    """Return a secret as somebody gave it, without the line end behind it.

    Raises:
        SecretInvalid: For one that is empty, begins or ends with blanks, holds NUL or is a
            placeholder: nobody would find out why it does not fit.
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
