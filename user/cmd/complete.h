/* SPDX-License-Identifier: GPL-2.0-only */
/* What a shell may complete a word to, by parts. Private to user/cmd. */
#ifndef WEIR_CMD_COMPLETE_H
#define WEIR_CMD_COMPLETE_H

#include "cmd/common.h"

/* A command line so far. */
struct weir_words {
	struct weir_cli cli;
	const char *command; /* NULL: it is yet to come */
	const char *sub;     /* the first word behind it that is no option; or "" */
	int operands;        /* how many such words there are before the last */
	const char *before;  /* the word before the last */
	const char *last;    /* what is to be completed, without what `head` has */
	const char *head;    /* `--option=`, where the last word begins so; or "" */
	int head_size;
	int printed;
	bool is_file; /* a file's name is wanted */
};

/* Print the word if it begins as the last one does; of a thousand, the rest is left out. */
void weir_offer(struct weir_words *line, const char *word);
void weir_offer_words(struct weir_words *line, const char *words);

/* Values as they are now. None, and not a word, where they cannot be known. */
typedef void weir_offer_values(struct weir_words *line);

weir_offer_values weir_offer_file;
weir_offer_values weir_offer_commands;
weir_offer_values weir_offer_reasons;
weir_offer_values weir_offer_regions;
weir_offer_values weir_offer_instances;
weir_offer_values weir_offer_interfaces;
weir_offer_values weir_offer_attached;
weir_offer_values weir_offer_bans;
weir_offer_values weir_offer_releases;
weir_offer_values weir_offer_targets;    /* of explain: an ingress address and a colon */
weir_offer_values weir_offer_hosts;      /* of routes */
weir_offer_values weir_offer_route;      /* behind the host of one */
weir_offer_values weir_offer_containers; /* in routes */
weir_offer_values weir_offer_drained;
weir_offer_values weir_offer_metered; /* apps and containers */
weir_offer_values weir_offer_rated;   /* those with a rate that was set */

#endif
