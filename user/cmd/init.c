/* SPDX-License-Identifier: GPL-2.0-only */
/* weir init: propose a weir.yaml from this machine, on standard output. Changes nothing. */
#include "cmd/common.h"
#include "net/survey.h"

int weir_cmd_init(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_survey_ struct weir_survey survey = {};
	_cleanup_diags_ struct weir_diags diags = {};
	int r;

	(void)cli;
	if (argc > 2)
		return weir_cmd_usage("init [REGION]");
	r = weir_survey_read(&diags, &survey);
	if (!r)
		r = weir_cmd_print(weir_init_yaml(&survey, argv[1]), &diags);
	return weir_cmd_end(&diags, r);
}
