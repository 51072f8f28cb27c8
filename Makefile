# `make demo` and `make test` need nothing but Python 3.11 or later and this folder.
# Everything they install goes into .venv, everything the demo writes into .demo.

PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
LOCKED := install --require-hashes -r
ITSELF := install --no-deps --no-build-isolation -e .
# Much of a test's time is waiting, so three processes keep two cores busy.
PARALLEL := -n 3 --dist worksteal

# Compiled modules go into .venv too, so that nothing else is left in the tree.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: help demo test test-slow bench fuzz docs pictures lint format lock clean

help:
	@echo "make demo       install, then run the real daemon over the bundled sample feeds"
	@echo "make test       the tests, on SQLite and on PostgreSQL"
	@echo "make test-slow  those that take minutes too"
	@echo "make docs       write the pages of docs/ anew that come from the program"
	@echo "make pictures   take the pictures in docs/ anew (needs chromium)"
	@echo "make fuzz       coverage-led fuzzing for FUZZ_SECONDS; needs atheris, which it names"
	@echo "make bench      the same feeds polled by ingest, reader and newsboat (FEEDS=300 REPEATS=3)"
	@echo "make lint       ruff and mypy"
	@echo "make format     let ruff lay out the code"
	@echo "make lock       write the two lock files anew (needs uv)"
	@echo "make clean      remove what these made"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ingest needs Python 3.11")'
	@$(PYTHON) -m venv $(VENV)

# What the program needs to run. Building itself needs no network: hatchling is in the lock.
$(VENV)/installed: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing into $(VENV) …"
	@$(PIP) $(LOCKED) requirements.lock
	@$(PIP) $(ITSELF)
	@touch $@

# What testing it needs on top.
$(VENV)/installed-dev: $(VENV)/installed tests/requirements.lock
	@echo "Installing the test tools into $(VENV) …"
	@$(PIP) $(LOCKED) tests/requirements.lock
	@touch $@

demo: $(VENV)/installed
	@$(VENV)/bin/ingest demo

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest $(PARALLEL)

test-slow: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest -m "slow or not slow"

docs: $(VENV)/installed
	@$(VENV)/bin/python -m docs.generate

pictures: $(VENV)/installed-dev
	INGEST_PICTURES=docs/pictures $(VENV)/bin/python -m pytest -q tests/web/test_pictures.py

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/installed-dev
	$(VENV)/bin/python -m tests.faults.guided_fuzz $(FUZZ_SECONDS)

FEEDS := 1000
REPEATS := 3
bench: $(VENV)/installed-dev
	$(VENV)/bin/python -m benchmarks.rivals --feeds $(FEEDS) --repeats $(REPEATS) --out docs/bench

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# uv.lock records the address of an index, so it is made elsewhere and not kept.
EXPORT := uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-emit-index-url
lock:
	rm -rf $(VENV)/lock && mkdir -p $(VENV)/lock
	cp -R pyproject.toml README.md LICENSE config.example.toml ingest migrations $(VENV)/lock/
	cd $(VENV)/lock && uv lock --quiet --upgrade
	cd $(VENV)/lock && $(EXPORT) --no-dev --group build --output-file requirements.lock
	cd $(VENV)/lock && $(EXPORT) --all-groups --all-extras --no-extra ray --output-file tests.lock
	cp $(VENV)/lock/requirements.lock requirements.lock
	cp $(VENV)/lock/tests.lock tests/requirements.lock
	rm -rf $(VENV)/lock

clean:
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
