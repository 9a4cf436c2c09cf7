"""Events over HTTP: bodies in, records of `events.<platform>` out, a verdict for every event."""
