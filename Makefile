# Every target does its own set-up: a fresh clone and Python 3.12 or 3.13 are enough.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast chaos bench lint format clean

PYTHON := .venv/bin/python
# More for pytest, as in: make test-fast ARGS="-k withdrawal -x"
ARGS ?=
SLOW := statistical or stack or fault or browser or slow or benchmark

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with every dependency of the lock file
	@./.ci/bootstrap

demo: setup ## Start everything, forecast the Karabakh study live and show its page (DEMO_EXIT=1: stop when done)
	@exec $(PYTHON) -m forecast.demo

test: setup ## Run all tests and checks, the fast ones first
	@./.ci/chromium
	@./.ci/postgresql
	@exec $(PYTHON) -m pytest --ignore=tests/benchmarks $(ARGS)

test-fast: setup ## Run what needs no sampling, no services and no browser
	@exec $(PYTHON) -m pytest -m "not ($(SLOW))" $(ARGS)

# As in: make chaos MINUTES=30 SEED=1 DATABASE=postgresql
MINUTES ?= 30
SEED ?= 1
DATABASE ?= sqlite

chaos: setup ## Disturb a service under real jobs at random and look whether anything was lost, doubled or wrong
	@./.ci/postgresql
	@exec $(PYTHON) -m tests.fault.chaos --minutes $(MINUTES) --seed $(SEED) --database $(DATABASE)

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
