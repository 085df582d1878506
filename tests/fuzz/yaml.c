/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir.yaml, whole: the text, and every check of its values. What it names are files beside it,
 * which are not there, so that the region is missing and no input is a policy: each must be told so.
 */
#include <unistd.h>

#include "config/config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_diags diags = {0};
	struct weir_config *config = NULL;
	char path[32];
	int fd = fuzz_file(data, size, path);
	int r = weir_config_load(path, &diags, &config);

	fuzz_check_told(r, &diags);
	fuzz_check((r == 0) == (config != NULL));
	for (size_t i = 0; i < diags.count; i++)
		fuzz_check(diags.items[i].text && !strchr(diags.items[i].text, '\n'));
	weir_config_free(&config);
	weir_diags_done(&diags);
	close(fd);
	return 0;
}
