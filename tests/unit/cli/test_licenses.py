from typing import Any, Final

import pytest

from cli.licenses import (
    ALLOWED_LICENSES,
    STATED_LICENSES,
    ShippedPackage,
    is_allowed,
    license_problems,
    metadata_license,
    npm_packages,
    python_packages,
    shipped_packages,
)

LOCK: Final[dict[str, Any]] = {
    "package": [
        {
            "name": "signalbox",
            "dependencies": [{"name": "web", "extra": ["fast"]}],
            "dev-dependencies": {"tokens": [{"name": "crypto"}], "dev": [{"name": "tester"}]},
        },
        {"name": "signalbox-client", "dependencies": [{"name": "web"}]},
        {
            "name": "web",
            "version": "1.0",
            "dependencies": [{"name": "signalbox"}, {"name": "text"}],
            "optional-dependencies": {"fast": [{"name": "speed"}], "slow": [{"name": "snail"}]},
        },
        *(
            {"name": name, "version": "2.0"}
            for name in ("crypto", "text", "speed", "snail", "tester")
        ),
    ]
}


def test_every_package_that_is_shipped_has_a_licence_that_is_allowed() -> None:
    packages = shipped_packages()

    assert {"boto3", "cryptography", "httpx", "preact"} <= {package.name for package in packages}
    assert license_problems(packages) == []


def test_no_licence_is_stated_for_a_package_that_is_not_shipped() -> None:
    assert set(STATED_LICENSES) - {package.name for package in shipped_packages()} == set()
    assert set(STATED_LICENSES) <= {name for name in STATED_LICENSES if metadata_license(name)}


def test_what_is_shipped_is_what_the_roots_need_with_the_extras_that_they_name() -> None:
    found = {package.name for package in python_packages(LOCK, lambda _: "MIT")}

    assert found == {"web", "text", "speed", "crypto"}


def test_what_only_builds_the_dashboard_is_not_shipped() -> None:
    modules = {
        "": {"version": "1.0"},
        "node_modules/preact": {"version": "1.0", "license": "MIT"},
        "node_modules/@a/b": {"version": "2.0", "license": "ISC"},
        "node_modules/esbuild": {"version": "3.0", "license": "MIT", "dev": True},
        "node_modules/preact/node_modules/inner": {"version": "4.0"},
    }

    found = [(package.name, package.license) for package in npm_packages({"packages": modules})]

    assert found == [("preact", "MIT"), ("@a/b", "ISC"), ("inner", "")]


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "", "Proprietary", "MIT AND GPL-3.0-only"])
def test_a_licence_that_is_not_in_the_list_is_a_problem(licence: str) -> None:
    package = ShippedPackage(ecosystem="pypi", name="a", version="1", license=licence)

    (problem,) = license_problems([package])

    assert problem == f"a 1: {licence or 'no licence'} is not allowed"


@pytest.mark.parametrize(
    "expression",
    [
        *sorted(ALLOWED_LICENSES),
        "MIT OR GPL-3.0-only",
        "(MIT AND ISC)",
        "Apache-2.0 OR MIT",
        "GPL-3.0-only AND ISC OR MIT",
        "MPL-2.0 AND ((GPL-3.0-only AND ISC) OR MIT)",
    ],
)
def test_a_choice_or_a_sum_of_licences_is_allowed_by_its_parts(expression: str) -> None:
    assert is_allowed(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "GPL-3.0-only AND (Apache-2.0 OR MIT)",
        "(MIT OR ISC) AND GPL-3.0-only",
        "MIT AND (ISC AND (BSD-3-Clause AND GPL-3.0-only))",
        "(MIT",
        "()",
    ],
)
def test_a_choice_does_not_allow_what_is_needed_beside_it(expression: str) -> None:
    assert not is_allowed(expression)


def test_a_package_that_is_not_installed_has_no_licence() -> None:
    assert metadata_license("no-such-package") == ""
