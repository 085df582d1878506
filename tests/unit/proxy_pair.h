/* SPDX-License-Identifier: GPL-2.0-only */
/* A lab with two apps, a and b, of one container each, which answers every request with its letter. */
#ifndef WEIR_TESTS_PROXY_PAIR_H
#define WEIR_TESTS_PROXY_PAIR_H

#include "proxy_lab.h"

#define AB "a.example app=a http %0\nb.example app=b http %1\n"

static struct lab lab;

static inline void start(void)
{
	lab_init(&lab);
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_container(&lab, 1, serve_loop, OK("1\r\n\r\nB"));
}

static inline void stop(void)
{
	lab_stop(&lab);
}

#endif
