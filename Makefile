# Aegis: everything a contributor runs. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GO      ?= go
BIN     := bin/aegis
TOOLS   := $(CURDIR)/.tools
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0

.PHONY: help build run test lint unit race real crash crash-long fuzz bench bench-compare clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

build: ## build bin/aegis: one static binary, no cgo
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/aegis
	@echo "built $(BIN)"

run: build ## build, then serve on 127.0.0.1:9090 with data in ./aegis-data
	./$(BIN) serve

test: ## install what the tests need, then run all of them
	./.ci/test

lint: $(TOOLS)/staticcheck $(TOOLS)/gofumpt ## formatting, vet and staticcheck
	@out=$$(git ls-files -co --exclude-standard '*.go' | xargs $(TOOLS)/gofumpt -l); test -z "$$out" || { echo "gofumpt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...

unit: ## the tests that need nothing but Go
	$(GO) test -short ./...

race: ## the same under the race detector
	$(GO) test -race -short ./...

$(TOOLS)/staticcheck:
	GOBIN=$(TOOLS) $(GO) install $(STATICCHECK)

$(TOOLS)/gofumpt:
	GOBIN=$(TOOLS) $(GO) install $(GOFUMPT)

clean: ## remove what was built
	rm -rf bin .tools
