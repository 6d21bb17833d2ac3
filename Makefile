# Every command of this project; CI calls the same ones. `make` alone prints them.
# Each command installs what it needs into .venv/, from lock files with hashes, and again only when a lock file has changed.

# The values that people give (`make revoke USER=…`) are text, in which nothing may run. Two things could run it: Make expands
# $(…) in a variable from the command line when it passes the variable on to a command, and a shell expands $(…) in a recipe.
# So each variable of the command line is set here to its text, letter for letter. A recipe reads it from the environment
# ("$$ENV"), and a function of Make's reads it by $(value ENV); both are safe for variables of the environment, too.
from_command_line = $(foreach name,$(filter-out MAKE% SHELL,$(.VARIABLES)),$(if $(findstring command,$(origin $(name))),$(name)))
define take_literally
override $(1) := $$(value $(1))
export $(1)
endef
$(foreach name,$(from_command_line),$(eval $(call take_literally,$(name))))

# $(call with_words_of,NAME) command: runs the command with the words of the variable NAME added to it. The words are separated
# and quoted as in a shell, but nothing in them is expanded.
with_words_of = .venv/bin/python -c 'import os, shlex, sys; os.execvp(sys.argv[2], sys.argv[2:] + shlex.split(os.environ.get(sys.argv[1], "")))' $(1)

# The beginning of a shell's loop: the first Python 3.11 or newer on the PATH. For another one: make PYTHON=/path/to/python3 …
FOR_PYTHON = for python in $(if $(value PYTHON),"$$PYTHON",python3 python3.13 python3.14 python3.12 python3.11); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue;

# Not from the caller's shell, because they change what our Python does: other packages, no asserts, warnings as errors.
unexport PYTHONPATH PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONWARNINGS

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --require-hashes --no-deps
# If pip cannot reach the package index, its own message is only that there is no such package.
OR_SAY_WHY := || { echo 'pip could not install it. Is the package index that it asks within reach?' >&2; exit 1; }
# SAM calls `make` and `python3`. That make must not get our flags, and that python3 must be .venv's.
SAM := MAKEFLAGS= MAKELEVEL= SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam
CHECKOV := .venv/checkov
UV := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock'

# For commands that use moto, because moto looks for the caller's AWS account as soon as it is imported.
NO_ACCOUNT := env -u AWS_PROFILE -u AWS_DEFAULT_PROFILE -u AWS_DATA_PATH AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

# No scripts of packages are run. A registry that cannot be reached, or does not answer for 20 s, is asked again; but at the
# first start of `make run`, which sets WITHIN, it fails at once.
NPM = npm --silent --ignore-scripts --no-audit --no-fund --fetch-timeout=20000 \
	--fetch-retries=$(if $(value WITHIN),0,2) --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000

# $(call within,SECONDS) command: ends the command after so many seconds.
within = $(BIN)/python -c 'import os, signal, sys; signal.alarm(int(sys.argv[1])); os.execvp(sys.argv[2], sys.argv[2:])' $(1)

# The first Chromium on the PATH. For another one: make CHROMIUM=/path/to/it …
FOUND_CHROMIUM = $(firstword $(foreach name,chromium google-chrome chromium-browser,$(shell command -v $(name))))
CHROME = $(if $(value CHROMIUM),"$$CHROMIUM","$(FOUND_CHROMIUM)")

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

# ── Run ──────────────────────────────────────────────────────────────────────────────────────────

WITH_CALLS := $(if $(value MEETINGS),-with-calls)
run: .venv/local $(if $(value MEETINGS),.venv/meetings) .build/page/tried$(WITH_CALLS) ## start the service here, with no AWS account and no Docker; ANSWERS=environments/dev.yaml: as deployed; MEETINGS=1: with rooms and calls
	@$(call with_words_of,ARGS) $(BIN)/python -m local $(if $(value ANSWERS),--answers "$$ANSWERS",$(if $(value MEETINGS),--parameter Meetings=open))

# The first start builds the AWS SDK for the page, for so many seconds at most. If that fails, later starts do not try again,
# and the page says what is missing. Amazon's SDK for calls likewise, at the first start with MEETINGS.
PAGE_SECONDS := 60
export PAGE_SECONDS
.build/page/tried-with-calls: local/page/room/chime-sdk.js local/page/room/package-lock.json
.build/page/tried .build/page/tried-with-calls: local/page/aws-sdk.js local/page/package-lock.json | .venv/local
	@$(MAKE) --silent --no-print-directory page WITHIN="$$PAGE_SECONDS" 2>/dev/null || true
	@if command -v npm >/dev/null; then mkdir -p $(@D) && touch $@; fi

page: ## build the AWS SDK for the page of `make run`, where Node.js is; MEETINGS=1: and the SDK for calls
	@if command -v npm >/dev/null; then $(MAKE) --silent --no-print-directory .build/page/aws-sdk.js $(if $(value MEETINGS),.build/page/chime-sdk.js); \
		else echo 'There is no npm here, so the page lacks the AWS SDK for JavaScript.'; fi

.build/page/aws-sdk.js: local/page/aws-sdk.js local/page/package-lock.json
	@echo 'Building the AWS SDK for JavaScript for the page (once$(if $(value WITHIN),; at most '"$$WITHIN"' seconds)).'
	@$(if $(value WITHIN),$(call within,"$$WITHIN")) $(NPM) ci --prefix local/page || { \
		echo 'npm could not install it, so the page lacks it. To try again: make page'; exit 1; }
	@$(BUNDLE)

# After the AWS SDK, with which the bundler is installed. The options are what its makers take for granted.
.build/page/chime-sdk.js: local/page/room/chime-sdk.js local/page/room/package-lock.json | .build/page/aws-sdk.js
	@echo "Building Amazon's SDK for calls for the page (once$(if $(value WITHIN),; at most $$WITHIN seconds))."
	@$(if $(value WITHIN),$(call within,"$$WITHIN")) $(NPM) ci --prefix local/page/room || { \
		echo 'npm could not install it, so the page lacks it. To try again: make page MEETINGS=1'; exit 1; }
	@$(BUNDLE) --define:global=globalThis --main-fields=browser,module,main

BUNDLE = local/page/node_modules/.bin/esbuild $< --bundle --minify --format=esm --log-level=warning --outfile=$@

client: local/page/node_modules/.bin/esbuild ## build the package of the web client, web_client/dist, where Node.js is
	@rm -rf web_client/dist
	@$< $(ENTRIES:%=web_client/src/%.js) $(PACKAGED) --format=esm
	@$< $(ENTRIES:%=web_client/src/%.js) $(PACKAGED) --format=cjs --platform=node --out-extension:.js=.cjs
	@for name in $(ENTRIES); do cp web_client/src/$$name.d.ts web_client/dist && \
		sed 's/\.js"/.cjs"/' web_client/src/$$name.d.ts > web_client/dist/$$name.d.cts; done

# An entry point of the package is a module with types of its own. es2020 is what bundlers and React Native read everywhere.
ENTRIES := $(patsubst web_client/src/%.d.ts,%,$(wildcard web_client/src/*.d.ts))
PACKAGED := --bundle --target=es2020 --charset=utf8 --outdir=web_client/dist --log-level=warning

local/page/node_modules/.bin/esbuild:
	@command -v npm >/dev/null || { echo 'This needs Node.js 20 or newer, with npm.' >&2; exit 1; }
	@$(NPM) ci --prefix local/page

# ── Check ────────────────────────────────────────────────────────────────────────────────────────

test: .venv/dev ## run every test that needs neither Docker nor AWS, in some 10 minutes; TESTS=tests/unit/test_names.py: only these
ifdef TESTS
	@$(call with_words_of,TESTS) $(BIN)/pytest
else
	@echo 'All tests take about 10 minutes on two processors. To run a part of them: make test TESTS=tests/unit/test_names.py'
	@$(BIN)/pytest --numprocesses 4 --dist loadfile # four processes on two processors too: most tests mainly wait
	@echo 'Left out: tests/web_client and tests/browser (make test-browser), tests/clients (make test-clients), tests/docker (make test-docker)'
	@echo 'and tests/deployed (make test-deployed)$(if $(wildcard .venv/meetings),,; and what calls do, until make .venv/meetings).'
endif

# $(call node_test,SECONDS) files: runs tests in Node.js. A file that takes longer is ended, and so is one that leaves something open.
node_test = node --test --test-force-exit --test-timeout=$(1)000

test-browser: .venv/local .venv/meetings page .build/page/chime-sdk.js client tests/browser/node_modules/made ## test the web client and the page, in Chromium
	@tests/browser/node_modules/.bin/tsc -p web_client
	@CHROMIUM=$(CHROME) $(call node_test,420) --test-concurrency=2 tests/web_client/*.test.mjs tests/browser/*.test.mjs

soak: .venv/local client tests/browser/node_modules/made ## let everything happen to a chat in Chromium for ten minutes; SECONDS=60: for a minute, SEED=7: the same again
	@CHROMIUM=$(CHROME) node tests/browser/soak.mjs

test-clients: .venv/local client tests/browser/node_modules/made tests/clients/providers/node_modules/made ## test the package of the web client as apps use it: Node.js, Jest, TypeScript, Vite, Next, React Native, Firefox, WebKit
	@CHROMIUM=$(CHROME) $(call node_test,900) tests/clients/*.test.mjs

# For their types. Some 640 MB, which is why CI does without.
tests/clients/providers/node_modules/made: tests/clients/providers/package-lock.json
	@echo "Installing the identity providers' packages (once)."
	@$(NPM) ci --prefix tests/clients/providers
	@touch $@

screenshot: .venv/local .venv/meetings page .build/page/chime-sdk.js tests/browser/node_modules/made ## take the picture of the page that docs/local-stack.md shows
	@CHROMIUM=$(CHROME) node tests/browser/screenshot.mjs

tests/browser/node_modules/made: tests/browser/package-lock.json
	@command -v npm >/dev/null || { echo 'This needs Node.js 20.14 or newer, with npm.' >&2; exit 1; }
	@test -n $(CHROME) || { echo 'This needs Chromium, on the PATH or as make CHROMIUM=/path/to/it …' >&2; exit 1; }
	@$(NPM) ci --prefix tests/browser
	@touch $@

check: .venv/dev .venv/checkov/made ## check formatting, lint, types, import rules, the template and its policies; change nothing
	@$(BIN)/ruff format --check --quiet || { echo 'The formatting is wrong. Run: make format'; exit 1; }
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@PYTHONPATH=signin_function:. $(BIN)/lint-imports
	@$(SAM) validate --lint
	@PYTHONPATH=signin_function:. $(BIN)/python -m tests.policy_check
	@$(CHECKOV)/bin/checkov --file template.yaml --framework cloudformation --compact --quiet --skip-download

format: .venv/dev ## format the code, and fix what lint can fix
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

fuzz: .venv/fuzz ## search for input that breaks the authorizer, for 60 s or SECONDS=600
	@$(BIN)/python -m tests.fuzz $(if $(value SECONDS),"$$SECONDS",60)

fuzz-api: .venv/dev .venv/schemathesis/made ## hold the local stack against docs/openapi.yaml, with odd requests, for 30 s or SECONDS=600; SEED=7: the same again
	@$(BIN)/python -m tests.schemathesis $(if $(value SECONDS),"$$SECONDS",30) "$(if $(value SEED),$$SEED)"

load: .venv/dev ## let 200 users come back and 200 new ones sign in while Chime throttles, and print how they fared
	@$(BIN)/python -m tests.load

# $(call asks,QUESTIONS): not empty if ONLY names one of QUESTIONS, or if there is no ONLY.
asks = $(if $(value ONLY),$(filter $(1),$(value ONLY)),all)

bench: .venv/dev $(if $(call asks,cold warm rooms memory load shipped steps),build) $(if $(call asks,cold warm rooms),contenders) ## measure, and write benchmarks/README.md; ONLY="cold warm": only these questions
	@set -f; PYTHONPATH=signin_function:. $(call with_words_of,ARGS) $(NO_ACCOUNT) $(BIN)/python -m benchmarks $(if $(value ONLY),$$ONLY)

# What our functions are compared with.
NODE_PACKAGES := $(patsubst %,benchmarks/contenders/%/node_modules/made,node-sdk-v2 node-sdk-v3 node-verifiers rooms-demo)
contenders: .build/bench/python/made $(patsubst %,.build/bench/%.js,node-sdk-v3 node-verifiers rooms-demo) $(NODE_PACKAGES)

.build/bench/python/made: .venv/made benchmarks/contenders/python.txt
	@echo 'Installing boto3 and Powertools, to compare with (once).'
	@rm -rf $(@D)
	@$(PIP) --target $(@D) --no-compile --python-version 3.13 --only-binary=:all: -r benchmarks/contenders/python.txt
	@touch $@

benchmarks/contenders/%/node_modules/made: benchmarks/contenders/%/package-lock.json
	@command -v npm >/dev/null || { echo 'This needs Node.js 20 or newer, with npm.' >&2; exit 1; }
	@echo 'Installing $*, to compare with (once).'
	@$(NPM) ci --prefix benchmarks/contenders/$*
	@touch $@

.build/bench/node-sdk-v3.js: benchmarks/contenders/node-sdk-v3/handler.js benchmarks/contenders/sign-in.js benchmarks/contenders/node-sdk-v3/node_modules/made
	@$(BUNDLED_FOR_NODE)

.build/bench/node-verifiers.js: benchmarks/contenders/node-verifiers/best.js benchmarks/contenders/node-verifiers/authorize.js $(NODE_PACKAGES)
	@$(BUNDLED_FOR_NODE)

.build/bench/rooms-demo.js: benchmarks/contenders/rooms-demo/lean.js benchmarks/contenders/rooms-demo/join.js $(NODE_PACKAGES)
	@$(BUNDLED_FOR_NODE)

BUNDLED_FOR_NODE = benchmarks/contenders/node-sdk-v3/node_modules/.bin/esbuild $< --bundle --minify --platform=node \
	--log-level=warning --outfile=$@

# ── Docker ───────────────────────────────────────────────────────────────────────────────────────

build: .venv/dev ## build the functions and their layers (sam build)
	@$(SAM) build

invoke: .venv/dev ## build, then invoke the functions with events/, in Docker (sam local invoke)
	@$(NO_ACCOUNT) $(BIN)/python -m tests.docker.invoke

start-api: .venv/dev ## build, then serve the API on port 3000, in Docker (sam local start-api)
	@$(NO_ACCOUNT) $(BIN)/python -m tests.docker.serve

test-docker: .venv/dev ## run the tests of the built functions, in Docker
	@$(BIN)/pytest tests/docker --timeout=600 # the first test builds the functions, and if need be the Docker image

# ── AWS ──────────────────────────────────────────────────────────────────────────────────────────

OF_FUNCTIONS := PYTHONPATH=signin_function:.

# ENV says which stack of samconfig.toml is meant; without it, dev. The operators' commands read ENV themselves
# (operations/samconfig.py).
IN_ENV = --config-env "$${ENV:-dev}"

# What `make deploy` adds to the handler. signin_function/gradual.yaml and snapstart.yaml say what each option does.
DEPLOY_OPTIONS := $(strip $(if $(value GRADUAL),gradual) $(if $(value SNAPSTART),snapstart))

# It asks and checks first, since all else takes a minute; what it asks is in operations/preparation.py. Without a terminal
# nobody can confirm a change set.
deploy: .venv/dev ## deploy dev to AWS, or ENV=prod; options: GRADUAL=1 SNAPSTART=1; it asks for what is missing
	@$(OF_FUNCTIONS) $(call with_words_of,ARGS) $(BIN)/python -m operations prepare
	@$(SAM) build
	@$(if $(DEPLOY_OPTIONS),$(BIN)/python -m operations.deploy_options .aws-sam/build/template.yaml $(DEPLOY_OPTIONS) > .aws-sam/build/deployed.yaml)
	@$(BIN)/python -m operations.all_values > .aws-sam/build/parameters.yaml
	@if test -t 0; then confirmed=; else confirmed=--no-confirm-changeset; fi; \
		$(SAM) deploy $(IN_ENV) --parameter-overrides file://.aws-sam/build/parameters.yaml $(if $(DEPLOY_OPTIONS),--template-file .aws-sam/build/deployed.yaml) $$confirmed
	@$(BIN)/python -m operations try-out

delete: .venv/dev ## delete the stack of dev, or ENV=prod, and what make revoke added, and say what stays; it asks, or CONFIRM=<stack>
	@$(BIN)/python -m operations delete

test-deployed: .venv/dev ## test the stack of dev, of ENV=prod, or the one that AWS_SAM_STACK_NAME names
	@$(BIN)/pytest --confcutdir=tests/deployed tests/deployed

doctor: .venv/dev ## look at dev, or ENV=prod, and say what is wrong; a user's token by TOKEN_FILE=path or on standard input; ORIGIN= URL= JSON=1
	@$(OF_FUNCTIONS) $(BIN)/python -m operations doctor $(if $(value URL),--url "$$URL") $(if $(value ORIGIN),--origin "$$ORIGIN") \
		$(if $(value TOKEN_FILE),--token-file "$$TOKEN_FILE") $(if $(value JSON),--json)

revoke: .venv/dev ## revoke USER=<ChimeUserId>: no sign-in from now on, and all existing sessions are denied
	@$(WHOM)$(OF_FUNCTIONS) $(BIN)/python -m operations revoke -- "$$USER"

restore: .venv/dev ## let USER=<ChimeUserId> sign in again
	@$(WHOM)$(BIN)/python -m operations restore -- "$$USER"

revoked: .venv/dev ## print who is revoked
	@$(BIN)/python -m operations revoked

erase: .venv/dev ## erase USER=<ChimeUserId>: end their sessions, delete them in Chime, keep nothing that names them; KEEP_OUT=1: they stay out
	@$(WHOM)$(OF_FUNCTIONS) $(BIN)/python -m operations erase $(if $(value WAIT),--wait "$$WAIT") -- "$$USER"

push-role: .venv/dev ## create the account's role with which Chime sends push notifications, unless there is one
	@$(BIN)/python -m operations push-role

# Only a USER from the command line counts, because every shell has a USER of its own. The lines at the top of this file make
# an override of what the command line sets.
unexport WHOM # Make hands on what the environment has, and would ask this question in recipes that ask nothing.
WHOM = $(if $(filter override,$(origin USER)),,$(error Say whom: make $@ USER=<ChimeUserId>))
.PHONY: delete test-deployed doctor revoke restore revoked erase push-role

# ── Housekeeping ─────────────────────────────────────────────────────────────────────────────────

lock: .venv/dev ## write the lock files anew from pyproject.toml; UPGRADE=1: with the newest versions
	@$(UV) $(if $(value UPGRADE),--upgrade) --universal --python-version 3.11 --group dev -o tests/requirements.txt
	@$(UV) --universal --python-version 3.11 --group meetings -c tests/requirements.txt -o local/signaling/requirements.txt
	@$(UV) --universal --python-version 3.11 --group fuzz -o tests/fuzz/requirements.txt
	@$(UV) --universal --python-version 3.11 --group checkov -o tests/checkov/requirements.txt
	@$(UV) --universal --python-version 3.11 --group schemathesis -o tests/schemathesis/requirements.txt
	@$(UV) --universal --python-version 3.11 --group local -c tests/requirements.txt -o local/requirements.txt
	@$(UV) --python-version 3.13 --group contender -c tests/requirements.txt -o benchmarks/contenders/python.txt
	@for layer in authorizer signin; do $(UV) --python-version 3.13 --python-platform x86_64-manylinux_2_28 \
		$(NEVER_IMPORTED:%=--no-emit-package %) --group $$layer -c tests/requirements.txt -o layers/$$layer.txt || exit; done

# python-jose, cffi and boto3 require these packages, but do not use them as we use them; test_import_budget.py proves it.
NEVER_IMPORTED := ecdsa pyasn1 pycparser rsa s3transfer

clean: ## remove everything that the other commands created
	@rm -rf .venv .aws-sam .build web_client/dist local/page/node_modules local/page/room/node_modules tests/browser/node_modules tests/clients/providers/node_modules benchmarks/contenders/*/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Empty files in .venv/ record what is installed: `local` is what `make run` needs, `dev` what all commands need, `meetings`
# what calls need on top, and `fuzz` what only `make fuzz` needs on top.
# .venv is made anew if its Python has gone, or if PYTHON names another one. FORCE, because no file's age says so. What depends on
# this file is made anew only if the file is.
.venv/made: FORCE
	@if test -e $@ && test -x $(BIN)/python && $(if $(value PYTHON),$(IS_THE_SAME_PYTHON),true); then exit 0; fi; \
	$(FOR_PYTHON) "$$python" -m venv --clear .venv && touch $@; exit; done; \
	echo 'This needs Python 3.11 or newer, as python3 on the PATH or as make PYTHON=/path/to/python3 …' >&2; exit 1

# A virtual environment and the Python that made it print the same.
WHICH_PYTHON := 'import sys; print(sys.base_prefix, sys.version)'
IS_THE_SAME_PYTHON = test "$$("$$PYTHON" -c $(WHICH_PYTHON) 2>&1)" = "$$($(BIN)/python -c $(WHICH_PYTHON))"
FORCE:

.venv/local: .venv/made local/requirements.txt
	@echo 'Installing what the local stack needs into .venv (once).'
	@$(PIP) -r local/requirements.txt $(OR_SAY_WHY)
	@touch $@

.venv/dev: .venv/made tests/requirements.txt
	@echo 'Installing what tests and checks need into .venv (once).'
	@$(PIP) -r tests/requirements.txt $(OR_SAY_WHY)
	@touch .venv/local $@

.venv/meetings: .venv/local local/signaling/requirements.txt
	@echo 'Installing what calls need into .venv (once): some 40 MB to download.'
	@$(PIP) -r local/signaling/requirements.txt $(OR_SAY_WHY)
	@touch $@

.venv/fuzz: .venv/dev tests/fuzz/requirements.txt
	@$(PIP) -r tests/fuzz/requirements.txt
	@touch $@

# In a venv of its own, because checkov needs another version of boto3. The checks that it skips are in template.yaml, each
# with its reason.
.venv/checkov/made: .venv/made tests/checkov/requirements.txt
	@echo 'Installing what checks the template into .venv/checkov (once).'
	@$(BIN)/python -m venv --clear $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip --disable-pip-version-check -qq install --require-hashes --no-deps -r tests/checkov/requirements.txt
	@touch $@

# In a venv of its own, because it brings a pytest of its own. The checks that it leaves out are in schemathesis.toml.
.venv/schemathesis/made: .venv/made tests/schemathesis/requirements.txt
	@echo 'Installing what holds the API against its document into .venv/schemathesis (once).'
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check -qq install --require-hashes --no-deps -r tests/schemathesis/requirements.txt
	@touch $@

.PHONY: FORCE help run page client test test-browser test-clients soak screenshot check format fuzz fuzz-api load bench contenders build invoke start-api test-docker deploy lock clean
