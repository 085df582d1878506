/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of any bytes, judged four times: by the slow oracle; by the gate's source compiled natively,
 * whose branches guide the fuzzer; by the program in the kernel, by BPF_PROG_TEST_RUN; and by its twin.
 * Reason, action and bytes counted must be the same. Needs root and BPF; says so and skips without.
 *
 *   input: WORLD CUT TAIL:2 HEAD...    frame: HEAD and TAIL zero bytes, in the world of that number
 *
 * CUT shortens the frame, by its low bits every way there is, natively; by its value once, in the
 * kernel; and where the first buffer ends early, nothing may pass that would not have passed whole.
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "fuzz.h"
#include "match.h"
#include "native.h"

enum {
	WORLDS = 4,
	WORLDS_SEED = 50,       /* from here on: four with a frame for every reason */
	SETTINGS = 4,           /* bytes before the head */
	HEADERS_MAX = 158,      /* Ethernet, 2 tags, IPv4 and what ICMP quotes, with all options */
	SINGLE_MAX = 1522,      /* with an MTU of 1500 and 2 tags */
	CUTS_MAX = 200,         /* bytes of a frame of which each prefix is tried */
	KERNEL_MIN = 14,        /* BPF_PROG_TEST_RUN takes no less */
	SKIPPED = 69,           /* scripts/fuzz knows it */
	ADDRESSES_AT = 14 + 12, /* of a frame without tags */
};

static struct match *worlds;
static struct native *natives[WORLDS];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	if (geteuid() || libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) <= 0) {
		fprintf(stderr, "skipped: needs root and BPF\n");
		_exit(SKIPPED);
	}
	worlds = calloc(WORLDS, sizeof(*worlds));
	fuzz_check(worlds);
	for (int i = 0; i < WORLDS; i++)
		worlds[i].gate = gate_start(MATCH_BLOCKS);
	match_open_sockets(&worlds[0]);
	for (int i = 0; i < WORLDS; i++) {
		struct match *match = &worlds[i];

		memcpy(match->sockets, worlds[0].sockets, sizeof(match->sockets));
		memcpy(match->listeners, worlds[0].listeners, sizeof(match->listeners));
		match->sockets_count = worlds[0].sockets_count;
		match->listeners_count = worlds[0].listeners_count;
		match->random.state = WORLDS_SEED + i;
		match_make_world(match);
		natives[i] = native_new(match);
	}
	return 0;
}

/* ---- judging ---------------------------------------------------------------------------- */

struct subject {
	struct match *match;
	struct native *native;
	unsigned char *bytes;
};

static void check_verdict(struct verdict verdict, unsigned int want, size_t size)
{
	if (verdict.reason != want)
		fprintf(stderr, "%zu bytes: %s, the oracle says %s\n", size,
			reason_name(verdict.reason), reason_name(want));
	fuzz_check(verdict.reason == want && verdict.bytes == size);
	fuzz_check(verdict.action == (weir_reason_passes(want) ? XDP_PASS : XDP_DROP));
}

static void check_native(const struct subject *subject, size_t size)
{
	check_verdict(native_run(subject->native, subject->bytes, size, size),
		      oracle_judge(&subject->match->world.oracle, subject->bytes, size), size);
}

static void check_kernel(const struct subject *subject, size_t size)
{
	struct gate *gate = subject->match->gate;
	unsigned int want = oracle_judge(&subject->match->world.oracle, subject->bytes, size);

	if (size < KERNEL_MIN)
		return;
	fuzz_check(gate_ask_twin(gate, subject->bytes, size) == want);
	check_verdict(gate_run(gate, subject->bytes, size), want, size);
}

/* The first buffer ends within the frame: the same, or where it ends within the headers, dropped. */
static void check_split(const struct subject *subject, size_t size, size_t linear)
{
	unsigned int want = oracle_judge(&subject->match->world.oracle, subject->bytes, size);
	struct verdict verdict = native_run(subject->native, subject->bytes, size, linear);

	/* No driver splits a frame of the usual size, so that one that seems whole is not asked for more. */
	if (linear <= SINGLE_MAX)
		verdict.bytes = size;
	if (linear >= HEADERS_MAX)
		check_verdict(verdict, want, size);
	else
		fuzz_check(verdict.reason == want || verdict.action == XDP_DROP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subject subject;
	unsigned int cut;
	size_t tail;

	if (size < SETTINGS)
		return 0;
	subject.match = &worlds[data[0] % WORLDS];
	subject.native = natives[data[0] % WORLDS];
	cut = data[1];
	tail = data[2] | data[3] << 8;
	size = size - SETTINGS < FRAME_MAX ? size - SETTINGS : FRAME_MAX;
	tail = tail < FRAME_MAX - size ? tail : FRAME_MAX - size;
	/* To the byte, so that an oracle which reads behind the end is caught, too. */
	subject.bytes = calloc(1, size + tail ?: 1);
	fuzz_check(subject.bytes);
	memcpy(subject.bytes, data + SETTINGS, size);
	size += tail;

	match_drain(subject.match);
	check_native(&subject, size);
	for (size_t i = 0; !(cut % 4) && i < size && i < CUTS_MAX; i++)
		check_native(&subject, i);
	if (cut && size > cut) {
		check_split(&subject, size, cut);
		check_split(&subject, size, size - cut);
	}
	check_kernel(&subject, size);
	if (cut && size > cut)
		check_kernel(&subject, size - cut);
	free(subject.bytes);
	return 0;
}

/* ---- mutating --------------------------------------------------------------------------- */

/* Room for the settings and a frame as the random test would make it. */
static size_t put_random_frame(struct random *random, uint8_t *data, size_t size_max)
{
	struct frame frame;

	if (size_max < SETTINGS)
		return 0;
	world_frame(random, &worlds[data[0] % WORLDS].world, &frame);
	size_max -= SETTINGS;
	if (frame.size > size_max)
		frame.size = size_max;
	memcpy(data + SETTINGS, frame.bytes, frame.size);
	return SETTINGS + frame.size;
}

/* An address of the world, or one end of a connection, as source or destination. */
static void put_address(struct random *random, uint8_t *data, size_t size)
{
	const struct world *world = &worlds[data[0] % WORLDS].world;
	const struct oracle *oracle = &world->oracle;
	uint8_t *at = data + SETTINGS + ADDRESSES_AT + 4 * random_below(random, 2);
	__u32 address = world->addresses[random_below(random, WORLD_ADDRESSES)];

	if (random_chance(random, 30))
		address = oracle->sockets[random_below(random, oracle->sockets_count)].far;
	address = htonl(address);
	if (at + sizeof(address) <= data + size)
		memcpy(at, &address, sizeof(address));
}

/* What IPv4 says its length is becomes what the frame has. */
static void put_length(uint8_t *data, size_t size)
{
	size_t bytes = size - SETTINGS + (data[2] | data[3] << 8);

	if (size < SETTINGS + 18 || bytes < 14)
		return;
	data[SETTINGS + 16] = (bytes - 14) >> 8;
	data[SETTINGS + 17] = (bytes - 14) & 255;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	struct random random = {seed};
	unsigned int choice = random_below(&random, 100);

	if (size < SETTINGS || choice < 15) {
		data[0] = choice % WORLDS;
		data[1] = random_chance(&random, 50) ? 0 : random_u32(&random);
		data[2] = data[3] = 0;
		return put_random_frame(&random, data, size_max);
	}
	if (choice < 25)
		data[random_below(&random, SETTINGS)] = random_u32(&random);
	else if (choice < 40)
		put_address(&random, data, size);
	else
		size = SETTINGS +
		       LLVMFuzzerMutate(data + SETTINGS, size - SETTINGS, size_max - SETTINGS);
	if (random_chance(&random, 40))
		put_length(data, size);
	return size;
}
