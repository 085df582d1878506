/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy as a whole: start its workers, replace their route table, stop them.
 *
 * Changed by one thread, the owner's; workers learn of a new table or of draining by an atomic
 * store and a wake-up. The table is swapped under a lock that a worker takes only when it has
 * changed. What a stop frees, it frees after all workers have ended.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proxy/proxy.h"

static void wake_all(struct weir_proxy *proxy)
{
	static const __u64 one = 1;

	for (unsigned int i = 0; i < proxy->workers_count; i++)
		if (write(proxy->workers[i].wake.fd, &one, sizeof(one)) < 0)
			continue; /* full: it is being woken already */
}

struct weir_table *weir_proxy_table(struct weir_proxy *proxy)
{
	struct weir_table *table;

	pthread_mutex_lock(&proxy->lock);
	table = weir_table_ref(proxy->table);
	pthread_mutex_unlock(&proxy->lock);
	return table;
}

void weir_proxy_set_table(struct weir_proxy *proxy, struct weir_table *table)
{
	struct weir_table *old;

	pthread_mutex_lock(&proxy->lock);
	old = proxy->table;
	__atomic_store_n(&proxy->table, table, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&proxy->lock);
	weir_table_unref(&old);
	wake_all(proxy);
}

/* Signals are the main thread's: a worker that took one would leave its loop for it. */
static int start_thread(struct weir_worker *worker)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&worker->thread, NULL, weir_worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->has_thread = r == 0;
	return -r;
}

/* Sockets go round the workers, so that each is served, whatever the numbers of both. */
static int listen_all(struct weir_proxy *proxy, const struct weir_listeners *listeners)
{
	int r = 0;

	for (unsigned int i = 0; !r && i < listeners->count; i++) {
		struct weir_worker *worker = &proxy->workers[i % proxy->workers_count];

		r = weir_worker_listen(worker, listeners->fds[WEIR_HTTP][i], WEIR_HTTP)
			    ?: weir_worker_listen(worker, listeners->fds[WEIR_TLS][i], WEIR_TLS);
	}
	return r;
}

static int start_workers(struct weir_proxy *proxy, const struct weir_listeners *listeners,
			 unsigned int count)
{
	int r = 0;

	for (; !r && proxy->workers_count < count; proxy->workers_count++)
		r = weir_worker_init(&proxy->workers[proxy->workers_count], proxy,
				     proxy->workers_count);
	if (!r)
		r = listen_all(proxy, listeners);
	for (unsigned int i = 0; !r && i < count; i++)
		r = start_thread(&proxy->workers[i]);
	return r;
}

int weir_proxy_start(const struct weir_proxy_limits *limits, struct weir_table *table,
		     const struct weir_listeners *listeners, unsigned int workers,
		     const struct weir_log_settings *log, struct weir_proxy **ret_proxy)
{
	struct weir_proxy *proxy = calloc(1, sizeof(*proxy));
	int r;

	if (workers < 1 || workers > WEIR_WORKERS_MAX) {
		free(proxy);
		return -EINVAL;
	}
	if (!proxy)
		return -ENOMEM;
	proxy->limits = *limits;
	proxy->table = table;
	pthread_mutex_init(&proxy->lock, NULL);
	proxy->workers = calloc(workers, sizeof(*proxy->workers));
	r = proxy->workers ? weir_log_init(&proxy->log, log, workers) : -ENOMEM;
	if (!r && limits->connections_per_client)
		/* Each worker rounds its share of the connections up. */
		r = weir_clients_new(limits->connections_max + workers,
				     limits->connections_per_client, &proxy->clients);
	if (!r)
		r = start_workers(proxy, listeners, workers);
	if (r < 0) {
		weir_table_ref(table); /* stopping gives back the proxy's: the caller's stays */
		weir_proxy_stop(&proxy, 0);
		return r;
	}
	*ret_proxy = proxy;
	return 0;
}

static unsigned int count_draining(const struct weir_proxy *proxy)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < proxy->workers_count; i++)
		count += !proxy->workers[i].has_thread ||
			 __atomic_load_n(&proxy->workers[i].is_draining, __ATOMIC_ACQUIRE);
	return count;
}

void weir_proxy_hand_over(struct weir_proxy *proxy, __u64 drain_ns)
{
	__atomic_store_n(&proxy->is_handed_over, true, __ATOMIC_RELEASE);
	weir_proxy_drain(proxy, drain_ns);
}

void weir_proxy_drain(struct weir_proxy *proxy, __u64 drain_ns)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	__atomic_store_n(&proxy->drain_until_ns, weir_monotonic_ns() + drain_ns, __ATOMIC_RELEASE);
	wake_all(proxy);
	while (count_draining(proxy) < proxy->workers_count)
		nanosleep(&pause, NULL);
}

void weir_proxy_stop(struct weir_proxy **proxy, __u64 drain_ns)
{
	struct weir_proxy *old = take_pointer(*proxy);

	if (!old)
		return;
	if (!__atomic_load_n(&old->drain_until_ns, __ATOMIC_RELAXED))
		weir_proxy_drain(old, drain_ns);
	for (unsigned int i = 0; i < old->workers_count; i++) {
		if (old->workers[i].has_thread)
			pthread_join(old->workers[i].thread, NULL);
		weir_worker_done(&old->workers[i]);
	}
	weir_log_done(&old->log);
	weir_clients_free(&old->clients);
	weir_table_unref(&old->table);
	pthread_mutex_destroy(&old->lock);
	free(old->workers);
	free(old);
}

void weir_proxy_counters(const struct weir_proxy *proxy, struct weir_counters *ret_counters)
{
	memset(ret_counters, 0, sizeof(*ret_counters));
	for (unsigned int i = 0; i < proxy->workers_count; i++) {
		const struct weir_counters *counters = &proxy->workers[i].counters;

		ret_counters->connections += __atomic_load_n(&counters->connections,
							     __ATOMIC_RELAXED);
		ret_counters->requests += __atomic_load_n(&counters->requests, __ATOMIC_RELAXED);
		for (int j = 0; j < WEIR_ENDINGS_END; j++)
			ret_counters->endings[j] += __atomic_load_n(&counters->endings[j],
								    __ATOMIC_RELAXED);
	}
}

__u64 weir_proxy_open_connections(const struct weir_proxy *proxy)
{
	__u64 sum = 0;

	for (unsigned int i = 0; i < proxy->workers_count; i++)
		sum += __atomic_load_n(&proxy->workers[i].conns_count, __ATOMIC_RELAXED);
	return sum;
}
