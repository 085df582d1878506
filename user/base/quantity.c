/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes, rates and durations: text <-> value.
 *
 * A number is kept as its digits and where the point stands, and scaled in 128 bits, so that
 * 1.6GB is exactly 1600000000 and nothing is rounded behind the operator's back: a value that is
 * no whole byte (or nanosecond) is refused, and so is one that does not fit.
 */
#include "base/quantity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;

struct unit {
	const char *name;
	__u64 scale;
};

static const struct unit magnitudes[] = {
	{"k", 1000ULL},     {"M", 1000000ULL},  {"G", 1000000000ULL}, {"T", 1000000000000ULL},
	{"Ki", 1ULL << 10}, {"Mi", 1ULL << 20}, {"Gi", 1ULL << 30},   {"Ti", 1ULL << 40},
};

/* Largest first: the order in which they may follow each other. */
static const struct unit durations[] = {
	{"d", 86400000000000ULL}, {"h", 3600000000000ULL}, {"m", 60000000000ULL},
	{"s", 1000000000ULL},     {"ms", 1000000ULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 24 digits in 128 bits leave room for the largest scale, 2^47 (a day in nanoseconds). */
enum { DIGITS_MAX = 24 };

struct number {
	u128 digits;
	u128 divisor; /* 10 to the number of digits after the point */
};

static int refuse(int error, const char *why, const char **ret_why)
{
	if (ret_why)
		*ret_why = why;
	return error;
}

/* `12`, `1.6`: digits on both sides of the point. Moves *at behind the number. */
static int number_parse(const char **at, const char *end, struct number *ret_number,
			const char **ret_why)
{
	struct number number = {.digits = 0, .divisor = 1};
	bool has_point = false;
	int digits = 0, since_point = 0;
	const char *p = *at;

	for (; p < end; p++) {
		if (*p == '.' && !has_point && digits) {
			has_point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		if (++digits > DIGITS_MAX)
			return refuse(-ERANGE, "has too many digits", ret_why);
		number.digits = number.digits * 10 + (*p - '0');
		if (has_point) {
			number.divisor *= 10;
			since_point++;
		}
	}
	if (!digits || (has_point && !since_point))
		return refuse(-EINVAL, "is not a number with a unit", ret_why);
	*at = p;
	*ret_number = number;
	return 0;
}

/* digits * scale / (divisor * over), whole and below 2^64, or refused. */
static int number_scale(struct number number, __u64 scale, unsigned int over, const char *not_whole,
			__u64 *ret_value, const char **ret_why)
{
	u128 product = number.digits * scale, divisor = number.divisor * over;

	if (product % divisor)
		return refuse(-EINVAL, not_whole, ret_why);
	if (product / divisor > ~0ULL)
		return refuse(-ERANGE, "is too large", ret_why);
	*ret_value = product / divisor;
	return 0;
}

/* Is [at, end) an optional magnitude and then `name`? */
static bool unit_parse(const char *at, const char *end, const char *name, __u64 *ret_scale)
{
	size_t size = end - at, tail = strlen(name), head;

	if (size < tail || memcmp(end - tail, name, tail) != 0)
		return false;
	head = size - tail;
	*ret_scale = 1;
	if (!head)
		return true;
	for (size_t i = 0; i < COUNT(magnitudes); i++) {
		if (strlen(magnitudes[i].name) == head && !memcmp(magnitudes[i].name, at, head)) {
			*ret_scale = magnitudes[i].scale;
			return true;
		}
	}
	return false;
}

/* Why what stands behind a number is no unit; `otherwise`, unless something is known of it. */
static const char *unit_why(const char *at, const char *end, const char *otherwise)
{
	return at < end && *at == ',' ? "has a comma: write a point, as in 1.6GB" : otherwise;
}

int weir_bytes_parse(const char *text, size_t size, __u64 *ret_bytes, const char **ret_why)
{
	const char *at = text, *end = text + size;
	struct number number;
	__u64 scale;
	int r = number_parse(&at, end, &number, ret_why);

	if (r)
		return r;
	if (at == end && !number.digits)
		scale = 1;
	else if (unit_parse(at, end, "B/s", &scale))
		return refuse(-EINVAL, "is a rate where a size belongs: leave out /s", ret_why);
	else if (!unit_parse(at, end, "B", &scale))
		return refuse(
			-EINVAL,
			unit_why(at, end, "needs a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"),
			ret_why);
	return number_scale(number, scale, 1, "is no whole number of bytes", ret_bytes, ret_why);
}

int weir_rate_parse(const char *text, size_t size, __u64 *ret_bytes_per_s, const char **ret_why)
{
	const char *at = text, *end = text + size;
	unsigned int bits_per_unit = 8;
	struct number number;
	__u64 scale;
	int r = number_parse(&at, end, &number, ret_why);

	if (r)
		return r;
	if (at == end && !number.digits)
		scale = 1;
	else if (unit_parse(at, end, "bit/s", &scale))
		bits_per_unit = 1;
	else if (!unit_parse(at, end, "B/s", &scale))
		return refuse(-EINVAL,
			      unit_why(at, end, "needs a unit such as MB/s, GB/s, Mbit/s or MiB/s"),
			      ret_why);
	return number_scale(number, scale, 8 / bits_per_unit,
			    "is no whole number of bytes per second", ret_bytes_per_s, ret_why);
}

/* The unit that [at, end) begins with, from `first` on, or COUNT(durations). */
static size_t duration_unit(const char **at, const char *end)
{
	const char *p = *at;

	while (p < end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
		p++;
	for (size_t i = 0; i < COUNT(durations); i++) {
		size_t size = strlen(durations[i].name);

		if (size == (size_t)(p - *at) && !memcmp(*at, durations[i].name, size)) {
			*at = p;
			return i;
		}
	}
	return COUNT(durations);
}

int weir_duration_parse(const char *text, size_t size, __u64 *ret_ns, const char **ret_why)
{
	const char *at = text, *end = text + size;
	size_t next = 0; /* the first unit that may still follow */
	u128 total = 0;

	do {
		struct number number;
		size_t unit;
		__u64 ns;
		int r = number_parse(&at, end, &number, ret_why);

		if (r)
			return r;
		unit = duration_unit(&at, end);
		if (unit == COUNT(durations))
			return refuse(-EINVAL, "needs a unit: d, h, m, s or ms", ret_why);
		if (unit < next)
			return refuse(-EINVAL, "has its units out of order", ret_why);
		next = unit + 1;
		r = number_scale(number, durations[unit].scale, 1,
				 "is no whole number of nanoseconds", &ns, ret_why);
		if (r)
			return r;
		total += ns;
	} while (at < end);
	if (!total)
		return refuse(-EINVAL, "is no time at all", ret_why);
	/* Half of the range, 292 years: added to any clock's now it cannot wrap. */
	if (total > ~0ULL >> 1)
		return refuse(-ERANGE, "is too long", ret_why);
	*ret_ns = total;
	return 0;
}

/* `value` in units of `scale`, exactly: 1600000000 by 10^9 is `1.6`. */
static int decimal_format(__u64 value, __u64 scale, const char *unit, char *to, size_t room)
{
	__u64 rest = value % scale;
	int used = snprintf(to, room, "%llu", value / scale);

	if (rest)
		to[used++] = '.';
	for (__u64 place = scale / 10; rest; place /= 10) {
		to[used++] = '0' + rest / place;
		rest %= place;
	}
	return used + snprintf(to + used, room - used, "%s", unit);
}

static char *shortest_format(__u64 value, const char *tail, char to[static WEIR_QUANTITY_TEXT_MAX])
{
	static const struct unit units[] = {
		{"B", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {"TB", 1000000000000},
	};
	size_t best = 0;

	for (size_t i = 0; i < COUNT(units) && (!i || value >= units[i].scale); i++) {
		char text[48];
		size_t used = decimal_format(value, units[i].scale, units[i].name, text,
					     sizeof(text));

		if (!best || used <= best) {
			best = used;
			memcpy(to, text, used + 1);
		}
	}
	return strcat(to, tail);
}

char *weir_bytes_format(__u64 bytes, char to[static WEIR_QUANTITY_TEXT_MAX])
{
	return shortest_format(bytes, "", to);
}

char *weir_rate_format(__u64 bytes_per_s, char to[static WEIR_QUANTITY_TEXT_MAX])
{
	return shortest_format(bytes_per_s, "/s", to);
}

char *weir_duration_format(__u64 ns, char to[static WEIR_QUANTITY_TEXT_MAX])
{
	size_t used = 0, parts = 0;

	strcpy(to, "0s");
	for (size_t i = 0; i < COUNT(durations) - 1 && parts < 2; i++) {
		__u64 whole = ns / durations[i].scale;

		ns %= durations[i].scale;
		if (whole)
			used += snprintf(to + used, WEIR_QUANTITY_TEXT_MAX - used, "%llu%s", whole,
					 durations[i].name);
		/* The two largest units stand side by side: 1d, not 1d5s. */
		parts += parts || whole;
	}
	return to;
}
