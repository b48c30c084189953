# The two commands are `make run` and `make test`; everything they need is set up by them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
TOOLS := $(VENV)/.tools-installed
# What browsers load, and beside it what only the tests need; see tools/frontend.py.
CHARTS := app/static/vendor/.installed
CHART_TOOLS := node_modules/.tools-installed

.DEFAULT_GOAL := help
.PHONY: help run test lint format charts screenshots clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(RUNTIME) $(CHARTS) ## Set up and start the application with demo data
	$(BIN)/python run.py $(ARGS)

test: $(TOOLS) $(CHART_TOOLS) ## Set up and run the tests (ARGS="-k name" for some of them)
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

charts: $(RUNTIME) ## Install what the control plane draws charts with, again
	$(BIN)/python -m tools.frontend --stamp $(CHARTS)

screenshots: $(TOOLS) $(CHART_TOOLS) ## Picture every page, under build/screenshots
	$(BIN)/python -m tools.screenshots $(ARGS)

clean: ## Remove what the commands above made
	rm -rf $(VENV) build node_modules app/static/vendor .pytest_cache .mypy_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUNTIME) $@

# Neither stops the start when npm or its registry is away: the pages then show numbers.
$(CHARTS): package-lock.json tools/frontend.py | $(RUNTIME)
	@$(BIN)/python -m tools.frontend --optional --stamp $@

$(CHART_TOOLS): package-lock.json tools/frontend.py | $(TOOLS)
	@$(BIN)/python -m tools.frontend --optional --tools --stamp $(CHARTS) --stamp $@
