# The commands of this project. CI runs `make test` and nothing else; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),target)
CLIENT := tests/client
CLIENTS := clients
APPS := tests/apps
# Tests of a thousand clients.
CROWDS := contract/jitter.test.ts contract/order.test.ts
FOLDERS := $(CLIENT) $(CLIENTS) $(APPS)
# Makes targets side by side and prints the output of each in one piece, when it ends. If one fails, the others still end.
SIDE_BY_SIDE := $(MAKE) -j3 --output-sync=target
NEXTEST := cargo nextest run --locked --workspace
# Tools that the machine lacks are installed here, not for the whole machine.
export PATH := $(abspath $(TARGET))/tools/bin:$(PATH)

SCENARIOS ?=
BENCH := BENCH_PROGRAMS=$(abspath $(TARGET))/release tests/support/with-services --durable node

.PHONY: help run page test test-fast bench bench-flat bench-search bench-programs lint lint-rust lint-stories lint-packages fmt test-rust test-client test-stories test-packages test-python test-rest test-examples release-program test-with-services test-fast-with-services test-program tools browser web-proxies client-packages

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: ## Build the release binary, with the web client where there is npm, and start it (demo mode when nothing is configured)
	@if command -v npm >/dev/null; then $(MAKE) page; else echo "npm is missing: the web client is left out"; fi
	cargo run --release --locked

page: $(CLIENTS)/web/dist/index.html ## Build the web client, which the next build of the binary takes in

$(CLIENTS)/web/dist/index.html: $(wildcard $(CLIENTS)/package-lock.json $(CLIENTS)/web/* $(CLIENTS)/web/src/* $(CLIENTS)/web/public/* $(CLIENTS)/react/src/* $(CLIENTS)/react/src/*/*)
	@$(MAKE) client-packages FOLDERS=$(CLIENTS)
	cd $(CLIENTS) && npm run --silent build -w web

test: lint ## All that CI runs: every check, every test, on every database
	tests/support/with-services $(MAKE) test-with-services

test-fast: lint ## For daily use: all but the five long files of tests, the browser and the examples
	tests/support/with-services $(MAKE) test-fast-with-services

bench: bench-programs ## Measure beside the Node backend, and write benches/README.md
	$(BENCH) benches/compare/main.mjs $(SCENARIOS)

bench-flat: bench-programs ## Measure what events cost in a room of five million messages
	$(BENCH) benches/compare/flat.mjs

bench-search: bench-programs ## Measure messages:search over five million messages, and write benches/README.md
	$(BENCH) benches/compare/search.mjs

bench-programs:
	cargo build --release --locked --workspace
	@cd benches/node && if ! cmp -s package-lock.json node_modules/.installed-lock.json; then \
		npm ci --no-progress && cp package-lock.json node_modules/.installed-lock.json; \
	fi
	cd benches/node && npm run --silent build

lint: tools page client-packages ## All checks that need no server
	@$(SIDE_BY_SIDE) lint-rust lint-stories lint-packages

fmt: client-packages ## Format everything
	cargo fmt
	cd $(CLIENT) && npm run --silent fmt
	cd $(CLIENTS) && npm run --silent fmt

lint-rust: tools page
	tests/support/check-house
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	cargo deny --locked check licenses bans sources

lint-stories: client-packages
	cd $(CLIENT) && npm run --silent lint

lint-packages: client-packages
	cd $(CLIENTS) && npm run --silent lint

# Under with-services: these need PostgreSQL and Redis.
test-with-services: test-rust
	@$(MAKE) test-client

test-rust: tools page
	$(NEXTEST)

test-client: test-program client-packages page browser web-proxies
	@$(MAKE) test-packages test-stories test-python test-rest test-examples

test-fast-with-services: tools page client-packages web-proxies
	$(NEXTEST) --profile fast
	@$(MAKE) test-packages test-stories test-python test-rest WITHOUT='browser/**'

# The binary that the Rust tests have built: with other features than theirs, a build would take longer than the tests do.
test-program: tools page
	cargo nextest run --locked --workspace --no-run

test-stories test-python test-rest: export CHATOXIDE_BIN := $(abspath $(TARGET))/debug/chatoxide

# Crowds get the machine to themselves, one after the other, so that none is slow because of a browser beside it.
test-stories:
	cd $(CLIENT) && npm test --silent -- --no-file-parallelism $(CROWDS)
	cd $(CLIENT) && npm test --silent -- $(foreach files,$(CROWDS) examples/** $(WITHOUT),--exclude '$(files)')

# As their readers run them: with the binary that `make run` builds.
test-examples: export CHATOXIDE_BIN := $(abspath $(TARGET))/release/chatoxide
test-examples: release-program
	cd $(CLIENT) && npm test --silent -- examples/

release-program: page
	cargo build --release --locked

test-packages:
	cd $(CLIENTS) && npm test --silent

test-python:
	$(CLIENTS)/python/check

test-rest:
	tests/rest/check

browser:
	@[ -n "$${CHROMIUM_BIN-}" ] || command -v chromium >/dev/null || \
		tests/support/install-packages chromium fonts-noto-color-emoji

# Debian keeps these where only root looks for programs.
web-proxies:
	@PATH=$$PATH:/usr/sbin:/usr/local/sbin; { command -v nginx && command -v haproxy; } >/dev/null || \
		tests/support/install-packages nginx-light haproxy

tools:
	@tests/support/install-tools $(TARGET)/tools

# Only when what is installed is not what the lock file says.
client-packages:
	@for folder in $(FOLDERS); do \
		if ! cmp -s $$folder/package-lock.json $$folder/node_modules/.installed-lock.json; then \
			(cd $$folder && npm ci --ignore-scripts --no-progress && cp package-lock.json node_modules/.installed-lock.json); \
		fi; \
	done
