# The project's commands; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup setup-build setup-ingest setup-bundle build bundle explore ingest adapt test
.PHONY: lint format clean

swift_files := Package.swift Sources $(wildcard Tests)

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' Makefile

setup: ## install everything that is missing, here and on the system
	@Scripts/setup

setup-build:
	@Scripts/setup build

setup-ingest:
	@Scripts/setup ingest

setup-bundle:
	@Scripts/setup bundle

build: setup-build ## build the program, release: .build/release/rtfm
	swift build -c release --product rtfm

bundle: setup-bundle ## for a machine with a GPU and PyTorch, no Swift: bundle/run, bundle.tar.gz
	@Scripts/bundle

explore: build ## build, start the server, print its address (ARGS="CAPTURE --port 8080")
	.build/release/rtfm explore $(ARGS)

ingest: setup-ingest build ## find your photos' poses (ARGS="PHOTOS --out CAPTURE")
	.build/release/rtfm ingest $(ARGS)

adapt: build ## teach the model a place of yours (ARGS="CAPTURE --out runs/place")
	.build/release/rtfm adapt $(ARGS)

test: ## set up, lint, build, run all tests (ARGS="--filter Memory": some)
	@Scripts/test $(ARGS)

lint: ## check the layout of the Swift files
	swift format lint --strict --recursive $(swift_files)

format: ## lay the Swift files out
	swift format --in-place --recursive $(swift_files)

clean: ## remove what was built (what was fetched, .deps, stays)
	rm -rf .build .build-bundle bundle bundle.tar.gz
