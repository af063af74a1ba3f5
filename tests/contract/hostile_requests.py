"""Signatures and bodies that no provider may accept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

BODY: Final = b'{"zen":"Speak like a human.","hook_id":1}'


@dataclass(frozen=True, slots=True)
class Signature:
    """A right signature in two parts, to be spoiled: `sha256=` and what follows."""

    prefix: str
    rest: str

    def __str__(self) -> str:
        return self.prefix + self.rest


SPOILED: Final[Mapping[str, Callable[[Signature], str]]] = {
    "empty": lambda _: "",
    "a blank": lambda _: " ",
    "only the prefix": lambda right: right.prefix,
    "another prefix": lambda right: f"sha1={right.rest}",
    "an unknown version": lambda right: f"v9={right.rest}",
    "upper case": lambda right: right.prefix + right.rest.upper(),
    "one character short": lambda right: str(right)[:-1],
    "one character long": lambda right: f"{right}0",
    "a letter with an accent": lambda right: f"{str(right)[:-1]}é",
    "a lone surrogate": lambda right: f"{str(right)[:-1]}\ud800",
    "a NUL": lambda right: f"{right}\x00",
    "full-width digits": lambda right: right.prefix + "\uff10" * len(right.rest),
    "twice, joined by a comma": lambda right: f"{right},{right}",
    "twice, joined by a comma and a blank": lambda right: f"{right}, {right}",
    "an unknown version first": lambda right: f"v9={right.rest},{right}",
    "a list of nonsense": lambda _: "v1,a,b",
    "commas only": lambda _: ",,,",
    "a blank behind": lambda right: f"{right} ",
    "a blank before": lambda right: f" {right}",
    "the prefix twice": lambda right: right.prefix + str(right),
    "ten thousand characters": lambda right: right.prefix + "0" * 10_000,
}

OTHER_BODIES: Final[Mapping[str, bytes]] = {
    "one byte more": BODY + b" ",
    "one byte less": BODY[:-1],
    "a line end behind": BODY + b"\r\n",
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "members in another order": b'{"hook_id":1,"zen":"Speak like a human."}',
    "other spacing": b'{"zen": "Speak like a human.", "hook_id": 1}',
    "no UTF-8": b"\xff\xfe",
    "empty": b"",
    **{
        f"bit 0 of byte {place} flipped": BODY[:place] + bytes([byte ^ 1]) + BODY[place + 1 :]
        for place, byte in enumerate(BODY)
    },
}

UNREADABLE: Final[Mapping[str, bytes]] = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe",
    "no JSON": b"Hello, World!",
    "half an object": b'{"action":',
    "two objects": b"{} {}",
    "an array": b"[]",
    "a text": b'"text"',
    "a number": b"1",
    "null": b"null",
    "not a number": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a number of 5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "200,000 arrays in one another": b"[" * 200_000,
    "100,000 objects in one another": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}
