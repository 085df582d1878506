/* SPDX-License-Identifier: GPL-2.0-only */
/* The lab of the log: see its header. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "proxy_log_lab.h"

struct lab lab;
int log_ends[2];
char log_text[1 << 16];

void log_start(void)
{
	lab_init(&lab);
	cr_assert(!pipe(log_ends));
	lab.log.fd = log_ends[1];
	lab.log.is_json = true;
}

void log_stop(void)
{
	lab_stop(&lab);
	close(log_ends[0]);
	close(log_ends[1]);
}

size_t log_read(void)
{
	struct pollfd item = {log_ends[0], POLLIN, 0};
	size_t at = 0;
	char c = 0;

	while (at < sizeof(log_text) - 1 && c != '\n' &&
	       poll(&item, 1, LAB_PATIENCE_S * 1000) == 1 && read(log_ends[0], &c, 1) == 1)
		log_text[at++] = c;
	log_text[at] = 0;
	return at;
}

json_t *log_next(void)
{
	json_error_t error;
	json_t *json;

	log_read();
	json = json_loads(log_text, JSON_REJECT_DUPLICATES, &error);
	cr_assert(json, "%s in '%s'", error.text, log_text);
	return json;
}

const char *log_word(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "(none)";
}

long long log_number(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return value ? json_integer_value(value) : -1;
}

void expect_log_number(const json_t *json, const char *key, long long want)
{
	cr_expect_eq(log_number(json, key), want, "%s is not %lld in %s", key, want, log_text);
}
