/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmarks of the proxy, one function each; scripts/bench-proxy starts who they measure. The
 * arguments are contenders (contender.h) where nothing else is said, and end in NULL. A benchmark
 * prints its table and leaves its results to bench_print_results; any failure ends the program.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_BENCHMARKS_H
#define WEIR_TESTS_BENCH_PROXY_BENCHMARKS_H

/* CPU of a new connection. The result compares `weir` with the best of the others. */
void bench_conn(char **arguments);

/* The same for `ten` and `million`: how many names the routes hold, and connections ask for. */
void bench_names(char **arguments);

/* CPU of a request on a kept connection, `weir` beside the best of the others. */
void bench_request(char **arguments);

/* CPU of 1 GiB each way, `weir` beside `haproxy-tuned` and `haproxy`. */
void bench_bulk(char **arguments);

/* User memory of an idle connection: NAME is that of a tunnel, or of a kept one: NAME-http. */
void bench_idle(char **arguments);

/* CPU of a response by the size of its body, `copy` beside `splice`. */
void bench_sweep(char **arguments);

/* SIGHUP to the first contender until a name just added to the routes FILE is served: CONTENDER FILE LINE-END. */
void bench_reload(char **arguments);

/* CONTENDER BYTES_PER_S: how far from its rate a container's connections together are. */
void bench_rate(char **arguments);

/* TLS-PORT's contender, HTTP-PORT's, SECONDS, RESULT: connections and requests; how many fail. */
void bench_steady(char **arguments);

/* CONTENDER...: the latency of good clients under attack, with a web server behind each proxy. */
void bench_attacks(char **arguments);

#endif
