# Owns: what is compiled from C, and how. Never: JavaScript.
#   make            the shepherd and the addon, in build/
#   make children   the cast of test programs, in build/children/
#   make build/census   what `npm test` runs everything under
#   make ctest      the C tests, in build/ctest/
#   make FAULTS=1   with places where a test can make things go wrong (native/fault.h), in build-faults/
#   make build-fuzz/wire_fuzz CLANG=clang-19   for `npm run test:fuzz`
#   make DYNAMIC=1  with a shepherd that is linked to libc, as valgrind needs it to know malloc and strings, in build-dynamic/
#   make SAN=1      with AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
CC ?= cc
OUT := build
CSTD := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Inative
CFLAGS ?= -O2 -g
LDFLAGS ?=
ifdef SAN
OUT := build-asan
CFLAGS := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer '-DNR_SANITIZED="$(CURDIR)/build-asan/reports/shepherd"'
LDFLAGS += -fsanitize=address,undefined
endif
ifdef DYNAMIC
OUT := build-dynamic
CFLAGS := -g -O1
endif
ifdef FAULTS
OUT := build-faults
CFLAGS += -DNR_FAULTS
endif
NAPI := node_modules/node-api-headers/include

SHEPHERD := $(patsubst native/shepherd/%.c,$(OUT)/shepherd.o/%.o,$(wildcard native/shepherd/*.c))
ADDON := $(patsubst native/addon/%.c,$(OUT)/addon.o/%.o,$(wildcard native/addon/*.c))
CHILDREN := $(patsubst test/children/%.c,$(OUT)/children/%,$(wildcard test/children/*.c))
CTESTS := $(patsubst native/test/%.c,$(OUT)/ctest/%,$(wildcard native/test/*_test.c))

all: $(OUT)/net-runner-shepherd $(OUT)/net_runner.node
children: $(CHILDREN)
ctest: $(CTESTS)

# Static where the libc comes that way, as it does with most: a dynamic linker writes to pages that every shepherd then pays for.
$(OUT)/net-runner-shepherd: $(SHEPHERD)
	@$(if $(SAN)$(DYNAMIC),false,$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ 2>/dev/null) || $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

# nodelete: a worker's end unloads its addon, but a thread of ours may outlive it (native/addon/servers.c).
$(OUT)/net_runner.node: $(ADDON)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,nodelete -o $@ $^

$(OUT)/shepherd.o/%.o: native/shepherd/%.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/addon.o/%.o: native/addon/%.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(CFLAGS) -fPIC -fvisibility=hidden -I$(NAPI) -MMD -MP -c -o $@ $<

# A C test links everything of the shepherd but its main file.
$(OUT)/ctest/%: native/test/%.c $(filter-out %/main.o,$(SHEPHERD))
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(CFLAGS) $(LDFLAGS) -Inative/shepherd -MMD -MP -MF $@.d -o $@ $^

$(OUT)/children/%: test/children/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 -o $@ $<

# Makes itself a subreaper around a test run and counts what is left.
$(OUT)/census: test/support/census.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 -o $@ $<

# Node with the sanitizers' runtimes before everything else, for an addon that needs them.
$(OUT)/node: test/support/asan_node.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 '-DPRELOAD="$(shell $(CC) -print-file-name=libasan.so):$(shell $(CC) -print-file-name=libubsan.so)"' -o $@ $<

# What reads the wire in a shepherd, under libFuzzer.
build-fuzz/wire_fuzz: native/fuzz/wire_fuzz.c $(filter-out %/main.c %/sanitized.c,$(wildcard native/shepherd/*.c)) native/protocol.h
	@mkdir -p $(@D)
	$(CLANG) $(CSTD) -Inative/shepherd -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $(filter %.c,$^)

$(OUT)/protocol_ts: native/protocol_ts.c native/protocol.h
	@mkdir -p $(@D)
	$(CC) $(CSTD) -o $@ $<

clean:
	rm -rf build build-asan build-dynamic build-faults build-fuzz

-include $(SHEPHERD:.o=.d) $(ADDON:.o=.d) $(addsuffix .d,$(CTESTS))
.PHONY: all children ctest clean

$(OUT)/bench/%: bench/limit/%.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -o $@ $<
