# The commands of this repository. `make` alone lists them.
# Variables: PYTHON (the interpreter to build .venv with), ARGS (more options for demo and up), TEST_WORKERS.

# Compiling a service's modules anew costs two seconds at each start: bytecode is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

VENV    := .venv
PEERS   := .venv-peers
MONITOR_PEERS := evidently nannyml whylogs alibi-detect
BIN     := $(VENV)/bin
SYSTEM  := deploy/local/system-packages
INSTALL := deploy/local/install-packages
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
TEST_WORKERS ?= 2
# Tests wait for the servers that they start: one worker more than cores keeps these busy.
SERVER_WORKERS := $(shell expr $(TEST_WORKERS) + 1)
# Long ones first, in this order: what is short fills the rest of the time of all workers.
PARALLEL := $(wildcard tests/contract tests/property tests/integration tests/unit)
BROWSER  := $(wildcard tests/e2e)
FAULT    := $(wildcard tests/fault)
# Real servers and browsers, on a machine that others may use too: what failed beside others gets one try alone, in the open.
ALONE    := alone() { echo "== what failed, once more and alone"; \
            $(BIN)/pytest --last-failed --last-failed-no-failures none "$$@"; }

.DEFAULT_GOAL := help
.PHONY: help demo up down test check peers monitor-peers lock clean bench

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## start the stack and run the demonstration on real data; Ctrl-C ends it, the data stay
	@$(SYSTEM) run
	@$(BIN)/lifecycle demo $(ARGS)

up: $(VENV)/.run ## start the stack without the demonstration
	@$(SYSTEM) run
	@$(BIN)/lifecycle up $(ARGS)

down: ## stop the stack; the data stay
	@if [ -x $(BIN)/lifecycle ]; then $(BIN)/lifecycle down $(ARGS); else echo "Nothing is installed, so nothing runs."; fi

test: $(VENV)/.test $(PEERS)/.installed ## install what the tests need and run all of them
	@$(SYSTEM) run test
	@$(ALONE); counts=$$(mktemp -u); export TEST_COUNTS_FILE=$$counts; failed=0; \
	$(BIN)/pytest -n $(SERVER_WORKERS) --dist loadfile --no-loadscope-reorder $(PARALLEL) || alone $(PARALLEL) || failed=1; \
	echo "== in the browser"; $(BIN)/pytest -n $(TEST_WORKERS) --dist load $(BROWSER) || alone $(BROWSER) || failed=1; \
	echo "== with the machine for itself"; $(BIN)/pytest -s $(FAULT) || alone $(FAULT) || failed=1; \
	rm -f $$counts; exit $$failed

check: $(VENV)/.test ## format, lint, types, layers and the unit tests; under a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n $(TEST_WORKERS) --dist loadfile $(wildcard tests/unit)

bench: $(VENV)/.test $(PEERS)/.installed ## run the benchmarks
	$(BIN)/pytest -s $(wildcard tests/benchmarks)

peers: $(PEERS)/.installed ## install what the contract suite and the benchmarks compare with, in .venv-peers

monitor-peers: $(MONITOR_PEERS:%=.venv-peer-%/.installed) ## install what tests/benchmarks/monitor_peers.py compares with, each in .venv-peer-NAME

lock: $(VENV)/.test ## write requirements/*.lock anew from pyproject.toml
	$(COMPILE) --extra build --extra demo --extra test --output-file requirements/test.lock
	$(COMPILE) --extra build --extra demo --constraints requirements/test.lock --output-file requirements/run.lock
	@if [ -f requirements/peers.in ]; then \
	$(subst pyproject.toml,requirements/peers.in,$(COMPILE)) --output-file requirements/peers.lock; fi
	@for peer in $(MONITOR_PEERS); do $(subst pyproject.toml,requirements/monitor-$$peer.in,$(COMPILE)) \
	--output-file requirements/monitor-$$peer.lock || exit 1; done

clean: ## remove .venv and caches, and keep the data in .lifecycle
	rm -rf $(VENV) $(PEERS) $(MONITOR_PEERS:%=.venv-peer-%) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(SYSTEM) python
	@echo "== making $(VENV)"
	@"$$($(SYSTEM) which-python)" -m venv $(VENV)

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	@$(INSTALL) requirements/run.lock
	@touch $@

$(VENV)/.test: requirements/test.lock requirements/run.lock requirements/torch.txt pyproject.toml | $(BIN)/python
	@$(INSTALL) requirements/test.lock
	@echo "== installing PyTorch for CPUs, for the test of its autologging"
	@$(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --retries 1 --no-deps --no-compile \
	--only-binary :all: --require-hashes -r requirements/torch.txt \
	|| echo "== PyTorch for CPUs can't be had from this index: the test of its autologging will be skipped"
	@touch $@ $(VENV)/.run

$(PEERS)/.installed: requirements/peers.lock | $(VENV)/.test
	@echo "== installing the $$(grep -c == requirements/peers.lock) pinned packages of requirements/peers.lock, to compare with"
	@test -x $(PEERS)/bin/python || $(BIN)/python -m venv $(PEERS)
	@$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --no-config --require-hashes -r requirements/peers.lock \
	|| $(PEERS)/bin/python -m pip --disable-pip-version-check --no-input install --require-hashes -r requirements/peers.lock
	@touch $@

.venv-peer-%/.installed: requirements/monitor-%.lock | $(VENV)/.test
	@echo "== installing the $$(grep -c == $<) pinned packages of $<, to compare with"
	@test -x .venv-peer-$*/bin/python || $(BIN)/python -m venv .venv-peer-$*
	@$(BIN)/uv pip install --quiet --python .venv-peer-$*/bin/python --no-config --require-hashes -r $< \
	|| .venv-peer-$*/bin/python -m pip --disable-pip-version-check --no-input install --require-hashes -r $<
	@touch $@
