# `make demo` and `make test` need Go and make, and nothing else that they do not get or name themselves.

.DEFAULT_GOAL := build
.PHONY: build demo examples example-images test unit specgen e2e cluster lint docs bench fuzz clean

# The race detector needs cgo, and cgo a C compiler.
RACE := $(shell CC=$$(go env CC); command -v $$CC >/dev/null 2>&1 && echo -race)
ifeq ($(RACE),)
RACE_WARNING = @echo; echo '*** No C compiler: the tests run WITHOUT the race detector. Install gcc to have it. ***'; echo
endif

# What fuzz spends on each target.
FUZZTIME ?= 30s

build:
	CGO_ENABLED=0 go build -trimpath -o bin/podup ./cmd/podup

# podup, an image and a page, on your own Podman; as root on Debian without one, on a workstation.
demo: build
	examples/hello/demo

# The pods of examples/ one after another, checked, and a table of them.
examples: build
	examples/run

# The images they name, from Debian's packages where no registry can be reached.
example-images:
	examples/images/build

# Everything. The end-to-end tests come last and say their names, as they take minutes.
test: unit specgen e2e

unit:
	$(RACE_WARNING)
	go test $(RACE) $$(go list ./... | grep -v '/e2e$$')

# Request bodies against Podman's own types, which do not compile beside podup's dependencies.
specgen:
	cd podmanapi/specgentest && CGO_ENABLED=0 go test -count=1 -tags containers_image_openpgp,remote,exclude_graphdriver_btrfs ./...

# On this machine's Podman, else on every engine of e2e/workstation; PODUP_E2E_ENGINES chooses.
e2e:
	$(RACE_WARNING)
	go test $(RACE) -v -count=1 -timeout=40m ./e2e

# The examples, and the kubectl commands of docs, in a real cluster, which e2e/cluster builds. No part of
# `test`: the first time it compiles all of Kubernetes, which takes two processors ten minutes.
cluster:
	PODUP_E2E_CLUSTER=1 go test -v -count=1 -timeout=90m -run '^TestCluster$$' ./e2e

# Records the traces of e2e/testdata/reference anew; its README says what the command is.
reference:
	@test -n "$(PODUP_REFERENCE_KUBELET)" || { echo 'PODUP_REFERENCE_KUBELET is not set: see e2e/testdata/reference/README.md' >&2; exit 2; }
	go test -v -count=1 -timeout=30m -run '^TestReference$$' ./e2e -record "$$(realpath "$(PODUP_REFERENCE_KUBELET)")"

lint:
	.ci/lint

# docs/support.md, from the table of fields in validate.
docs:
	go test ./validate -run TestSupportDocument -update

# podup beside `podman kube play`; see bench/README.md.
bench: build
	go run ./bench

fuzz:
	@set -e; for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "$$(dirname $$file) $$target"; \
			go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) $$(dirname $$file); \
		done; \
	done

clean:
	rm -rf bin
