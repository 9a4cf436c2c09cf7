"""Settings of security and membership in Faust's words; the rest of the connection is in `connection`."""

from __future__ import annotations

import ssl
from typing import Any

from faust.auth import SASLCredentials, SSLCredentials

from streams.settings import Kafka


def faust_broker_options(kafka: Kafka, *, is_embedded: bool = False) -> dict[str, Any]:
    """Options for `faust.App` that let its consumer into the cluster, and into its groups by name where it has one."""
    membership = {"consumer_group_instance_id": kafka.group_instance_id} if kafka.group_instance_id else {}
    return membership | _entry(kafka, is_embedded=is_embedded)


def _entry(kafka: Kafka, *, is_embedded: bool) -> dict[str, Any]:
    """None for PLAINTEXT, nearly none when embedded."""
    if is_embedded:
        return {"broker_check_crcs": False}  # it writes the end of a transaction without a checksum
    if kafka.security_protocol == "PLAINTEXT":
        return {}
    context = ssl.create_default_context(cafile=kafka.ssl_ca_file or None) if "SSL" in kafka.security_protocol else None
    if kafka.security_protocol == "SSL":
        return {"broker_credentials": SSLCredentials(context)}
    credentials = SASLCredentials(
        username=kafka.sasl_username,
        password=kafka.sasl_password.get_secret_value(),
        ssl_context=context if kafka.security_protocol == "SASL_SSL" else None,
        mechanism=kafka.sasl_mechanism,
    )
    return {"broker_credentials": credentials}
