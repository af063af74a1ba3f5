"""Slack, as far as a bot and an incoming webhook see it."""

import json
import re
from collections import Counter
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.fakes.http_server import FakeHttpServer, Received, Reply

_NOTIFICATION: Final = re.compile(r"ntf_[a-z0-9]+")
_TOKENS: Final = "/api/oauth.v2.access"
_MESSAGES: Final = ("/services/T1/B1/secret", "/api/chat.postMessage")


class FakeSlack(FakeHttpServer):
    """Keeps messages from either door and shows them in the history of its one channel."""

    @property
    def hook(self) -> str:
        """The address of an incoming webhook."""
        return self.url + _MESSAGES[0]

    @property
    def messages(self) -> list[Received]:
        return [each for each in self.received if each.path in _MESSAGES]

    def notifications(self) -> Counter[str]:
        """How many messages there are of each notification."""
        found = (_NOTIFICATION.search(each.body.decode()) for each in self.messages)
        return Counter(each[0] if each else "none" for each in found)

    @property
    def token_url(self) -> str:
        """The address of its token endpoint."""
        return self.url + _TOKENS

    def reply_to(self, received: Received) -> Reply:
        if self.script:
            return super().reply_to(received)
        if received.path == _TOKENS:
            tokens = {"access_token": "xoxe.xoxb-2", "token_type": "bot", "expires_in": 43_200}
            return Reply(body=json.dumps({"ok": True, "refresh_token": "r-2", **tokens}).encode())
        if urlsplit(received.path).path == "/api/conversations.history":
            limit = int(parse_qs(urlsplit(received.path).query)["limit"][0])
            messages = [json.loads(each.body) for each in reversed(self.messages)][:limit]
            return Reply(body=json.dumps({"ok": True, "messages": messages}).encode())
        if received.path == _MESSAGES[0]:
            return Reply(body=b"ok")
        if received.path == _MESSAGES[1]:
            return Reply(body=b'{"ok": true, "ts": "1.2"}')
        return Reply(status=404, body=b"no_service")
