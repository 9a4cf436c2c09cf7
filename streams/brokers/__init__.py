"""Kafka from the outside: how to reach it, how to run one on this machine, which topics it must hold."""
