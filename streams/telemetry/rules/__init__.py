"""What Prometheus computes from the metrics and when it calls an operator; `groups.GROUPS` has all of it."""
