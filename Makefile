# Everything a newcomer or a builder does, as one command each. `make` alone lists them.
# Needs Python 3.11 or newer, make and git; all else goes into .venv and var, both in this folder.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PYTEST ?=
NAME ?=
UPGRADE ?=
SEED ?=
FAULTS ?= 220
CHAOS ?=
BENCH ?=
FUZZ ?=
ATTACK ?=
AUDIT ?=
# Python keeps what it compiled, even where it is told not to: nothing is compiled while it is
# installed, and tests start a hundred processes that would each compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE
# Played with days of less than a second, so that nothing else may run beside them.
WHOLE_PROGRAMS := $(addprefix tests/end_to_end/,test_faults.py test_on_postgresql.py)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-deep chaos fuzz attack lint audit sbom format lock histories fingerprints \
	migration schema diagram settings metrics guide pictures bench bench-matching bench-full

help: ## List these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(BIN)/.ready ## Make the environment in .venv (done by the others when it is needed)

demo: $(BIN)/.ready ## Watch half a year of a program pass in about two minutes
	$(BIN)/python starter.py demo

run: $(BIN)/.ready ## Start everything for real use; Ctrl-C stops it, its data stays in var
	$(BIN)/python -m runtime.stack

test: $(BIN)/.ready-to-build ## Run the tests; PYTEST="tests/domain -k ladder" runs some of them
ifeq ($(strip $(PYTEST)),)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		$(WHOLE_PROGRAMS:%=--ignore %)
	$(BIN)/python -m pytest $(WHOLE_PROGRAMS)
else
	$(BIN)/python -m pytest $(PYTEST)
endif

test-deep: $(BIN)/.ready-to-build ## Try the rules on more examples, and the workflows without each of their lines
	$(BIN)/python -m pytest tests/domain --hypothesis-profile=deep $(PYTEST)
	EVERY_MUTANT=1 $(BIN)/python -m pytest tests/workflows/test_mutants.py

chaos: $(BIN)/.ready-to-build ## Play thirty pairs while parts are killed and more; SEED=7 FAULTS=220 CHAOS=--json
	$(BIN)/python -m tests.chaos $(SEED:%=--seed %) --faults $(FAULTS) $(CHAOS)

attack: $(BIN)/.ready-to-build ## Attack the portal and the mails; SEED=7 does the same again
	$(BIN)/python -m tests.attack $(SEED:%=--seed %) $(ATTACK)

fuzz: $(BIN)/.ready-to-build ## Give every reader ten thousand damaged files in all; SEED=1 does the same again
	$(BIN)/python -m tests.fuzz $(SEED:%=--seed %) $(FUZZ)

lint: $(BIN)/.ready-to-build ## Check style, types, the import rule, the workflows and the licences
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/temporalint workflows
	$(BIN)/python -m deploy.licences

audit: $(BIN)/.ready-to-build ## Ask whether locked packages have known flaws; needs the network; AUDIT=osv asks another
	$(BIN)/python -m deploy.audit $(AUDIT)

sbom: $(BIN)/.ready-to-build ## Write what is in it to dist/sbom.json, as CycloneDX
	$(BIN)/python -m deploy.sbom dist/sbom.json

format: $(BIN)/.ready-to-build ## Put the code into its usual form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: $(BIN)/.ready-to-build ## Lock what pyproject.toml asks for; UPGRADE=--upgrade takes newer versions
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt
	$(LOCK) bench/peer-requirements.in --output-file bench/peer-requirements.txt

histories: $(BIN)/.ready-to-build ## Record workflow histories for the replay tests
	$(BIN)/python -m tests.histories.record
	$(BIN)/python -m tests.histories.commands
	$(BIN)/python -m tests.histories.defaults

fingerprints: $(BIN)/.ready-to-build ## Write down what workflows ask in recorded runs, after a change that is meant
	$(BIN)/python -m tests.histories.commands
	$(BIN)/python -m tests.histories.defaults

migration: $(BIN)/.ready-to-build ## Draft a store migration: make migration NAME="what changes"
	@test -n "$(NAME)" || { echo 'Say what changes: make migration NAME="add a phone number"'; exit 2; }
	$(BIN)/python -m runtime.migrate new "$(NAME)"

schema: $(BIN)/.ready-to-build ## Write docs/definition.schema.json, by which editors check a definition
	$(BIN)/python -m docs.generated schema

diagram: $(BIN)/.ready-to-build ## Draw the lifecycle in docs/lifecycle.md as the code has it
	$(BIN)/python -m docs.generated diagram

settings: $(BIN)/.ready-to-build ## Write the table in docs/configuration.md as the code has it
	$(BIN)/python -m docs.generated settings

metrics: $(BIN)/.ready-to-build ## Write the table in docs/watching.md as the code has it
	$(BIN)/python -m docs.generated metrics

guide: $(BIN)/.ready-to-build ## Play the examples in docs/matching.md anew and write what they print
	$(BIN)/python -m docs.played

pictures: $(BIN)/.ready-to-build ## Take the pictures in docs/images from a running demo; needs Chromium
	$(BIN)/python -m docs.take_pictures

bench: $(BIN)/.ready ## Measure cost, speed and scale in some minutes; BENCH=--write keeps the results
	$(BIN)/python -m bench all $(BENCH)

bench-full: $(BIN)/.ready ## The same with the largest sizes; takes hours and some gigabytes
	$(BIN)/python -m bench all --full $(BENCH)

bench-matching: $(BIN)/.ready ## Only matching, beside the peer and at scale
	$(BIN)/python -m bench matching $(BENCH)

$(BIN)/.ready: requirements.txt | $(BIN)/python
	@echo "Installing what it needs; the first time takes about half a minute …"
	@$(PIP) install --quiet --no-compile --require-hashes -r requirements.txt
	@touch $@

$(BIN)/.ready-to-build: requirements-dev.txt | $(BIN)/python
	@echo "Installing what building and testing needs; the first time takes a minute …"
	@$(PIP) install --quiet --no-compile --require-hashes -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@for python in python3 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version) …"; \
			$$python -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "On Debian and Ubuntu this needs: apt-get install python3-venv" >&2; exit 1; \
		fi; \
	done; echo "This needs Python 3.11 or newer, and there is none on the PATH." >&2; exit 1
