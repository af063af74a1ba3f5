from types import MappingProxyType
from typing import Final

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.pagerduty.provider import PagerDuty
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.hostile_requests import BODY
from tests.contract.providers import CURRENT, PREVIOUS, Vector

PRIORITY_UPDATED: Final = (
    b'{"event":{"id":"01BWDWL3NYY7LUFPZCC28QUCMK","event_type":"incident.priority_upda'
    b'ted","resource_type":"incident","occurred_at":"2021-04-26T17:36:27.458Z","agent"'
    b':{"html_url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"h'
    b'ttps://api.pagerduty.com/users/PLH1HKV","summary":"Tenex Engineer","type":"user_'
    b'reference"},"client":null,"data":{"id":"PGR0VU2","type":"incident","self":"https'
    b'://api.pagerduty.com/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/i'
    b'ncidents/PGR0VU2","number":2,"status":"triggered","title":"A little bump in the '
    b'road","service":{"html_url":"https://acme.pagerduty.com/services/PF9KMXH","id":"'
    b'PF9KMXH","self":"https://api.pagerduty.com/services/PF9KMXH","summary":"API Serv'
    b'ice","type":"service_reference"},"assignees":[{"html_url":"https://acme.pagerdut'
    b'y.com/users/PTUXL6G","id":"PTUXL6G","self":"https://api.pagerduty.com/users/PTUX'
    b'L6G","summary":"User 123","type":"user_reference"}],"escalation_policy":{"html_u'
    b'rl":"https://acme.pagerduty.com/escalation_policies/PUS0KTE","id":"PUS0KTE","sel'
    b'f":"https://api.pagerduty.com/escalation_policies/PUS0KTE","summary":"Default","'
    b'type":"escalation_policy_reference"},"teams":[{"html_url":"https://acme.pagerdut'
    b'y.com/teams/PFCVPS0","id":"PFCVPS0","self":"https://api.pagerduty.com/teams/PFCV'
    b'PS0","summary":"Engineering","type":"team_reference"}],"priority":{"html_url":"h'
    b'ttps://acme.pagerduty.com/account/incident_priorities","id":"PSO75BM","self":"ht'
    b'tps://api.pagerduty.com/priorities/PSO75BM","summary":"P1","type":"priority_refe'
    b'rence"},"urgency":"high","conference_bridge":{"conference_number":1000,"conferen'
    b'ce_url":"https://example.com"},"resolve_reason":null}}}'
)


class TestPagerDuty(HmacProviderContract):
    signature_header = "x-pagerduty-signature"
    prefix = "v1="
    allowed = frozenset(
        {
            "twice, joined by a comma",
            "twice, joined by a comma and a blank",
            "an unknown version first",
        }
    )
    headers = MappingProxyType({"content-type": "application/json"})
    vectors = (
        Vector(  # of the tests of github.com/PagerDuty/go-pagerduty
            secret="lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK",
            body=PRIORITY_UPDATED,
            signature="v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd",
        ),
        Vector(
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="v1=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
        ),
    )

    def provider(self) -> HmacProvider:
        return PagerDuty()

    def test_any_of_several_signatures_may_match(self) -> None:
        signatures = [
            self.signed(BODY, secret).header(self.signature_header)
            for secret in ("another", PREVIOUS, CURRENT)
        ]

        request = self.with_header(self.signed(BODY), self.signature_header, ",".join(signatures))

        assert self.provider().verify(request, [CURRENT]) == 0

    def test_the_key_of_a_delivery_is_the_id_of_its_event(self) -> None:
        request = self.signed(PRIORITY_UPDATED)

        assert self.provider().delivery_key(request) == "01BWDWL3NYY7LUFPZCC28QUCMK"
