#include "../die_at.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "check.h"

using namespace sentry;

namespace {

// What becomes of this program when it is started with that in its environment, and gets three times to "reaped".
int status_with(const char* point) {
  const int pid = fork();
  if (pid == 0) {
    setenv("SENTRY_DIE_AT", point, 1);
    execl("/proc/self/exe", "die_at_test", "gets three times", nullptr);
    _exit(127);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }
bool went_on(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

}  // namespace

TEST("a process that gets three times to a point") {
  for (int n = 0; n < 3; ++n) die_at("reaped");
}

TEST("it dies where its environment says, the time that it says, and nowhere else") {
  if (std::getenv("SENTRY_DIE_AT") != nullptr) return;
  CHECK(was_killed(status_with("reaped")));
  CHECK(was_killed(status_with("reaped:1")));
  CHECK(was_killed(status_with("reaped:3")));
  CHECK(went_on(status_with("reaped:4")));
  CHECK(went_on(status_with("reap")));
  CHECK(went_on(status_with("reaped-not")));
  CHECK(went_on(status_with("")));
}
