"""A small service behind the gateway: it answers every request with its name and what it got."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    """Answers GET and HEAD; `/health` is what the gateway checks."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = json.dumps(
            {
                "service": sys.argv[1],
                "instance": os.uname().nodename,
                "path": self.path,
                "request_id": self.headers.get("x-request-id"),
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  as above


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[2])), Service).serve_forever()
