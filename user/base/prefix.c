/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4 addresses and prefixes: text <-> value.
 *
 * Strict on purpose: inet_aton takes `10.1`, octal and hexadecimal, and two readers of one list
 * would then block different networks. Written out, since lists have millions of lines.
 */
#include "base/prefix.h"

#include <errno.h>
#include <string.h>

/* The cursor of one parse: what is read is [at, end). */
struct cursor {
	const char *at, *end;
	const char *why;
};

static bool cursor_has_digit(const struct cursor *c)
{
	return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* A decimal number of at most `max`, without leading zeros. */
static bool number_parse(struct cursor *c, unsigned int max, const char *too_large,
			 unsigned int *ret_number)
{
	const char *start = c->at;
	unsigned int number = 0;

	for (; cursor_has_digit(c); c->at++) {
		number = number * 10 + (*c->at - '0');
		if (number > max) {
			c->why = too_large;
			return false;
		}
	}
	if (c->at == start)
		c->why = "is not an IPv4 address";
	else if (*start == '0' && c->at - start > 1)
		c->why = "has a leading zero: leave it out";
	else
		*ret_number = number;
	return !c->why;
}

static bool address_parse(struct cursor *c, __u32 *ret_address)
{
	__u32 address = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int part;

		if (i && (c->at == c->end || *c->at != '.')) {
			c->why = "is not an IPv4 address: that has four numbers, as 192.0.2.1";
			return false;
		}
		c->at += i > 0;
		if (!number_parse(c, 255, "has a part above 255", &part))
			return false;
		address = address << 8 | part;
	}
	*ret_address = address;
	return true;
}

static bool prefix_parse(struct cursor *c, __u32 *ret_address, unsigned int *ret_length)
{
	if (!address_parse(c, ret_address))
		return false;
	*ret_length = 32;
	if (c->at == c->end || *c->at != '/')
		return true;
	c->at++;
	if (!cursor_has_digit(c)) {
		c->why = "has no length after the slash";
		return false;
	}
	return number_parse(c, 32,
			    memchr(c->at, '.', c->end - c->at)
				    ? "has a netmask: write its length, as in 192.0.2.0/24"
				    : "has a prefix length above 32",
			    ret_length);
}

/* Two colons: an IPv6 address, and no `address:port` with a fault. */
static bool is_ipv6(const char *text, const char *end)
{
	const char *colon = memchr(text, ':', end - text);

	return colon && memchr(colon + 1, ':', end - colon - 1);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What was most likely meant, by the character that the parser stopped at. */
static const char *why_of(const struct cursor *c, const char *text)
{
	char stop = c->at < c->end ? *c->at : '\0';

	if (is_ipv6(text, c->end))
		return "is an IPv6 address, not IPv4";
	if (text < c->end && is_letter(*text))
		return "is a name, not an IPv4 address: names are not looked up";
	if (stop & 0x80)
		return "has a character that is not ASCII: type it anew";
	if (stop == '*')
		return "has a *: write a prefix, as in 192.0.2.0/24";
	if (c->why)
		return c->why;
	if (stop == ',')
		return "has a comma: write one a line";
	if (stop == '-')
		return "is a range: write a prefix, as in 192.0.2.0/24";
	return stop == ':' ? "has a port: write the address alone"
			   : "has something after the address";
}

static int refuse(const struct cursor *c, const char *text, const char **ret_why)
{
	if (ret_why)
		*ret_why = why_of(c, text);
	return -EINVAL;
}

int weir_address_parse(const char *text, size_t size, __u32 *ret_address, const char **ret_why)
{
	struct cursor c = {text, text + size, NULL};
	__u32 address;

	if (!address_parse(&c, &address) || c.at != c.end)
		return refuse(&c, text, ret_why);
	*ret_address = address;
	return 0;
}

int weir_prefix_parse(const char *text, size_t size, struct weir_prefix *ret_prefix,
		      bool *ret_had_host_bits, const char **ret_why)
{
	struct cursor c = {text, text + size, NULL};
	unsigned int length;
	__u32 address, mask;

	if (!prefix_parse(&c, &address, &length) || c.at != c.end)
		return refuse(&c, text, ret_why);
	mask = weir_prefix_mask(length);
	if (ret_had_host_bits)
		*ret_had_host_bits = address & ~mask;
	*ret_prefix = (struct weir_prefix){.address = address & mask, .length = length};
	return 0;
}

/* Write a number of at most three digits. Returns where the text goes on. */
static char *number_put(char *to, unsigned int number)
{
	if (number >= 100)
		*to++ = '0' + number / 100 % 10;
	if (number >= 10)
		*to++ = '0' + number / 10 % 10;
	*to++ = '0' + number % 10;
	return to;
}

char *weir_prefix_format(struct weir_prefix prefix, char to[static WEIR_PREFIX_TEXT_MAX])
{
	char *at = to;

	for (int shift = 24; shift >= 0; shift -= 8) {
		at = number_put(at, prefix.address >> shift & 255);
		*at++ = shift ? '.' : '/';
	}
	if (prefix.length < 32)
		at = number_put(at, prefix.length);
	else
		at--; /* over the slash */
	*at = '\0';
	return to;
}

char *weir_address_format(__u32 address, char to[static WEIR_PREFIX_TEXT_MAX])
{
	return weir_prefix_format((struct weir_prefix){address, 32}, to);
}
