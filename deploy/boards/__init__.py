"""Grafana's boards as plain Python; `make docs` writes them to deploy/grafana/dashboards."""
