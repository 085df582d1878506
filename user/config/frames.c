/* SPDX-License-Identifier: GPL-2.0-only */
/* Hexadecimal digits or a capture file -> frames as a NIC would deliver them. */
#include "config/frames.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

#define SEPARATORS " \t\n:-"

void weir_frames_done(struct weir_frames *frames)
{
	for (size_t i = 0; i < frames->count; i++)
		free(frames->items[i].bytes);
	free(frames->items);
	*frames = (struct weir_frames){};
}

/* A zeroed frame of `size` bytes, the last of `frames`, or NULL. */
static struct weir_frame *add(struct weir_frames *frames, size_t size)
{
	_cleanup_free_ __u8 *bytes = calloc(1, size ?: 1);
	struct weir_frame *frame = bytes ? weir_array_add(&frames->items, &frames->count) : NULL;

	if (frame)
		*frame = (struct weir_frame){take_pointer(bytes), size, frames->count};
	return frame;
}

int weir_frames_add(struct weir_frames *frames, const void *bytes, size_t size)
{
	struct weir_frame *frame = add(frames, size);

	if (frame)
		memcpy(frame->bytes, bytes, size);
	return frame ? 0 : -ENOMEM;
}

static int no_memory(struct weir_diags *diags)
{
	weir_diags_error(diags, NULL, 0, 0, "out of memory");
	return -ENOMEM;
}

/* ---- hexadecimal ------------------------------------------------------------------------ */

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? at - digits : -1;
}

/* How many digits there are, or -1: this is no hexadecimal. */
static ssize_t count_digits(const char *text)
{
	ssize_t count = 0;

	for (; *text; text++) {
		if (strchr(SEPARATORS, *text))
			continue;
		if (digit(*text) < 0)
			return -1;
		count++;
	}
	return count;
}

static int read_hex(const char *text, size_t digits, struct weir_diags *diags,
		    struct weir_frames *frames)
{
	struct weir_frame *frame;
	size_t at = 0;

	if (digits % 2 || digits / 2 > WEIR_FRAME_BYTES_MAX)
		return weir_diags_error(diags, NULL, 0, 0,
					"a frame of %zu hexadecimal digits: an even number up to "
					"%d is needed",
					digits, 2 * WEIR_FRAME_BYTES_MAX);
	frame = add(frames, digits / 2);
	if (!frame)
		return no_memory(diags);
	for (; *text; text++)
		if (!strchr(SEPARATORS, *text)) {
			frame->bytes[at / 2] |= digit(*text) << (at % 2 ? 0 : 4);
			at++;
		}
	return 0;
}

/* ---- captures --------------------------------------------------------------------------- */

static void closep_capture(pcap_t **capture)
{
	if (*capture)
		pcap_close(*capture);
}

/* Bytes of the Ethernet header that the capture's packets lack, or -1: they cannot be used. */
static int lacks_bytes(int link_type)
{
	return link_type == DLT_EN10MB                   ? 0
	       : link_type == DLT_RAW || link_type == 12 ? ETH_HLEN /* 12: DLT_RAW in files */
							 : -1;
}

/* An Ethernet header for a bare IP packet, by its version. */
static void put_ethernet(__u8 *frame, size_t size)
{
	__u16 type = size > ETH_HLEN && frame[ETH_HLEN] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;

	frame[ETH_HLEN - 2] = type >> 8;
	frame[ETH_HLEN - 1] = type & 0xff;
}

static int add_captured(const struct pcap_pkthdr *header, const __u8 *bytes, size_t lacking,
			const char *path, struct weir_diags *diags, struct weir_frames *frames)
{
	size_t size = header->len > header->caplen ? header->len : header->caplen;
	struct weir_frame *frame;

	if (frames->count == WEIR_FRAMES_MAX)
		return weir_diags_error(diags, path, 0, 0, "more than %d frames", WEIR_FRAMES_MAX);
	if (size + lacking > WEIR_FRAME_BYTES_MAX)
		return weir_diags_error(diags, path, 0, 0, "frame %zu: more than %d bytes",
					frames->count + 1, WEIR_FRAME_BYTES_MAX);
	frame = add(frames, size + lacking);
	if (!frame)
		return no_memory(diags);
	memcpy(frame->bytes + lacking, bytes, header->caplen);
	if (lacking)
		put_ethernet(frame->bytes, frame->size);
	return 0;
}

static int read_capture(const char *path, struct weir_diags *diags, struct weir_frames *frames)
{
	__attribute__((cleanup(closep_capture))) pcap_t *capture = NULL;
	char why[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *header;
	const __u8 *bytes;
	int lacking, r = 0, got;

	if (!*path)
		return weir_diags_error(diags, path, 0, 0, "%s", strerror(ENOENT));
	capture = pcap_open_offline(path, why);
	/* libpcap names the file where it cannot be opened, not where it is no capture. */
	if (!capture)
		return weir_diags_error(diags, strncmp(why, path, strlen(path)) ? path : NULL, 0, 0,
					"%s", why);
	lacking = lacks_bytes(pcap_datalink(capture));
	if (lacking < 0)
		return weir_diags_error(diags, path, 0, 0,
					"packets of link type %s: Ethernet or RAW is needed",
					pcap_datalink_val_to_name(pcap_datalink(capture)) ?: "?");
	while (!r && (got = pcap_next_ex(capture, &header, &bytes)) == 1)
		r = add_captured(header, bytes, lacking, path, diags, frames);
	if (!r && got == PCAP_ERROR)
		r = weir_diags_error(diags, path, 0, 0, "%s", pcap_geterr(capture));
	if (!r && !frames->count)
		r = weir_diags_error(diags, path, 0, 0, "a capture without a frame");
	return r;
}

int weir_frames_read(const char *text, struct weir_diags *diags, struct weir_frames *ret_frames,
		     bool *ret_is_capture)
{
	_cleanup_frames_ struct weir_frames frames = {};
	ssize_t digits = access(text, F_OK) ? count_digits(text) : -1;
	int r = digits > 0 ? read_hex(text, digits, diags, &frames)
			   : read_capture(text, diags, &frames);

	if (r)
		return r;
	*ret_is_capture = digits <= 0;
	*ret_frames = frames;
	frames = (struct weir_frames){};
	return 0;
}
