/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flood: a bounded sender of frames for tests, on one wire of a network namespace.
 *
 *   flood -i IFACE -m MAC -d ADDRESS [-p PORT] [-s PREFIX] [-l BYTES] [-r PACKETS_PER_S]
 *         [-t SECONDS] [-k ack|syn|udp] [-f] [-c]
 *
 * Sends frames of BYTES (60) to ADDRESS:PORT (80) for SECONDS (1, at most 120), from sources that
 * walk through PREFIX in an order that visits each once before any again. Their TCP checksum is
 * wrong on purpose: what the gate lets through is counted by the kernel behind it and answered
 * by nobody, so that the flood meets the gate alone; -c makes it right. -f makes each the first fragment of a
 * packet. Prints `FRAMES BYTES NANOSECONDS`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_BYTES_MIN = 60, FRAME_BYTES_MAX = 1514, SECONDS_MAX = 120 };

enum kind { KIND_ACK, KIND_SYN, KIND_UDP };

#define NS_PER_S 1000000000ULL

struct frame {
	uint16_t pad; /* not sent: it aligns the headers */
	struct ether_header ethernet;
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct udphdr udp; /* the ports are where TCP has them */
	};
	uint8_t payload[FRAME_BYTES_MAX - 54];
};

struct flood {
	int fd;
	struct frame model;
	uint32_t first_source; /* host order */
	uint32_t source_mask;  /* of the part that changes */
	uint32_t step;         /* how many frames so far */
	size_t frame_bytes;
	uint64_t packets_per_s; /* 0: as fast as it goes */
	uint64_t duration_ns;
	enum kind kind;
	bool is_fragment, has_checksum;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t words[10];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* RFC 9293, section 3.1: over the addresses, the protocol, the length and the segment. */
static uint16_t tcp_checksum(const struct frame *frame)
{
	uint16_t size = ntohs(frame->ip.tot_len) - sizeof(frame->ip), word;
	uint32_t sum = htons(IPPROTO_TCP) + htons(size);
	const uint8_t *at = (const uint8_t *)&frame->ip.saddr;

	for (size_t i = 0; i < 2 * sizeof(frame->ip.saddr) + size; i += 2) {
		memcpy(&word, at + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* The next frame: an odd step through the prefix visits every address of it once a round. */
static void fill(struct flood *flood, struct frame *frame)
{
	uint32_t host = flood->step++ * 0x9e3779b1U & flood->source_mask;

	frame->ip.saddr = htonl(flood->first_source | host);
	frame->ip.id = htons(flood->step);
	frame->ip.check = 0;
	frame->ip.check = ip_checksum(&frame->ip);
	frame->tcp.source = htons(1024 + flood->step % 60000);
	if (!flood->has_checksum)
		return;
	frame->tcp.check = 0;
	frame->tcp.check = tcp_checksum(frame);
}

/* Sends one batch. Returns how many frames the wire took. */
static int send_batch(struct flood *flood, struct frame frames[static BATCH], int count)
{
	struct mmsghdr messages[BATCH] = {};
	struct iovec parts[BATCH];
	int sent;

	for (int i = 0; i < count; i++) {
		fill(flood, &frames[i]);
		parts[i] = (struct iovec){&frames[i].ethernet, flood->frame_bytes};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(flood->fd, messages, count, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		die("cannot send");
	return sent < 0 ? 0 : sent;
}

static void run(struct flood *flood)
{
	static struct frame frames[BATCH];
	uint64_t begin_ns = now_ns(), elapsed_ns, sent = 0;

	for (int i = 0; i < BATCH; i++)
		frames[i] = flood->model;
	while ((elapsed_ns = now_ns() - begin_ns) < flood->duration_ns) {
		uint64_t due = flood->packets_per_s
				       ? flood->packets_per_s * (elapsed_ns / 1000) / 1000000
				       : sent + BATCH;

		if (due > sent)
			sent += send_batch(flood, frames, due - sent < BATCH ? due - sent : BATCH);
		else
			usleep(500);
	}
	printf("%llu %llu %llu\n", (unsigned long long)sent,
	       (unsigned long long)(sent * flood->frame_bytes), (unsigned long long)elapsed_ns);
}

static void open_wire(struct flood *flood, const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int one = 1;

	address.sll_ifindex = if_nametoindex(interface);
	if (!address.sll_ifindex)
		die(interface);
	flood->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (flood->fd < 0 || bind(flood->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("cannot open the wire");
	setsockopt(flood->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
}

static void make_model(struct flood *flood)
{
	struct frame *model = &flood->model;

	memcpy(model->ethernet.ether_shost, "\2\0\0\0\0\2", ETH_ALEN);
	model->ethernet.ether_type = htons(ETHERTYPE_IP);
	model->ip = (struct iphdr){.version = 4,
				   .ihl = 5,
				   .ttl = 64,
				   .protocol = IPPROTO_TCP,
				   .frag_off = htons(flood->is_fragment ? IP_MF : 0),
				   .tot_len = htons(flood->frame_bytes - ETH_HLEN),
				   .daddr = model->ip.daddr};
	if (flood->kind == KIND_UDP) {
		model->ip.protocol = IPPROTO_UDP;
		model->udp.len = htons(flood->frame_bytes - ETH_HLEN - sizeof(model->ip));
		return;
	}
	model->tcp.doff = 5;
	model->tcp.ack = flood->kind == KIND_ACK;
	model->tcp.syn = flood->kind == KIND_SYN;
	model->tcp.ack_seq = htonl(model->tcp.ack);
	model->tcp.window = htons(1024);
	model->tcp.check = htons(0xbad);
}

static enum kind take_kind(const char *text)
{
	static const char *const names[] = {"ack", "syn", "udp"};

	for (int i = 0; i < 3; i++)
		if (!strcmp(text, names[i]))
			return i;
	errno = EINVAL;
	die(text);
}

static void take_prefix(struct flood *flood, char *text)
{
	char *slash = strchr(text, '/');
	struct in_addr address;
	int length = slash ? (int)strtol(slash + 1, NULL, 10) : 32;

	if (slash)
		*slash = '\0';
	errno = EINVAL;
	if (length < 0 || length > 32 || inet_pton(AF_INET, text, &address) != 1)
		die(text);
	flood->source_mask = length == 32 ? 0 : ~0U >> length;
	flood->first_source = ntohl(address.s_addr) & ~flood->source_mask;
}

static unsigned long take_number(const char *text, unsigned long low, unsigned long high)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	errno = EINVAL;
	if (end == text || *end || value < low || value > high)
		die(text);
	return value;
}

static const char *take_options(struct flood *flood, int argc, char **argv)
{
	const char *interface = NULL;
	struct ether_addr *mac;
	struct in_addr to = {};
	int option;

	while ((option = getopt(argc, argv, "i:m:d:p:s:l:r:t:k:fc")) != -1) {
		errno = EINVAL;
		if (option == 'i')
			interface = optarg;
		else if (option == 'm' && (mac = ether_aton(optarg)))
			memcpy(flood->model.ethernet.ether_dhost, mac, ETH_ALEN);
		else if (option == 'd' && inet_pton(AF_INET, optarg, &to) == 1)
			flood->model.ip.daddr = to.s_addr;
		else if (option == 'p')
			flood->model.tcp.dest = htons(take_number(optarg, 0, 65535));
		else if (option == 's')
			take_prefix(flood, optarg);
		else if (option == 'l')
			flood->frame_bytes = take_number(optarg, FRAME_BYTES_MIN, FRAME_BYTES_MAX);
		else if (option == 'r')
			flood->packets_per_s = take_number(optarg, 1, 10000000);
		else if (option == 't')
			flood->duration_ns = take_number(optarg, 1, SECONDS_MAX) * NS_PER_S;
		else if (option == 'k')
			flood->kind = take_kind(optarg);
		else if (option == 'f')
			flood->is_fragment = true;
		else if (option == 'c')
			flood->has_checksum = true;
		else
			die(optarg ? optarg : "unknown option");
	}
	errno = EINVAL;
	if (!interface || !to.s_addr || optind != argc)
		die("-i IFACE, -m MAC and -d ADDRESS are needed");
	return interface;
}

int main(int argc, char **argv)
{
	struct flood flood = {.fd = -1, .frame_bytes = FRAME_BYTES_MIN, .duration_ns = NS_PER_S};
	const char *interface;

	flood.model.tcp.dest = htons(80);
	take_prefix(&flood, (char[]){"198.18.0.0/16"});
	interface = take_options(&flood, argc, argv);
	make_model(&flood);
	open_wire(&flood, interface);
	run(&flood);
	return 0;
}
