# Everything happens in this folder: Python in .venv, the client's packages in client/node_modules, a running daemon's
# files in .run. A step runs again only when a file it depends on is newer than its result.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# The interpreter that .venv is made from.
PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STATIC := daemon/householdd/static
# .venv/bin first, for the Node.js that `make node` puts there.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Locks are complete, so always with --no-deps: an older pip that resolves a package's extra looks past the pinned version
# as soon as a newer one is published.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-input --progress-bar off
NPM := npm --prefix client --loglevel=error

# Folders are listed with their files, because deleting a file makes its folder newer.
PROTOS := $(shell find protos)
CLIENT_SOURCES := $(shell find client -mindepth 1 -name node_modules -prune -o -print) daemon/household_scoring/requirements.json

# GNU make before 4.4 does not export to $(shell).
FIND := PATH='$(PATH)';
# These expand to nothing, or stop make with one line that says what to type.
APT_PYTHON := on Debian 12 or newer: sudo apt-get install python3 python3-venv
require_python = $(if $(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),,$(error \
	Python 3.11 or newer is needed, $(PYTHON) is $(or $(shell $(PYTHON) --version 2>/dev/null),not there). Type, $(APT_PYTHON)))
require_venv = $(if $(shell $(PYTHON) -c 'import ensurepip, venv; print(ensurepip.version())' 2>/dev/null),,$(error \
	$(PYTHON) cannot make virtual environments. Type, $(APT_PYTHON)))
require_node = $(if $(shell $(FIND) command -v npm >/dev/null && $(FIND) node -p 'parseInt(process.versions.node) >= 20 || ""' 2>/dev/null),,$(error \
	Node.js 20 or newer with npm is needed, $(or $(shell $(FIND) node --version 2>/dev/null | sed 's/^/found /;q'),there is none). \
	Type, on Debian 13 or newer: sudo apt-get install nodejs npm; elsewhere: make node))

.PHONY: help
help: ## Show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name what; do printf '  %-12s %s\n' "$$name" "$$what"; done

# exec, so that Ctrl-C reaches the daemon and nothing in between.
.PHONY: run
run: setup ## Serve on https://127.0.0.1:8443/ until Ctrl-C; options: make run ARGS='--workers 2'
	@exec $(BIN)/householdd --dev --runtime-dir .run --state-dir .run/state --dashboard-listen 127.0.0.1:8445 $(ARGS)

.PHONY: setup
setup: $(VENV)/.installed gen/household/py.typed $(STATIC)/page/index.html ## Install dependencies, generate stubs, build the client

TEST_STAGES := setup check test-client test-python test-page-and-system test-alone test-lab
.PHONY: test
test: ## Set up, check and test everything; some tests only: make test PYTEST_ARGS='-k drain'
	@for stage in $(TEST_STAGES); do \
		SECONDS=0; echo "== $$stage"; \
		$(MAKE) $$stage || { echo "== $$stage failed after $$SECONDS s" >&2; exit 1; }; \
		echo "== $$stage passed in $$SECONDS s"; \
	done

.PHONY: test-client
test-client: setup ## Test the client without a browser
	@$(NPM) test

# Most of these tests wait for a daemon most of the time, so several files run at once.
TOGETHER := -n 5 --dist loadfile -m 'not (rates or soak or lab or truth or system)' --ignore tests/browser
.PHONY: test-python
test-python: setup ## Test the daemon and householdctl
	@$(BIN)/pytest $(or $(strip $(PYTEST_ARGS)),$(TOGETHER))

# By itself: tracing makes the interpreter several times slower.
.PHONY: coverage
coverage: setup ## The same, and show which branches no test took, in the daemon's processes too
	@$(BIN)/pytest $(or $(strip $(PYTEST_ARGS)),$(TOGETHER)) --cov --cov-report=term

.PHONY: test-browser
test-browser: setup ## Test the page in browsers
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/pytest -n 2 --dist loadfile -m 'not (engines or rates)' tests/browser
endif

# Both wait so often that together they take little longer than one. What the system's tests print comes second.
.PHONY: test-page-and-system
test-page-and-system: deb
	@log=$$(mktemp); trap 'wait; rm -f "$$log"' EXIT; \
	$(MAKE) test-system >"$$log" 2>&1 & system=$$!; \
	status=0; $(MAKE) test-browser || status=$$?; \
	wait $$system || status=$$?; cat "$$log"; exit $$status

# Whole runs of the page's own length; bench/bench_engines.py repeats them and throttles the browsers.
.PHONY: test-engines
test-engines: setup ## Test runs of 30 s in Chromium, Firefox and WebKitGTK, and one of all stretches
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/pytest -m 'engines or rates' tests/browser
endif

# A neighbour would take their time, and a starved browser names its device.
.PHONY: test-alone
test-alone: setup ## Test what needs the machine to itself: rates, and whole runs of the page
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/pytest -m 'rates and not engines'
endif

# For continuous integration: the same measurements as `make lab`, three networks at a time, which mostly wait; and no
# change of the document. They are shared out one by one, since one of them takes as long as a third of all.
.PHONY: test-lab
test-lab: setup ## Test what becomes of vanished, slow and hostile clients, in network namespaces; needs root
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/pytest -n 3 --dist worksteal -m lab tests/lab
endif

# The document is written when figures are red as well: it shows them.
LAB_RESULTS := .run/lab-results.jsonl
.PHONY: lab
lab: setup ## The same, and write the figures into docs/liveness.md
	@mkdir -p $(dir $(LAB_RESULTS)); rm -f $(LAB_RESULTS)
	@status=0; HOUSEHOLD_LAB_RESULTS=$(LAB_RESULTS) $(BIN)/pytest -m lab tests/lab || status=$$?; \
	[ -s $(LAB_RESULTS) ] || { echo "nothing was measured; docs/liveness.md stays as it is" >&2; exit $$(( status ? status : 1 )); }; \
	$(BIN)/python -m tests.lab.report $(LAB_RESULTS) docs/liveness.md 'make lab' && exit $$status

# The lines of 20 Mbit/s only, which take two minutes with those of the page.
.PHONY: test-truth
test-truth: setup ## Test the household's figures against irtt and the link's counters; needs root and irtt
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/pytest -m truth -k 20- tests/truth
endif

# Each of the two has a machine of its own; they wait most of the time, so sessions are abandoned meanwhile. What is
# booted is made ahead: a test's timeout may end before it is complete.
.PHONY: test-system
test-system: deb ## Test the Debian package on machines with a real systemd, and abandon thousands of sessions; needs root
ifeq ($(strip $(PYTEST_ARGS)),)
	@$(BIN)/python -m tests.system.root
	@$(BIN)/pytest -n 3 --dist loadfile -m 'system or soak' tests/system tests/soak
endif

TRUTH_RESULTS := .run/truth-results.jsonl
.PHONY: truth
truth: setup ## The same on all lines, and write the figures into docs/measurement.md
	@mkdir -p $(dir $(TRUTH_RESULTS)); rm -f $(TRUTH_RESULTS)
	@status=0; HOUSEHOLD_LAB_RESULTS=$(TRUTH_RESULTS) $(BIN)/pytest -m truth tests/truth || status=$$?; \
	[ -s $(TRUTH_RESULTS) ] || { echo "nothing was measured; docs/measurement.md stays as it is" >&2; exit $$(( status ? status : 1 )); }; \
	$(BIN)/python -m tests.lab.report $(TRUTH_RESULTS) docs/measurement.md 'make truth' && exit $$status

# The client's takes as long as all others together, so it runs beside them.
.PHONY: check
check: setup ## Lint and check types, imports, the API's description and the systemd units
	@failed=(); try() { echo "$$1"; "$${@:2}" || failed+=("$$1"); }; \
	said=$$(mktemp); trap 'rm -f "$$said"' EXIT; $(NPM) run --silent check >"$$said" 2>&1 & client=$$!; \
	try ruff ruff check --quiet --output-format concise .; \
	try format ruff format --quiet --diff .; \
	try mypy mypy --no-error-summary; \
	try import-linter lint-imports --no-logo; \
	try dependencies uv pip check --quiet; \
	try buf buf lint; \
	try systemd systemd/verify; \
	try client wait $$client; cat "$$said"; \
	[ $${#failed[@]} -eq 0 ] || { echo "failed: $${failed[*]}" >&2; exit 1; }

.PHONY: format
format: $(VENV)/.installed ## Format the Python code and apply safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: proto
proto: $(VENV)/.installed ## Generate the stubs of protos/ again
	@$(BIN)/python hatch_build.py

.PHONY: man
man: setup ## Make the manual pages, from what --help says, in build/man
	@$(BIN)/python -m man build/man

.PHONY: deb
deb: setup ## Build the Debian package, into dist/
	@packaging/debian/build

.PHONY: bench
bench: setup $(VENV)/.installed-bench ## Measure what one machine carries; ARGS='--help' tells what can be asked
	@$(BIN)/python -m bench $(ARGS)

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
.PHONY: lock
lock: $(VENV)/.installed ## Pin dependencies after a change of pyproject.toml; newest: make lock UPGRADE=--upgrade
	@$(BIN)/$(LOCK) $(UPGRADE) pyproject.toml --output-file requirements/run.lock
	@$(BIN)/$(LOCK) $(UPGRADE) pyproject.toml --group dev --constraint requirements/run.lock --output-file requirements/dev.lock
	@$(BIN)/$(LOCK) $(UPGRADE) --group bench --constraint requirements/dev.lock --output-file requirements/bench.lock
	@$(BIN)/$(LOCK) $(UPGRADE) --group audit --constraint requirements/dev.lock --output-file requirements/audit.lock
	@$(BIN)/$(LOCK) $(UPGRADE) --group fuzz --constraint requirements/dev.lock --output-file requirements/fuzz.lock
	@$(BIN)/$(LOCK) $(UPGRADE) --group node --output-file requirements/node.lock

.PHONY: audit
audit: setup $(VENV)/.installed-audit ## Ask the advisory services about the pinned dependencies
	@$(BIN)/python requirements/audit.py

.PHONY: fuzz
fuzz: setup $(VENV)/.installed-fuzz ## Fuzz the parsers until Ctrl-C; ARGS='-max_total_time=60' for a minute
	@$(BIN)/python -m tests.abuse.fuzz $(ARGS)

.PHONY: node
node: $(VENV)/bin/python ## Put a Node.js into .venv, where the distribution's is missing or too old
	@echo "installing Node.js into $(VENV)"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/node.lock

.PHONY: clean
clean: ## Delete everything that was installed, generated or built
	rm -rf $(VENV) .run build gen dist $(STATIC) client/node_modules .coverage* .hypothesis .*_cache
	find daemon ctl tests bench man -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(require_python)$(require_venv)@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# The build needs no isolated environment of its own: what it uses is in dev.lock, pinned.
$(VENV)/.installed: requirements/dev.lock pyproject.toml hatch_build.py | $(VENV)/bin/python
	@echo "installing Python dependencies"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-bench: requirements/bench.lock $(VENV)/.installed
	@echo "installing what the benchmarks compare with"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/bench.lock
	@touch $@

gen/household/py.typed: $(PROTOS) | $(VENV)/.installed
	@echo "generating stubs"
	@$(BIN)/python hatch_build.py

$(VENV)/.installed-fuzz: requirements/fuzz.lock $(VENV)/.installed
	@echo "installing the fuzzer"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/fuzz.lock
	@touch $@

$(VENV)/.installed-audit: requirements/audit.lock $(VENV)/.installed
	@echo "installing what asks for advisories"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/audit.lock
	@touch $@

client/node_modules/.package-lock.json: client/package.json client/package-lock.json
	$(require_node)@echo "installing the client's dependencies"
	@$(NPM) ci --no-audit --no-fund
	@touch $@

$(STATIC)/page/index.html: $(CLIENT_SOURCES) client/node_modules/.package-lock.json
	$(require_node)@echo "building the client"
	@$(NPM) run --silent build
	@test -s $@ || { echo "the client's build made no $@" >&2; exit 1; }
	@touch $@
