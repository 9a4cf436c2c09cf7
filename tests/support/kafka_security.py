"""A real Kafka that lets in nobody without TLS, a password and a right: its certificates, its users, its ACLs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streams.brokers.connection import admin_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.ports import HOST, free_ports
from streams.brokers.rights import ROLES, KafkaRole, Right, rights_of
from streams.domain.platforms import BUILT_IN
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka
from tests.support.brokers import eventually

PLATFORMS = tuple(BUILT_IN)
_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    "read": AclOperation.READ,
    "write": AclOperation.WRITE,
    "create": AclOperation.CREATE,
    "describe": AclOperation.DESCRIBE,
    "describe-configs": AclOperation.DESCRIBE_CONFIGS,
}


def password_of(role: str) -> str:
    return f"{role}-password-of-the-tests"


@dataclass(frozen=True)
class Authority:
    """A CA of our own and what it signed for the broker."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    @classmethod
    def made_in(cls, folder: Path) -> Authority:
        folder.mkdir()
        _openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=braid-test-ca")
        return cls(folder)

    def broker_store(self) -> Path:
        """Key and certificate of a broker on this machine, in one PEM file."""
        _openssl(self.folder, "req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=broker")
        (self.folder / "san").write_text(f"subjectAltName=IP:{HOST},DNS:localhost\n")
        _openssl(
            self.folder,
            "x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out broker.pem -days 2 -extfile san",
        )
        store = self.folder / "store.pem"
        store.write_text((self.folder / "broker.key").read_text() + (self.folder / "broker.pem").read_text())
        return store


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True, timeout=60)


@dataclass(frozen=True)
class SecureKafka:
    """address: for clients, TLS and SCRAM; internal: the launcher's own, open, all-powerful, told to nobody."""

    address: str
    internal: str
    authority: Authority

    def settings(self, role: str, **changes: object) -> Kafka:
        return Kafka(
            **{
                "bootstrap_servers": self.address,
                "security_protocol": "SASL_SSL",
                "sasl_username": f"braid-{role}",
                "sasl_password": password_of(role),
                "ssl_ca_file": str(self.authority.certificate),
                "session_timeout_s": 3,
                **changes,
            }  # type: ignore[arg-type]
        )

    def environment(self, role: str, **changes: str) -> dict[str, str]:
        """The same as variables for a process."""
        kafka = self.settings(role)
        plain = {
            "BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SECURITY_PROTOCOL": kafka.security_protocol,
            "SASL_USERNAME": kafka.sasl_username,
            "SASL_PASSWORD": kafka.sasl_password.get_secret_value(),
            "SSL_CA_FILE": kafka.ssl_ca_file,
            "SESSION_TIMEOUT_S": "3",
            **changes,
        }
        return {f"BRAID_KAFKA__{name}": value for name, value in plain.items()}

    @property
    def admin(self) -> AdminClient:
        return AdminClient(admin_config(Kafka(bootstrap_servers=self.internal)))

    def allow(self, names: TopicNames, roles: Iterable[KafkaRole] = ROLES) -> None:
        """Exactly the documented rights."""
        for role in roles:
            self.grant(role, rights_of(role, names, PLATFORMS))

    def grant(self, role: str, rights: Iterable[Right]) -> None:
        admin, bindings = self.admin, [_binding(role, right) for right in rights]
        for answer in admin.create_acls(bindings).values():
            answer.result(10)
        # The controller answers before the broker has heard.
        eventually(lambda: all(_is_in_force(admin, bound) for bound in bindings))

    @contextmanager
    def without(self, role: str, right: Right) -> Iterator[None]:
        """Take one right away for a while."""
        admin, bound = self.admin, _binding(role, right)
        (answer,) = admin.delete_acls([_exactly(bound)]).values()
        assert len(answer.result(10)) == 1, f"{role} never had {right}"
        eventually(lambda: not _is_in_force(admin, bound))
        try:
            yield
        finally:
            self.grant(role, [right])


def _binding(role: str, right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.is_prefix else ResourcePatternType.LITERAL
    return AclBinding(
        _RESOURCES[right.resource], right.name, pattern, f"User:braid-{role}", "*", _OPERATIONS[right.operation],
        AclPermissionType.ALLOW,
    )  # fmt: skip


def _exactly(bound: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        bound.restype, bound.name, bound.resource_pattern_type, bound.principal, bound.host, bound.operation,
        bound.permission_type,
    )  # fmt: skip


def _is_in_force(admin: AdminClient, bound: AclBinding) -> bool:
    return bool(admin.describe_acls(_exactly(bound)).result(10))


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    """One node: SASL_SSL with SCRAM-SHA-512 for clients, Kafka's own authorizer, users made with the storage."""
    authority = Authority.made_in(folder / "authority")
    internal, clients, controller = free_ports(40)[-3:]
    overrides = {
        "listeners": f"PLAINTEXT://{HOST}:{internal},SASL_SSL://{HOST}:{clients},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{internal},SASL_SSL://{HOST}:{clients}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "listener.name.sasl_ssl.ssl.keystore.type": "PEM",
        "listener.name.sasl_ssl.ssl.keystore.location": str(authority.broker_store()),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        # Who comes by the internal listener: the broker itself and its launcher.
        "super.users": "User:ANONYMOUS",
    }
    users = tuple(
        option
        for role in ROLES
        for option in ("--add-scram", f"SCRAM-SHA-512=[name=braid-{role},password={password_of(role)}]")
    )
    with KafkaCluster(port=internal, overrides=overrides, format_options=users) as cluster:
        yield SecureKafka(f"{HOST}:{clients}", cluster.bootstrap_servers, authority)
