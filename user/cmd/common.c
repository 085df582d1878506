/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all commands do alike: say what is wrong, print a report, read arguments.
 *
 * A report that did not arrive is a failure, whatever the command did. Diagnostics are printed after
 * the report, on standard error, so that the one can be used without the other.
 */
#include "cmd/common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/quantity.h"
#include "cmd/progress.h"

int weir_cmd_end(const struct weir_diags *diags, int r)
{
	int error = 0;

	weir_progress_done();
	/*
	 * First, or what is said of the report would stand in the middle of it where both go to one
	 * place. A long report may have failed before, and this flush has nothing left to write
	 * then.
	 */
	if (fflush(stdout) || ferror(stdout))
		error = errno ?: EIO;
	weir_diags_print(diags, stderr);
	if (r && !diags->errors)
		fprintf(stderr, "weir: %s\n", strerror(-r));
	if ((r == -EACCES || r == -EPERM) && geteuid())
		fputs("weir: run it as root\n", stderr);
	if (!r && error) {
		fprintf(stderr, "weir: cannot write: %s\n", strerror(error));
		return WEIR_EXIT_FAILED;
	}
	return r ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
}

int weir_cmd_print(char *report, struct weir_diags *diags)
{
	int r;

	if (!report) {
		weir_diags_error(diags, NULL, 0, 0, "out of memory");
		return -ENOMEM;
	}
	weir_progress_done();
	r = fputs(report, stdout) < 0 ? -errno : 0;
	if (r)
		weir_diags_error(diags, NULL, 0, 0, "cannot write: %s", strerror(-r));
	free(report);
	return r;
}

int weir_cmd_number(const char *what, const char *text, unsigned long long min,
		    unsigned long long max, struct weir_diags *diags,
		    unsigned long long *ret_number)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	/* Behind a blank or a sign strtoull(3) would find one, too. */
	if (errno || *text < '0' || *text > '9' || *end || number < min || number > max)
		return weir_diags_error(diags, NULL, 0, 0, "%s '%s' is no number of %llu to %llu",
					what, text, min, max);
	*ret_number = number;
	return 0;
}

int weir_cmd_duration(const char *option, const char *text, struct weir_diags *diags,
		      unsigned long long *ret_ns)
{
	const char *why = NULL;
	__u64 ns;

	if (weir_duration_parse(text, strlen(text), &ns, &why))
		return weir_diags_error(diags, NULL, 0, 0, "%s '%s': %s", option, text, why);
	*ret_ns = ns;
	return 0;
}
