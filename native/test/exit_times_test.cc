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
#include "stranger.h"

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

std::optional<Threads::End> take(ExitTimes& times, int pid, int64_t woke_ns) {
  const auto end = times.end_of(pid, woke_ns);
  times.forget(pid);
  return end;
}

// As the waiting thread does it: woken by the pidfd, asks, reaps. The moment of waking is put into `woke_ns`.
std::optional<int64_t> end_of(ExitTimes& times, const Child& child, int64_t& woke_ns) {
  pollfd ended{child.pidfd.get(), POLLIN, 0};
  poll(&ended, 1, -1);
  woke_ns = clock_ns();
  const auto end = take(times, child.pid, woke_ns);
  waitpid(child.pid, nullptr, 0);
  return end ? std::optional(end->at_ns) : std::nullopt;
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

int64_t ended_at(const Threads& threads, int64_t woke_ns) {
  const auto end = threads.over(woke_ns);
  return end ? end->at_ns : -1;
}

ProcEvent event(ProcEvent::What what, int pid, int64_t at_ns, uint32_t status = 0) {
  ProcEvent event;
  event.what = what;
  event.pid = pid;
  event.tgid = 100;
  event.at_ns = at_ns;
  event.exit_code = status;
  return event;
}

constexpr auto kFork = ProcEvent::What::fork, kExit = ProcEvent::What::exit;

// The wait status that these ends of threads, in the order in which they are told, make together.
std::optional<uint32_t> status_of(const std::vector<ProcEvent>& ends) {
  Threads threads{1000};
  threads.living = static_cast<int>(ends.size());
  for (const ProcEvent& end : ends) threads.add(end);
  const auto end = threads.over(9000);
  return end ? end->wait_status : std::nullopt;
}

}  // namespace

TEST("a process is over with the last of its threads, in whatever order they end and are told") {
  Threads threads{1000};
  for (const ProcEvent& e : {event(kFork, 101, 1500), event(kFork, 102, 1600), event(kExit, 101, 2000)}) threads.add(e);
  CHECK(!threads.over(9000));
  threads.add(event(kExit, 100, 5000));
  CHECK(!threads.over(9000));
  threads.add(event(kExit, 102, 4000));
  CHECK(ended_at(threads, 9000) == 5000);
}

TEST("an exec by another thread than the leader ends the leader, not the process") {
  Threads threads{1000};
  threads.add(event(kFork, 101, 1500));
  threads.add(event(kExit, 100, 2000));  // 101 has the number 100 from now on
  CHECK(!threads.over(2001));
  threads.add(event(kExit, 100, 7000));
  CHECK(ended_at(threads, 9000) == 7000);
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
  CHECK(ended_at(threads, 50'100'000) == 50'000'000);
  CHECK(!threads.over(60'000'000));
}

TEST("the status of a process is that of its last thread, and none where an earlier one had another") {
  CHECK(status_of({event(kExit, 100, 2000, 0x300)}) == 0x300);
  CHECK(status_of({event(kExit, 100, 2000, 0)}) == 0);
  CHECK(status_of({event(kExit, 100, 2000, 0), event(kExit, 101, 3000, 0x300)}) == 0x300);
  CHECK(status_of({event(kExit, 101, 3000, 0x300), event(kExit, 100, 2000, 0)}) == 0x300);
  CHECK(status_of({event(kExit, 101, 2000, 9), event(kExit, 100, 2000, 9)}) == 9);
  CHECK(!status_of({event(kExit, 100, 2000, 0x300), event(kExit, 101, 3000, 0)}));
  CHECK(!status_of({event(kExit, 101, 2000, 0x700), event(kExit, 100, 3000, 0x300)}));
}

TEST("an exit is stamped between its start and when it is known") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  constexpr int kExits = 500;
  int stamped = 0;
  for (int i = 0; i < kExits; ++i) {
    const Child one = child([] {});
    times->watch(one.pid, Threads{one.born_ns});
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
    times->watch(late.pid, Threads{late.born_ns});
    end_of(*times, late, late_woke);  // reads the other's event as well
    times->watch(early.pid, Threads{early.born_ns});
    int64_t woke = 0;
    at = end_of(*times, early, woke);
    again = !at;
    // Nor is it given to a later process of that number.
    times->watch(early.pid, Threads{clock_ns()});
    CHECK(!take(*times, early.pid, clock_ns()));
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
    times->watch(one.pid, Threads{one.born_ns});
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
    times->watch(one.pid, Threads{one.born_ns});
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
    times->watch(children.back().pid, Threads{children.back().born_ns});
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
    times->watch(children.back().pid, Threads{children.back().born_ns});
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
    times->watch(next.pid, Threads{next.born_ns});
    int64_t woke = 0;
    at = end_of(*times, next, woke);
  }
}

TEST("the exit of somebody else's child comes through once strangers are watched, with its status") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  const auto end_of_a_stranger = [&] {
    stranger::Stranger one([] { _exit(5); });
    times->watch(one.pid, Threads{0, false});
    one.go();
    pollfd ended{one.pidfd.get(), POLLIN, 0};
    poll(&ended, 1, -1);
    return take(*times, one.pid, clock_ns());
  };
  CHECK(!end_of_a_stranger());
  times->watch_strangers();
  std::optional<Threads::End> end;
  while (!end) end = end_of_a_stranger();
  CHECK(end->wait_status == 0x500);
  CHECK(end->at_ns <= clock_ns());
}

TEST("a subscription that is handed on has the events of those who ended meanwhile, however many they are") {
  auto former = exit_times();
  if (!former) SKIP("no process events here");
  constexpr size_t kMany = 200;
  std::vector<Child> children;
  std::vector<Threads> counted;
  for (size_t i = 0; i < kMany; ++i) {
    children.push_back(child([] {
      for (;;) pause();
    }));
    former->watch(children.back().pid, Threads{children.back().born_ns});
    counted.push_back(*former->threads_of(children.back().pid));
  }
  ProcEvents left = former->release();
  former.reset();
  const int64_t before = clock_ns();
  for (const Child& one : children) kill(one.pid, SIGKILL);
  for (const Child& one : children) {
    siginfo_t status{};
    waitid(P_PID, static_cast<id_t>(one.pid), &status, WEXITED | WNOWAIT);
  }
  const uint32_t drops = left.drops();
  ExitTimes times(ProcEvents::inherit(left.release(), drops));
  // The first one that is looked at reads the events of all, before the others are known.
  size_t stamped = 0;
  for (size_t i = 0; i < kMany; ++i) {
    times.watch(children[i].pid, counted[i]);
    const auto end = take(times, children[i].pid, clock_ns());
    stamped += end.has_value();
    if (end) CHECK(end->at_ns >= before && end->at_ns <= clock_ns() && end->wait_status == SIGKILL);
    waitpid(children[i].pid, nullptr, 0);
  }
  CHECK(times.lost() == 0);
  CHECK(stamped == kMany);
}

TEST("whose events may have been forgotten before it was asked about is not counted") {
  auto times = exit_times();
  if (!times) SKIP("no process events here");
  const int64_t born_ns = clock_ns();
  const Child asker = child([] { usleep(20'000); });
  times->watch(asker.pid, Threads{asker.born_ns});
  for (int i = 0; i < 100; ++i) waitpid(child([] {}).pid, nullptr, 0);
  int64_t woke = 0;
  end_of(*times, asker, woke);  // reads all of them, and remembers 64
  times->watch(1, Threads{born_ns});
  CHECK(!times->threads_of(1)->countable);
  times->watch(1, Threads{clock_ns()});
  CHECK(times->threads_of(1)->countable);
}
