"""Gitea signs the JSON, also where it sends it as the field `payload` of a form.

Forgejo sends the same headers. `X-Hub-Signature` and the headers of GitHub and Gogs that both send
along are never read.
https://github.com/go-gitea/gitea/blob/main/services/webhook/deliver.go
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme

FORM_FIELD: Final = "payload"
SCHEME: Final = HmacScheme(header="x-gitea-signature", form_field=FORM_FIELD)
