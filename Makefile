# The two commands are `make run` and `make test`; everything they need is set up by them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
TOOLS := $(VENV)/.tools-installed

.DEFAULT_GOAL := help
.PHONY: help run test lint format clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(RUNTIME) ## Set up and start the application with demo data
	$(BIN)/python run.py $(ARGS)

test: $(TOOLS) ## Set up and run the tests (ARGS="-k name" for some of them)
	$(BIN)/python -m pytest $(ARGS)

lint: $(TOOLS) ## Check style, types and layers
	$(BIN)/black --check --quiet .
	$(BIN)/isort --check-only --quiet .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(TOOLS) ## Format the code
	$(BIN)/isort --quiet .
	$(BIN)/black --quiet .

clean: ## Remove what the commands above made
	rm -rf $(VENV) build .pytest_cache .mypy_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUNTIME) $@
