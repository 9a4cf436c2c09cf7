#!/bin/sh
# Makes what docker-compose.yml must not hold: .env, and the keys as files. What is there already is never replaced,
# for another pseudonym key would make strangers of everybody (docs/privacy.md says how to change it).
set -eu
cd "$(dirname "$0")/../.."
umask 077
if [ -e .env ]; then
    echo "deploy/compose/secrets.sh: .env is there already; move it away first if you mean to begin anew" >&2
    exit 1
fi
random() { openssl rand -hex 32; }
hash_of() { printf 'sha256:%s' "$(printf '%s' "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1)"; }

secrets=deploy/compose/secrets
mkdir -p "$secrets"
admin="braid_$(random)"
metrics="braid_$(random)"
shop="braid_$(random)"
canary="braid_$(random)"
printf '%s\n' "$admin" > "$secrets/admin-key"
printf '%s\n' "$shop" > "$secrets/shop-write-key"
printf '%s' "$metrics" > "$secrets/metrics-key"
# Prometheus runs as a user of its own, which must be able to read its key and nothing else.
chmod 755 "$secrets"
chmod 644 "$secrets/metrics-key"
cat > .env <<END
BRAID_PSEUDONYM__KEY=$(random)
BRAID_API__KEYS='{"$(hash_of "$admin")": {"role": "admin", "name": "operator"}, "$(hash_of "$metrics")": {"role": "metrics", "name": "prometheus"}, "$(hash_of "$canary")": {"role": "read", "name": "canary", "platforms": ["canary"]}}'
BRAID_INGEST_API__KEYS='{"$(hash_of "$shop")": {"name": "shop", "platform": "shop"}}'
CANARY_KEY=$canary
GRAFANA_PASSWORD=$(random)
END
echo "written: .env and $secrets/ (admin-key: API and console; shop-write-key: POST events; metrics-key: Prometheus)"
