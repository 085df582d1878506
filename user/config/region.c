/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Region files: which addresses a region has, and how much each ingress address may receive.
 *
 *   region osc-fr1
 *   ingress 192.0.2.30/32 rate 1.6GB/s burst 1.6GB
 *   egress  192.0.2.206
 *
 * One `region` line, one line an address, `#` comments. The /32 may be left out; any other
 * length is an error, since an address is what has a bucket. Rate and burst may be left out:
 * then they are the defaults, right for an address that is one container. No ingress address at
 * all is an error: such a region would close the gate.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/quantity.h"
#include "config/parse.h"

struct reader {
	const char *path;
	struct weir_diags *diags;
	struct weir_region region;
	unsigned int name_line;         /* 0: not seen yet */
	bool has_ingress;               /* a line of that kind, right or wrong */
	__u64 bytes_per_s, burst_bytes; /* the defaults */
};

static int missing(struct reader *reader, const struct weir_line *line, const char *what)
{
	return weir_diags_error(reader->diags, reader->path, line->number, weir_line_column(line),
				"%s is missing", what);
}

static int line_end(struct reader *reader, struct weir_line *line)
{
	struct weir_token token;

	if (!weir_line_take(line, &token))
		return 0;
	return weir_diags_error(reader->diags, reader->path, line->number, token.column,
				"'%.*s' does not belong here", WEIR_TOKEN_ARG(token));
}

/* Neither this network, nor loopback, multicast or reserved (RFC 6890): these are never routed. */
static bool is_unicast(__u32 address)
{
	return address >> 24 && address >> 24 != 127 && address >> 24 < 224;
}

static int address_take(struct reader *reader, struct weir_line *line, __u32 *ret_address,
			unsigned int *ret_column)
{
	struct weir_prefix prefix;
	struct weir_token token;
	const char *why = NULL;

	if (!weir_line_take(line, &token))
		return missing(reader, line, "the address");
	if (!weir_prefix_parse(token.text, token.size, &prefix, NULL, &why) && prefix.length != 32)
		why = "is a network; a region has addresses, each a /32";
	if (!why && !is_unicast(prefix.address))
		why = "is no address that a packet comes to from outside";
	if (why)
		return weir_diags_error(reader->diags, reader->path, line->number, token.column,
					"'%.*s' %s", WEIR_TOKEN_ARG(token), why);
	*ret_address = prefix.address;
	*ret_column = token.column;
	return 0;
}

/* The line that has the address already, as either kind; 0: none. */
static unsigned int address_line(const struct weir_region *region, __u32 address)
{
	for (size_t i = 0; i < region->ingress_count; i++)
		if (region->ingress[i].address == address)
			return region->ingress[i].origin.line;
	for (size_t i = 0; i < region->egress_count; i++)
		if (region->egress[i].address == address)
			return region->egress[i].origin.line;
	return 0;
}

static int address_check(struct reader *reader, unsigned int line, unsigned int column,
			 __u32 address)
{
	const struct weir_region *region = &reader->region;
	unsigned int first = address_line(region, address);
	char text[WEIR_PREFIX_TEXT_MAX];

	if (first)
		return weir_diags_error(reader->diags, reader->path, line, column,
					"%s is on line %u already",
					weir_address_format(address, text), first);
	if (region->ingress_count + region->egress_count >= WEIR_DESTINATIONS_MAX)
		return weir_diags_error(reader->diags, reader->path, line, column,
					"more than %d addresses (WEIR_DESTINATIONS_MAX)",
					WEIR_DESTINATIONS_MAX);
	return 0;
}

/* `rate R` and `burst B`, in any order, each at most once. */
static int limits_take(struct reader *reader, struct weir_line *line, struct weir_ingress *ingress)
{
	bool states_burst = false;
	struct weir_token word, value;
	const char *why;
	int r = 0;

	while (weir_line_take(line, &word)) {
		bool is_rate = weir_token_is(word, "rate"), is_burst = weir_token_is(word, "burst");
		bool *states = is_rate ? &ingress->states_rate : &states_burst;

		if (!is_rate && !is_burst)
			return weir_diags_error(reader->diags, reader->path, line->number,
						word.column, "'%.*s' is neither rate nor burst",
						WEIR_TOKEN_ARG(word));
		if (*states)
			return weir_diags_error(reader->diags, reader->path, line->number,
						word.column, "%.*s is stated twice",
						WEIR_TOKEN_ARG(word));
		*states = true;
		if (!weir_line_take(line, &value))
			return missing(reader, line, is_rate ? "the rate" : "the burst");
		r = is_rate ? weir_rate_parse(value.text, value.size, &ingress->bytes_per_s, &why)
			    : weir_bytes_parse(value.text, value.size, &ingress->burst_bytes, &why);
		if (r)
			return weir_diags_error(reader->diags, reader->path, line->number,
						value.column, "'%.*s' %s", WEIR_TOKEN_ARG(value),
						why);
	}
	return 0;
}

static int ingress_parse(struct reader *reader, struct weir_line *line)
{
	struct weir_ingress ingress = {
		.bytes_per_s = reader->bytes_per_s,
		.burst_bytes = reader->burst_bytes,
		.origin = {reader->region.path, line->number},
	};
	struct weir_ingress *item;
	unsigned int column;

	if (address_take(reader, line, &ingress.address, &column) ||
	    address_check(reader, line->number, column, ingress.address) ||
	    limits_take(reader, line, &ingress) ||
	    weir_limit_check(reader->path, line->number, column, ingress.bytes_per_s,
			     ingress.burst_bytes, reader->diags))
		return -EINVAL;
	item = weir_array_add(&reader->region.ingress, &reader->region.ingress_count);
	if (!item)
		return -ENOMEM;
	*item = ingress;
	return 0;
}

static int egress_parse(struct reader *reader, struct weir_line *line)
{
	struct weir_egress egress = {.origin = {reader->region.path, line->number}}, *item;
	unsigned int column;

	if (address_take(reader, line, &egress.address, &column) ||
	    address_check(reader, line->number, column, egress.address) || line_end(reader, line))
		return -EINVAL;
	item = weir_array_add(&reader->region.egress, &reader->region.egress_count);
	if (!item)
		return -ENOMEM;
	*item = egress;
	return 0;
}

static int name_parse(struct reader *reader, struct weir_line *line, unsigned int column)
{
	struct weir_token token;

	if (reader->name_line)
		return weir_diags_error(reader->diags, reader->path, line->number, column,
					"the region has its name on line %u already",
					reader->name_line);
	reader->name_line = line->number;
	if (!weir_line_take(line, &token))
		return missing(reader, line, "the region's name");
	if (weir_name_check(reader->path, line->number, token, reader->diags) ||
	    line_end(reader, line))
		return -EINVAL;
	reader->region.name = strndup(token.text, token.size);
	return reader->region.name ? 0 : -ENOMEM;
}

static int line_parse(struct reader *reader, struct weir_line *line)
{
	struct weir_token word = {0};

	weir_line_take(line, &word);
	if (weir_token_is(word, "region"))
		return name_parse(reader, line, word.column);
	if (weir_token_is(word, "egress"))
		return egress_parse(reader, line);
	if (weir_token_is(word, "ingress")) {
		reader->has_ingress = true;
		return ingress_parse(reader, line);
	}
	return weir_diags_error(reader->diags, reader->path, line->number, word.column,
				"'%.*s' is none of region, ingress, egress", WEIR_TOKEN_ARG(word));
}

static int lines_parse(struct reader *reader, const char *bytes, size_t size)
{
	struct weir_lines lines = weir_lines_of(bytes, size, "#");
	struct weir_line line;
	int r, failed = 0;

	while (weir_lines_next(&lines, &line)) {
		r = line_parse(reader, &line);
		if (r == -ENOMEM)
			return r;
		failed = failed ? failed : r;
	}
	if (!reader->name_line)
		failed = weir_diags_error(reader->diags, reader->path, 0, 0,
					  "names no region: a line `region NAME` is missing");
	if (!reader->has_ingress)
		failed = weir_diags_error(reader->diags, reader->path, 0, 0,
					  "the region is empty: it has no ingress address");
	return failed;
}

int weir_region_parse(const char *path, const char *bytes, size_t size, __u64 default_bytes_per_s,
		      __u64 default_burst_bytes, struct weir_diags *diags,
		      struct weir_region *ret_region)
{
	__attribute__((cleanup(weir_region_done))) struct weir_region region = {0};
	struct reader reader = {
		.path = path,
		.diags = diags,
		.bytes_per_s = default_bytes_per_s,
		.burst_bytes = default_burst_bytes,
	};
	int r;

	reader.region.path = strdup(path);
	r = reader.region.path ? lines_parse(&reader, bytes, size) : -ENOMEM;
	region = reader.region;
	if (r == -ENOMEM)
		return weir_no_memory(diags, path);
	if (r)
		return r;
	*ret_region = region;
	region = (struct weir_region){0};
	return 0;
}

void weir_region_done(struct weir_region *region)
{
	free(region->name);
	free(region->path);
	free(region->ingress);
	free(region->egress);
	*region = (struct weir_region){0};
}
