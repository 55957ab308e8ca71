#include "../descent.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <thread>

#include "../identity.h"
#include "check.h"
#include "stranger.h"
#include "until.h"

using namespace sentry;
using stranger::Pipe;

namespace {

constexpr RunId kRun = 7;

std::optional<ProcEvents> listening(int buffer = 4 << 20) {
  auto opened = ProcEvents::open(ProcEvents::Scope::forks, buffer);
  if (auto* events = std::get_if<ProcEvents>(&opened)) return std::move(*events);
  return std::nullopt;
}

// Watched as a run is: a moment after it was started. Ends with all that it has started.
class Run {
 public:
  explicit Run(const std::function<void(Pipe& told)>& body) {
    pid = fork();
    if (pid == 0) {
      setsid();
      body(told_);
      _exit(0);
    }
  }
  ~Run() {
    for (const int one : others_) kill(one, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  void watch_by(Descent& descent, bool complete = true) { descent.watch(kRun, pid, *start_ticks(pid), complete); }

  // The pids that are told by its processes.
  std::set<int> hear(size_t count) {
    std::set<int> pids;
    for (int one = 0; pids.size() < count && read(told_.from.get(), &one, sizeof one) == sizeof one;) pids.insert(one);
    others_.insert(pids.begin(), pids.end());
    return pids;
  }

  int pid = 0;

 private:
  Pipe told_;
  std::set<int> others_;
};

void say_self(Pipe& told) {
  const int self = getpid();
  if (write(told.to.get(), &self, sizeof self) != sizeof self) _exit(98);
}

[[noreturn]] void stay() {
  for (;;) pause();
}

// A daemon's way: through a child that leads a session of its own and ends.
void detach(const std::function<void()>& body) {
  const int between = fork();
  if (between == 0) {
    setsid();
    if (fork() == 0) {
      body();
      _exit(0);
    }
    _exit(0);
  }
  waitpid(between, nullptr, 0);
}

std::set<int> numbers(const std::vector<std::pair<int, uint64_t>>& found) {
  std::set<int> pids;
  for (const auto& [pid, start] : found) {
    const auto there = start_ticks(pid);
    CHECK(!there || *there == start);  // it may have gone since
    pids.insert(pid);
  }
  return pids;
}

std::set<int> seen(Descent& descent) {
  descent.drain();
  return numbers(descent.of(kRun));
}

}  // namespace

TEST("a daemon in its own session, without parents and without an environment, is known by the forks that led to it") {
  auto events = listening();
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  until([&, tick = ticks_now()] { return ticks_now() > tick; });  // so that it is later than the subscription by a tick
  Run run([](Pipe& told) {
    detach([&] {
      detach([&] {
        say_self(told);
        dup2(told.to.get(), 9);
        const char* const arguments[] = {"setsid", "sleep", "1000", nullptr};
        const char* const environment[] = {nullptr};
        execve("/usr/bin/setsid", const_cast<char**>(arguments), const_cast<char**>(environment));
      });
      say_self(told);
      stay();
    });
    stay();
  });
  const std::set<int> pids = run.hear(2);
  run.watch_by(descent);
  CHECK(until([&] { return seen(descent) == pids; }));
  CHECK(descent.complete(kRun));
  const int one = *pids.begin();
  kill(one, SIGKILL);
  CHECK(until([&] { return !seen(descent).contains(one); }));
  CHECK(seen(descent).size() == 1);
}

TEST("a process that a thread has forked is its process's child, and a thread is none") {
  auto events = listening();
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  Run run([](Pipe& told) {
    std::thread([&] {
      if (fork() == 0) {
        say_self(told);
        stay();
      }
      stay();
    }).join();
  });
  const std::set<int> pids = run.hear(1);
  run.watch_by(descent);
  CHECK(seen(descent) == pids);
}

TEST("what has ended before it was asked for is not told, also as a zombie's child") {
  auto events = listening();
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  Run run([](Pipe& told) {
    for (int n = 0; n < 200; ++n) {
      const int pid = fork();
      if (pid == 0) _exit(0);
      if (n > 0) waitpid(pid, nullptr, 0);  // but for the first one
      else say_self(told);
    }
    say_self(told);
    if (fork() == 0) {
      say_self(told);
      stay();
    }
    stay();
  });
  const std::set<int> pids = run.hear(2);  // itself, and the last one
  run.watch_by(descent);
  std::set<int> found = seen(descent);
  for (const int pid : pids) found.erase(pid);
  CHECK(found.size() == 1);  // the zombie
}

TEST("others' processes are of no run") {
  auto events = listening();
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  Run run([](Pipe& told) { say_self(told), stay(); });
  run.hear(1);
  run.watch_by(descent);
  const int other = fork();
  if (other == 0) {
    if (fork() == 0) _exit(0);
    stay();
  }
  CHECK(seen(descent).empty());
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

TEST("where forks were lost, what was known stays known, and nothing is complete") {
  auto events = listening(64 << 10);  // room for a hundred
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  until([&, tick = ticks_now()] { return ticks_now() > tick; });
  Pipe more;
  Run run([&](Pipe& told) {
    if (fork() == 0) {
      say_self(told);
      stay();
    }
    more.await_word();
    for (int n = 0; n < 1000; ++n) {
      const int pid = fork();
      if (pid == 0) _exit(0);
      waitpid(pid, nullptr, 0);
    }
    say_self(told);
    stay();
  });
  const std::set<int> pids = run.hear(1);
  run.watch_by(descent);
  CHECK(seen(descent) == pids && descent.complete(kRun));
  more.say();
  run.hear(1);
  CHECK(seen(descent) == pids && !descent.complete(kRun));
}

TEST("by a subscription that was inherited, forks are known that came before anybody was watched") {
  auto events = listening();
  if (!events) SKIP("no process events here");
  const uint32_t drops = events->drops();
  Run run([](Pipe& told) {
    detach([&] {
      say_self(told);
      stay();
    });
    stay();
  });
  const std::set<int> pids = run.hear(1);
  Descent former(std::move(*events));
  ProcEvents released = former.release();
  Descent descent(ProcEvents::inherit(released.release(), drops));
  descent.drain();
  run.watch_by(descent);
  CHECK(until([&] { return seen(descent) == pids; }));  // the one in between may still be ending
  CHECK(descent.complete(kRun));
  descent.forget(kRun);
  CHECK(seen(descent).empty());
  run.watch_by(descent, false);
  for (const int pid : pids) descent.add(kRun, pid, *start_ticks(pid));
  CHECK(seen(descent) == pids && !descent.complete(kRun));
}

TEST("a run that was started before the subscription is not complete") {
  Run run([](Pipe& told) { say_self(told), stay(); });
  run.hear(1);
  auto events = listening();
  if (!events) SKIP("no process events here");
  Descent descent(std::move(*events));
  run.watch_by(descent);
  CHECK(!descent.complete(kRun));
}
