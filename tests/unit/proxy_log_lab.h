/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proxy whose log is JSON into a pipe, and the pipe's lines as a reader of JSON has them. Of one
 * test at a time: the lab is one.
 */
#ifndef WEIR_TESTS_PROXY_LOG_LAB_H
#define WEIR_TESTS_PROXY_LOG_LAB_H

#include <jansson.h>

#include "proxy_lab.h"

extern struct lab lab;         /* its log is set up by log_start */
extern int log_ends[2];        /* of the pipe: what the test reads, what the proxy writes */
extern char log_text[1 << 16]; /* the line that was read last */

void log_start(void);
void log_stop(void);

/* The next line that the log writes, into `log_text`; its size, 0 when none comes any more. */
size_t log_read(void);

/* The next line, which must be JSON; the caller's. */
json_t *log_next(void);

/* A key's value: "(none)" or -1 where the line does not have it. */
const char *log_word(const json_t *json, const char *key);
long long log_number(const json_t *json, const char *key);

void expect_log_number(const json_t *json, const char *key, long long want);

#define A "a.example app=a http %0 tls %0\n"

#endif
