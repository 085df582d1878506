/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Client addresses and their connections: a chained hash over a fixed array of places.
 *
 * Places are numbers from 1, so that a zeroed array of chains is an empty table. Free ones are a stack
 * that all chains share; its top carries a number of changes, so that a worker that was
 * held up between its read and its exchange cannot bring back an old top.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "proxy/clients.h"
#include "proxy/index.h"

enum { LOCKS = 64, SPINS_MAX = 128 };

struct place {
	__be32 address;
	__u32 count;
	__u32 next; /* in its chain, or of the free ones; 0: none */
};

struct weir_clients {
	struct weir_hash_key key;
	__u32 per_client;
	__u32 chains_mask;
	__u32 unused; /* places that were never taken lie behind this one */
	__u32 places_count;
	__u64 free; /* number of changes << 32 | top */
	__u32 *chains;
	struct place *places;
	/* One a cache line: neighbours must not wait for each other. */
	struct {
		bool is_held;
	} __attribute__((aligned(64))) locks[LOCKS];
};

int weir_clients_new(__u32 connections_max, __u32 per_client, struct weir_clients **ret_clients)
{
	_cleanup_(weir_clients_free) struct weir_clients *clients = aligned_alloc(64,
										  sizeof(*clients));
	__u32 chains = LOCKS;

	if (!clients)
		return -ENOMEM;
	*clients = (struct weir_clients){.per_client = per_client, .places_count = connections_max};
	while (chains < connections_max && chains < 1U << 31)
		chains *= 2;
	clients->chains_mask = chains - 1;
	clients->chains = calloc(chains, sizeof(*clients->chains));
	clients->places = calloc((size_t)connections_max + 1, sizeof(*clients->places));
	if (!clients->chains || !clients->places)
		return -ENOMEM;
	if (getrandom(&clients->key, sizeof(clients->key), 0) != sizeof(clients->key))
		return -EIO;
	*ret_clients = take_pointer(clients);
	return 0;
}

void weir_clients_free(struct weir_clients **clients)
{
	struct weir_clients *old = take_pointer(*clients);

	if (!old)
		return;
	free(old->chains);
	free(old->places);
	free(old);
}

static __u32 chain_of(const struct weir_clients *clients, __be32 address)
{
	return weir_hash(&clients->key, &address, sizeof(address)) & clients->chains_mask;
}

static void lock(bool *is_held)
{
	int spins = 0;

	while (__atomic_exchange_n(is_held, true, __ATOMIC_ACQUIRE))
		/* Whoever holds it may be waiting for this core. */
		if (++spins % SPINS_MAX == 0)
			sched_yield();
}

static void unlock(bool *is_held)
{
	__atomic_store_n(is_held, false, __ATOMIC_RELEASE);
}

/* The place where the number of the address's own place stands; 0 there when it has none. */
static __u32 *find(struct weir_clients *clients, __u32 chain, __be32 address)
{
	__u32 *at = &clients->chains[chain];

	while (*at && clients->places[*at].address != address)
		at = &clients->places[*at].next;
	return at;
}

/* A free place, or 0. */
static __u32 take_place(struct weir_clients *clients)
{
	__u64 top = __atomic_load_n(&clients->free, __ATOMIC_ACQUIRE), next;
	__u32 unused;

	while ((__u32)top) {
		/* Read while another worker may take it; then the exchange fails. */
		next = __atomic_load_n(&clients->places[(__u32)top].next, __ATOMIC_RELAXED);
		next |= ((top >> 32) + 1) << 32;
		if (__atomic_compare_exchange_n(&clients->free, &top, next, true, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return top;
	}
	unused = __atomic_load_n(&clients->unused, __ATOMIC_RELAXED);
	while (unused < clients->places_count)
		if (__atomic_compare_exchange_n(&clients->unused, &unused, unused + 1, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return unused + 1;
	return 0;
}

static void return_place(struct weir_clients *clients, __u32 place)
{
	__u64 top = __atomic_load_n(&clients->free, __ATOMIC_RELAXED), next;

	do {
		__atomic_store_n(&clients->places[place].next, (__u32)top, __ATOMIC_RELAXED);
		next = ((top >> 32) + 1) << 32 | place;
	} while (!__atomic_compare_exchange_n(&clients->free, &top, next, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

static int enter(struct weir_clients *clients, __u32 chain, __be32 address)
{
	__u32 *at = find(clients, chain, address);

	if (*at && clients->places[*at].count >= clients->per_client)
		return -EDQUOT;
	if (!*at) {
		__u32 place = take_place(clients);

		if (!place)
			return -ENOSPC;
		clients->places[place].address = address;
		clients->places[place].count = 0;
		__atomic_store_n(&clients->places[place].next, 0, __ATOMIC_RELAXED);
		__atomic_store_n(at, place, __ATOMIC_RELAXED);
	}
	clients->places[*at].count++;
	return 0;
}

int weir_clients_enter(struct weir_clients *clients, __be32 address)
{
	__u32 chain = chain_of(clients, address);
	bool *is_held = &clients->locks[chain % LOCKS].is_held;
	int r;

	lock(is_held);
	r = enter(clients, chain, address);
	unlock(is_held);
	return r;
}

void weir_clients_leave(struct weir_clients *clients, __be32 address)
{
	__u32 chain = chain_of(clients, address);
	bool *is_held = &clients->locks[chain % LOCKS].is_held;
	__u32 *at, place;

	lock(is_held);
	at = find(clients, chain, address);
	place = *at;
	if (place && !--clients->places[place].count)
		__atomic_store_n(at, clients->places[place].next, __ATOMIC_RELAXED);
	else
		place = 0;
	unlock(is_held);
	if (place)
		return_place(clients, place);
}
