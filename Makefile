# `make help` lists what there is; every target installs what it needs first (scripts/deps.sh).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build install run test unit e2e examples bench faults soak breakages coverage fuzz tsan asan format lint assets docs clean

deps := ./scripts/deps.sh
# Exclusivity is checked in debug builds and tests; checking it at every access costs a few per cent of a server.
# Functions keep their names, for backtraces and profiles; what only a debugger reads is left out.
release := swift build -c release --static-swift-stdlib --product signalbox -Xswiftc -enforce-exclusivity=unchecked \
  -Xlinker -S
strict := -Xswiftc -warnings-as-errors
# Tests begin a few at a time: where all begin at once, one that awaits an event waits for the threads of all others.
few := --experimental-maximum-parallelization-width 6
swift_files := $(wildcard Sources Tests Benchmarks Examples Fuzz Package.swift)
# Arguments for the program: make run ARGS="--listen 127.0.0.1:0"
ARGS ?=
PREFIX ?= $(HOME)/.local

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the program, optimised, at .build/release/signalbox
	@$(deps) swift build
	@$(release)

install: build ## put the program into PREFIX/bin (PREFIX=~/.local)
	@install -D -m 755 .build/release/signalbox $(PREFIX)/bin/signalbox
	@echo $(PREFIX)/bin/signalbox

run: build ## build the program and start the server (ARGS="--listen 127.0.0.1:0")
	@exec .build/release/signalbox serve $(ARGS)

test: unit e2e examples ## every test: units, end to end, the examples of the documents

unit: assets
	@$(deps) swift build
	swift build --build-tests $(strict)
	swift test --skip-build $(few) $(strict)

e2e:
	@if [ -x Tests/EndToEnd/run ]; then \
	  $(deps) swift build python browser; \
	  swift build --product signalbox $(strict); \
	  for product in PatientChat Pipelines FaultsEmitter; do swift build --product $$product $(strict); done; \
	  PATH="$(CURDIR)/.venv/bin:$$PATH" SIGNALBOX="$(CURDIR)/.build/debug/signalbox" Tests/EndToEnd/run; \
	fi

examples:
	@if [ -f scripts/doc-examples.py ]; then \
	  $(deps) swift build python; \
	  swift build --product signalbox $(strict); \
	  .venv/bin/python scripts/doc-examples.py --program .build/debug/signalbox README.md docs; \
	  ./scripts/cli-docs.sh --check .build/debug/signalbox; \
	fi

bench: build ## where it stands beside its peers (CASE=fanout for one case, ARGS=--list for all)
	@./Benchmarks/run $(CASE) $(ARGS)

faults: ## do to the server what the world does (ROUNDS=200 kills, SEED=7 for the same again)
	@$(deps) swift build python
	@for product in signalbox FaultsEmitter; do swift build --product $$product $(strict); done
	@ROUNDS=$${ROUNDS:-200} Tests/EndToEnd/run -s faults

soak: ## a mixture of all that goes wrong, for a while, and how memory and latency went (MINUTES=30)
	@$(deps) swift build python
	@swift build -c release --product signalbox
	@cd Tests/EndToEnd && SIGNALBOX="$(CURDIR)/.build/release/signalbox" ../../.venv/bin/python -m faults.soak

breakages: ## break the sources on purpose and show that the tests see it (half an hour)
	@$(deps) swift build python
	@Tests/Breakages/run

coverage: ## line coverage of the unit tests, a line a source folder; fails below 80 % (95 % of Wire and the log)
	@$(deps) swift build
	@swift test --enable-code-coverage --scratch-path .build/coverage $(few)
	@./scripts/coverage.sh

fuzz: ## fuzz the decoders for a while (SECONDS_EACH=30)
	@$(deps) swift build
	@./Fuzz/run

tsan: ## the unit tests under ThreadSanitizer
	@$(deps) swift build
	swift test --sanitize=thread --scratch-path .build/tsan $(few)

asan: ## the unit tests under AddressSanitizer
	@$(deps) swift build
	# What tests leave behind (bytes that stand for a packet's, scenes that hold each other) is no fault of the product.
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/asan $(few)

format: ## rewrite the sources in the house style
	@$(deps) swift
	@swift format -i -r $(swift_files)

lint: assets ## check the style of the sources
	@$(deps) swift
	@swift format lint -r --strict $(swift_files)

# The page that the program holds is the one in the repository.
assets:
	@./scripts/embed.sh --check

docs: ## the reference of the public modules, as a web page in .build/docs
	@$(deps) swift build docs
	@./scripts/docs.sh

clean: ## remove what was built
	@rm -rf .build .venv
