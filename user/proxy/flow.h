/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow: one direction of a connection, from one socket to another, up to the end of a message.
 *
 *   source --recv--> in:   |may go| judged by the framing |  --sendmsg--> sink
 *          --splice-> pipe -------------------------------- --splice--->
 *                    head: composed here, goes first        --sendmsg-->
 *
 * Bytes leave in the order in which they came: head, in, pipe; the source is read only when all
 * three are empty. So an EAGAIN from splice into the (empty) pipe can only mean an empty source.
 */
#ifndef WEIR_PROXY_FLOW_H
#define WEIR_PROXY_FLOW_H

#include "proxy/buffers.h"
#include "proxy/container.h"
#include "proxy/pipes.h"
#include "sniff/chunk.h"

/* A socket as its edge-triggered events left it. */
struct weir_end {
	int fd;
	__u8 kind;      /* enum weir_end_kind */
	bool can_read;  /* no EAGAIN since the last readable edge */
	bool can_write; /* likewise */
	bool is_hung;   /* an EOF or error is in the queue: read on until it comes */
	bool has_eof;   /* it came */
	bool has_error; /* it was reset, or never came to be */
	bool is_shut;   /* we have sent our FIN */
	int error;      /* the errno that ended it */
};

enum weir_end_kind { WEIR_KIND_CLIENT, WEIR_KIND_LINK, WEIR_KIND_LISTENER, WEIR_KIND_WAKE };

/*
 * Framed runs at least this long go by splice; shorter ones cost less by copy. Measured by `make
 * bench-proxy` (sweep): at 16 kB copying takes 34 us of CPU and splicing 36, at 32 kB 46 and 36.
 */
#ifndef WEIR_SPLICE_MIN /* set by that benchmark */
#define WEIR_SPLICE_MIN 32768
#endif

enum {
	/* What one flow moves before the others have their turn. */
	WEIR_FLOW_TURN = 4 << 20,
};

enum weir_flow_result {
	WEIR_FLOW_WAITS,      /* for an event of its source or sink */
	WEIR_FLOW_YIELDS,     /* could go on, but it is the others' turn */
	WEIR_FLOW_THROTTLED,  /* the container's bucket is empty until `ready_ns` */
	WEIR_FLOW_DONE,       /* the message is whole and with the sink's socket */
	WEIR_FLOW_CUT,        /* the source closed before the end of the message */
	WEIR_FLOW_FROM_ERROR, /* the source failed: its `error` */
	WEIR_FLOW_TO_ERROR,   /* the sink failed: its `error` */
	WEIR_FLOW_BAD,        /* the chunked coding is malformed: chunk.ending */
	WEIR_FLOW_TOO_LARGE,  /* more data than `data_max` */
	WEIR_FLOW_NO_MEMORY,
};

struct weir_flow {
	struct weir_end *from, *to;
	struct weir_buffer *head;
	struct weir_buffer *in;
	struct weir_pipe *pipe;
	struct weir_container_state *container; /* whose bucket is charged; NULL: nobody's */
	__u8 direction;                         /* enum weir_direction */
	__u8 framing;                           /* enum weir_framing */
	__u8 trickles;                          /* small pieces that came by splice, in a row */
	bool is_whole;                          /* the framing says that all has been read */
	bool is_bulk;                           /* much came at once: splice an unframed run, too */
	bool drops_framing;                     /* deliver the data of chunks only */
	bool keeps_head;     /* the head may be sent again: do not give it back yet */
	bool is_in_line;     /* counted among those who wait for the container's tokens */
	__u32 granted_bytes; /* charged already, and not read yet */
	__u32 paid_bytes;    /* charged already, and in the buffers */
	__u32 rate_sequence; /* of the container, when that was asked */
	__u64 ready_ns;      /* from when on they may move */
	__u64 left_bytes;    /* of LENGTH */
	__u64 data_bytes;    /* of the body so far */
	__u64 data_max;      /* 0: no limit */
	__u64 moved_bytes;   /* to the sink, heads and framing included */
	struct weir_chunk chunk;
};

struct weir_flow_pools {
	struct weir_buffers buffers;
	struct weir_pipes pipes;
};

/*
 * Start a message. What `in` holds unjudged counts as its first bytes. `head` stays as it is.
 */
void weir_flow_start(struct weir_flow *flow, enum weir_framing framing, __u64 length);

/*
 * Ask the framing about what `in` holds, and move nothing. Returns WAITS, or BAD or TOO_LARGE as
 * pump would, so that what is known to be wrong is refused before anybody is sent a part of it.
 */
enum weir_flow_result weir_flow_judge(struct weir_flow *flow);

/* Move what can be moved. Borrowed pipes and buffers are given back as soon as they are empty. */
enum weir_flow_result weir_flow_pump(struct weir_flow *flow, struct weir_flow_pools *pools,
				     __u64 now_ns);

/*
 * Read what has come into `in`, for a parser. Returns WAITS, DONE (something came), CUT (end of
 * file), FROM_ERROR or NO_MEMORY.
 */
enum weir_flow_result weir_flow_read(struct weir_flow *flow, struct weir_flow_pools *pools);

/* Send what the buffers hold and no more. Returns DONE, WAITS, THROTTLED or TO_ERROR. */
enum weir_flow_result weir_flow_flush(struct weir_flow *flow, struct weir_flow_pools *pools,
				      __u64 now_ns);

/* Are there bytes on their way to the sink? */
bool weir_flow_has_residue(const struct weir_flow *flow);

/* How many of `want` bytes may be read now, charged; 0: not before ready_ns. */
__u32 weir_flow_grant(struct weir_flow *flow, __u32 want, __u64 now_ns);

/* So many of them were read. */
void weir_flow_spend(struct weir_flow *flow, __u32 bytes);

/*
 * So many bytes are in the buffers to be sent: charge those that were not granted before they were
 * read, as heads and what came with them. False: they may not move before ready_ns.
 */
bool weir_flow_pay(struct weir_flow *flow, __u32 pending, __u64 now_ns);

/* Give back what was charged for the container and did not move, and forget the container. */
void weir_flow_settle(struct weir_flow *flow);

/* Give everything back, moved or not. */
void weir_flow_drop(struct weir_flow *flow, struct weir_flow_pools *pools);

#endif
