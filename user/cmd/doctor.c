/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir doctor: what this machine allows, what that costs, and what mends it. Exits with 1 when
 * something stops the gate from working.
 */
#include "report/doctor.h"

#include <errno.h>

#include "cmd/common.h"
#include "cmd/files.h"
#include "cmd/progress.h"
#include "kernel/facts.h"

/* Those of the command line, else those of weir.yaml, else all that there are. */
static int gather(const struct weir_cli *cli, char **names, int count, struct weir_diags *diags,
		  struct weir_facts *ret_facts)
{
	_cleanup_(weir_config_free) struct weir_config *config = NULL;
	_cleanup_free_ const char **configured = NULL;
	int r;

	weir_cmd_files(cli->config_path, 0, &config);
	if (!count && config) {
		configured = calloc(config->interfaces_count ?: 1, sizeof(*configured));
		if (!configured)
			return weir_diags_error(diags, NULL, 0, 0, "out of memory");
		for (size_t i = 0; i < config->interfaces_count; i++)
			configured[i] = config->interfaces[i].name;
		r = weir_facts_gather(configured, config->interfaces_count, diags, ret_facts);
	} else {
		r = weir_facts_gather((const char *const *)names, (size_t)count, diags, ret_facts);
	}
	if (!r && config)
		ret_facts->needs_conntrack = config->does_nat;
	return r;
}

int weir_cmd_doctor(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_(weir_facts_done) struct weir_facts facts = {};
	_cleanup_(weir_findings_done) struct weir_findings findings = {};
	_cleanup_diags_ struct weir_diags diags = {};
	int r;

	if (getopt(argc, argv, "") != -1)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("looking at the machine");
	r = gather(cli, argv + optind, argc - optind, &diags, &facts);
	if (!r) {
		weir_doctor_judge(&facts, &findings);
		r = findings.is_incomplete
			    ? -ENOMEM
			    : weir_cmd_print(cli->json ? weir_doctor_json(&findings)
						       : weir_doctor_table(&findings),
					     &diags);
	}
	r = weir_cmd_end(&diags, r);
	return r                                                     ? r
	       : weir_findings_worst(&findings) == WEIR_HEALTH_STOPS ? WEIR_EXIT_FAILED
								     : WEIR_EXIT_DONE;
}
