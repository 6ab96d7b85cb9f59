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

.PHONY: help build run test lint modules unit race real crash crash-transactions crash-definitions crash-long cancel-long soak fuzz bench bench-full bench-change bench-metrics bench-growth bench-wire bench-compare tpch clickbench figures clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

build: ## build bin/aegis: one static binary, no cgo
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/aegis
	@echo "built $(BIN)"

run: build ## build, then serve on 127.0.0.1:9090 with data in ./aegis-data
	./$(BIN) serve

test: ## install what the tests need, then run all of them
	./.ci/test

lint: modules $(TOOLS)/staticcheck $(TOOLS)/gofumpt ## formatting, vet, staticcheck, and the modules below ours
	@out=$$(git ls-files -co --exclude-standard '*.go' | xargs $(TOOLS)/gofumpt -l); test -z "$$out" || { echo "gofumpt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...

# They build with what their own go.mod names, so one that ours has left behind breaks them, at the end of a long run.
modules: ## seconds: does each module below ours still follow what ours depends on?
	@behind=""; for mod in $$(git ls-files '*/go.mod' | grep -v bench/peers); do dir=$$(dirname $$mod); \
		(cd $$dir && $(GO) list -mod=readonly -test -deps ./... >/dev/null) || behind="$$behind $$dir"; \
	done; test -z "$$behind" || { echo "'go mod tidy' is wanted in:$$behind"; exit 1; }

unit: ## the tests that need nothing but Go
	$(GO) test -short ./...

race: ## the same under the race detector
	$(GO) test -race -short ./...

real: $(TOOLS)/prometheus3 $(TOOLS)/promtool ## hold aegis against a real Prometheus and a real DuckDB
	PATH="$(TOOLS)/python/bin:$$PATH" AEGIS_REQUIRE_REAL=1 $(GO) test -count=1 -v -run 'TestRealPrometheus|TestPromQL|TestDuckDB' ./bench/real ./bench/duck

crash: ## a few rounds of writing and kill -9
	$(GO) test -count=1 -v -run TestKill ./bench/crash

crash-transactions: ## 200 rounds of transactions of several statements and kill -9
	AEGIS_CRASH_ROUNDS=200 $(GO) test -count=1 -v -timeout 60m -run TestKillTransactions ./bench/crash

crash-definitions: ## 200 rounds of ALTER TABLE and indexes, while rows are written and changed, and kill -9
	AEGIS_CRASH_ROUNDS=200 $(GO) test -count=1 -v -timeout 60m -run TestKillDefinitions ./bench/crash

crash-long: ## 200 rounds of it
	AEGIS_CRASH_ROUNDS=200 $(GO) test -count=1 -v -timeout 60m -run TestKill ./bench/crash

soak: ## the models, crashes and failing disks of the whole database for minutes each, on another course each time
	AEGIS_LONG=1 $(GO) test -count=1 -v -timeout 120m -run 'Model|Crash|Fault|Damage|Metamorphic|Concurrent' .

cancel-long: ## 50 rounds of cancelling each of the statements that never end and of those that change something, 5 with gigabytes; none may take longer than a tenth of a second; an hour
	AEGIS_CANCEL_ROUNDS=$(or $(ROUNDS),50) $(GO) test -count=1 -v -timeout 120m -run '^TestCancel(Large|Writes)?$$' .

fuzz: ## every fuzz target for 20 seconds
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 20s -fuzzminimizetime 5x $$pkg; \
		done; \
	done

# Paths of other programs than those that bench/peer/install gets.
PEERS = $(if $(VICTORIA),-victoria $(VICTORIA)) $(if $(PROMETHEUS),-prometheus $(PROMETHEUS)) $(if $(QUESTDB),-questdb $(QUESTDB))

bench: build ## the scoreboard: the same queries to aegis and four peers (VICTORIA=, PROMETHEUS=, QUESTDB=path); at most 20 minutes
	@./bench/peer/install victoria prometheus questdb duckdb
	AEGIS_BIN=$(BIN) $(GO) run ./bench/board -systems aegis,victoria,prometheus,questdb,duckdb -time 700ms -limit 3m $(PEERS)

bench-full: build $(TOOLS)/prometheus3 ## all of the scoreboard, hours: every peer and size, one program at a time; PART=a,b measures these only, AGAIN=1 all again
	@./bench/peer/install
	@mkdir -p .bench && $(GO) build -o .bench/full ./bench/full
	AEGIS_BIN=$(BIN) PATH="$(TOOLS)/python/bin:$$PATH" ./.bench/full $(if $(PART),-parts $(PART)) $(if $(AGAIN),-again) $(if $(SHORT),-short) $(PEERS)

bench-change: build ## changing rows beside DuckDB and PostgreSQL: loads, UPDATE, DELETE, upserts, MERGE, scans over dead rows; SCALE=rows
	@./bench/peer/install
	AEGIS_BIN=$(BIN) $(GO) run ./bench/change -rows $(or $(SCALE),10000000)

bench-metrics: build $(TOOLS)/prometheus3 ## metrics beside VictoriaMetrics and Prometheus: 1,000,000 series through remote write, dashboards; WORK=folder goes on where it ended
	@./bench/peer/install
	AEGIS_BIN=$(BIN) $(GO) run ./bench/metrics $(if $(VICTORIA),-victoria $(VICTORIA)) $(if $(WORK),-work $(WORK))

bench-wire: build ## small prepared SELECTs over PostgreSQL's protocol beside PostgreSQL: a constant, a row by key, the last row of a series
	AEGIS_BIN=$(BIN) $(GO) run ./bench/wire $(if $(SCALE),-rows $(SCALE))

bench-growth: build ## export, replay, memory per series, queries as the data grows; WORK=folder goes on where it ended
	@./bench/peer/install
	AEGIS_BIN=$(BIN) $(GO) run ./bench/growth $(if $(WORK),-work $(WORK))

bench-compare: ## what a change did to speed: BASE=commit [HEAD=commit]; fails if something got slower
	@test -n "$(BASE)" || { echo "say what to compare with: make bench-compare BASE=commit [HEAD=commit]"; exit 2; }
	$(GO) run ./bench/compare -base $(BASE) $(if $(HEAD),-head $(HEAD))

tpch: ## the 22 queries of TPC-H at scale 1 beside DuckDB: answers compared, times shown; some minutes
	PATH="$(TOOLS)/python/bin:$$PATH" AEGIS_REQUIRE_REAL=1 AEGIS_TPCH_SCALE=$(or $(SCALE),1) $(GO) test -count=1 -v -timeout 60m -run TestTPCH ./bench/tpch

clickbench: ## the 43 queries of ClickBench on 1,000,000 rows beside DuckDB: answers compared, times shown; some minutes
	PATH="$(TOOLS)/python/bin:$$PATH" AEGIS_REQUIRE_REAL=1 AEGIS_CLICKBENCH_SCALE=$(or $(SCALE),1000000) $(GO) test -count=1 -v -timeout 60m -run TestClickBench ./bench/clickbench

figures: ## measure what the store promises; the report goes to bench/results
	$(GO) run ./bench/figures

$(TOOLS)/staticcheck:
	GOBIN=$(TOOLS) $(GO) install $(STATICCHECK)

$(TOOLS)/gofumpt:
	GOBIN=$(TOOLS) $(GO) install $(GOFUMPT)

# A current Prometheus, from a module of its own so that its dependencies stay out of ours. Without service discovery it
# builds in minutes instead of many.
$(TOOLS)/prometheus3: bench/peers/go.sum
	cd bench/peers && CGO_ENABLED=0 GOFLAGS=-mod=readonly $(GO) build -tags remove_all_sd -o $@ github.com/prometheus/prometheus/cmd/prometheus

$(TOOLS)/promtool: bench/peers/go.sum
	cd bench/peers && CGO_ENABLED=0 GOFLAGS=-mod=readonly $(GO) build -tags remove_all_sd -o $@ github.com/prometheus/prometheus/cmd/promtool

clean: ## remove what was built
	rm -rf bin .tools
