"""Takes secrets out of a text before it is stored, logged or shown.

The patterns know the secrets of everybody we speak with by their shape; a secret whose value is
known is best named as well.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

MASK: Final = "***"
_SHORTEST: Final = 6
_SHORTEST_SEGMENT: Final = 12

_NAMES: Final = (
    r"(?:access_|refresh_|auth_|bot_|id_)?token|sig|signature|(?:api[_-]?|routing_|private_)?key"
    r"|oauth_[a-z_]{1,32}|trigger_id|response_url|(?:client_|webhook_)?secret|password|passwd|pwd"
    r"|x-amz-(?:signature|credential|security-token)"
)
_HEADERS: Final = r"(?:proxy-)?authorization|x-gitlab-token|x-api-key|x-amz-security-token"

_PATTERNS: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # addresses that are secrets themselves
        (
            r"(?i)(hooks\.slack(?:-gov)?\.com/[a-z]+/)[^\s\"'<>\\]+",
            rf"\1{MASK}",
        ),
        (r"(/services/)T\w+/B\w+/\w+", rf"\1{MASK}"),
        (
            r"(?i)(discord(?:app)?\.com/api/(?:v[0-9]+/)?(?:webhooks|interactions)/)[^\s\"'<>\\]+",
            rf"\1{MASK}",
        ),
        (r"(/(?:webhooks|interactions)/[0-9]+/)[\w-]{12,}", rf"\1{MASK}"),
        (r"(?<=://)[^/?#\s\"'<>]+@", f"{MASK}@"),
        # a name and its value: in a query or form, in JSON, in a header
        (rf"(?i)(?<![\w-])((?:{_NAMES})=)(?:\"[^\"]*\"|[^&\s\"'<>#,;]+)", rf"\1{MASK}"),
        (rf"(?i)((?:{_NAMES})\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+", rf"\1{MASK}"),
        (rf"(?i)((?:{_HEADERS})\s*:\s*)(?![\s\"'])[^\r\n]+", rf"\1{MASK}"),
        (rf"(?i)((?:{_HEADERS})\\?[\"']\s*:\s*\\?[\"'])[^\"'\\\r\n]+", rf"\1{MASK}"),
        (r"(?i)\b(bearer|basic)\s+(?=[a-z_~+/-]*[0-9=.])[\w.~+/=-]{8,}", rf"\1 {MASK}"),
        # tokens with a shape of their own
        (r"sbx_[A-Za-z0-9]+_[0-9A-Za-z]+", MASK),
        (r"xox[a-z][.-][\w.-]+|xapp-[\w-]+", MASK),
        (r"gh[pousr]_[A-Za-z0-9]{8}[\w.-]*|github_pat_\w+|glpat-[\w-]+", MASK),
        (r"lin_(?:api|oauth)_\w+|whs(?:ec|k)_[\w+/=-]+|ATATT[\w=-]{8,}", MASK),
        (r"(?:AKIA|ASIA)[A-Z0-9]{16}", MASK),
        (r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{4,}(?:\.[\w-]*){1,4}", MASK),
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            MASK,
        ),
    )
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without anything that looks like a secret, and without these secrets."""
    for part in sorted(_parts(secrets), key=len, reverse=True):
        text = text.replace(part, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _parts(secrets: Iterable[str]) -> set[str]:
    return {
        form
        for secret in secrets
        for part in _pieces(secret.strip())
        if len(part) >= _SHORTEST
        for form in (part, quote(part, safe=""))
    }


def _pieces(secret: str) -> Iterator[str]:
    """The secret, and of an address its path with the long parts of it."""
    yield secret
    if "://" in secret:
        path = secret.partition("://")[2].partition("/")[2]
        yield f"/{path}"
        yield from (part for part in re.split(r"[/?&=]", path) if len(part) >= _SHORTEST_SEGMENT)
