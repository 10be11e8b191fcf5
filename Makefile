# make run    the bridge on this machine           make test   every test that needs no cloud account
# make check  lint, format, types, template        make build  what Lambda gets, in .aws-sam/build
# make bench  the figures of README's speed table  make deploy to your AWS account (asks what it needs to know)
# make pins   newer versions, within pyproject.toml's bounds; make clean, away with all that make made
#
# ARGS goes to the command: make run ARGS="--port 0", make test ARGS="-k trackback". PYTHON: any Python from 3.11 on.

PYTHON ?= python3
SAM ?= $(or $(shell command -v sam),.venv-sam/bin/sam)
pip = -m pip --disable-pip-version-check install
export SAM_CLI_TELEMETRY = 0

run: .venv/run
	@.venv/bin/linkback serve $(ARGS)

test: .venv/test
	.venv/bin/python -m pytest $(ARGS)

check: .venv/lint
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy && .venv/bin/python deploy/lint_template.py

build: $(SAM)
	$(SAM) build $(ARGS)

# The same for this machine's own processor: what tests/test_build.py and bench/cold_start.py import.
build-here: $(SAM)
	$(SAM) build --build-dir .aws-sam/here --parameter-overrides Architecture=$(subst aarch64,arm64,$(shell uname -m))

bench: .venv/test
	.venv/bin/python -m bench $(ARGS)

deploy: build
	$(SAM) deploy $(or $(ARGS),--guided)

pins: .venv/lint
	.venv/bin/python deploy/pin.py

clean:
	rm -rf .venv .venv-sam .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info layers/linkback/*.egg-info

# Each environment is made at first use, and brought up to date when its pins change; the file of its name says when.
.venv/run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Linkback needs Python 3.11 or newer: make PYTHON=python3.13")'
	@echo "Installing Linkback and what it needs into .venv (this once; it takes half a minute or so)"
	$(PYTHON) -m venv .venv && .venv/bin/python $(pip) --requirement $<
	.venv/bin/python $(pip) --no-deps --no-build-isolation --editable . && touch $@

.venv/test: requirements/test.txt .venv/run
	.venv/bin/python $(pip) --requirement $< && touch $@

.venv/lint: requirements/lint.txt .venv/test
	.venv/bin/python $(pip) --requirement $< && touch $@

# SAM CLI has an environment of its own: it pins another botocore than the local bridge does.
.venv-sam/bin/sam: requirements/sam.txt
	@python3.13 -c '' 2>/dev/null || { echo "SAM builds for python3.13: install it, or put it on PATH" >&2; exit 1; }
	python3.13 -m venv .venv-sam && .venv-sam/bin/python $(pip) --requirement $< && touch $@

.PHONY: run test check build build-here bench deploy pins clean
