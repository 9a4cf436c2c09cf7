"""Whether the cluster lets these settings in, and what they may do there: asked once at a start, said in one line.

The clients themselves try again for ever: to them a wrong password is a broker that is not there yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]  # re-exported without __all__

from streams.brokers.connection import admin_config
from streams.brokers.rights import Right
from streams.errors import Unavailable
from streams.settings import Kafka

CONTACT_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_S: Final = 10.0
_SLICE_S: Final = 0.5
_OPERATIONS: Final = {
    "read": AclOperation.READ,
    "write": AclOperation.WRITE,
    "create": AclOperation.CREATE,
    "describe": AclOperation.DESCRIBE,
    "describe-configs": AclOperation.DESCRIBE_CONFIGS,
}
_NOT_ALLOWED: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})
_SHOWN: Final = 5


@dataclass(frozen=True)
class Refusal:
    """Why there is no contact. kind: security, or absent when nobody answers at all."""

    kind: Literal["security", "absent"]
    text: str


def check_contact(kafka: Kafka) -> None:
    """Raises Unavailable, naming the setting, when the cluster does not let these settings in or nobody answers."""
    refusal = refusal_of(kafka)
    if refusal is not None:
        raise Unavailable(refusal.text)


def refusal_of(kafka: Kafka) -> Refusal | None:
    """None when the cluster answers. Blocks up to 5 s, less when it turns us away."""
    faults: list[KafkaError] = []
    try:
        admin = AdminClient(admin_config(kafka, error_cb=faults.append))
    except KafkaException as error:
        fault = f"BRAID_KAFKA__SSL_CA_FILE={kafka.ssl_ca_file}: not usable ({_reason(error)}); give a readable PEM file"
        return Refusal("security", fault)
    give_up_at_s = monotonic() + CONTACT_TIMEOUT_S
    while True:
        try:
            admin.list_topics(timeout=_SLICE_S)
        except KafkaException as error:
            admin.poll(0)
            # Who is turned away needs no second try; a broker that hangs up may only be starting.
            if monotonic() > give_up_at_s or _turned_away(faults):
                return _refusal(kafka, faults, _reason(error))
        else:
            return None


def _turned_away(faults: Iterable[KafkaError]) -> bool:
    certificate = "certificate verify failed"
    return any(
        fault.code() == KafkaError._AUTHENTICATION or certificate in fault.str()  # noqa: SLF001 - its public name
        for fault in faults
    )


def _refusal(kafka: Kafka, faults: Sequence[KafkaError], said: str) -> Refusal:
    where = f"the broker at {kafka.bootstrap_servers}"
    codes, words = {fault.code() for fault in faults}, " ".join({fault.str() for fault in faults})
    if "certificate verify failed" in words or "certificate could not be verified" in words:
        return Refusal(
            "security",
            f"BRAID_KAFKA__SSL_CA_FILE={kafka.ssl_ca_file}: {where} shows a certificate that none of these authorities "
            "signed, or one of another host; give the CA that signed it, and the host name that it was made for",
        )
    if _hangs_up(codes, words):
        return Refusal(
            "security",
            f"BRAID_KAFKA__SECURITY_PROTOCOL={kafka.security_protocol}: {where} hangs up on it; "
            "set the protocol of that listener: SASL_SSL, SSL, SASL_PLAINTEXT or PLAINTEXT",
        )
    if KafkaError._AUTHENTICATION in codes:  # noqa: SLF001 - its public name
        return Refusal(
            "security",
            f"BRAID_KAFKA__SASL_USERNAME={kafka.sasl_username}, BRAID_KAFKA__SASL_PASSWORD: {where} refuses them "
            f"({kafka.sasl_mechanism}); set the user and password that it knows, or BRAID_KAFKA__SASL_MECHANISM",
        )
    return Refusal(
        "absent",
        f"BRAID_KAFKA__BOOTSTRAP_SERVERS={kafka.bootstrap_servers}: no broker answered within "
        f"{CONTACT_TIMEOUT_S:.0f} s ({said}); start one with `braid broker kafka`, or set the address of yours",
    )


def _hangs_up(codes: set[int], words: str) -> bool:
    """A listener of another protocol takes the connection and drops it: "all brokers down", and nobody said why."""
    return (
        codes == {KafkaError._ALL_BROKERS_DOWN}  # noqa: SLF001 - its public name
        or KafkaError._SSL in codes  # noqa: SLF001
        or "SSL handshake" in words
        or "not valid in current SASL state" in words
    )


def check_rights(kafka: Kafka, role: str, rights: Iterable[Right]) -> None:
    """Raises Unavailable with what the user may not do. Asks nothing where the connection is plain: nobody is anybody.

    Transactional ids cannot be asked about; a take-over says itself when one is refused.
    """
    if kafka.security_protocol == "PLAINTEXT":
        return
    missing = missing_rights(AdminClient(admin_config(kafka)), rights)
    if missing:
        listed = "; ".join(f"{right.operation} {right.resource} {right.name}" for right in missing[:_SHOWN])
        raise Unavailable(
            f"BRAID_KAFKA__SASL_USERNAME={kafka.sasl_username} lacks {len(missing)} rights ({listed}): "
            f"grant them, `braid rights {role}` prints the commands; or the topics are missing, `braid topics apply`"
        )


def missing_rights(admin: AdminClient, rights: Iterable[Right]) -> list[Right]:
    """Those that the cluster does not grant. Raises Unavailable when it does not say."""
    wanted = list(rights)
    topics = _topic_operations(admin, sorted({right.name for right in wanted if right.resource == "topic"}))
    groups = {right.name: right for right in wanted if right.resource == "group"}
    refused = _refused_groups(admin, sorted(groups))
    return [
        right
        for right in wanted
        if (right.resource == "topic" and _OPERATIONS[right.operation] not in topics[right.name])
        or (right.resource == "group" and right.name in refused)
    ]


def _topic_operations(admin: AdminClient, topics: list[str]) -> dict[str, frozenset[AclOperation]]:
    if not topics:
        return {}
    answers = admin.describe_topics(
        TopicCollection(topics), include_authorized_operations=True, request_timeout=REQUEST_TIMEOUT_S
    )
    allowed: dict[str, frozenset[AclOperation]] = {}
    for name, answer in answers.items():
        try:
            allowed[name] = frozenset(answer.result().authorized_operations or ())
        except KafkaException as error:
            if error.args[0].code() not in {*_NOT_ALLOWED, KafkaError.UNKNOWN_TOPIC_OR_PART}:
                raise Unavailable(f"topic {name}: the broker does not say who may use it: {_reason(error)}") from error
            allowed[name] = frozenset()
    return allowed


def _refused_groups(admin: AdminClient, groups: list[str]) -> set[str]:
    """A prefix stands for all groups that begin so: it is itself the name of one that need not exist."""
    if not groups:
        return set()
    refused = set()
    for name, answer in admin.describe_consumer_groups(groups, request_timeout=REQUEST_TIMEOUT_S).items():
        try:
            answer.result()
        except KafkaException as error:
            if error.args[0].code() in _NOT_ALLOWED:
                refused.add(name)
    return refused


def _reason(error: KafkaException) -> str:
    return str(error.args[0].str())
