// Children that come and go while they are looked at: what a look takes for complete, and what it does not.
#include <sys/eventfd.h>
#include <sys/ptrace.h>

#include <functional>

#include "../strangers.h"
#include "check.h"
#include "contract.h"
#include "stranger.h"

using namespace contract;

namespace {

// Done once, when a list has been read and nobody on it has been looked at.
std::function<void()> after_list;

int forked(const std::function<void()>& body) {
  const int pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

// Strangers as the waiting thread has them, without one.
struct Looked {
  WaitSet wait_set;
  Fd wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Strangers strangers{wait_set, wake.get()};
  Looked() { strangers.spare(Strangers::Why::node, false); }
};

bool is_ours(int pid) { return read_stat(pid).value_or(ProcStat{}).parent == getpid(); }

}  // namespace

// In place of the C library's: a list has been read to its end.
extern "C" ssize_t pread(int fd, void* to, size_t size, off_t at) {
  const ssize_t got = syscall(SYS_pread64, fd, to, size, at);
  if (got == 0 && after_list) std::exchange(after_list, nullptr)();
  return got;
}

TEST("one that has ended between the list and the look may have left another: that is found as well") {
  Looked looked;
  stranger::Pipe go, told;
  const int run = forked([&] {
    if (fork() != 0) return;
    char byte;
    if (read(go.from.get(), &byte, 1) != 1) return;
    const int daemon = fork();
    if (daemon == 0) {
      for (;;) pause();
    }
    if (write(told.to.get(), &daemon, sizeof daemon) != sizeof daemon) _exit(1);
  });
  looked.strangers.know(run);
  CHECK(until([&] { return state_of(run) == 'Z'; }));
  int daemon = 0;
  after_list = [&] {
    go.say();
    if (read(told.from.get(), &daemon, sizeof daemon) != sizeof daemon) daemon = 0;
    until([&] { return is_ours(daemon); });
  };
  looked.strangers.look();
  REQUIRE(daemon > 0);
  CHECK(looked.strangers.complete());
  CHECK(looked.strangers.has(daemon));
  kill(daemon, SIGKILL);
  waitpid(daemon, nullptr, 0);
  waitpid(run, nullptr, 0);
}

TEST("while others go on coming and ending, a look comes to an end, and does not say that it is complete") {
  Looked looked;
  int looks = 0;
  std::function<void()> another = [&] {
    ++looks;
    const int pid = forked([] {});
    until([&] { return state_of(pid) == 'Z'; });
    after_list = another;
  };
  after_list = another;
  looked.strangers.look();
  after_list = nullptr;
  CHECK(looks > 1 && !looked.strangers.complete());
  looked.strangers.look();
  CHECK(looked.strangers.complete() && looked.strangers.all().empty());
}

TEST("one that has ended and is traced is reported once, and reaped when its tracer is gone") {
  Looked looked;
  const int traced = forked([] {
    for (;;) pause();
  });
  looked.strangers.look();
  REQUIRE(looked.strangers.has(traced));
  stranger::Pipe ready;
  const int tracer = forked([&] {
    if (ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) != 0) _exit(1);
    ready.say();
    for (;;) pause();
  });
  looked.strangers.know(tracer);
  char byte;
  REQUIRE(read(ready.from.get(), &byte, 1) == 1);
  kill(traced, SIGKILL);
  epoll_event event;
  CHECK(looked.wait_set.wait(&event, 1, 10'000) == 1);
  looked.strangers.look_at(traced);
  CHECK(looked.strangers.has(traced) && looked.strangers.all().at(traced).over);
  CHECK(looked.wait_set.wait(&event, 1, 0) == 0);
  kill(tracer, SIGKILL);
  waitpid(tracer, nullptr, 0);
  CHECK(until([&] {
    looked.strangers.look();
    return !looked.strangers.has(traced);
  }));
  CHECK(state_of(traced) == 0);
}
