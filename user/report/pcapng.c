/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks of pcapng, in the byte order of this machine, which the section header tells. */
#include "report/pcapng.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_FRAME = 6,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_APPLICATION = 4, /* of a section */
	OPTION_NAME = 2,        /* of an interface */
	OPTION_RESOLUTION = 9,  /* likewise */
	LINK_ETHERNET = 1,
	NANOSECONDS = 9,
	BLOCK_BYTES = 12, /* type, and the length twice */
	OPTION_BYTES = 4, /* code and length */
	SECTION_BYTES = 16,
	INTERFACE_BYTES = 8,
	FRAME_BYTES = 20,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4d

static __u32 padded(__u32 size)
{
	return (size + 3) & ~3U;
}

static void put16(FILE *to, __u16 value)
{
	fwrite(&value, sizeof(value), 1, to);
}

static void put32(FILE *to, __u32 value)
{
	fwrite(&value, sizeof(value), 1, to);
}

static void put_padded(FILE *to, const void *bytes, __u32 size)
{
	static const char zeros[4];

	fwrite(bytes, 1, size, to);
	fwrite(zeros, 1, padded(size) - size, to);
}

static __u32 option_bytes(__u32 size)
{
	return OPTION_BYTES + padded(size);
}

static void put_option(FILE *to, __u16 code, const void *bytes, __u16 size)
{
	put16(to, code);
	put16(to, size);
	put_padded(to, bytes, size);
}

static void put_end_of_options(FILE *to)
{
	put_option(to, OPTION_END, "", 0);
}

void weir_pcapng_begin(FILE *to, const char *application)
{
	__u32 name_size = strlen(application);
	__u32 size = BLOCK_BYTES + SECTION_BYTES + option_bytes(name_size) + option_bytes(0);

	put32(to, BLOCK_SECTION);
	put32(to, size);
	put32(to, BYTE_ORDER_MAGIC);
	put16(to, 1); /* version 1.0 */
	put16(to, 0);
	put32(to, ~0U); /* the section's length, in 64 bits: not known */
	put32(to, ~0U);
	put_option(to, OPTION_APPLICATION, application, name_size);
	put_end_of_options(to);
	put32(to, size);
}

void weir_pcapng_interface(FILE *to, const char *name, __u32 frame_bytes_max)
{
	static const __u8 resolution = NANOSECONDS;
	__u32 name_size = strlen(name);
	__u32 size = BLOCK_BYTES + INTERFACE_BYTES + option_bytes(name_size) + option_bytes(1) +
		     option_bytes(0);

	put32(to, BLOCK_INTERFACE);
	put32(to, size);
	put16(to, LINK_ETHERNET);
	put16(to, 0);
	put32(to, frame_bytes_max);
	put_option(to, OPTION_NAME, name, name_size);
	put_option(to, OPTION_RESOLUTION, &resolution, 1);
	put_end_of_options(to);
	put32(to, size);
}

void weir_pcapng_frame(FILE *to, const struct weir_pcapng_frame *frame)
{
	__u32 comment_size = strlen(frame->comment);
	__u32 size = BLOCK_BYTES + FRAME_BYTES + padded(frame->size) + option_bytes(comment_size) +
		     option_bytes(0);

	put32(to, BLOCK_FRAME);
	put32(to, size);
	put32(to, frame->interface);
	put32(to, frame->at_ns >> 32);
	put32(to, (__u32)frame->at_ns);
	put32(to, frame->size);
	put32(to, frame->frame_bytes);
	put_padded(to, frame->bytes, frame->size);
	put_option(to, OPTION_COMMENT, frame->comment, comment_size);
	put_end_of_options(to);
	put32(to, size);
}
