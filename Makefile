# Everything a newcomer needs is `make demo` and `make test`; both install what they need first.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed

# Compiled modules are kept whatever the shell says: without them every process of ours takes seconds to import.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint contracts bench lock browser

help:
	@echo "make demo       one café with a year of life, in the browser (RESET=1 starts afresh, PORT=8000 moves it)"
	@echo "make test       the whole suite, browser tests included"
	@echo "make setup      only the virtual environment with the locked dependencies"
	@echo "make lint       style, types, import rules, templates"
	@echo "make contracts  DIR=folder: gateways and connectors against vendors' contracts"
	@echo "make bench      the benchmarks, as ratios (ARGS=segments for one of them)"
	@echo "make lock       write the locks anew from pyproject.toml"

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml .ci/install.py
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) .ci/install.py
	@touch $(STAMP)

demo: setup
	@RESET="$(RESET)" PORT="$(PORT)" exec $(RUN) -m demo

test: setup browser
	$(RUN) -m pytest --numprocesses auto --maxprocesses 8 --ignore tests/contracts $(ARGS)

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(RUN) -m djlint templates --lint --quiet

contracts: setup
	@test -n "$(DIR)" || { echo "Which contracts? make contracts DIR=folder" >&2; exit 2; }
	@test -d "$(DIR)" || { echo "There is no folder $(DIR)" >&2; exit 2; }
	$(RUN) -m pytest tests/contracts --contracts "$(abspath $(DIR))" $(ARGS)

bench: setup
	$(RUN) -m bench $(ARGS)

# Debian's Chromium when we may install it, else the one that Playwright brings. Without either the browser tests fail
# and say what to install, so this may end quietly.
browser:
	@$(RUN) .ci/browser.py

COMPILE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

lock: setup
	$(VENV)/bin/uv pip compile --quiet pyproject.toml --extra dev $(COMPILE) -o requirements-dev.lock
	$(VENV)/bin/uv pip compile --quiet pyproject.toml $(COMPILE) -c requirements-dev.lock -o requirements.lock
