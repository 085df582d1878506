/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PROXY header: no prefix of a whole one is enough, bytes behind it change nothing, and a header
 * made of what was read is the one that came, or for IPv6 has the same addresses.
 */
#include <arpa/inet.h>

#include "fuzz.h"
#include "sniff/preface.h"

/* Version 1 of IPv4 has one form only. */
static void check_line(const struct weir_preface *preface, const char *bytes)
{
	char client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN], line[WEIR_PREFACE_V1_MAX + 1];
	int size;

	fuzz_check(inet_ntop(AF_INET, &preface->client_address, client, sizeof(client)) &&
		   inet_ntop(AF_INET, &preface->server_address, server, sizeof(server)));
	size = snprintf(line, sizeof(line), "PROXY TCP4 %s %s %u %u\r\n", client, server,
			ntohs(preface->client_port), ntohs(preface->server_port));
	fuzz_check((size_t)size == preface->size && !memcmp(line, bytes, size));
}

/* Likewise of IPv6, whose addresses have many: what the C library reads in their place. */
static void check_line6(const struct weir_preface *preface, const char *bytes)
{
	char line[WEIR_PREFACE_V1_MAX + 1] = "", client[64], server[64];
	unsigned char client_bytes[16], server_bytes[16];
	unsigned int client_port, server_port;

	memcpy(line, bytes, preface->size);
	fuzz_check(sscanf(line, "PROXY TCP6 %63s %63s %u %u", client, server, &client_port,
			  &server_port) == 4);
	fuzz_check(inet_pton(AF_INET6, client, client_bytes) == 1 &&
		   inet_pton(AF_INET6, server, server_bytes) == 1);
	fuzz_check(!memcmp(client_bytes + 12, &preface->client_address, 4) &&
		   !memcmp(server_bytes + 12, &preface->server_address, 4));
	fuzz_check(client_port == ntohs(preface->client_port) &&
		   server_port == ntohs(preface->server_port));
}

/* Version 2: addresses, then ports, behind 16 bytes. */
static void check_binary(const struct weir_preface *preface, const char *bytes)
{
	bool is_ipv6 = bytes[13] >> 4 == 2;
	const char *at = bytes + 16;
	size_t address = is_ipv6 ? 16 : 4;

	fuzz_check((__u8)bytes[12] == 0x21 && (bytes[13] == 0x11 || bytes[13] == 0x21));
	fuzz_check(preface->size == 16 + (__u8)bytes[14] * 256u + (__u8)bytes[15]);
	fuzz_check(!memcmp(at + address - 4, &preface->client_address, 4));
	fuzz_check(!memcmp(at + 2 * address - 4, &preface->server_address, 4));
	fuzz_check(!memcmp(at + 2 * address, &preface->client_port, 2) &&
		   !memcmp(at + 2 * address + 2, &preface->server_port, 2));
}

static void check_client(const struct weir_preface *preface, const char *bytes)
{
	if (*bytes != 'P')
		check_binary(preface, bytes);
	else if (bytes[9] == '4')
		check_line(preface, bytes);
	else
		check_line6(preface, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_preface whole, part;
	enum weir_sniff sniff = weir_preface_feed(&whole, bytes, size);

	if (sniff == WEIR_BAD)
		fuzz_check(whole.ending == WEIR_END_PROXY_HEADER ||
			   whole.ending == WEIR_END_PROXY_HEADER_ADDRESS);
	if (sniff == WEIR_DONE) {
		fuzz_check(whole.size && whole.size <= size && whole.size <= WEIR_PREFACE_MAX);
		fuzz_check(weir_preface_feed(&part, bytes, whole.size) == WEIR_DONE);
		fuzz_check(!memcmp(&part, &whole, sizeof(whole)));
		for (size_t i = 0; i < whole.size; i++)
			fuzz_check(weir_preface_feed(&part, bytes, i) == WEIR_MORE);
		if (whole.has_client)
			check_client(&whole, bytes);
	}
	/* What needs more has a prefix that needs more, too. */
	if (sniff == WEIR_MORE && size)
		fuzz_check(weir_preface_feed(&part, bytes, size - 1) == WEIR_MORE);
	free(bytes);
	return 0;
}
