/* SPDX-License-Identifier: GPL-2.0-only */
/* weir init: propose a weir.yaml from this machine, on standard output. Changes nothing. */
#include <errno.h>
#include <string.h>

#include "cmd/common.h"
#include "net/survey.h"

/* What can stand in weir.yaml as it is: no byte that ends the line or is no text. */
static bool is_region(const char *text)
{
	const char *at = text;

	while (*at > ' ' && *at < 0x7f && !strchr("#:\"'", *at))
		at++;
	return at > text && !*at;
}

int weir_cmd_init(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_survey_ struct weir_survey survey = {};
	_cleanup_diags_ struct weir_diags diags = {};
	int r;

	(void)cli;
	if (argc > 2 || (argc == 2 && *argv[1] == '-'))
		return weir_cmd_usage(argv[0]);
	if (argc == 2 && !is_region(argv[1])) {
		weir_diags_error(&diags, NULL, 0, 0, "region '%s': a name or a path, of one line",
				 argv[1]);
		return weir_cmd_end(&diags, -EINVAL);
	}
	r = weir_survey_read(&diags, &survey);
	if (!r)
		r = weir_cmd_print(weir_init_yaml(&survey, argv[1]), &diags);
	return weir_cmd_end(&diags, r);
}
