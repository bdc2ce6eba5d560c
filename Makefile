# The observatory's commands. `make demo` and `make test` are all a newcomer needs; each makes its own environment first.
# Everything is relative to this folder, so that a path with a space in it works. Nothing is downloaded once the environment stands.

SHELL := /bin/sh
# What tests/platforms.toml says: on macOS not every locked package has a wheel for Python 3.14.
HAS_WHEELS := import platform, sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13 if platform.system() == "Darwin" else 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	if "$$p" -c '$(HAS_WHEELS)' >/dev/null 2>&1; then echo "$$p"; break; fi; done)
BIN := .venv/bin
OBSERVATORY_HOME ?= .observatory
export OBSERVATORY_HOME
export PIP_DISABLE_PIP_VERSION_CHECK = 1
DEMO_SCALE ?= 0.3
DEMO_QUARTERS ?= 8
DEMO_APPROVER ?= Ada Example (made up)

.PHONY: help demo docs test check audit platforms notices env dev spark system bench clean

help:
	@echo "make demo    a made-up North West from returns to approved releases, on the embedded PostgreSQL"
	@echo "make test    all tests"
	@echo "make docs    the documentation as a site, in site/"
	@echo "make check   linters: ruff, mypy, the SQL rules"
	@echo "make audit   known faults in the dependencies (needs the network)"
	@echo "make bench   the benchmarks"
	@echo "make platforms, make notices   after a lock has changed: which platforms have its wheels (asks the network), THIRD_PARTY.md"
	@echo "make env     only the environment (.venv)"
	@echo "make spark   adds Spark to it, the second engine of the models (needs Java 17; docs/engines.md)"
	@echo "make clean   remove the environment and caches; OBSERVATORY_HOME stays"

env: .venv/env.done
dev: .venv/dev.done

.venv/env.done: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.14 (on macOS 3.13) was found. Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making the environment in .venv (once; a minute or two) ..."
	@$(PYTHON) -m venv .venv || { echo "Python's venv module did not work; on Debian install it with: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev.done: .venv/env.done requirements-dev.lock
	@echo "Adding what the tests need ..."
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

# pyspark comes as its sources alone, so that it is built here; half a gigabyte, and only for who asks for it.
spark: .venv/spark.done
.venv/spark.done: .venv/env.done requirements-spark.lock
	@echo "Adding Spark ..."
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

demo: env
	@echo "A made-up North West, $(DEMO_QUARTERS) quarters, in $(OBSERVATORY_HOME)/landing:"
	@$(BIN)/observatory synth --out "$(OBSERVATORY_HOME)/landing" --quarters $(DEMO_QUARTERS) --scale $(DEMO_SCALE) --no-truth
	@echo
	@echo "The run: what has landed is taken in; quarters whose day has come are closed by the timetable and drafted. Nothing is published:"
	@OBSERVATORY_LANDING="$(OBSERVATORY_HOME)/landing" $(BIN)/observatory run --report
	@echo
	@echo "The approval: a named person lets the drafts go out (here a made-up one):"
	@OBSERVATORY_LANDING="$(OBSERVATORY_HOME)/landing" $(BIN)/observatory approve --all --by "$(DEMO_APPROVER)" --note "the demo"

docs: dev
	@$(BIN)/python -m docs.generator

# Debian's PostgreSQL 15, where we may install it; elsewhere the tests that need it say so and are skipped.
system:
	@sh tests/install_system_packages.sh

test: dev system
	@if command -v java >/dev/null 2>&1; then $(MAKE) --no-print-directory spark || \
		{ echo "Spark could not be added: its tests are skipped, and say so."; test -z "$(OBSERVATORY_TESTS_SKIP_NOTHING)"; }; fi
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

check: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check . || { echo "Run .venv/bin/ruff format ."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/python -m tests.sql_rules

# Apart from the tests, because it asks the network: the locked versions, with their hashes, against the advisories that are known today.
audit: dev
	@$(BIN)/python -m tests.audit

# After a lock has changed: what of it was found out is found out anew, and written down.
platforms: dev
	@$(BIN)/python -m tests.platforms

notices: dev
	@$(BIN)/python -m tests.third_party

bench: dev
	@$(BIN)/python -m benchmarks --keep

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis site *.egg-info
