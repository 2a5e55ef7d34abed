# Every target does its own set-up: a fresh clone and Python 3.12, 3.13 or 3.14 are enough.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast soak chaos load protections fuzz matrix audit bench lint format clean

PYTHON := .venv/bin/python
# With this set, every process that tests and services start would compile all of its sources anew: 16 s instead of 2.
unexport PYTHONDONTWRITEBYTECODE
# More for pytest, as in: make test-fast ARGS="-k withdrawal -x"
ARGS ?=
# As in: make test WORKERS=0. Processes that share the tests; the tests of a file, and those that use one service, stay
# together in one. Many wait for other processes.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with every dependency of the lock file
	@./.ci/bootstrap

demo: setup ## Start everything, forecast the Karabakh study live and show its page (DEMO_EXIT=1: stop when done; DEMO_STUDY=seeds: another bundled study)
	@exec $(PYTHON) -m forecast.cli.demo

test: setup ## Run all that protects a promise, and the checks of style and types
	@./.ci/chromium
	@./.ci/programs
	@exec ./.ci/tests -m "not soak" --ignore=tests/benchmarks --numprocesses=$(WORKERS) --dist=loadgroup --no-loadscope-reorder $(ARGS)

test-fast: setup ## Run what needs no service and no sampling, while one writes
	@exec $(PYTHON) -m pytest --fast --numprocesses=$(WORKERS) --dist=loadgroup --no-loadscope-reorder $(ARGS)

# As in: make soak MINUTES=5, the minutes of chaos on each database and of load.
MINUTES ?= 30

soak: setup ## Run what takes hours: chaos, load, a month, protections, upgrades, calibration at full size, all on PostgreSQL
	@./.ci/chromium
	@./.ci/programs
	@FULL_SIZE=1 CHAOS_MINUTES=$(MINUTES) LOAD_MINUTES=$(MINUTES) $(PYTHON) -m pytest -m "soak or sized" --timeout=7200 --ignore=tests/benchmarks $(ARGS)
	@exec $(PYTHON) -m pytest -m "not soak and not both_databases" --database=postgresql tests/jobs tests/timeline tests/alerts tests/sources tests/api $(ARGS)

# As in: make chaos MINUTES=30 SEED=1 DATABASE=postgresql
SEED ?= 1
DATABASE ?= sqlite

chaos: setup ## Disturb a service under real jobs at random and look whether anything was lost, doubled or wrong
	@./.ci/programs
	@exec $(PYTHON) -m tests.fault.chaos --minutes $(MINUTES) --seed $(SEED) --database $(DATABASE)

# As in: make load MINUTES=60
WARM_UP_MINUTES ?= 10

load: setup ## Put a steady load on a service with two workers and look whether anything grows
	@exec $(PYTHON) -m tests.load.steady --minutes $(MINUTES) --warm-up-minutes $(WARM_UP_MINUTES)

# Seconds for each reader.
SECONDS ?= 60

protections: setup ## Switch off what keeps each promise, one by one, and look whether a test notices
	@./.ci/programs
	@exec $(PYTHON) -m tests.fault.protections

fuzz: setup ## Fuzz the readers of documents, tables, archives, expressions, rules and addresses
	@UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --quiet --frozen --inexact --group dev --group fuzz --python $(PYTHON)
	@exec $(PYTHON) -m tests.fuzz.run --seconds $(SECONDS)

matrix: setup ## Run the quick tests under Python 3.12, 3.13 and 3.14, as far as they are here
	@exec ./.ci/matrix --numprocesses=$(WORKERS) --dist=loadgroup --no-loadscope-reorder $(ARGS)

audit: setup ## Look up the packages of the lock file in the advisory database of PyPI (needs a way there)
	@.venv/bin/uv export --quiet --frozen --all-extras --all-groups --no-emit-project --output-file .venv/audited.txt
	@.venv/bin/uv tool run --isolated pip-audit --strict --require-hashes --disable-pip --requirement .venv/audited.txt

bench: setup ## Run the benchmarks and print where the time goes
	@exec $(PYTHON) -m pytest tests/benchmarks -s $(ARGS)

lint: setup ## Check style, types and import rules
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

format: setup ## Put the code into its standard form
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

clean: ## Remove .venv and everything that tools leave behind
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist tests/browser/screenshots
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
