#include "child_signal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace sentry {

namespace {

using Plain = void (*)(int);
using Informed = void (*)(int, siginfo_t*, void*);

// All that the handler knows. Lock-free atomics are async-signal-safe.
std::atomic<int> woken{-1};  // where it writes; -1 while it is not taken
std::atomic<bool> noted{false};
std::atomic<int> running{0};  // handlers at work, in all threads
std::atomic<Plain> plain{nullptr};  // what was found; at most one of the two
std::atomic<Informed> informed{nullptr};
std::mutex placing;  // what was found last is what is called; the handler does not ask for it
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<Plain>::is_always_lock_free);

void on_child(int signal, siginfo_t* from, void* context) {
  const int saved_errno = errno;
  ++running;
  if (const int fd = woken; fd >= 0 && !noted.exchange(true)) {
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
  }
  if (const Informed next = informed) next(signal, from, context);
  else if (const Plain simple = plain) simple(signal);
  --running;
  errno = saved_errno;
}

bool is_ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_child;
}

}  // namespace

std::optional<ChildSignal> ChildSignal::take(int eventfd) noexcept {
  int nobody = -1;
  if (!woken.compare_exchange_strong(nobody, eventfd)) return std::nullopt;
  noted = false;
  ChildSignal taken;
  taken.put_in_place();
  return taken;
}

// Where SIGCHLD is ignored (by whoever started us), the kernel reaps on its own and every status is lost: waitid(2). So
// that is not what is put back, nor what is called.
void ChildSignal::put_in_place() const noexcept {
  struct sigaction action{}, found{};
  action.sa_sigaction = on_child;
  // As in signals.cc: it runs in threads that expect no EINTR, or have a small stack.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);  // what libuv's wants
  const std::lock_guard lock(placing);
  if (sigaction(SIGCHLD, &action, &found) != 0 || is_ours(found)) return;
  const bool is_informed = (found.sa_flags & SA_SIGINFO) != 0;
  const bool calls = is_informed || (found.sa_handler != SIG_DFL && found.sa_handler != SIG_IGN);
  informed = is_informed ? found.sa_sigaction : nullptr;
  plain = calls && !is_informed ? found.sa_handler : nullptr;
  if (calls) kill(getpid(), SIGCHLD);  // for one that came before its handler was known here
}

bool ChildSignal::called() const noexcept { return noted.exchange(false); }

ChildSignal::~ChildSignal() {
  if (!taken_) return;
  const std::lock_guard lock(placing);
  struct sigaction found{};
  if (sigaction(SIGCHLD, nullptr, &found) == 0 && is_ours(found)) {
    struct sigaction former{};
    if (const Informed next = informed) former.sa_sigaction = next, former.sa_flags = SA_SIGINFO | SA_RESTART;
    else if (const Plain simple = plain) former.sa_handler = simple, former.sa_flags = SA_RESTART;
    else former.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &former, nullptr);
  }
  woken = -1;
  // One that read the number before must not write to whatever gets it next. It is a few instructions long.
  while (running > 0) sched_yield();
}

}  // namespace sentry
