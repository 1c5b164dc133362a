# Every command a person or a machine needs. `make setup` comes by itself where it is needed.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup install demo test check test-real fix bench lock system clean

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# ── the environment ────────────────────────────────────────────────────────────────────────────────────────────────

# Two `make setup` side by side wait for each other. The stamp holds what was installed, so a second call takes milliseconds.
setup:  ## build .venv from full.lock; nothing to do when it is up to date
	@if command -v flock >/dev/null; then flock Makefile $(MAKE) --no-print-directory -s install; \
	else $(MAKE) --no-print-directory -s install; fi

install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make setup needs Python 3.11 or newer and \`$(PYTHON)\` is not: install one, or say \`make setup PYTHON=/path/to/python3.11\`" >&2; \
	  exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install -y python3-venv" >&2; exit 2; }
	@set -euo pipefail; \
	want="$$(cat full.lock pyproject.toml | sha256sum | cut -d' ' -f1) $$($(PYTHON) -c 'import sys; print(sys.version, sys.base_prefix)' | tr '\n' ' ') $(CURDIR)"; \
	if [ -f $(VENV)/.installed ] && [ "$$(cat $(VENV)/.installed)" = "$$want" ]; then exit 0; fi; \
	$(BIN)/python -c 'import sys; sys.exit(0)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV); \
	rm -f $(VENV)/.installed; \
	echo "installing what full.lock names into $(VENV); the first time takes a few minutes"; \
	$(PIP) install -qq --require-hashes --only-binary :all: --no-deps -r full.lock; \
	$(PIP) install -qq --no-deps --no-build-isolation --no-index -e .; \
	$(PIP) check >/dev/null || { $(PIP) check; exit 1; }; \
	$(BIN)/python -c 'import torch' || { \
	  echo "torch does not load. full.lock means its CPU build; tell pip where that lies (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL) and run make setup again." >&2; \
	  exit 1; }; \
	echo "$$want" > $(VENV)/.installed
