# Two commands are enough: `make demo` and `make test`. `make help` lists the rest.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Where goroutines share anything: the formats below ./feed are parsed by one each,
# and feed/recording runs them side by side. An engine belongs to one goroutine and
# starts others in its families alone; ./replay and ./server run all of it.
RACE := ./engine/family ./ticklog/... ./feed ./feed/recording ./graph ./replay ./store/... ./server/... ./client/... ./proof/drill/... ./proof/loadtest

# When a package's tests are taken to hang. Two cores need a minute for the longest;
# one that is shared, slow or throttled may need many.
TIMEOUT := 60m

# The program is built without the paths of this machine. With the same flag for tests,
# vet and all other go commands each package is compiled once and not twice, SQLite
# among them.
export GOFLAGS := $(strip -trimpath $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)))

# What of vet runs before the tests; empty is the go command's own choice. Who has just run
# all of it (make vet) says VET=off. Under the race detector the same code would be looked
# at once more, with everything that it imports.
VET :=

# How long each parser is fuzzed.
FUZZTIME := 5s

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## a simulated market with known truth, through the whole pipeline and scored
	@bin/corrgraph demo

# What the dashboard is made of. Without Node.js everything else still builds, and
# the service says how to make its pages.
.PHONY: web
web: web/dist/app/index.html ## the dashboard's pages; needs Node.js 20 or later

.PHONY: pages
pages:
	@type npm >/dev/null 2>&1 && $(MAKE) --no-print-directory web || echo "Node.js is missing or failed: the service runs without its dashboard" >&2

web/node_modules/.package-lock.json: web/package-lock.json
	@cd web && npm ci --no-audit --no-fund --loglevel=error
web/openapi.json: $(shell find server answer detect ledger -name '*.go' ! -name '*_test.go') | go
	@go run ./web/spec > $@.new && mv $@.new $@
web/dist/app/index.html: $(shell find web/src web/public -type f ! -name schema.d.ts) web/index.html web/vite.config.ts web/openapi.json web/node_modules/.package-lock.json
	@cd web && npm run -s types && npm run -s build >/dev/null && touch dist/app/index.html

# The binary says which build it is: from git, where that answers.
LINK = $(shell deploy/release/stamp 2>/dev/null | awk '{ printf "-X main.linkedVersion=%s -X main.linkedCommit=%s -X main.linkedDate=%s", $$1, $$2, $$3 }')

.PHONY: build
build: go pages ## bin/corrgraph with its dashboard; the first time takes a minute or two, mostly for SQLite
	@go build -ldflags '$(LINK)' -o bin/corrgraph ./cmd/corrgraph

# docs/RELEASING.md has the rest of a release. A tree with changes is nobody's commit.
.PHONY: release
release: go web .tools/cyclonedx-gomod .tools/release ## bin/release: archives for linux/amd64 and arm64, bills of materials, checksums
	@stamp=$$(deploy/release/stamp); [[ $$stamp != *+dirty* ]] || { echo "there are uncommitted changes: commit or stash them" >&2; exit 1; }; \
	.tools/release -out bin/release $$stamp && cat bin/release/SHA256SUMS

.PHONY: test
test: pages go .tools/testreport ## all tests, and what was skipped and why; a failure stops nothing after it
	@failed=0; \
	if type npm >/dev/null 2>&1; then (cd web && npm run -s check) || failed=1; (cd web && npm test --silent) || failed=1; else echo "skipped web: Node.js is missing"; fi; \
	(go test $(VET:%=-vet=%) -timeout $(TIMEOUT) -json ./... | .tools/testreport) || failed=1; \
	(cd tools && go test $(VET:%=-vet=%) -timeout $(TIMEOUT) -json ./... | ../.tools/testreport) || failed=1; \
	$(MAKE) --no-print-directory e2e || failed=1; \
	exit $$failed

.PHONY: e2e
e2e: build ## the dashboard in a browser, on a simulated market and on real odds
	@web/e2e/run

# The detector sometimes ends a process by a check of its own where tests use synctest
# (golang/go issue 78156): the packages in which it did that, and nothing else failed, are tried again.
.PHONY: race
race: go .tools/testreport ## the short tests of what runs concurrently, under the race detector
	@[ "$$(go env CGO_ENABLED)" = 1 ] && type "$$(go env CC)" >/dev/null || { echo "make race needs a C compiler and CGO_ENABLED=1" >&2; exit 1; }
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	try() { go test -vet=off -timeout $(TIMEOUT) -race -short -json "$$@" | .tools/testreport; }; \
	try $(RACE) | tee "$$said" || { \
		grep -q 'ThreadSanitizer: CHECK failed' "$$said" && ! grep -q -e 'DATA RACE' -e '^ *--- FAIL' "$$said" || exit 1; \
		again=$$(awk '$$1 == "FAIL" { print $$2 }' "$$said"); \
		echo "the race detector itself failed, once more:" $$again; \
		try $$again; \
	}

# One target at a time: the go command takes no more.
# Go before 1.27 now and then calls the end of the time a failure (golang/go issue
# 75804): where there is no failing input, that is tried once more.
.PHONY: fuzz
fuzz: go ## every fuzz test for FUZZTIME (5s)
	@try() { go test -run '^$$' -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$2" 2>&1; }; \
	n=0; failed=0; while IFS=: read -r file line; do \
		name=$${line#func }; name=$${name%%(*}; n=$$((n + 1)); \
		echo "$$(dirname $$file) $$name"; \
		if ! said=$$(try $$name "$$(dirname $$file)"); then \
			[[ $$said == *"context deadline exceeded"* && $$said != *"Failing input"* ]] \
				&& said=$$(try $$name "$$(dirname $$file)") || failed=$$((failed + 1)); \
		fi; \
		grep -v '^fuzz: elapsed' <<<"$$said" || true; \
	done < <(grep -r --include='*_test.go' '^func Fuzz' .); \
	echo "$$n fuzz tests, $$failed failed"; [ $$n -gt 0 ] && [ $$failed -eq 0 ]

.PHONY: bench
bench: build ## the measurements that README's numbers come from
	@bin/corrgraph bench

.PHONY: independent
independent: build ## whether a parser of its own, in Python, reads the same of all recordings
	@python3 proof/independent/compare.py bin/corrgraph $(ARGS)

# BASE=FILE is the binary of the build to compare with, ARGS more flags, such as
# --only mlb or --renamed old=new.
.PHONY: identity
identity: build ## whether all recordings still give what they gave to the build BASE
	@go run ./proof/identity --base "$(BASE)" $(ARGS)

.PHONY: adversary
adversary: ## what the product says of markets that are made to mislead it (ARGS='--seeds 20')
	@go run ./proof/adversary $(ARGS)

.PHONY: sameness
sameness: go ## whether the same records give the same answers, however they are processed (ARGS='-seed 2 -only ab')
	@go test ./proof/sameness -count=1 -timeout $(TIMEOUT) -run '^TestSameness$$' -v -args -full $(ARGS)

.PHONY: venue-day
venue-day: go ## whether a day of three venues with faults teaches the same as one without (ARGS='-seed 2 -hours 12')
	@go test ./proof/venue/day -count=1 -timeout $(TIMEOUT) -run '^TestDay$$' -v -args -full $(ARGS)

.PHONY: vet
vet: go ## go vet
	@go vet ./...
	@cd tools && go vet ./...

.PHONY: lint
lint: .tools/staticcheck ## staticcheck
	@.tools/staticcheck ./...
	@cd tools && ../.tools/staticcheck ./...

.PHONY: format
format: .tools/gofumpt ## which files gofumpt and prettier would change
	@failed=0; \
	list=$$(.tools/gofumpt -l .); [ -z "$$list" ] || { echo "not formatted (make fmt):"; echo "$$list"; failed=1; }; \
	if type npm >/dev/null 2>&1; then $(MAKE) --no-print-directory web/node_modules/.package-lock.json && (cd web && npm run -s format:check) || failed=1; else echo "skipped web: Node.js is missing"; fi; \
	exit $$failed

.PHONY: fmt
fmt: .tools/gofumpt ## format all files
	@.tools/gofumpt -w .
	@if type npm >/dev/null 2>&1; then $(MAKE) --no-print-directory web/node_modules/.package-lock.json && cd web && npm run -s format; else echo "skipped web: Node.js is missing"; fi

.PHONY: tidy
tidy: go ## whether go.mod and go.sum hold what is needed and no more
	@go mod tidy -diff
	@cd tools && go mod tidy -diff

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin .tools web/dist/app web/node_modules web/openapi.json web/src/api/schema.d.ts

.PHONY: go
go:
	@type go >/dev/null 2>&1 || { echo "Go is missing: https://go.dev/dl (go.mod says which version)" >&2; exit 1; }

# Checkers stand in a module of their own, so that nobody who uses corrgraph
# downloads them.
.tools/staticcheck: PKG = honnef.co/go/tools/cmd/staticcheck
.tools/gofumpt:     PKG = mvdan.cc/gofumpt
.tools/benchstat:   PKG = golang.org/x/perf/cmd/benchstat
.tools/cyclonedx-gomod: PKG = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
.tools/staticcheck .tools/gofumpt .tools/benchstat .tools/cyclonedx-gomod: tools/go.mod | go
	@cd tools && go build -o ../$@ $(PKG)
.tools/release: $(wildcard tools/release/*.go) tools/go.mod | go
	@cd tools && go build -o ../$@ ./release
.tools/testreport: tools/testreport/main.go | go
	@cd tools && go build -o ../$@ ./testreport
