# What `sam build` does for each resource of template.yaml, in a copy of its folder: ARTIFACTS_DIR is what gets zipped.
# MACHINE comes from the Makefile of the architecture's folder, for SAM does not tell a makefile which one it builds for.
#
# Python's own build method would be shorter, but ships no bytecode, and imports without it take twice as long. The
# bytecode is `unchecked-hash`, because SAM changes the dates of the files and dated bytecode would never be used.

GLIBC = 2_34 2_28 2_17
# Powertools' resolvers and their OpenAPI pages are an eighth of the layer; API Gateway has routed already. Of dnspython
# go zones, signatures, asynchronous and Windows' resolvers: one question is asked, of TXT and of addresses.
UNUSED = bin aws_lambda_powertools/event_handler publicsuffixlist/test.py publicsuffixlist/test_psl.txt \
  $(addprefix dns/,_asyncio_backend.py _trio_backend.py asyncresolver.py btree.py btreezone.py dnssec.py dnssecalgs e164.py \
  namedict.py update.py versioned.py win32util.py zone.py zonefile.py)
compile = -m compileall -q -j 2 --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)"

build-Library: python3.13
	python3.13 -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --only-binary :all: \
	  --python-version 3.13 --implementation cp $(GLIBC:%=--platform manylinux_%_$(MACHINE)) --platform manylinux2014_$(MACHINE) \
	  --target "$(ARTIFACTS_DIR)/python" --requirement requirements.txt
	rm -rf $(UNUSED:%="$(ARTIFACTS_DIR)/python/%")
	cp -R linkback "$(ARTIFACTS_DIR)/python/"
	find "$(ARTIFACTS_DIR)" -name __pycache__ -type d -prune -exec rm -rf {} +
	python3.13 $(compile) -p /opt "$(ARTIFACTS_DIR)"

build-Receive build-Verify build-Publish build-Moderate: python3.13
	cp -R . "$(ARTIFACTS_DIR)/"
	find "$(ARTIFACTS_DIR)" -name __pycache__ -type d -prune -exec rm -rf {} +
	python3.13 $(compile) -p /var/task "$(ARTIFACTS_DIR)"

python3.13:
	@python3.13 -c "" || { echo "The functions run on Python 3.13, so building them needs python3.13 on PATH." >&2; exit 1; }

.PHONY: build-Library build-Receive build-Verify build-Publish build-Moderate python3.13
