# The two commands are `make run` and `make test`; everything they need is set up by them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
TOOLS := $(VENV)/.tools-installed
BENCH_TOOLS := $(VENV)/.bench-tools-installed
# Scripts that browsers load, and beside them those that only the tests need; see tools/frontend.py.
CHARTS := yoto/control_plane/static/vendor/.installed
CHART_TOOLS := node_modules/.tools-installed

# Only packages in the lock files are installed, on any system and Python that Yoto runs on; each
# file has one of their hashes. `requirements*.txt` say which versions may come in; `make lock` picks.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --require-hashes
LOCKS := requirements requirements-regorus requirements-frontend requirements-dev

SUITES := unit contract integration e2e chaos
PYTEST = $(BIN)/python -m pytest
# Four for two cores, since many tests wait for servers. Each takes a quarter of the tests in order
# and then from the longest rest, so that what a folder or a module shares is started once. Where
# eventlet has patched them, workers of pytest-xdist do not come up.
WORKERS ?= 4
PARALLEL = $(if $(filter eventlet,$(YOTO_TEST_ASYNC_MODE)),,-n $(WORKERS) --dist worksteal)
# Each of the many processes that tests start would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE
# One version everywhere; Go builds it where it is not on the path.
ACTIONLINT := $(or $(shell command -v actionlint),go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7)

.DEFAULT_GOAL := help
.PHONY: help run cluster setup test test-all test-proof $(SUITES:%=test-%) lint style types layers unused security dependencies workflows workflows-run \
  coverage chaos simulate planted soak bench servers opa format lock propose package sbom released charts screenshots docs clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@printf '  make %-12s %s\n' 'test-SUITE' 'The tests of one suite: $(SUITES) proof (ONLY=path, ARGS="-k name")'

run: $(RUNTIME) $(CHARTS) ## Set up and start the application with demo data
	$(BIN)/python run.py $(ARGS)

cluster: setup ## Start all of production on this machine: nginx, two nodes, Redis Cluster, a database (ARGS="--database postgresql"), OPA, Prometheus
	$(BIN)/python -m proof.cluster $(ARGS)

setup: $(TOOLS) $(CHART_TOOLS) ## Set up what the tests need

test: setup ## Set up and run the tests in their short forms (ARGS="-k name" for some of them)
	$(PYTEST) $(PARALLEL) $(ARGS)

test-all: setup ## Run all tests in their long forms, on every kind of server (ARGS as for test)
	YOTO_TEST_ALL=1 $(PYTEST) $(PARALLEL) $(ARGS)

$(SUITES:%=test-%): test-%: setup
	$(PYTEST) $(or $(ONLY),tests/$*) $(ARGS)

test-proof: setup
	$(PYTEST) $(or $(ONLY),proof) $(ARGS)

coverage: setup ## Run the tests and measure the lines and branches they reach
	$(PYTEST) --cov --cov-report=xml:build/coverage.xml --cov-report=term:skip-covered $(ARGS)

chaos: setup ## Break every part of the topology under load, and judge (ARGS="--seed 7 --minutes 20 --database postgresql")
	$(BIN)/python -m proof.campaign $(ARGS)

soak: setup ## Load the topology for an hour, and find what drifts (ARGS="--seconds 1800")
	$(BIN)/python -m proof.soak $(ARGS)

lint: style types layers unused ## Check style, types, layers, and that nothing is unused

style: $(TOOLS)
	$(BIN)/black --check --quiet .
	$(BIN)/isort --check-only --quiet .
	$(BIN)/flake8

types: $(TOOLS)
	$(BIN)/mypy

layers: $(TOOLS)
	$(BIN)/lint-imports

unused: $(TOOLS) ## Look for code and exported names that nothing uses
	$(BIN)/python -m tools.dead_code
	$(BIN)/python -m tools.exports

security: $(TOOLS) ## Look for unsafe code
	$(BIN)/bandit -q -c pyproject.toml -r app yoto config.py run.py wsgi.py

dependencies: $(TOOLS) ## Look for known faults of what is installed (ARGS=--strict: of all of it)
	$(BIN)/pip-audit --local --skip-editable --progress-spinner off $(ARGS)

workflows: ## Check the workflows of .github
	$(ACTIONLINT) -color=false

# Needs root on Linux, and no Docker: what it does not show is said at the top of the module.
workflows-run: $(TOOLS) ## Run the steps of a job of .github in a root like the runner's (JOB="ci/lint", JOB="release/package --tag v1.0.0")
	$(BIN)/python -m tools.workflow_job $(JOB)

simulate: $(TOOLS) ## Search the protocols in virtual time, and find the planted bugs (ARGS="--hours 5 --seed 2")
	$(BIN)/python -m proof.simulation $(ARGS)
	$(BIN)/python -m proof.simulation bugs

planted: setup ## Plant bugs, each before the checkers that must catch it (ARGS="--rounds 3" or names)
	$(BIN)/python -m proof.planted $(ARGS)

bench: $(BENCH_TOOLS) ## Measure all, into docs/benchmarks.md (BENCHMARKS="http check" for some of it)
	$(BIN)/python -m benchmarks all $(BENCHMARKS)

servers: ## Install the servers and the browser that the tests need (root on Debian)
	bash .ci/servers

opa: $(TOOLS) ## Build the OPA server that the tests start, where none is on the path
	command -v opa >/dev/null || $(BIN)/python -m tests.support.opa

format: $(TOOLS) ## Format the code
	$(BIN)/isort --quiet .
	$(BIN)/black --quiet .

# Versions that still fit stay. pip itself is that of the virtual environment; it looks for a package
# that another wants with an extra, and is here without it, in its newest version alone.
lock: $(BIN)/uv ## Choose versions for requirements*.txt (ARGS=--upgrade: the newest ones)
	@for name in $(LOCKS); do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-strip-extras --no-emit-package pip --custom-compile-command "make lock" $(ARGS) $$name.txt -o $$name.lock || exit 1; \
	done

propose: ## Open a pull request with changed lock files (GH_TOKEN)
	bash .ci/propose

package: $(TOOLS) $(CHARTS) ## Build the wheel and the source package, under build/dist
	rm -rf build/dist
	$(BIN)/python -m hatchling build -d build/dist

sbom: $(TOOLS) ## Write the bill of materials, build/sbom.cdx.json
	$(BIN)/python -m tools.sbom build/sbom.cdx.json

released: $(TOOLS) ## Check that TAG, version and change log agree, and write build/notes.md
	$(BIN)/python -m tools.release --notes build/notes.md "$$TAG"

charts: $(RUNTIME) ## Install what the control plane draws charts with, again
	$(BIN)/python -m tools.frontend --stamp $(CHARTS)

screenshots: $(TOOLS) $(CHART_TOOLS) ## Picture every page, under build/screenshots
	$(BIN)/python -m tools.screenshots $(ARGS)

# The notice that it silences is about a later MkDocs than the lock file names.
docs: $(TOOLS) ## Build the site of the guides, in build/site: every link of it is checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

clean: ## Remove what the commands above made
	rm -rf $(VENV) build node_modules yoto/control_plane/static/vendor .pytest_cache .mypy_cache .hypothesis .coverage

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "Yoto needs Python 3.11 or later; $(PYTHON) is %d.%d: make PYTHON=python3.11" % v[:2] or 0)'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(BIN)/uv: | $(BIN)/python
	$(PIP) "$$(grep ^uv requirements-dev.txt)"

$(RUNTIME): requirements.lock requirements-regorus.lock | $(BIN)/python
	$(LOCKED) -r requirements.lock
	@$(LOCKED) --only-binary :all: -r requirements-regorus.lock \
	  || echo "regorus was not installed, for the reason above: policies run on regopy (docs/policy-engines.md)"
	@touch $@

$(TOOLS): requirements-dev.lock | $(BIN)/python
	$(LOCKED) -r requirements-dev.lock
	@touch $(RUNTIME) $@

$(BENCH_TOOLS): requirements-bench.txt | $(TOOLS)
	$(PIP) -r requirements-bench.txt
	@touch $@

# Neither stops the start when npm or its registry is away: the pages then show numbers.
$(CHARTS): package-lock.json tools/frontend.py | $(RUNTIME)
	@$(BIN)/python -m tools.frontend --optional --stamp $@

$(CHART_TOOLS): package-lock.json tools/frontend.py | $(TOOLS)
	@$(BIN)/python -m tools.frontend --optional --tools --stamp $(CHARTS) --stamp $@
