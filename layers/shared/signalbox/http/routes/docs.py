"""The OpenAPI document, a page that renders it, and the pages that explain problems."""

from collections.abc import Callable
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from aws_lambda_powertools.event_handler import Response

from signalbox.http.problem_pages import render_problem_page
from signalbox.http.routing import APPLICATION_JSON, OPEN, Route, Routes
from signalbox.http.urls import request_origin
from signalbox.models.errors import NotFound

ASYNCAPI: Final = "/api/v1/asyncapi.json"

_TAG: Final = "docs"
_HTML: Final = "text/html; charset=utf-8"
_MAX_BASE_PATHS: Final = 4
_CACHE_CONTROL: Final = "public, max-age=86400"

_SWAGGER: Final = "aws_lambda_powertools.event_handler.openapi.swagger_ui"
_SWAGGER_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Signalbox</title>
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<div id="swagger-ui">Loading…</div>
<script src="docs/swagger-ui.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


class Asset(StrEnum):
    """A file of the page."""

    STYLE = "style.css"
    SWAGGER = "swagger-ui.js"
    START = "start.js"


def add_docs(
    routes: Routes, *, describe: Callable[[str], str], describe_events: Callable[[str], str]
) -> None:
    """Add the routes.

    `describe` creates the document for a base path, and `describe_events` that of live updates for
    the URL of the API, once for each.
    """
    description = lru_cache(maxsize=_MAX_BASE_PATHS)(describe)
    event_description = lru_cache(maxsize=_MAX_BASE_PATHS)(describe_events)

    def page(path: str, summary: str, text: str, *refuses: int) -> Route:
        return Route(
            method="GET",
            path=path,
            scope=OPEN,
            tag=_TAG,
            summary=summary,
            text=text,
            problems=refuses,
        )

    @routes.add(page("/openapi.json", "The description of this API, OpenAPI 3.1", APPLICATION_JSON))
    def openapi() -> Response[str]:
        return Response(
            status_code=200,
            content_type=APPLICATION_JSON,
            body=description(routes.call().request.base_path),
        )

    @routes.add(page(ASYNCAPI, "The description of live updates, AsyncAPI 3.0", APPLICATION_JSON))
    def asyncapi() -> Response[str]:
        call = routes.call().request
        scheme = call.header("x-forwarded-proto") or "https"
        body = event_description(request_origin(call, scheme))
        return Response(status_code=200, content_type=APPLICATION_JSON, body=body)

    @routes.add(page("/docs", "A page to read the description with, and to try it", _HTML))
    def docs() -> Response[str]:
        policy = {"content-security-policy": _SWAGGER_POLICY}
        return Response(status_code=200, content_type=_HTML, body=_SWAGGER_PAGE, headers=policy)

    @routes.add(page("/docs/style.css", "The style of that page", _TYPES[Asset.STYLE]))
    def docs_style() -> Response[str]:
        return _asset(Asset.STYLE)

    @routes.add(page("/docs/swagger-ui.js", "The script of that page", _TYPES[Asset.SWAGGER]))
    def docs_script() -> Response[str]:
        return _asset(Asset.SWAGGER)

    @routes.add(page("/docs/start.js", "What starts that script", _TYPES[Asset.START]))
    def docs_start() -> Response[str]:
        return _asset(Asset.START)

    @routes.add(page("/problems/<slug>", "Explain a problem", _HTML, 404))
    def problem_page(slug: str) -> Response[str]:
        made = render_problem_page(slug)
        if made is None:
            raise NotFound("there is no such problem")
        return Response(status_code=200, content_type=_HTML, body=made, headers={**_CACHED})


_TYPES: Final = {
    Asset.STYLE: "text/css; charset=utf-8",
    Asset.SWAGGER: "text/javascript; charset=utf-8",
    Asset.START: "text/javascript; charset=utf-8",
}
_CACHED: Final = {"cache-control": _CACHE_CONTROL}


def _asset(asset: Asset) -> Response[str]:
    return Response(
        status_code=200, content_type=_TYPES[asset], body=_content(asset), headers={**_CACHED}
    )


@cache
def _content(asset: Asset) -> str:
    """Return a file of Swagger UI that Powertools includes; no other server is used."""
    match asset:
        case Asset.START:
            return _START
        case Asset.STYLE:
            name = "swagger-ui.min.css"
        case Asset.SWAGGER:
            name = "swagger-ui-bundle.min.js"
    return files(_SWAGGER).joinpath(name).read_text(encoding="utf-8")
