/* SPDX-License-Identifier: GPL-2.0-only */
/* ClientHellos, slowly. */
#ifndef WEIR_TESTS_SLOW_HELLO_H
#define WEIR_TESTS_SLOW_HELLO_H

#include "sniff/hello.h"

/*
 * The slow reader: put the records together, then take the message apart with a cursor that checks
 * every length. Returns DONE, MORE or BAD, and the name as it stands there.
 */
struct cursor {
	const __u8 *at, *end;
	bool is_bad;
};

static inline size_t number(struct cursor *from, int width)
{
	size_t value = 0;

	if (from->end - from->at < width) {
		from->is_bad = true;
		return 0;
	}
	while (width--)
		value = value << 8 | *from->at++;
	return value;
}

static inline struct cursor part(struct cursor *from, size_t size)
{
	struct cursor taken = {from->at, from->at, true};

	if (from->is_bad || (size_t)(from->end - from->at) < size) {
		from->is_bad = true;
		return taken;
	}
	taken = (struct cursor){from->at, from->at + size, false};
	from->at += size;
	return taken;
}

static inline bool slow_names(struct cursor body, char *ret_name)
{
	struct cursor list = part(&body, number(&body, 2));
	size_t type = number(&list, 1);
	struct cursor name = part(&list, number(&list, 2));

	if (body.is_bad || list.is_bad || name.is_bad || body.at != body.end ||
	    list.at != list.end || type != 0 || name.end - name.at > WEIR_NAME_MAX + 1)
		return false;
	return weir_name_normalise((const char *)name.at, name.end - name.at, ret_name) > 0;
}

static inline bool slow_protocols(struct cursor body)
{
	struct cursor list = part(&body, number(&body, 2));

	if (body.is_bad || list.is_bad || body.at != body.end || list.at == list.end)
		return false;
	while (list.at < list.end) {
		struct cursor protocol = part(&list, number(&list, 1));

		if (list.is_bad || protocol.at == protocol.end)
			return false;
	}
	return true;
}

static inline bool slow_message(struct cursor from, char *ret_name)
{
	struct cursor session, ciphers, compression, extensions;
	int names = 0, protocols = 0;

	*ret_name = 0;
	part(&from, 34);
	session = part(&from, number(&from, 1));
	ciphers = part(&from, number(&from, 2));
	compression = part(&from, number(&from, 1));
	if (from.is_bad || session.end - session.at > 32 || ciphers.at == ciphers.end ||
	    (ciphers.end - ciphers.at) % 2 || compression.at == compression.end)
		return false;
	if (from.at == from.end)
		return true;
	extensions = part(&from, number(&from, 2));
	if (from.is_bad || from.at != from.end)
		return false;
	while (extensions.at < extensions.end) {
		size_t type = number(&extensions, 2);
		struct cursor body = part(&extensions, number(&extensions, 2));

		if (extensions.is_bad)
			return false;
		if (type == 0 && (names++ || !slow_names(body, ret_name)))
			return false;
		if (type == 16 && (protocols++ || !slow_protocols(body)))
			return false;
	}
	return true;
}

static inline enum weir_sniff slow_hello_read(const __u8 *data, size_t size, char *ret_name)
{
	static __u8 whole[1 << 19];
	size_t have = 0, at = 0, length = 0;

	while (at < size) {
		size_t left = size - at, record;

		if (data[at] != 22 || (left > 1 && data[at + 1] != 3))
			return WEIR_BAD;
		if (left < 5)
			return WEIR_MORE;
		record = data[at + 3] << 8 | data[at + 4];
		if (!record || record > 16384)
			return WEIR_BAD;
		for (at += 5; record && at < size; record--)
			whole[have++] = data[at++];
		if (have && whole[0] != 1)
			return WEIR_BAD;
		if (have < 4)
			continue;
		length = 4 + (whole[1] << 16 | whole[2] << 8 | whole[3]);
		if (length > WEIR_HELLO_MAX)
			return WEIR_BAD;
		if (have < length)
			continue;
		if (have > length || record)
			return WEIR_BAD;
		return slow_message((struct cursor){whole + 4, whole + length, false}, ret_name)
			       ? WEIR_DONE
			       : WEIR_BAD;
	}
	return WEIR_MORE;
}

#endif
