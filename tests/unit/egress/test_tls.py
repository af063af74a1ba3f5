"""Which authorities outgoing connections trust."""

import ssl
from pathlib import Path

import certifi
import pytest

from signalbox.egress.tls import amazon_tls, shared_public_tls


def _subjects(context: ssl.SSLContext) -> set[str]:
    return {str(each["subject"]) for each in context.get_ca_certs()}


def test_services_of_aws_are_verified_by_the_authorities_of_aws_alone() -> None:
    names = [
        *(f"Amazon Root CA {number}" for number in range(1, 5)),
        "Starfield Services Root Certificate Authority - G2",
    ]

    subjects = sorted(_subjects(amazon_tls()))

    assert len(subjects) == len(names)
    assert all(name in subject for name, subject in zip(names, subjects, strict=True))


def test_the_authorities_of_aws_are_among_the_public_ones() -> None:
    public = {tuple(sorted(map(str, each.items()))) for each in shared_public_tls().get_ca_certs()}
    amazon = {tuple(sorted(map(str, each.items()))) for each in amazon_tls().get_ca_certs()}

    assert amazon < public


def test_a_server_is_verified_as_strictly_by_fewer_authorities() -> None:
    few, all_of_them = amazon_tls(), shared_public_tls()

    assert few.check_hostname
    assert few.verify_mode is ssl.CERT_REQUIRED
    assert (few.verify_flags, few.options) == (all_of_them.verify_flags, all_of_them.options)
    assert few.minimum_version == all_of_them.minimum_version


def test_a_list_without_the_authorities_of_aws_is_taken_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "cacert.pem"
    other.write_text('# Label: "Another Root"\n', encoding="utf-8")
    shared = shared_public_tls()
    monkeypatch.setattr(certifi, "where", lambda: str(other))

    assert amazon_tls.__wrapped__() is shared
