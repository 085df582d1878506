/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PROXY header: bytes -> the client's and the server's address, or the reason to refuse it.
 *
 *   1: PROXY TCP4 192.0.2.1 198.51.100.1 40000 443 CR LF
 *   2: signature:12 version|command:1 family|transport:1 length:2 addresses TLVs
 *
 * A front end that is trusted with the client's address is still read strictly: a header that two
 * readers could end at different bytes would let a client write the rest of it.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/prefix.h"
#include "sniff/preface.h"

enum { V2_HEADER = 16, V2_COMMAND = 12, V2_FAMILY = 13, V2_LENGTH = 14, TLV_HEADER = 3 };

/* The family byte, and the bytes of its addresses. Datagrams come by no TCP connection. */
enum { UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21, UNIX = 0x31 };
enum { TCP4_SIZE = 12, TCP6_SIZE = 36, UNIX_SIZE = 216 };

static const __u8 signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static enum weir_sniff refuse(struct weir_preface *preface, enum weir_ending ending)
{
	preface->ending = ending;
	return WEIR_BAD;
}

static enum weir_sniff malformed(struct weir_preface *preface)
{
	return refuse(preface, WEIR_END_PROXY_HEADER);
}

/* An IPv6 address that stands for an IPv4 one (RFC 4291, section 2.5.5.2). */
static bool unmap(const struct in6_addr *address, __be32 *ret_address)
{
	if (!IN6_IS_ADDR_V4MAPPED(address))
		return false;
	memcpy(ret_address, address->s6_addr + 12, sizeof(*ret_address));
	return true;
}

/* ---- version 1 ------------------------------------------------------------------------- */

struct words {
	const char *at, *end;
};

/* The next word, up to one space or the end; an empty one is none. */
static bool take_word(struct words *words, struct words *ret_word)
{
	const char *space = words->at < words->end ? memchr(words->at, ' ', words->end - words->at)
						   : NULL;

	*ret_word = (struct words){words->at, space ? space : words->end};
	words->at = space ? space + 1 : words->end;
	/* A space at the very end would leave an empty word behind it. */
	return ret_word->end > ret_word->at && (!space || words->at < words->end);
}

static bool take_address(struct words *words, bool is_ipv6, __be32 *ret_address, bool *is_ipv4)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr address;
	struct words word;
	__u32 host_order;

	if (!take_word(words, &word) || (size_t)(word.end - word.at) >= sizeof(text))
		return false;
	if (!is_ipv6) {
		if (weir_address_parse(word.at, word.end - word.at, &host_order, NULL))
			return false;
		*ret_address = htonl(host_order);
		return true;
	}
	for (const char *c = word.at; c < word.end; c++)
		if (!*c)
			return false;
	memcpy(text, word.at, word.end - word.at);
	if (inet_pton(AF_INET6, text, &address) != 1)
		return false;
	*is_ipv4 = unmap(&address, ret_address) && *is_ipv4;
	return true;
}

static bool take_port(struct words *words, __be16 *ret_port)
{
	struct words word;
	unsigned int port = 0;

	if (!take_word(words, &word) || word.end - word.at > 5 ||
	    (*word.at == '0' && word.end - word.at > 1))
		return false;
	for (; word.at < word.end; word.at++) {
		if (*word.at < '0' || *word.at > '9')
			return false;
		port = port * 10 + (*word.at - '0');
	}
	*ret_port = htons(port);
	return port <= 65535;
}

static bool word_is(struct words word, const char *text)
{
	return (size_t)(word.end - word.at) == strlen(text) && !memcmp(word.at, text, strlen(text));
}

/* What stands between `PROXY ` and the line's end. */
static enum weir_sniff read_line(struct weir_preface *preface, struct words words)
{
	struct words family;
	bool is_ipv6, is_ipv4 = true;

	/* Whatever follows UNKNOWN is to be ignored, section 2.1. */
	if (word_is(words, "UNKNOWN") ||
	    (words.end - words.at > 7 && !memcmp(words.at, "UNKNOWN ", 8)))
		return WEIR_DONE;
	if (!take_word(&words, &family))
		return malformed(preface);
	is_ipv6 = word_is(family, "TCP6");
	if ((!is_ipv6 && !word_is(family, "TCP4")) ||
	    !take_address(&words, is_ipv6, &preface->client_address, &is_ipv4) ||
	    !take_address(&words, is_ipv6, &preface->server_address, &is_ipv4) ||
	    !take_port(&words, &preface->client_port) ||
	    !take_port(&words, &preface->server_port) || words.at < words.end)
		return malformed(preface);
	if (!is_ipv4)
		return refuse(preface, WEIR_END_PROXY_HEADER_ADDRESS);
	preface->has_client = true;
	return WEIR_DONE;
}

static enum weir_sniff feed_line(struct weir_preface *preface, const char *text, size_t size)
{
	static const char start[] = "PROXY ";
	size_t known = size < strlen(start) ? size : strlen(start);
	size_t most = size < WEIR_PREFACE_V1_MAX ? size : WEIR_PREFACE_V1_MAX;
	const char *end;

	if (memcmp(text, start, known) != 0)
		return malformed(preface);
	end = memchr(text, '\n', most);
	if (!end)
		return most == WEIR_PREFACE_V1_MAX ? malformed(preface) : WEIR_MORE;
	if (end < text + strlen(start) || end[-1] != '\r')
		return malformed(preface);
	preface->size = end + 1 - text;
	return read_line(preface, (struct words){text + strlen(start), end - 1});
}

/* ---- version 2 ------------------------------------------------------------------------- */

/* Bytes that the family's addresses take, or -1 for a family that there is not. */
static int addresses_size(__u8 family)
{
	switch (family) {
	case UNSPEC:
		return 0;
	case TCP4:
		return TCP4_SIZE;
	case TCP6:
		return TCP6_SIZE;
	case UNIX:
		return UNIX_SIZE;
	default:
		return -1;
	}
}

/* Each within the header, and the last one up to its end. */
static bool are_tlvs_well(const __u8 *at, size_t left)
{
	while (left) {
		size_t size = left < TLV_HEADER ? left + 1
						: TLV_HEADER + (size_t)(at[1] << 8 | at[2]);

		if (size > left)
			return false;
		at += size;
		left -= size;
	}
	return true;
}

static enum weir_sniff read_addresses(struct weir_preface *preface, __u8 family, const __u8 *at)
{
	struct in6_addr client, server;

	if (family == TCP4) {
		memcpy(&preface->client_address, at, 4);
		memcpy(&preface->server_address, at + 4, 4);
		memcpy(&preface->client_port, at + 8, 2);
		memcpy(&preface->server_port, at + 10, 2);
	} else if (family == TCP6) {
		memcpy(&client, at, sizeof(client));
		memcpy(&server, at + 16, sizeof(server));
		if (!unmap(&client, &preface->client_address) ||
		    !unmap(&server, &preface->server_address))
			return refuse(preface, WEIR_END_PROXY_HEADER_ADDRESS);
		memcpy(&preface->client_port, at + 32, 2);
		memcpy(&preface->server_port, at + 34, 2);
	}
	preface->has_client = family == TCP4 || family == TCP6;
	return WEIR_DONE;
}

static enum weir_sniff feed_binary(struct weir_preface *preface, const __u8 *data, size_t size)
{
	size_t known = size < sizeof(signature) ? size : sizeof(signature), length;
	bool is_local;
	int addresses;

	if (memcmp(data, signature, known) != 0)
		return malformed(preface);
	/* Version 2; LOCAL is 0 and PROXY is 1. */
	if (size > V2_COMMAND && data[V2_COMMAND] != 0x20 && data[V2_COMMAND] != 0x21)
		return malformed(preface);
	if (size < V2_HEADER)
		return WEIR_MORE;
	is_local = data[V2_COMMAND] == 0x20;
	length = data[V2_LENGTH] << 8 | data[V2_LENGTH + 1];
	addresses = is_local ? 0 : addresses_size(data[V2_FAMILY]);
	if (addresses < 0 || length < (size_t)addresses || V2_HEADER + length > WEIR_PREFACE_MAX)
		return malformed(preface);
	if (size < V2_HEADER + length)
		return WEIR_MORE;
	preface->size = V2_HEADER + length;
	/* A front end's own health check: what the block holds is to be ignored, section 2.2. */
	if (is_local || data[V2_FAMILY] == UNSPEC)
		return WEIR_DONE;
	if (!are_tlvs_well(data + V2_HEADER + addresses, length - addresses))
		return malformed(preface);
	return read_addresses(preface, data[V2_FAMILY], data + V2_HEADER);
}

enum weir_sniff weir_preface_feed(struct weir_preface *preface, const void *data, size_t size)
{
	const char *bytes = data;

	*preface = (struct weir_preface){0};
	if (!size)
		return WEIR_MORE;
	return *bytes == 'P' ? feed_line(preface, bytes, size) : feed_binary(preface, data, size);
}
