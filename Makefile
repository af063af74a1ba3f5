# Everything there is to know about working on Signalbox; `make` alone lists it.

BIN := .venv/bin
UV := $(if $(shell command -v uv 2>/dev/null),uv,$(BIN)/uv)
UV_VERSION = $(shell sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p;}' uv.lock)
SOURCES := cli clients functions layers tests
SPECTRAL := .signalbox/spectral
MCP_CONFORMANCE := .signalbox/mcp-conformance
DASHBOARD := dashboard
STAGE ?= staging
ARGS ?=
REQUESTS ?= 100
WORKERS ?= auto
PROVIDER ?=
CONNECTOR ?=
PART ?=
VERSION ?=
SIGNING_KEY ?=

is_new_enough := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name $(is_new_enough) 2>/dev/null && echo $$name && break; done)

# For what changes its directory. Paths stay in the shell, in quotes: the checkout's may hold spaces.
uv_from_anywhere = $(if $(filter uv,$(UV)),uv,"$$PWD"/$(UV))

# What `make test-browser` has installed stays; a sync removes the groups that it is not given.
kept_groups = $(if $(wildcard $(BIN)/playwright),--group browser)

export SAM_CLI_TELEMETRY = 0
export SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS = 1
export UV_PYTHON_DOWNLOADS ?= never
# Tests start a hundred processes, and each would compile all of its modules.
unexport PYTHONDONTWRITEBYTECODE

# What speaks to nobody outside needs some region; what deploys takes that of its AWS profile.
run demo docs site test fuzz faults conformance soak drill recorded-store cost partitions bench load figures record check spectral dashboard dashboard-check test-browser test-mcp: export AWS_DEFAULT_REGION ?= us-east-1

# Says what a command said only when it fails.
quietly = @out=$$($(1) 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/.synced ## Run the whole stack on this machine (ARGS: options of `signalbox up`)
	@$(BIN)/signalbox up $(ARGS)

.PHONY: demo
demo: .venv/.synced ## Show the way of one webhook, step by step (PROVIDER or CONNECTOR: of which service; PART=gateway)
	@$(BIN)/signalbox demo --provider "$(PROVIDER)" --connector "$(CONNECTOR)" $(if $(PART),--part "$(PART)") $(ARGS)

.PHONY: docs
docs: .venv/.synced ## Record the demo as docs/demo.svg, and the pictures of the dashboard (these need Chromium and Node.js)
	@$(BIN)/python -m cli.demo docs/demo.svg
	@mkdir -p docs/images
	@SIGNALBOX_BROWSER_IMAGES="$$PWD/docs/images" $(MAKE) --silent test-browser ARGS='-k picture'

.PHONY: site
site: .venv/.synced ## Build the documentation as a site in .signalbox/site (needs Node.js), with every link checked
	@$(UV) sync --quiet --frozen --inexact --group docs
	@mkdir -p .signalbox
	@$(BIN)/python -m tests.spectral > .signalbox/openapi.json
	@$(BIN)/python -m tests.asyncapi > .signalbox/asyncapi.json
	@$(BIN)/python -m cli.site .signalbox/openapi.json .signalbox/asyncapi.json

.PHONY: test
test: .venv/.synced ## Run every test and measure coverage (ARGS: options of pytest)
	@$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: test-fast
test-fast: .venv/.synced ## Run the unit and contract tests, in under a minute
	@$(BIN)/pytest -n auto --dist worksteal tests/unit tests/contract $(ARGS)

.PHONY: test-browser
test-browser: .venv/.synced $(DASHBOARD)/node_modules/.installed ## Test the dashboard in Chromium, on a local stack of its own (ARGS: options of pytest)
	@$(UV) sync --quiet --frozen --inexact --group browser
	@SIGNALBOX_BROWSER=1 $(BIN)/pytest tests/browser $(ARGS)

.PHONY: test-mcp
test-mcp: .venv/.synced $(MCP_CONFORMANCE)/.installed ## Run the official conformance tests of MCP (needs npm; ARGS: options of pytest)
	@SIGNALBOX_MCP_CONFORMANCE="$$PWD/$(MCP_CONFORMANCE)" $(BIN)/pytest tests/mcp_conformance $(ARGS)

.PHONY: fuzz
fuzz: .venv/.synced ## Ask the API much and oddly (REQUESTS: how many of each operation)
	@SIGNALBOX_FUZZ=$(REQUESTS) $(BIN)/pytest tests/functions/test_openapi.py $(ARGS)

.PHONY: faults
faults: .venv/.synced ## Inject every fault of the fault table and print what was lost (WORKERS: processes)
	@WORKERS=$(WORKERS) $(BIN)/python -m tests.faults $(ARGS)

.PHONY: conformance
conformance: .venv/.synced ## Send every row of the conformance table through the gateway and print what it does
	@$(BIN)/python -m tests.conformance

.PHONY: soak
soak: .venv/.synced ## Send 10,000 notifications with faults in a tenth of the calls, in simulated time
	@$(BIN)/python -m tests.soak $(ARGS)

.PHONY: drill
drill: .venv/.synced ## Back up a stack with all kinds of cases, delete it, restore it, and compare (ARGS: --webhooks N)
	@$(BIN)/python -m tests.drill $(ARGS)

.PHONY: recorded-store
recorded-store: .venv/.synced ## Record a store of this version, which later versions are tested with
	@$(BIN)/python -m tests.drill.record

.PHONY: cost
cost: .venv/.synced ## Compute what a million webhooks cost from end to end, beside the naive way
	@$(BIN)/python -m tests.bench.life

.PHONY: partitions
partitions: .venv/.synced ## Count write units by partition key and compute which throttles first
	@$(BIN)/python -m tests.bench.partitions

.PHONY: bench
bench: .venv/.synced ## Measure CPU, calls and costs (ARGS=--local: the local stack too)
	@UV=$(uv_from_anywhere) $(BIN)/python -m tests.bench $(ARGS)

.PHONY: load
load: .venv/.synced ## Measure requests a second and memory (ARGS: --seconds N, --minutes N; PART=gateway: while an instance fails)
	@$(BIN)/python -m tests.bench.$(if $(filter gateway,$(PART)),gateway.endure,load) $(ARGS)

.PHONY: figures
figures: .venv/.synced ## Measure what docs/figures.md shows, 20 minutes in all (ARGS: --part NAME, --again)
	@$(BIN)/python -m tests.figures $(ARGS)

.PHONY: record
record: .venv/.synced ## Record the counted figures that `make test` compares the code with
	@$(BIN)/python -m tests.bench.recorded

.PHONY: check
check: .venv/.synced ## Check format, lint, types, rooms and template; says nothing if all is well
	$(call quietly,$(BIN)/ruff format --check $(SOURCES))
	$(call quietly,$(BIN)/ruff check $(SOURCES))
	$(call quietly,$(BIN)/mypy)
	$(call quietly,$(BIN)/lint-imports)
	$(call quietly,$(BIN)/sam validate --lint)
	$(call quietly,$(BIN)/python -m cli.lint)
	$(call quietly,$(BIN)/python -m cli.licenses)
	@if $(MAKE) --silent $(SPECTRAL)/.installed 2>/dev/null; then $(MAKE) --silent spectral; \
	else echo 'without npm and its packages `make spectral` is left out' >&2; fi
	@if $(MAKE) --silent $(DASHBOARD)/node_modules/.installed 2>/dev/null; then $(MAKE) --silent dashboard-check; \
	else echo 'without npm and its packages `make dashboard-check` is left out' >&2; fi

.PHONY: dashboard
dashboard: dashboard-types ## Check the types of the dashboard and bundle it into functions/dashboard/static (needs Node.js)
	@cd $(DASHBOARD) && npm run --silent check && npm run --silent build

.PHONY: dashboard-check
dashboard-check: dashboard-types ## Check the types of the dashboard, and that the committed bundle is current (needs Node.js)
	@cd $(DASHBOARD) && npm run --silent check && npm run --silent build -- --check

.PHONY: dashboard-types
dashboard-types: .venv/.synced $(DASHBOARD)/node_modules/.installed
	@mkdir -p .signalbox
	@$(BIN)/python -m tests.spectral > .signalbox/openapi.json
	@$(BIN)/python -m cli.provider_setups > $(DASHBOARD)/src/api/providers.json
	$(call quietly,cd $(DASHBOARD) && npm run --silent types)

.PHONY: spectral
spectral: .venv/.synced $(SPECTRAL)/.installed ## Check what the API says of itself by OWASP's rules (needs Node.js)
	@cp tests/spectral/.spectral.yaml $(SPECTRAL)
	@$(BIN)/python -m tests.spectral > $(SPECTRAL)/openapi.json
	$(call quietly,cd $(SPECTRAL) && node_modules/.bin/spectral lint -D --fail-severity=error openapi.json)

.PHONY: provider
provider: .venv/.synced ## Write the skeleton of a new provider (NAME=acme)
	@$(BIN)/python -m cli.scaffold provider "$(NAME)"

.PHONY: connector
connector: .venv/.synced ## Write the skeleton of a new connector (NAME=acme)
	@$(BIN)/python -m cli.scaffold connector "$(NAME)"

.PHONY: middleware
middleware: .venv/.synced ## Write the skeleton of a new middleware of the gateway (NAME=acme)
	@$(BIN)/python -m cli.scaffold middleware "$(NAME)"

.PHONY: deploy
deploy: .venv/.synced ## Build and deploy to AWS (STAGE=staging or prod; PYTHON_RUNTIME, ARCHITECTURE; ARGS: options of `sam deploy`)
	@UV=$(uv_from_anywhere) $(BIN)/python -m cli.deploy $(STAGE) $(ARGS)

.PHONY: release
release: .venv/.synced ## Check, test, build into dist/ and tag a release (VERSION=1.4.0; SIGNING_KEY: an SSH key for the checksums)
	@UV=$(uv_from_anywhere) SIGNING_KEY="$(SIGNING_KEY)" $(BIN)/python -m cli.release "$(VERSION)"

exported := --quiet --frozen --no-emit-project --no-annotate --no-header

.PHONY: lock
lock: .venv/.synced ## Update uv.lock, and with it what the layer ships
	$(UV) lock --upgrade
	$(UV) export $(exported) --no-default-groups $(addprefix --prune ,boto3 pyyaml rich typer websockets) \
		--output-file layers/shared/requirements.txt
	$(UV) export $(exported) --only-group tokens --output-file layers/shared/tokens.txt
	$(UV) export $(exported) --only-group schemas --output-file layers/shared/schemas.txt
	$(UV) export $(exported) --only-group discovery --output-file layers/shared/discovery.txt

.PHONY: clean
clean: ## Remove everything made here, the state of the local stack too
	@if [ -x $(BIN)/signalbox ]; then $(BIN)/signalbox down; fi
	rm -rf .venv .signalbox .aws-sam dist $(DASHBOARD)/node_modules .coverage .hypothesis .*_cache
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

.venv/.synced: pyproject.toml clients/python/pyproject.toml uv.lock | $(filter-out uv,$(UV))
	$(require_python)
	@$(UV) sync --quiet --frozen $(kept_groups) --python "$(PYTHON)"
	@touch $@

$(SPECTRAL)/.installed: tests/spectral/package.json tests/spectral/package-lock.json
	@mkdir -p $(SPECTRAL)
	@cp $^ $(SPECTRAL)
	@npm ci --silent --prefix $(SPECTRAL)
	@touch $@

$(MCP_CONFORMANCE)/.installed: tests/mcp_conformance/package.json tests/mcp_conformance/package-lock.json
	@mkdir -p $(MCP_CONFORMANCE)
	@cp $^ $(MCP_CONFORMANCE)
	@npm ci --silent --prefix $(MCP_CONFORMANCE)
	@touch $@

$(DASHBOARD)/node_modules/.installed: $(DASHBOARD)/package.json $(DASHBOARD)/package-lock.json
	@npm ci --silent --prefix $(DASHBOARD)
	@touch $@

$(BIN)/uv:
	$(require_python)
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

define require_python
@[ -n "$(PYTHON)" ] && "$(PYTHON)" $(is_new_enough) || \
	{ echo 'Signalbox needs Python 3.11 or newer; `make PYTHON=path/to/python3` names one.' >&2; exit 1; }
endef
