"""Settings of the API's access as the API takes them: keys, rates, the audit."""

from __future__ import annotations

from streams.adapters.audit_log import KafkaAudit
from streams.brokers.connection import producer_config
from streams.brokers.contact import check_rights, refusal_of
from streams.brokers.rights import rights_of
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.serve.api_keys import KeyGrant, KeyRing
from streams.serve.rate_limits import RateLimits, rates_of
from streams.settings import Api, ApiKey, Role, Settings
from streams.wiring import read_platforms


def grants_of(api: Api) -> dict[str, KeyGrant]:
    """Configured key -> what it may do."""
    return {key: _grant(said) for key, said in api.keys.items()}


def limits_of(api: Api) -> RateLimits:
    """How often each caller may ask. Raises UsageError for keys that are not sound."""
    return RateLimits(rates_of(KeyRing(grants_of(api)), api.rate_per_s, api.anonymous_rate_per_s))


def audit_of(settings: Settings) -> KafkaAudit:
    """The audit topic."""
    return KafkaAudit(producer_config(settings.kafka), TopicNames(settings.topics.prefix).audit)


def check_cluster(settings: Settings) -> None:
    """Raises Unavailable when the cluster turns serve away or denies it a right.

    A cluster that is merely not there is no fault: serve starts, waits for it and says so at /readyz.
    """
    refusal = refusal_of(settings.kafka)
    if refusal is not None and refusal.kind == "security":
        raise Unavailable(refusal.text)
    if refusal is None:
        names, with_console = TopicNames(settings.topics.prefix), settings.console.enabled
        rights = rights_of("serve", names, read_platforms(settings), with_console=with_console)
        check_rights(settings.kafka, "serve", rights)


def _grant(said: Role | ApiKey) -> KeyGrant:
    if not isinstance(said, ApiKey):
        return KeyGrant(said)
    expires_at_s = None if said.expires is None else said.expires.timestamp()
    return KeyGrant(said.role, said.name, said.platforms, expires_at_s, said.rate_per_s)
