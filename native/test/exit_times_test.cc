#include "../exit_times.h"

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "../exit.h"
#include "check.h"

using namespace sentry;

namespace {

int64_t clock_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::optional<ExitTimes> exit_times(int buffer = 4 << 20) {
  auto opened = ProcEvents::open(ProcEvents::Scope::exits, buffer);
  if (auto* events = std::get_if<ProcEvents>(&opened)) return ExitTimes{std::move(*events)};
  std::printf("     no process events: %s\n", std::get<Fault>(opened).subject.c_str());
  return std::nullopt;
}

struct Child {
  int pid;
  Fd pidfd;
  int64_t born_ns;
};

template <class Body>
Child child(Body body) {
  const int64_t born_ns = clock_ns();
  const int pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return {pid, Fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))}, born_ns};
}

// As the waiting thread does it: woken by the pidfd, asks, reaps. The moment of waking is put into `woke_ns`.
std::optional<int64_t> end_of(ExitTimes& times, const Child& child, int64_t& woke_ns) {
  pollfd ended{child.pidfd.get(), POLLIN, 0};
  poll(&ended, 1, -1);
  woke_ns = clock_ns();
  const auto at = times.take(child.pid, woke_ns);
  waitpid(child.pid, nullptr, 0);
  return at;
}

// Ends the leader, with a thread that lives 50 ms more, ends the process with code 3 and first says when.
void end_leader_first(int say) {
  static int out;
  out = say;
  pthread_t thread;
  pthread_create(&thread, nullptr, [](void*) -> void* {
    usleep(50'000);
    const int64_t ending = clock_ns();
    if (write(out, &ending, sizeof ending) != sizeof ending) _exit(4);
    _exit(3);
  }, nullptr);
  syscall(SYS_exit, 0);  // pthread_exit(3) does the same, but unwinds the test's own frames first
}

ProcEvent event(ProcEvent::What what, int pid, int64_t at_ns) {
  ProcEvent event;
  event.what = what;
  event.pid = pid;
  event.tgid = 100;
  event.at_ns = at_ns;
  return event;
}

constexpr auto kFork = ProcEvent::What::fork, kExit = ProcEvent::What::exit;

}  // namespace

TEST("a process is over with the last of its threads, in whatever order they end and are told") {
  Threads threads{1000};
  for (const ProcEvent& e : {event(kFork, 101, 1500), event(kFork, 102, 1600), event(kExit, 101, 2000)}) threads.add(e);
  CHECK(!threads.over(9000));
  threads.add(event(kExit, 100, 5000));
  CHECK(!threads.over(9000));
  threads.add(event(kExit, 102, 4000));
  CHECK(threads.over(9000) == 5000);
}

TEST("an exec by another thread than the leader ends the leader, not the process") {
  Threads threads{1000};
  threads.add(event(kFork, 101, 1500));
  threads.add(event(kExit, 100, 2000));  // 101 has the number 100 from now on
  CHECK(!threads.over(2001));
  threads.add(event(kExit, 100, 7000));
  CHECK(threads.over(9000) == 7000);
}

TEST("what was before the birth is of an earlier process with that number") {
  Threads threads{1000};
  threads.add(event(kExit, 100, 999));
  CHECK(!threads.over(9000));
}

TEST("where the threads cannot be counted, only a leader's exit right before the wake-up is believed") {
  Threads threads{1000, false};
  threads.add(event(kExit, 101, 50'000'000));
  CHECK(!threads.over(50'100'000));
  threads.add(event(kExit, 100, 50'000'000));
  CHECK(threads.over(50'100'000) == 50'000'000);
  CHECK(!threads.over(60'000'000));
}

TEST("an exit is stamped between its start and when it is known") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  constexpr int kExits = 500;
  int stamped = 0;
  for (int i = 0; i < kExits; ++i) {
    const Child one = child([] {});
    times->watch(one.pid, one.born_ns);
    int64_t woke_ns = 0;
    const auto at = end_of(*times, one, woke_ns);
    stamped += at.has_value();
    if (at) CHECK(*at >= one.born_ns && *at <= clock_ns());
  }
  CHECK(times->lost() == 0);
  // Where others keep the processors busy, an event may come too late; then there is none, and nothing is wrong.
  std::printf("     %d of %d stamped\n", stamped, kExits);
  CHECK(stamped > kExits / 2);
}

TEST("a process that ended before anybody asked about it has its stamp") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  int64_t late_woke = 0;
  std::optional<int64_t> at;
  for (bool again = true; again;) {
    const Child early = child([] {});
    const Child late = child([] { usleep(20'000); });
    times->watch(late.pid, late.born_ns);
    end_of(*times, late, late_woke);  // reads the other's event as well
    times->watch(early.pid, early.born_ns);
    int64_t woke = 0;
    at = end_of(*times, early, woke);
    again = !at;
    // Nor is it given to a later process of that number.
    times->watch(early.pid, clock_ns());
    CHECK(!times->take(early.pid, clock_ns()));
  }
  CHECK(*at < late_woke);
}

TEST("a leader that ends before its threads is not the end of the process") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  std::optional<int64_t> at;
  int64_t ending = 0;
  while (!at) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const Fd from{ends[0]};
    Fd to{ends[1]};
    const Child one = child([&] { end_leader_first(ends[1]); });
    times->watch(one.pid, one.born_ns);
    to.reset();
    int64_t woke = 0;
    at = end_of(*times, one, woke);
    REQUIRE(read(from.get(), &ending, sizeof ending) == sizeof ending);
  }
  CHECK(*at >= ending);
}

TEST("an exec by another thread than the leader is not the end of the process") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  std::optional<int64_t> at;
  int64_t started = 0;
  while (!at) {
    started = clock_ns();
    const Child one = child([] {
      pthread_t thread;
      pthread_create(&thread, nullptr, [](void*) -> void* {
        execl("/bin/sleep", "sleep", "0.05", static_cast<char*>(nullptr));
        _exit(127);
      }, nullptr);
      for (;;) pause();
    });
    times->watch(one.pid, one.born_ns);
    int64_t woke = 0;
    at = end_of(*times, one, woke);
  }
  CHECK(*at >= started + 50'000'000);
}

TEST("many that end at once each have their own stamp") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  std::vector<Child> children;
  for (int i = 0; i < 300; ++i) {
    children.push_back(child([] {
      for (;;) pause();
    }));
    times->watch(children.back().pid, children.back().born_ns);
  }
  const int64_t before = clock_ns();
  for (const Child& one : children) kill(one.pid, SIGKILL);
  int stamped = 0;
  for (const Child& one : children) {
    int64_t woke = 0;
    const auto at = end_of(*times, one, woke);
    stamped += at.has_value();
    if (at) CHECK(*at >= before && *at <= clock_ns());
  }
  CHECK(stamped > 150);
}

TEST("after a loss there is no stamp rather than a doubtful one, and then again there are") {
  auto times = exit_times(1);  // the kernel makes it its minimum: a few events
  if (!times) SKIP("no process events here");
  std::vector<Child> children;
  for (int i = 0; i < 100; ++i) {
    children.push_back(child([] {}));
    times->watch(children.back().pid, children.back().born_ns);
  }
  for (const Child& one : children) {
    siginfo_t status{};
    waitid(P_PID, static_cast<id_t>(one.pid), &status, WEXITED | WNOWAIT);
  }
  for (const Child& one : children) {
    int64_t woke = 0;
    CHECK(!end_of(*times, one, woke));
  }
  CHECK(times->lost() > 0);
  std::optional<int64_t> at;
  while (!at) {
    const Child next = child([] {});
    times->watch(next.pid, next.born_ns);
    int64_t woke = 0;
    at = end_of(*times, next, woke);
  }
}
