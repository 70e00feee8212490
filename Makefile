# Build, set-up, checks, the pipeline, install.  The main job is in pipeline.mk.
#   make inttest   set up, build, run the nine stages     make check   set up, build, test
#   make inttest-job  the same as a Job in the cluster    make image  what the Job runs, STACK= REGISTRY= TAG=
#   make           build/bin/*                            make lint    style and walls
#   make check-cluster  the cluster tests, on the cluster of KUBECONFIG or in a sandbox
#   make bench-cluster  the cluster tools beside kubectl, on the cluster of KUBECONFIG
#   make deps      install missing Debian packages        make install PREFIX=/usr/local

VERSION = 0.1.0
PREFIX  = /usr/local
DESTDIR =
BUILD   = build
CC      = gcc
CFLAGS  = -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 $(if $(CI),-Werror)
PQ_INC  = $(shell pkg-config --cflags libpq 2>/dev/null || echo -I/usr/include/postgresql)
ifdef SAN
BUILD   = build/san
CFLAGS  = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

# what is linked from which objects: one explicit list per tool and unit test
include tools/objects.mk

TOOLS = $(sort $(patsubst O_%,%,$(filter O_%,$(.VARIABLES))))
UNITS = $(sort $(patsubst U_%,%,$(filter U_%,$(.VARIABLES))))
BENCH = $(sort $(patsubst B_%,%,$(filter B_%,$(.VARIABLES))))
objects = $(patsubst %,$(BUILD)/obj/%.o,$(1))
libs = $(sort $(foreach o,$(1),$(L_$(o))))

all: $(TOOLS:%=$(BUILD)/bin/%)

.SECONDEXPANSION:
$(BUILD)/bin/%: $$(call objects,$$(O_$$*)) tools/objects.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $(filter %.o,$^) $(call libs,$(O_$*))

$(BUILD)/unit/%: $(BUILD)/obj/unit/%.o $$(call objects,$$(U_$$*)) tools/objects.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $(filter %.o,$^) $(call libs,$(U_$*))

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $$(call objects,$$(B_$$*)) tools/objects.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $(filter %.o,$^) $(call libs,$(B_$*))

compile = $(CC) -std=gnu17 -D_GNU_SOURCE -DINTTEST_VERSION='"$(VERSION)"' \
	-Itools -Itests $(PQ_INC) $(CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(BUILD)/obj/unit/%.o: tests/unit/%.c Makefile
	@mkdir -p $(@D)
	$(compile)

$(BUILD)/obj/bench/%.o: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(compile)

$(BUILD)/obj/%.o: tools/%.c Makefile
	@mkdir -p $(@D)
	$(compile)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# tests/tools/0030-torture.bats preloads it; without sanitizers, which have an allocator of their own
build/preload/failmalloc.so: tests/data/failmalloc.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -g $(WARN) -shared -fPIC -o $@ $<

units: $(UNITS:%=$(BUILD)/unit/%) build/preload/failmalloc.so

deps:
	@share/setup

# set-up comes first, then the build in a make of its own that sees its results,
# and that says nothing when all is there; once, also for several goals of make -j
build = @+$(MAKE) -q $(1) >/dev/null 2>&1 || $(MAKE) --no-print-directory $(1)
built: deps
	$(call build,all)

check: built
	$(call build,units)
	@share/check/run-tests $(TESTS)

inttest: built
	@share/inttest

check-cluster: all
	@if [ "$$KUBECONFIG" ]; then share/check/run-tests $(or $(TESTS),tests/cluster/*.bats); else \
		build/bin/k8s-sandbox run --images share/images --images tests/data/tiny/images -- \
		share/check/run-tests $(or $(TESTS),tests/cluster/*.bats); fi

bench-cluster: all $(BENCH:%=$(BUILD)/bench/%)
	@tests/bench/cluster

inttest-job: built
	@share/inttest-job

# with podman, buildah or docker; compiled in there, so nothing is needed here
image:
	@share/image

reap: all
	@build/bin/k8s-delete --expired

lint: built
	@share/setup lint
	@share/check/lint

to = "$(DESTDIR)$(PREFIX)"
install: all
	install -d $(to)/bin $(to)/share/inttest $(to)/share/man
	install -m 755 $(TOOLS:%=$(BUILD)/bin/%) $(to)/bin
	install -m 755 share/inttest share/inttest-job share/inttest-runner share/inttest-summary $(to)/bin
	install -D -m 644 share/run.bash $(to)/share/inttest/share/run.bash
	install -m 755 share/reach $(to)/share/inttest/share
	cp -R pipeline.mk $(wildcard stack.mk) manifests seed share/images share/stonks $(to)/share/inttest
	install -d $(to)/share/inttest/tests
	cp -R tests/api tests/pages $(wildcard tests/budgets.json) $(to)/share/inttest/tests
	for p in man/*.[1-8]; do install -D -m 644 $$p $(to)/share/man/man$${p##*.}/$${p##*/}; done

clean:
	rm -rf build

.PHONY: all units deps built check check-cluster bench-cluster inttest inttest-job image reap lint install clean
.DELETE_ON_ERROR:
.SECONDARY:
