# The short way in; `make` lists what there is.
# Needs Python 3.11 or newer with its venv module, make and git. All else is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= python3 python3.13 python3.12 python3.11
YEAR ?=
REGION ?=
PARAMETERS ?=
export YEAR REGION PARAMETERS
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where somebody's own settings would install packages, or which kernel they would start.
unexport PIP_USER PIP_TARGET PIP_PREFIX JUPYTER_PATH
# Without what Python keeps of a module once read, each of a build's Pythons reads all of pandas anew.
unexport PYTHONDONTWRITEBYTECODE

# Make takes any name without a word, and would build the default edition for a misspelt one.
KNOWN := YEAR REGION PARAMETERS PYTHON VENV
GIVEN := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
UNKNOWN := $(firstword $(filter-out $(KNOWN),$(GIVEN)))
CLOSEST = import difflib, sys; print(*difflib.get_close_matches(sys.argv[1].upper(), sys.argv[2:], 1))
ifneq ($(UNKNOWN),)
MEANT := $(shell python3 -c '$(CLOSEST)' '$(UNKNOWN)' $(KNOWN) 2>/dev/null)
$(error $(UNKNOWN): an unknown variable$(if $(MEANT), (did you mean $(MEANT)?)); allowed: $(KNOWN))
endif

.PHONY: help report pdf preview test test-broad test-slow test-all bench review refresh clean distclean

help: ## List these commands (the default)
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' \
		| awk -F '|' '{ printf "%-18s%s\n", $$1, $$2 }'
	@echo
	@echo '  Another edition: make report YEAR=2020-21 REGION="North East"'
	@echo '  Many at once:    make report YEAR=2017-18..2021-22 REGION=all (or lists: "2015-16,2020-21")'
	@echo '  With parameters from a file: make report PARAMETERS=my-edition.yaml'

# Of a first run the environment and the build apart.
BEGAN :=
NOW = $(shell date +%s)
TOOK = && echo "The environment took $$(($(READY_AT) - $(BEGAN))) s, the build $$(($$(date +%s) - $(READY_AT))) s."
BUILD = $(BIN)/python -m rso_report.cli build --year "$$YEAR" --region "$$REGION" \
	$(if $(PARAMETERS),--parameters "$$PARAMETERS")

report: $(READY) ## Build the report and say where its start page is
	$(eval READY_AT := $(NOW))
	@$(BUILD)$(if $(BEGAN),$(TOOK))

pdf: $(READY) ## Build the report; print its pages, and the summary on one sheet (needs Chromium)
	@$(BUILD) --pdf

bench: $(READY) ## Measure how long builds take, beside other ways to make the same pages
	@$(BIN)/python tests/bench/bench.py

preview: $(READY) ## Serve the report on this machine; build and reload it on every save
	@$(BIN)/python -m rso_report.publication.preview --year "$$YEAR" --region "$$REGION"

# One more than there are cores: a test that waits for a browser leaves its core to another.
WORKERS = $$($(BIN)/python -c 'import os; print(os.cpu_count() + 1)')

test: $(READY) ## Check the style, test, compare the notebooks' stored outputs
	@echo "Checking the style"
	@$(BIN)/python -m ruff check src tests notebooks
	@$(BIN)/python -m ruff format --check src tests notebooks
	@echo "Testing the package, the notebooks and the book"
	@$(BIN)/pytest -m "not slow" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
	@echo "Executing the notebooks and comparing their stored outputs"
	@$(BIN)/pytest --nbval --numprocesses auto --dist loadfile notebooks/

test-broad: $(READY) ## Test what is broad: the other pages in all modes, 50 kills, a year replayed
	@$(BIN)/pytest -m slow --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: test-broad ## Test what is broad, and the build on a SLURM of one machine
	@$(BIN)/python tests/slurm/check.py

test-all: test test-slow ## Test everything

review: $(READY) ## Do what a reviewer does and write down what came of it, to be signed
	@$(BIN)/python -m rso_report.publication.review build/review

refresh: $(READY) ## Execute the committed notebooks in place and show what changed
	@for notebook in notebooks/*.ipynb; do \
		echo "Executing $$notebook"; \
		$(BIN)/python -m rso_report.execute "$$notebook" "$$notebook" || exit 1; \
	done
	@git --no-pager diff --stat -- notebooks

clean: ## Remove what was built
	rm -rf build _build _site dist .snakemake .pytest_cache .ruff_cache .hypothesis

distclean: clean ## Remove the environment too
	rm -rf $(VENV) src/*.egg-info

# An environment that was moved or copied still points at its old place, so it is made anew.
ifneq ($(wildcard $(READY)),)
ifneq ($(shell cat $(READY)),$(CURDIR))
.PHONY: $(READY)
endif
endif

$(READY): requirements.lock pyproject.toml
	$(eval BEGAN := $(NOW))
	@for name in $(PYTHON); do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1)." >&2; \
		echo "With one elsewhere: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python lacks the venv module. On Debian or Ubuntu: apt install python3-venv" >&2; \
		exit 1; \
	fi; \
	if [ -e $@ ] && [ "$$(cat $@)" != "$(CURDIR)" ]; then rm -rf $(VENV); fi; \
	if ! $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Creating $(VENV) with $$($$python --version)"; \
		$$python -m venv --clear $(VENV); \
	fi
	@echo "Installing the packages of requirements.lock (a few minutes)"
	@$(BIN)/python -m pip install -qq --no-deps --no-compile --require-hashes -r requirements.lock
	@echo "Installing this package"
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@
