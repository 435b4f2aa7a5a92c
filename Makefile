# Everything a developer does here. Needs only python3 (3.11 or newer) and make.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
MANAGE := OTI_MODE=$${OTI_MODE:-dev} $(BIN)/python manage.py
PYTEST := $(BIN)/python -m pytest
# Tests run in two processes; the browser's among the others.
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist worksteal
TEMPLATES := templates oti/devtools/templates
ARGS ?=
# What one process has compiled the next one need not: half of what a test run takes to begin.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup browser run shape test test-fast test-race test-browser lint types format messages \
	seed screenshot bench audit services-stop ci clean

help: ## This list
	@echo "Velay, terre de liens. First: make run (or make test)."
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)$$/  make \1|\2/p' $(MAKEFILE_LIST) \
		| while IFS='|' read -r name text; do printf '%-22s %s\n' "$$name" "$$text"; done
	@echo
	@echo "Variables: PORT, HOST, DATABASE_URL, REDIS_URL, STRIPE_SECRET_KEY (.env.example)."

setup: ## Make or refresh the environment (.venv), with pinned packages only
	@$(PYTHON) oti/devtools/bootstrap.py

browser: ## The same, and Chromium for the browser tests
	@$(PYTHON) oti/devtools/bootstrap.py browser

# Whoever ends make ends the platform too: the shell between them is replaced by it.
run: setup ## Run the whole platform on this machine; Ctrl-C ends it
	@exec env $(MANAGE) dev

shape: setup ## Run production as it is deployed: proxy, two webs, worker, clock; Ctrl-C ends it
	@exec env $(MANAGE) shape

test: browser ## Run the whole suite, browser tests included
	@$(PYTEST) $(SPREAD) $(ARGS)

test-fast: setup ## Run the suite without the browser
	@$(PYTEST) $(SPREAD) -m "not browser" $(ARGS)

test-race: setup ## Run the tests of concurrency alone, one at a time
	@$(PYTEST) -m race $(ARGS)

test-browser: browser ## Run the browser tests alone
	@$(PYTEST) $(SPREAD) -m browser $(ARGS)

lint: setup ## Check style, layers, templates and migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --lint --quiet $(TEMPLATES)
	@$(BIN)/lint-imports
	@$(MANAGE) makemigrations --check --dry-run

types: setup ## Check types
	@$(BIN)/mypy

format: setup ## Rewrite code and templates in the house style
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/djhtml $(TEMPLATES)

messages: setup ## Collect the texts to translate into oti/locale (needs GNU gettext)
	@command -v xgettext >/dev/null || { echo "gettext is missing: install it first (on Debian: apt install gettext)." >&2; exit 1; }
	@OTI_NO_SERVICES=1 $(MANAGE) makemessages -l fr -l en -l de --no-wrap --no-location \
		--ignore ".venv/*" --ignore "tests/*"

seed: setup ## Load the demo, or carry its dates to today
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed_demo

screenshot: browser ## Photograph pages of the running site into build/ (ARGS="/fr/ /fr/dormir/")
	@$(BIN)/python -m oti.devtools.screenshot $(ARGS)

bench: setup ## Measure speed on a copy of its own, one JSON line each (ARGS="search_500 contend")
	@$(BIN)/python -m oti.devtools.bench $(ARGS)

audit: browser ## Ask Lighthouse about the main pages, one JSON line each (ARGS="home pole"); needs Node
	@$(BIN)/python -m oti.devtools.audit $(ARGS)

services-stop: setup ## Stop the embedded PostgreSQL and Valkey now
	@$(MANAGE) services stop

ci: ## Exactly what continuous integration runs
	@bash .ci/run

clean: ## Stop the services, remove data, caches and the environment
	@if [ -x $(BIN)/python ]; then OTI_NO_SERVICES=1 $(MANAGE) services stop || true; fi
	@rm -rf .data .venv build htmlcov staticfiles .coverage \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} + -o -name "*.mo" -type f -delete
