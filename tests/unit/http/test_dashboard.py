import base64
import gzip
from pathlib import Path

import pytest
from pydantic import JsonValue

from signalbox.http.dashboard import Dashboard
from signalbox.http.events import LambdaResponse

PAGE = "<!doctype html><title>Signalbox</title>"
SCRIPT = "main-1a2b3c4d.js"
LIVE = "wss://live.example.com/live"


def request(path: str, *, method: str = "GET", **headers: str) -> dict[str, JsonValue]:
    """The event of API Gateway; a name such as `if_none_match` is that of a header."""
    is_asset = path.startswith("/assets/")
    return {
        "rawPath": path,
        "routeKey": "ANY /assets/{proxy+}" if is_asset else "ANY /",
        "pathParameters": {"proxy": path.removeprefix("/assets/")} if is_asset else None,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "path": path}},
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "static"
    assets = directory / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "app.py").write_text("not for the public")
    (directory / "index.html").write_text(PAGE)
    (assets / SCRIPT).write_text("alert(1)")
    (assets / "logo-5e6f7a8b.svg").write_text("<svg/>")
    return directory


@pytest.fixture
def dashboard(files: Path) -> Dashboard:
    return Dashboard(files, connect=LIVE)


def ask(dashboard: Dashboard, path: str, *, method: str = "GET", **headers: str) -> LambdaResponse:
    return dashboard(request(path, method=method, **headers), None)


def test_the_page_is_asked_for_again_each_time(dashboard: Dashboard) -> None:
    response = ask(dashboard, "/")

    assert (response["statusCode"], response["body"]) == (200, PAGE)
    assert response["headers"]["content-type"] == "text/html; charset=utf-8"
    assert response["headers"]["cache-control"] == "no-cache"


def test_a_client_that_has_the_page_gets_no_body(dashboard: Dashboard) -> None:
    etag = ask(dashboard, "/")["headers"]["etag"]

    same = [ask(dashboard, "/", if_none_match=sent) for sent in (etag, f'"x", W/{etag}', "*")]
    other = ask(dashboard, "/", if_none_match='"x"')

    assert [(each["statusCode"], each["body"]) for each in same] == [(304, "")] * 3
    assert {each["headers"]["etag"] for each in same} == {etag}
    assert other["statusCode"] == 200


def test_an_asset_is_stored_for_ever(dashboard: Dashboard) -> None:
    response = ask(dashboard, f"/assets/{SCRIPT}")

    assert (response["statusCode"], response["body"]) == (200, "alert(1)")
    assert response["headers"]["content-type"] == "text/javascript; charset=utf-8"
    assert response["headers"]["cache-control"] == "public, max-age=31536000, immutable"


def test_an_asset_is_compressed_where_the_client_accepts_it(dashboard: Dashboard) -> None:
    plain = ask(dashboard, f"/assets/{SCRIPT}", accept_encoding="gzip;q=0, br")
    response = ask(dashboard, f"/assets/{SCRIPT}", accept_encoding="br, gzip")

    assert response["isBase64Encoded"]
    assert gzip.decompress(base64.b64decode(response["body"])) == b"alert(1)"
    assert response["headers"]["content-encoding"] == "gzip"
    assert response["headers"]["vary"] == plain["headers"]["vary"] == "accept-encoding"
    assert response["headers"]["etag"] != plain["headers"]["etag"]
    assert (plain["body"], "content-encoding" in plain["headers"]) == ("alert(1)", False)


def test_every_instance_of_the_function_gives_a_compressed_asset_the_same_etag(files: Path) -> None:
    asked = [ask(Dashboard(files), f"/assets/{SCRIPT}", accept_encoding="gzip") for _ in range(2)]

    assert asked[0]["headers"]["etag"] == asked[1]["headers"]["etag"]


def test_head_has_the_headers_of_get(dashboard: Dashboard) -> None:
    for path in ("/", f"/assets/{SCRIPT}", "/assets/nothing.js"):
        got = ask(dashboard, path, accept_encoding="gzip")
        head = ask(dashboard, path, method="HEAD", accept_encoding="gzip")

        assert head == {**got, "body": "", "isBase64Encoded": False}


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "",
        ".",
        "..",
        "../index.html",
        "../../app.py",
        "..%2findex.html",
        "/etc/passwd",
        f"{SCRIPT}.gz",
        f"./{SCRIPT}",
        f"{SCRIPT}\0",
        "logo-5e6f7a8b.svg/",
    ],
)
def test_nothing_but_assets_can_be_read(dashboard: Dashboard, name: str) -> None:
    response = ask(dashboard, f"/assets/{name}")

    assert (response["statusCode"], response["body"]) == (404, "Not Found\n")
    assert response["headers"]["content-type"] == "text/plain; charset=utf-8"
    assert response["headers"]["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(dashboard: Dashboard, method: str) -> None:
    response = ask(dashboard, "/", method=method)

    assert response["statusCode"] == 405
    assert response["headers"]["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", f"/assets/{SCRIPT}", "/assets/nothing"])
def test_every_response_protects_the_page(dashboard: Dashboard, path: str) -> None:
    headers = ask(dashboard, path)["headers"]

    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self' {LIVE}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


@pytest.mark.parametrize(
    "connect", ["", "https://example.com", "wss://x; script-src *", "wss://x y"]
)
def test_what_is_no_address_of_a_websocket_changes_no_policy(files: Path, connect: str) -> None:
    policy = ask(Dashboard(files, connect=connect), "/")["headers"]["content-security-policy"]

    assert "connect-src 'self';" in policy
    assert "script-src 'self';" in policy


def test_under_a_base_path_the_page_has_a_slash_so_that_it_finds_its_assets(
    dashboard: Dashboard,
) -> None:
    slash = ask(dashboard, "/team/hooks/")
    without = ask(dashboard, "/team/hooks")
    foreign = ask(dashboard, "//evil.example")

    assert slash["statusCode"] == 200
    assert (without["statusCode"], without["headers"]["location"]) == (308, "./hooks/")
    assert foreign["headers"]["location"] == "./evil.example/"


def test_a_page_without_assets_has_none(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)

    assert ask(Dashboard(tmp_path), "/assets/main.js")["statusCode"] == 404
