/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sandbox from the inside: a child enters it as the proxy does and tries one thing. What it
 * got is its exit code, an errno; what killed it is the signal. Landlock's part is skipped, by name,
 * where the kernel has none.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "proxy/sandbox.h"
#include "proxy_attempts.h"

static int landlock_version(void)
{
	int version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version > 0 ? version : 0;
}

static _Noreturn void child(const struct attempt *attempt)
{
	_cleanup_sandbox_ struct weir_sandbox sandbox = {};
	const struct rlimit no_core = {};
	int want = landlock_version(), version = -1;

	setrlimit(RLIMIT_CORE, &no_core);
	if (weir_sandbox_allow(&sandbox, folder, WEIR_SANDBOX_WRITE) ||
	    weir_sandbox_allow_folder_of(&sandbox, readable_file, WEIR_SANDBOX_READ) ||
	    weir_sandbox_allow(&sandbox, "/dev/null", WEIR_SANDBOX_WRITE) ||
	    weir_sandbox_enter(&sandbox, &version) || version != want)
		_exit(255);
	errno = 0;
	_exit(attempt->try() < 0 ? errno : 0);
}

/* What came of it: 0, an errno, or KILLED. */
static int attempt_inside(const struct attempt *attempt)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		child(attempt);
	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
	return WEXITSTATUS(status);
}

Test(sandbox, allows_what_a_proxy_does_and_nothing_else, .init = make_files, .fini = remove_files)
{
	int version = landlock_version();

	for (size_t i = 0; i < attempts_count; i++) {
		const struct attempt *attempt = &attempts[i];
		int got;

		if (attempt->landlock > version)
			continue;
		got = attempt_inside(attempt);
		cr_expect(got == attempt->want, "%s: got %d, want %d", attempt->what, got,
			  attempt->want);
	}
	if (version < 6)
		cr_log_warn("Landlock %d here: not all of it was tried", version);
}

Test(sandbox, refuses_a_path_that_is_not_there)
{
	struct weir_sandbox sandbox = {};
	int version;

	if (!landlock_version())
		cr_skip_test("no Landlock in this kernel");
	cr_assert(weir_sandbox_allow(&sandbox, "/nowhere", WEIR_SANDBOX_READ) == 0);
	cr_expect(weir_landlock_enter(&sandbox, &version) == -ENOENT);
	weir_sandbox_done(&sandbox);
}

Test(sandbox, takes_the_folder_of_a_file)
{
	_cleanup_sandbox_ struct weir_sandbox sandbox = {};

	weir_sandbox_allow_folder_of(&sandbox, "/etc/weir/a.routes", WEIR_SANDBOX_READ);
	weir_sandbox_allow_folder_of(&sandbox, "/a.routes", WEIR_SANDBOX_READ);
	weir_sandbox_allow_folder_of(&sandbox, "a.routes", WEIR_SANDBOX_READ);
	cr_assert(sandbox.count == 3);
	cr_expect_str_eq(sandbox.paths[0].path, "/etc/weir");
	cr_expect_str_eq(sandbox.paths[1].path, "/");
	cr_expect_str_eq(sandbox.paths[2].path, ".");
}
