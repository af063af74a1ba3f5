"""Mask secrets in a text before it is stored, logged or shown.

Masking is irreversible, so it masks what is or looks like a secret and leaves other words:

- tokens of known formats, and the values of known secrets; - the value of a name that only secrets
have, such as `password` or `Authorization`; - the value of a name that others have too, such as
`key`, and a user name in a URL, if it looks random: `key=linux-node-20` stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Final, TypeAlias
from urllib.parse import quote

_Replace: TypeAlias = Callable[[re.Match[str]], str]
_Rule: TypeAlias = tuple[re.Pattern[str], str | _Replace]
"""A pattern, and what takes the place of what it matches."""

MASK: Final = "[masked]"
"""The text that replaces a secret. It has no meaning in Markdown, Slack or HTML."""

_MIN_SECRET_LENGTH: Final = 6
_MIN_SEGMENT_LENGTH: Final = 12

_MIN_RANDOM_LENGTH: Final = 16
"""The minimum length of a value that can look random."""

_NAMES: Final = (
    r"(?:access_|refresh_|auth_|bot_|id_)token|(?:api[_-]?|routing_|private_)key"
    r"|oauth_[a-z_]{1,32}|trigger_id|response_url|(?:client_|webhook_)?secret|password|passwd|pwd"
    r"|x-amz-(?:signature|credential|security-token)"
)
_COMMON_NAMES: Final = r"key|sig|signature"
_SLASH: Final = r"(?:\\?/|(?:%5C)?%2F)"
"""A slash, also as some write it in JSON, and as it is in a form."""

_QUOTE: Final = r"(?:%5C)?%22"
_GAP: Final = r"(?:\+|%20)*"
_ENCODED: Final = r"%(?!22|5C%22)"
"""Quotes, spaces and other characters in JSON that is a field of a form."""

_HEADERS: Final = r"(?:proxy-)?authorization|x-gitlab-token|x-api-key|x-amz-security-token"

_QUOTES: Final = ('"', "'")

_PATTERNS: Final = (
    # addresses that are secrets themselves
    (
        ("hooks.slack",),
        rf"(?i)(hooks\.slack(?:-gov)?\.com{_SLASH}[a-z]+{_SLASH})(?:[^\s\"'<>\\%]|\\/|{_ENCODED})+",
        rf"\1{MASK}",
    ),
    (("/services/t",), r"(/services/)T\w+/B\w+/\w+", rf"\1{MASK}"),
    (
        ("discord",),
        r"(?i)(discord(?:app)?\.com/api/(?:v[0-9]+/)?(?:webhooks|interactions)/)[^\s\"'<>\\]+",
        rf"\1{MASK}",
    ),
    (
        ("/webhooks/", "/interactions/"),
        r"(/(?:webhooks|interactions)/[0-9]+/)[\w-]{12,}",
        rf"\1{MASK}",
    ),
    (("@",), r"(?<=://)[^/?#\s\"'<>:]*:[^/?#\s\"'<>]*@", f"{MASK}@"),
    # a name and its value: in a query or form, in JSON, in a header
    (("=",), rf"(?i)(?<![\w-])((?:{_NAMES})=)(?:\"[^\"]*\"|[^&\s\"'<>#,;]+)", rf"\1{MASK}"),
    (
        _QUOTES,
        rf"(?i)((?:token|{_NAMES})\\?[\"']\s*:\s*\\?[\"'])(?:[^\"'\\]|\\/)+",
        rf"\1{MASK}",
    ),
    # the same in JSON that is a field of a form
    (
        ("%3a",),
        rf"(?i)((?:token|{_NAMES}){_QUOTE}{_GAP}%3A{_GAP}{_QUOTE})(?:[^\s\"'<>&%]|{_ENCODED})+",
        rf"\1{MASK}",
    ),
    ((":",), rf"(?i)((?:{_HEADERS})\s*:\s*)(?![\s\"'])[^\r\n]+", rf"\1{MASK}"),
    (_QUOTES, rf"(?i)((?:{_HEADERS})\\?[\"']\s*:\s*\\?[\"'])[^\"'\\\r\n]+", rf"\1{MASK}"),
    (
        ("bearer", "basic"),
        r"(?i)\b(bearer|basic)\s+(?=[a-z_~+/-]*[0-9=.])[\w.~+/=-]{8,}",
        rf"\1 {MASK}",
    ),
    # tokens with a shape of their own
    (("sbx_", "sbs_", "sbt_"), r"sbx_[A-Za-z0-9]+_[0-9A-Za-z]+|sb[st]_[\w-]{20,}", MASK),
    (("xox", "xapp-"), r"xox[a-z][.-][\w.-]+|xapp-[\w-]+", MASK),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
        r"gh[pousr]_[A-Za-z0-9]{8}[\w.-]*|github_pat_\w+|glpat-[\w-]+",
        MASK,
    ),
    (
        ("lin_", "whs", "atatt"),
        r"lin_(?:api|oauth)_\w+|whs(?:ec|k)_[\w+/=-]+|ATATT[\w=-]{8,}",
        MASK,
    ),
    (("akia", "asia"), r"(?:AKIA|ASIA)[A-Z0-9]{16}", MASK),
    (("eyj",), r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{4,}(?:\.[\w-]*){1,4}", MASK),
    (
        ("-----begin",),
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        MASK,
    ),
)
"""Patterns, what takes the place of what they match, and before each the literals in lower case.

Whatever a pattern matches has one of its literals, by which most texts need none of the patterns.
"""

_RANDOM_VALUES: Final = (
    (("@",), r"(?<=://)([^/?#\s\"'<>:]+)(?=@)"),
    (("=",), rf"(?i)(?<![\w-])(?:token|{_COMMON_NAMES})=\"?([^&\s\"'<>#,;]+)"),
    (_QUOTES, rf"(?i)(?:{_COMMON_NAMES})\\?[\"']\s*:\s*\\?[\"']([^\"'\\]+)"),
)
"""Values, in the first group, that are secrets if they look random."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9]{4,}")
_CHANGE: Final = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")
_DIGIT: Final = re.compile(r"[0-9]")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without these secrets and without anything that looks like a secret."""
    for part in sorted(_parts(secrets), key=len, reverse=True):
        text = text.replace(part, MASK)
    for pattern, replacement in _rules_for(text):
        text = pattern.sub(replacement, text)
    return text


def _rules_for(text: str) -> Iterable[_Rule]:
    """Return the rules whose patterns can match in a text, in their order."""
    if not text.isascii():  # to a pattern some other letters are those of ASCII in another case
        return map(_rule, range(len(_TABLE)))
    lowered = text.lower()
    # the numbers ascend, those of one rule follow each other
    return map(_rule, dict.fromkeys([n for literal, n in _LITERALS if literal in lowered]))


@cache
def _rule(number: int) -> _Rule:
    """Return a rule by its number; most processes compile few patterns or none."""
    _, pattern, replacement = _TABLE[number]
    return re.compile(pattern), replacement


def _masked_if_random(match: re.Match[str]) -> str:
    whole, value = match[0], match[1]
    if not _looks_random(value):
        return whole
    start, end = (at - match.start() for at in match.span(1))
    return f"{whole[:start]}{MASK}{whole[end:]}"


_TABLE: Final[Sequence[tuple[Sequence[str], str, str | _Replace]]] = (
    *_PATTERNS,
    *((literals, pattern, _masked_if_random) for literals, pattern in _RANDOM_VALUES),
)
_LITERALS: Final = tuple(
    (literal, number) for number, row in enumerate(_TABLE) for literal in row[0]
)
"""Each literal, and the number of its pattern in the table."""


def _looks_random(value: str) -> bool:
    """Return whether the value changes between cases and digits too often to be words."""
    return sum(map(len, filter(_changes_often, _SEGMENT.findall(value)))) >= _MIN_RANDOM_LENGTH


def _changes_often(segment: str) -> bool:
    """Return whether it changes more often than words do.

    Random letters and digits change at every second character, camelCase at every fifth.
    """
    changes = len(_CHANGE.findall(segment))
    often = len(segment) * (0.25 if _DIGIT.search(segment) else 0.35)
    return changes > 1 and changes >= often


def _parts(secrets: Iterable[str]) -> set[str]:
    return {
        form
        for secret in secrets
        for part in _pieces(secret.strip())
        if len(part) >= _MIN_SECRET_LENGTH
        for form in (part, quote(part, safe=""))
    }


def _pieces(secret: str) -> Iterator[str]:
    """Yield the secret, and of a URL its path and the long segments of it."""
    yield secret
    if "://" in secret:
        path = secret.partition("://")[2].partition("/")[2]
        yield f"/{path}"
        yield from (part for part in re.split(r"[/?&=]", path) if len(part) >= _MIN_SEGMENT_LENGTH)
