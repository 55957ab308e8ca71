#include "die_at.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sentry {

namespace {

// A copy: the environment belongs to Node, which may change it.
struct Wanted {
  char point[64] = "";
  std::atomic<int> times = 1;

  Wanted() noexcept {
    const char* text = std::getenv("SENTRY_DIE_AT");
    if (text == nullptr) return;
    int count = 1;
    if (std::sscanf(text, "%63[^:]:%d", point, &count) == 2) times = count;
  }
};

Wanted wanted;

}  // namespace

void die_at(const char* point) noexcept {
  if (wanted.point[0] == '\0') return;
  if (std::strcmp(wanted.point, point) == 0 && wanted.times.fetch_sub(1) == 1) kill(getpid(), SIGKILL);
}

}  // namespace sentry
