# SPDX-License-Identifier: GPL-2.0-only
# weir. `make help` lists the targets; V=1 shows the commands.
#
# One static library a layer, linked in the order of the layers, so that a layer that reaches
# up does not link. Unit tests link a layer and those below it, under ASan and UBSan, never libbpf.

VERSION := 0.1.0
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
BASHDIR ?= $(DATADIR)/bash-completion/completions
ZSHDIR ?= $(DATADIR)/zsh/site-functions
FISHDIR ?= $(DATADIR)/fish/vendor_completions.d
CFLAGS ?= -O2 -g
B := build
# For another machine: CROSS=aarch64-linux-gnu- SYSROOT=FOLDER B=FOLDER (scripts/builds).
ifneq ($(CROSS),)
CC := $(CROSS)gcc --sysroot=$(SYSROOT)
AR := $(CROSS)ar
endif

WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
DEFS := -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' -DWEIR_SYSCONFDIR='"$(SYSCONFDIR)"'
# What makes a bug harder to use. Control-flow protection has another name on each machine; the
# checks of sizes need an optimiser, and the sanitisers have their own.
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
	$(if $(filter x86_64,$(MACHINE)),-fcf-protection=full) $(if $(filter aarch64,$(MACHINE)),-mbranch-protection=standard)
FORTIFY = $(if $(filter -O0,$(CFLAGS))$(findstring -fsanitize,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
comma := ,
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(if $(filter x86_64,$(MACHINE)),-Wl$(comma)-z$(comma)shstk)
BASE_CFLAGS = -std=gnu11 $(WARN) $(DEFS) -Iinclude -Iuser -I$(B)/skel -MMD -MP $(HARDEN) $(CFLAGS)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Iinclude -I$(SYSROOT)/usr/include/$(shell { $(CC) -print-multiarch || $(CC) -dumpmachine; } 2>/dev/null)

# Who may use whom: each layer sees those on its left. kernel is the only one with libbpf.
LAYERS := base config plan sniff proxy routes control report net kernel cmd
LIBS_base :=
LIBS_config := -lcyaml -lyaml -lpcap
LIBS_proxy := -lmicrohttpd -lseccomp -lpthread
LIBS_control := -ljansson
LIBS_report := -ljansson
LIBS_net := -lmnl
LIBS_kernel := -lbpf -lxdp -lelf -lz
LIBS_cmd := -lncurses -ltinfo
LIBS := $(foreach l,$(LAYERS),$(LIBS_$(l)))

BPF_OBJS := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELS := $(patsubst $(B)/bpf/%.bpf.o,$(B)/skel/%.skel.h,$(BPF_OBJS))

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

.PHONY: all check test demo e2e faults fuzz fuzz-coverage fuzz-programs bench-gate bench-proxy fmt lint unit gate kernels boot man install uninstall deb clean help
.DELETE_ON_ERROR:

all: $(B)/weir ## build the program (no root needed)

# ---- kernel side --------------------------------------------------------------------------

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)llvm-strip -g $@

$(B)/skel/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name weir_$* > $@

# ---- user side ----------------------------------------------------------------------------

# $(call layer,NAME,OUTDIR,EXTRA_CFLAGS): the layer's objects and its archive under OUTDIR.
define layer
$(2)/user/$(1)/%.o: user/$(1)/%.c | $$(SKELS)
	$$(say) CC $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BASE_CFLAGS) $(3) -c $$< -o $$@

$(2)/lib$(1).a: $(patsubst user/$(1)/%.c,$(2)/user/$(1)/%.o,$(wildcard user/$(1)/*.c))
	$$(say) AR $$@
	@rm -f $$@; mkdir -p $$(@D)
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l),$(B),$$(FORTIFY))))
$(foreach l,$(LAYERS),$(eval $(call layer,$(l),$(B)/asan,$(SAN))))

# Right to left, so that each archive can use those of the layers below it.
archives = $(foreach l,cmd kernel net report control routes proxy sniff plan config base,$(1)/lib$(l).a)

$(B)/main.o: user/main.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(FORTIFY) -c $< -o $@

$(B)/weir: $(B)/main.o $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) $^ $(LIBS) -o $@

# ---- tests --------------------------------------------------------------------------------

# tests/unit/LAYER_*.c: one program a layer, linked with it and the layers that it may use.
UNIT_LAYERS := $(sort $(foreach f,$(wildcard tests/unit/*_*.c),$(firstword $(subst _, ,$(notdir $(f))))))
UNITS := $(UNIT_LAYERS:%=$(B)/unit-%)
USES_base := base
USES_config := config base
USES_plan := plan config base
USES_sniff := sniff base
USES_proxy := proxy sniff config base
USES_routes := routes config base
USES_control := control base
USES_report := report plan config base

$(B)/tests/%.o: tests/%.c | $(SKELS)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -Itests $(if $(filter unit/%,$*),$(SAN)) -c $< -o $@

# tests/*.c: what several kinds of test share. Uses nothing of the layers but their headers.
TEST_SUPPORT := $(patsubst %.c,$(B)/%.o,$(wildcard tests/*.c))

define unit
$(B)/unit-$(1): $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/$(1)_*.c)) $(TEST_SUPPORT) $(USES_$(1):%=$(B)/asan/lib%.a)
	$$(say) LD $$@
	$$(Q)$$(CC) $$(SAN) -pie $$^ $$(foreach l,$(USES_$(1)),$$(LIBS_$$(l))) -lcriterion -ljansson -lm -o $$@
endef
$(foreach l,$(UNIT_LAYERS),$(eval $(call unit,$(l))))

GATE_TESTS := $(wildcard tests/gate/*.c)
$(B)/gate-tests: $(GATE_TESTS:%.c=$(B)/%.o) $(TEST_SUPPORT) $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $^ $(LIBS) -lcriterion -lm -o $@

# Every step of what changes the gate, failing and killed there.
$(B)/fault-tests: $(patsubst %.c,$(B)/%.o,$(wildcard tests/faults/*.c) tests/gate/kernel_lab.c tests/gate/kernel_former.c) $(TEST_SUPPORT) $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $^ $(LIBS) -lcriterion -lm -o $@

# What the code knows of itself, for doc/reference.md.
$(B)/reference: $(B)/tests/tools/reference.o $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $(LDFLAGS) $^ $(LIBS) -o $@

# A bounded packet generator for the lab.
$(B)/flood: tests/tools/flood.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -pie $(LDFLAGS) $< -o $@

# Preloaded: interrupted system calls, and those that move a part of what was asked for.
$(B)/short.so $(B)/clock.so: $(B)/%.so: tests/tools/%.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -Werror -fPIC -shared $< -o $@

# Another version of the gate, as far as the kernel can tell: the same source, compiled otherwise.
OTHERS := $(patsubst user/kernel/%.c,$(B)/other/%.o,$(shell grep -l '"gate.skel.h"' user/kernel/*.c))

$(B)/other/gate.bpf.o: BPF_CFLAGS += -O3
$(B)/other/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)llvm-strip -g $@

$(B)/other/%.skel.h: $(B)/other/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name weir_$* > $@

$(B)/other/%.o: user/kernel/%.c $(B)/other/gate.skel.h | $(SKELS)
	$(say) CC $@
	$(Q)$(CC) -I$(B)/other $(BASE_CFLAGS) -c $< -o $@

$(B)/weir-other: $(B)/main.o $(OTHERS) $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $(LDFLAGS) $^ $(LIBS) -o $@

LAB := $(B)/weir $(B)/weir-other $(B)/flood $(B)/short.so $(B)/clock.so

# Run in virtual machines: beside the gate's own, with a second XDP program and a former gate.
KERNEL_TESTS := $(filter-out %.bpf.c,$(wildcard tests/kernels/*.c)) tests/gate/kernel_lab.c
KERNEL_SKELS := $(patsubst tests/kernels/%.bpf.c,$(B)/skel/%.skel.h,$(wildcard tests/kernels/*.bpf.c))
$(KERNEL_TESTS:%.c=$(B)/%.o): | $(KERNEL_SKELS)

$(B)/bpf/%.bpf.o: tests/kernels/%.bpf.c
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)llvm-strip -g $@

$(B)/kernel-tests: $(KERNEL_TESTS:%.c=$(B)/%.o) $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $^ $(LIBS) -lcriterion -lm -o $@

# ---- fuzzing ------------------------------------------------------------------------------

# tests/fuzz/*.c: one target a file, with the layers that are pure, all under ASan and UBSan.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(filter-out tests/fuzz/fuzz.c,$(wildcard tests/fuzz/*.c)))
FUZZ_USES := control routes proxy sniff plan config base
# clang takes libseccomp's own macros for initialisers that lack a field.
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined $(FUZZ_COVERAGE) -Wno-missing-field-initializers
$(foreach l,$(FUZZ_USES),$(eval $(call layer,$(l),$(B)/fuzz,$(FUZZ_SAN) -fsanitize=fuzzer-no-link)))
$(B)/fuzz/%.o: CC := $(CLANG)

$(B)/fuzz/tests/%.o: tests/fuzz/%.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) $(BASE_CFLAGS) -Itests -Itests/fuzz $(FUZZ_SAN) -fsanitize=fuzzer-no-link -c $< -o $@

# The gate's: its source compiled natively, and the oracle and worlds of the gate tests without Criterion.
FUZZ_GATE := $(patsubst %,$(B)/fuzz/tests/gate/%.o,fixture expect frames match oracle scene sockets world) $(B)/fuzz/tests/native/native.o $(B)/fuzz/user/kernel/conntrack.o
$(eval $(call layer,kernel,$(B)/fuzz,$(FUZZ_SAN) -fsanitize=fuzzer-no-link))
$(B)/fuzz/gate: $(FUZZ_GATE)
$(B)/fuzz/gate: FUZZ_LIBS := -lbpf -lelf -lz
$(FUZZ_GATE) $(B)/fuzz/tests/gate.o: FUZZ_FLAGS := -Itests/fuzz/native -Itests/gate -Ibpf
$(FUZZ_GATE): | $(SKELS)
# Headers lie in a frame as they come.
$(B)/fuzz/tests/native/native.o: FUZZ_SAN += -fno-sanitize=alignment

$(B)/fuzz/tests/gate/%.o: tests/gate/%.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) $(BASE_CFLAGS) -Itests -Itests/fuzz $(FUZZ_SAN) -fsanitize=fuzzer-no-link -c $< -o $@

$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/tests/%.o $(B)/fuzz/tests/fuzz.o $(FUZZ_USES:%=$(B)/fuzz/lib%.a)
	$(say) LD $@
	$(Q)$(CLANG) $(FUZZ_SAN) -fsanitize=fuzzer -pie $(filter %.o,$^) $(filter %.a,$^) $(foreach l,$(FUZZ_USES),$(LIBS_$(l))) $(FUZZ_LIBS) -o $@

fuzz: $(FUZZERS) ## feed every parser what nobody would write (FUZZ_S=SECONDS each)
	$(Q)scripts/fuzz

fuzz-coverage: ## the lines that the checked-in inputs reach, by file (90 % or more)
	$(Q)$(MAKE) -s --no-print-directory B=$(B)/coverage \
		FUZZ_COVERAGE="-fprofile-instr-generate -fcoverage-mapping" fuzz-programs
	$(Q)scripts/fuzz-coverage $(FUZZERS:$(B)/%=$(B)/coverage/%)

fuzz-programs: $(FUZZERS)

# ---- benchmarks ---------------------------------------------------------------------------

BENCH_SKELS := $(patsubst tests/bench/%.bpf.c,$(B)/bench/%.skel.h,$(wildcard tests/bench/*.bpf.c))
BENCH_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))

$(B)/bench/%.bpf.o: tests/bench/%.bpf.c
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Wno-unused-function -Ibpf -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)llvm-strip -g $@

$(B)/bench/%.skel.h: $(B)/bench/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BENCH_OBJS): BASE_CFLAGS += -I$(B)/bench
$(BENCH_OBJS): | $(BENCH_SKELS) $(SKELS)

$(B)/bench-gate: $(BENCH_OBJS) $(B)/tests/listgen.o $(call archives,$(B))
	$(say) LD $@
	$(Q)$(CC) -pie $^ $(LIBS) -lm -o $@

# The proxy's: the client, the origin and the clock; and weir as if one way of moving bodies were the only one.
BENCH_PROXY_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/proxy/*.c)) $(B)/tests/bench/bench.o

$(B)/bench-proxy: $(BENCH_PROXY_OBJS)
	$(say) LD $@
	$(Q)$(CC) -pie $^ -o $@

# $(call variant,NAME,SPLICE_MIN)
define variant
$(call layer,proxy,$(B)/$(1),-DWEIR_SPLICE_MIN=$(2))

$(B)/weir-$(1): $(B)/main.o $(subst $(B)/libproxy.a,$(B)/$(1)/libproxy.a,$(call archives,$(B)))
	$$(say) LD $$@
	$$(Q)$$(CC) -pie $$^ $$(LIBS) -o $$@
endef
$(eval $(call variant,copy,0x40000000))
$(eval $(call variant,splice,1))

bench-gate: $(LAB) $(B)/bench-gate ## the gate's figures beside its peers' (root, some minutes)
	$(Q)scripts/setup bench-gate
	$(Q)scripts/bench-gate

bench-proxy: $(B)/weir $(B)/weir-copy $(B)/weir-splice $(B)/bench-proxy ## the proxy's, likewise
	$(Q)scripts/setup bench-proxy
	$(Q)scripts/bench-proxy

bench-attacks: $(LAB) $(B)/bench-proxy $(B)/bench-gate ## good clients while both are attacked, beside the peers (root, some minutes)
	$(Q)scripts/setup bench-proxy
	$(Q)scripts/bench-proxy attacks
	$(Q)scripts/bench-floods

# ---- what to run --------------------------------------------------------------------------

unit: $(UNITS) ## unit tests: no privileges
	$(Q)scripts/run-tests unit $(UNITS)

gate: $(B)/gate-tests ## gate tests: the real program by BPF_PROG_TEST_RUN (root)
	$(Q)scripts/run-tests gate $(B)/gate-tests

e2e: $(LAB) ## stories in network namespaces (root)
	$(Q)scripts/run-tests e2e tests/e2e/*.e2e.sh

faults: $(LAB) $(B)/fault-tests ## system calls that fail, and kill -9 at each (root, minutes; FAULTS_MAX=all: hours)
	$(Q)TIME_MAX_S=10000 scripts/run-tests faults $(B)/fault-tests tests/faults/*.faults.sh

# SANITIZE=thread or address: the same of a program that watches itself, without the sandbox, in which
# it could not say what it finds. The sanitiser of threads cannot follow fences, and need not: what is
# between them is atomic.
SANITIZED := $(B)/$(SANITIZE)
SANITIZE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined -DWEIR_SANDBOXED=false \
	-fsanitize=$(SANITIZE)$(if $(filter thread,$(SANITIZE)), -Wno-tsan,$(comma)undefined)

soak: $(LAB) ## everything at once for a while: mixed load, changes, hand-overs (root; SOAK_S=180 seconds; SANITIZE=thread, address)
ifneq ($(SANITIZE),)
	$(Q)$(MAKE) -s --no-print-directory B=$(SANITIZED) CFLAGS="$(SANITIZE_CFLAGS)" \
		LDFLAGS="-fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined)" $(SANITIZED)/weir
endif
	$(Q)$(if $(SANITIZE),SANITIZE=$(SANITIZE) WEIR=$(CURDIR)/$(SANITIZED)/weir) TIME_MAX_S=$$(($${SOAK_S:-180} + 300)) scripts/run-tests soak tests/soak/*.soak.sh

kernels: $(B)/weir $(B)/kernel-tests $(B)/gate-tests ## every compiler; Debian's kernels and arm64, in virtual machines
	$(Q)scripts/kernels

boot: $(LAB) ## of those, the one of a machine that comes up under a flood, in qemu
	$(Q)scripts/run-tests boot tests/e2e/boot_order.e2e.sh

lint: $(SKELS) $(B)/reference ## formatting, static checks, layers, drift of generated text
	$(Q)scripts/lint

check: lint unit ## what to run before a commit

# The soak lasts longest, and so begins early: at the end nothing would run beside it.
test: ## set up, then everything; closes with one line of counts
	$(Q)scripts/setup
	$(Q)$(MAKE) -s --no-print-directory -j$$(nproc) $(LAB) $(UNITS) $(B)/gate-tests $(B)/fault-tests $(FUZZERS)
	$(Q)JOBS=2 FUZZ_RUNS=20000 SOAK_S=180 FAULTS_MAX=1 FAULTS_COMMANDS="apply deny-add" \
		scripts/run-tests all $(UNITS) tests/soak/*.soak.sh scripts/fuzz $(B)/gate-tests $(B)/fault-tests \
		tests/e2e/*.e2e.sh tests/faults/*.faults.sh

demo: ## set up, then the main job in a lab of network namespaces
	$(Q)scripts/setup
	$(Q)$(MAKE) -s --no-print-directory $(LAB)
	$(Q)scripts/demo

fmt: ## format every C file
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# ---- install ------------------------------------------------------------------------------

MAN := $(patsubst doc/man/%.scd,$(B)/man/%,$(wildcard doc/man/*.scd))
UNIT_FILES := $(wildcard etc/systemd/*)
PAGES := README.md SECURITY.md CHANGELOG.md $(wildcard doc/*.md)
EXAMPLES := $(patsubst etc/%,%,$(wildcard etc/weir.yaml etc/weir.schema.json etc/grafana/* etc/lists/* etc/prometheus/* etc/regions/* etc/routes/*))

$(B)/man/%: doc/man/%.scd
	$(say) MAN $@
	@mkdir -p $(@D)
	$(Q)scdoc <$< >$@

man: $(MAN) ## the manual pages

# The units name the program and its configuration where a package has them.
# A blank would make two paths of one, and uninstall would remove the first.
ifneq ($(words x$(DESTDIR)$(PREFIX)$(SYSCONFDIR)),1)
$(error no blanks in DESTDIR, PREFIX and SYSCONFDIR)
endif

install: $(B)/weir $(MAN) ## install under DESTDIR and PREFIX
	install -D -m 755 $(B)/weir $(DESTDIR)$(SBINDIR)/weir
	install -d $(DESTDIR)$(SYSCONFDIR)/weir $(DESTDIR)$(UNITDIR)
	for f in $(EXAMPLES); do install -D -m 644 etc/$$f $(DESTDIR)$(DATADIR)/weir/$$f || exit; done
	for f in $(UNIT_FILES); do \
		sed -e 's,/usr/sbin/,$(SBINDIR)/,g; s,/etc/weir,$(SYSCONFDIR)/weir,g' $$f \
			>$(DESTDIR)$(UNITDIR)/$${f##*/} || exit; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${f##*/}; \
	done
	install -D -m 644 etc/sysusers.d/weir.conf $(DESTDIR)$(SYSUSERSDIR)/weir.conf
	install -D -m 644 etc/tmpfiles.d/weir.conf $(DESTDIR)$(TMPFILESDIR)/weir.conf
	for f in $(MAN); do install -D -m 644 $$f $(DESTDIR)$(DATADIR)/man/man$${f##*.}/$${f##*/} || exit; done
	for f in $(PAGES); do install -D -m 644 $$f $(DESTDIR)$(DATADIR)/doc/weir/$$f || exit; done
	install -D -m 644 etc/completion/weir.bash $(DESTDIR)$(BASHDIR)/weir
	install -D -m 644 etc/completion/weir.zsh $(DESTDIR)$(ZSHDIR)/_weir
	install -D -m 644 etc/completion/weir.fish $(DESTDIR)$(FISHDIR)/weir.fish

uninstall: ## remove what install put there; what you wrote in SYSCONFDIR stays
	rm -f $(DESTDIR)$(SBINDIR)/weir $(UNIT_FILES:etc/systemd/%=$(DESTDIR)$(UNITDIR)/%) \
		$(DESTDIR)$(SYSUSERSDIR)/weir.conf $(DESTDIR)$(TMPFILESDIR)/weir.conf \
		$(foreach m,$(MAN),$(DESTDIR)$(DATADIR)/man/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
		$(DESTDIR)$(BASHDIR)/weir $(DESTDIR)$(ZSHDIR)/_weir $(DESTDIR)$(FISHDIR)/weir.fish
	rm -rf $(DESTDIR)$(DATADIR)/weir $(DESTDIR)$(DATADIR)/doc/weir
	rmdir --ignore-fail-on-non-empty $(DESTDIR)$(SYSCONFDIR)/weir 2>/dev/null || :

# From what is built already; dpkg-buildpackage does it from nothing. One at a time, and put in place whole:
# tests that run side by side install it.
deb: $(B)/weir $(MAN) ## Debian's package, in build/deb
	$(Q)mkdir -p $(B)/deb/new
	$(Q)flock $(B)/deb sh -c 'dh_clean && debian/rules binary DEBDIR=$(B)/deb/new && dh_clean && \
		mv $(B)/deb/new/*.deb $(B)/deb' >$(B)/deb/log 2>&1 || { tail -n 30 $(B)/deb/log >&2; exit 1; }
	$(Q)ls $(B)/deb/weir_$(VERSION)_*.deb

clean: ## remove everything built
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

# Named, so that make takes none of them for an intermediate file: it keeps those, but leaves them
# as they are when what they are made of has changed.
.PHONY: named
named: $(BPF_OBJS) $(SKELS) $(KERNEL_SKELS) $(KERNEL_SKELS:$(B)/skel/%.skel.h=$(B)/bpf/%.bpf.o) $(B)/other/gate.bpf.o $(B)/other/gate.skel.h \
	$(BENCH_SKELS) $(BENCH_SKELS:.skel.h=.bpf.o)

-include $(shell find $(B) -name sysroot -prune -o -name '*.d' -type f -print 2>/dev/null)
