// SIGCHLD, which is shared with libuv: whatever the other thread does, its handler goes on being called.
#include <dlfcn.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "../child_signal.h"
#include "../fd.h"
#include "check.h"

namespace {

using Sigaction = int (*)(int, const struct sigaction*, struct sigaction*);

// Done once, right before a handler is put in place.
std::function<void()> before_setting;
std::atomic<int> called{0};

int real_sigaction(int signal, const struct sigaction* action, struct sigaction* former) {
  static const auto real = reinterpret_cast<Sigaction>(dlsym(RTLD_NEXT, "sigaction"));
  return real(signal, action, former);
}

// As libuv does with Node's first child.
void install_theirs() {
  struct sigaction theirs{};
  theirs.sa_handler = [](int) { ++called; };
  real_sigaction(SIGCHLD, &theirs, nullptr);
}

}  // namespace

// In place of the C library's.
extern "C" int sigaction(int signal, const struct sigaction* action, struct sigaction* former) {
  if (action && before_setting) std::exchange(before_setting, nullptr)();
  return real_sigaction(signal, action, former);
}

TEST("a handler that is installed while ours is being put in place is called all the same") {
  const sentry::Fd woken(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto ours = sentry::ChildSignal::take(woken.get());
  REQUIRE(ours);
  signal(SIGCHLD, SIG_DFL);
  before_setting = install_theirs;
  ours->put_in_place();
  // And one that came before it was known.
  CHECK(called == 1);
  raise(SIGCHLD);
  CHECK(called == 2);
}

TEST("several threads put ours in place, and theirs is never lost") {
  const sentry::Fd woken(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto ours = sentry::ChildSignal::take(woken.get());
  REQUIRE(ours);
  for (int round = 0; round < 200; ++round) {
    install_theirs();
    std::thread other([&] { ours->put_in_place(); });
    ours->put_in_place();
    other.join();
    const int before = called;
    raise(SIGCHLD);
    CHECK(called == before + 1);
  }
}
