#include "../proc.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "../identity.h"
#include "check.h"
#include "full_table.h"
#include "stranger.h"
#include "until.h"

using namespace sentry;
using stranger::Pipe;

namespace {

std::vector<Process> listed() {
  auto all = list_processes();
  if (!CHECK(std::holds_alternative<std::vector<Process>>(all))) return {};
  return std::get<std::vector<Process>>(std::move(all));
}

const Process* find(const std::vector<Process>& all, int pid) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Process& one) { return one.pid == pid; });
  return found == all.end() ? nullptr : &*found;
}

uint64_t bytes(const std::vector<Process>& all, std::initializer_list<int> pids) {
  uint64_t pages = 0;
  for (const int pid : pids) pages += find(all, pid)->stat.resident_pages;
  return pages * static_cast<uint64_t>(getpagesize());
}

int forked(const std::function<void()>& body) {
  const int pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

// Pids that processes say into a pipe, each at its own place.
struct Roll {
  Pipe pipe;
  void say(int place) {
    const std::array<int, 2> line{place, getpid()};
    if (write(pipe.to.get(), line.data(), sizeof line) != sizeof line) _exit(98);
  }
  std::vector<int> hear(size_t count) {
    std::vector<int> pids(count);
    for (size_t n = 0; n < count; ++n) {
      std::array<int, 2> line{};
      if (read(pipe.from.get(), line.data(), sizeof line) != sizeof line) return {};
      pids[static_cast<size_t>(line[0])] = line[1];
    }
    return pids;
  }
};

[[noreturn]] void stay() {
  for (;;) pause();
}

// A process of the list as a test wants it: one page, one tick.
Process made(int pid, int parent, int session, uint64_t start = 100) {
  Process process{pid, {}};
  process.stat.parent = parent;
  process.stat.session = session;
  process.stat.start_ticks = start;
  process.stat.user_ticks = 1;
  process.stat.resident_pages = 1;
  return process;
}

// How many processes count for each root; -1: it is not there.
std::vector<int> sizes(const std::vector<Process>& all, const std::vector<Root>& roots) {
  std::vector<int> counts;
  for (const auto& one : consumption(all, roots)) {
    counts.push_back(one ? static_cast<int>(one->memory_bytes / static_cast<uint64_t>(getpagesize())) : -1);
  }
  return counts;
}

double cpu_of_self() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
}

void burn(double millis) {
  while (cpu_of_self() < millis) {
  }
}

}  // namespace

TEST("the list has each process with its parent, its session and its start, and keeps no descriptor") {
  const int before = dup(0);
  close(before);
  const auto all = listed();
  const int after = dup(0);
  close(after);
  CHECK(before == after);
  const Process* self = find(all, getpid());
  REQUIRE(self != nullptr);
  CHECK(self->stat.parent == getppid() && self->stat.session == getsid(0));
  CHECK(self->stat.start_ticks == start_ticks(getpid()));
  CHECK(self->stat.group == getpgrp() && self->stat.name == "proc_test" && self->stat.state == 'R');
  CHECK(self->stat.resident_pages > 0);
  CHECK(std::count_if(all.begin(), all.end(), [](const Process& one) { return one.pid == getpid(); }) == 1);
}

TEST("the name of a program may be anything, brackets and spaces included, and nothing else is taken for it") {
  std::string rest = " S 7 8 9";
  for (int field = 7; field <= 52; ++field) rest += " " + std::to_string(field);
  for (const std::string name : {"sh", "", "a) R 1 1 (b", ")", "( )"}) {
    const auto stat = parse_stat("12 (" + name + ")" + rest);
    REQUIRE(stat.has_value());
    CHECK(stat->name == name && stat->state == 'S' && stat->parent == 7 && stat->group == 8 && stat->session == 9);
    CHECK(stat->start_ticks == 22);
  }
  for (const char* const torn : {"", "12", "12 (", "12 )(", "12 (sh", "12 (sh)", "12 (sh) ", "12 sh) S 7 8 9"}) CHECK(!parse_stat(torn));
}

TEST("what keeps the list from being read is a fault") {
  const int answer = stranger::elsewhere([] {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
    const auto all = list_processes();
    const auto* fault = std::get_if<Fault>(&all);
    return fault != nullptr && fault->error == EMFILE && fault->subject == "/proc" ? 0 : 1;
  });
  CHECK(answer == 0);
}

TEST("a tree is its root, its children, who lost its parent in the same session, and who left that session below it") {
  Roll roll;
  const int root = forked([&] {
    setsid();
    roll.say(0);
    forked([&] {
      roll.say(1);
      stay();
    });
    const int between = forked([&] {
      forked([&] {
        roll.say(2);
        forked([&] {
          setsid();
          roll.say(3);
          stay();
        });
        stay();
      });
    });
    waitpid(between, nullptr, 0);
    roll.say(4);  // the same process again: the one in between is gone now
    stay();
  });
  const std::vector<int> pids = roll.hear(5);
  REQUIRE(pids.size() == 5);
  const auto all = listed();
  CHECK(find(all, pids[2])->stat.parent != root);
  CHECK(find(all, pids[3])->stat.session == pids[3]);
  const auto found = consumption(all, {{root, *start_ticks(root)}});
  REQUIRE(found.size() == 1 && found[0]);
  CHECK(found[0]->memory_bytes == bytes(all, {root, pids[1], pids[2], pids[3]}));
  for (const int pid : pids) kill(pid, SIGKILL);
  waitpid(root, nullptr, 0);
}

TEST("the CPU time of a process counts, and that of a child after it has ended as well") {
  // What each has used by its own clock: a machine that is taken away for a while counts that as well.
  struct Used { double child, root; };
  void* const page = mmap(nullptr, sizeof(Used), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  auto& used = *static_cast<Used*>(page);
  Pipe burnt, reaped;
  const int root = forked([&] {
    sigset_t wait_for;
    sigemptyset(&wait_for);
    sigaddset(&wait_for, SIGUSR1);
    sigprocmask(SIG_BLOCK, &wait_for, nullptr);
    const int child = forked([&] {
      burn(200);
      used.child = cpu_of_self();
    });
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    used.root = cpu_of_self();
    burnt.say();
    int signal = 0;
    sigwait(&wait_for, &signal);
    waitpid(child, nullptr, 0);
    burn(100);
    used.root = cpu_of_self();
    reaped.say();
    stay();
  });
  // Four numbers of two processes, each rounded down to a tick of 10 ms. What counted a child twice, or lost it, would be
  // off by its 200 ms.
  const auto is_right = [&] {
    const double off = consumption(listed(), {{root, 0}})[0]->cpu_ms - used.child - used.root;
    return off > -100 && off < 100;
  };
  burnt.await_word();
  CHECK(is_right());
  kill(root, SIGUSR1);
  reaped.await_word();
  CHECK(is_right());
  kill(root, SIGKILL);
  waitpid(root, nullptr, 0);
  munmap(page, sizeof(Used));
}

TEST("a root is known by its start time, and without one by its number alone") {
  const std::vector<Process> all{made(10, 1, 10, 500), made(11, 10, 10, 501)};
  CHECK(sizes(all, {{10, 500}, {10, 0}, {10, 499}, {12, 0}, {12, 500}}) == std::vector{2, 2, -1, -1, -1});
  CHECK(sizes(all, {}).empty());
  CHECK(sizes({}, {{10, 0}}) == std::vector{-1});
}

TEST("who is below two roots counts for the nearer one") {
  const std::vector<Process> all{made(10, 1, 10), made(11, 10, 11), made(12, 11, 11), made(13, 12, 10),
                                 made(14, 10, 10)};
  CHECK(sizes(all, {{10, 0}, {11, 0}}) == std::vector{2, 3});
  CHECK(sizes(all, {{11, 0}, {10, 0}}) == std::vector{3, 2});
  CHECK(sizes(all, {{10, 0}}) == std::vector{5});
}

TEST("a session whose leader is no root is nobody's, and what is below one of it may be somebody's") {
  const std::vector<Process> all{made(1, 0, 1), made(10, 1, 10), made(20, 1, 1), made(21, 20, 20), made(22, 1, 20),
                                 made(23, 22, 10)};
  CHECK(sizes(all, {{10, 0}}) == std::vector{2});
}

TEST("what a daemon has lost is found by the session in which it was left, and 0 is none") {
  const std::vector<Process> all{made(10, 1, 9, 100), made(12, 1, 9, 50), made(13, 1, 9, 150), made(14, 13, 14, 160),
                                 made(20, 1, 0, 100), made(21, 1, 0, 200)};
  CHECK(sizes(all, {{10, 0}}) == std::vector{4});
  CHECK(sizes(all, {{20, 0}}) == std::vector{1});
}

TEST("a number that was given away in the middle of the pass makes nobody a parent, and a circle is no way") {
  // 12 read when its parent was another 11, and when 30 led its session.
  const std::vector<Process> torn{made(10, 1, 10), made(11, 10, 10, 300), made(12, 11, 30, 200), made(30, 1, 30, 300)};
  CHECK(sizes(torn, {{10, 0}, {30, 0}}) == std::vector{2, 1});
  CHECK(sizes({made(10, 1, 10), made(11, 12, 7), made(12, 11, 7), made(13, 13, 10)}, {{10, 0}}) == std::vector{2});
}

// Gone over once for each process, the way would take longer than a test may.
TEST("a way over half a million processes is gone once, whatever strangers there are beside it") {
  constexpr int kLong = 500'000, kStrangers = 1000;
  std::vector<Process> all;
  std::vector<Root> roots;
  for (int n = 1; n <= kStrangers; ++n) all.push_back(made(kLong + n, 0, kLong + n));
  for (int n = kLong; n > 0; --n) {  // the farthest first
    all.push_back(made(n, n - 1, 0));
    roots.push_back({n, 0});
  }
  CHECK(sizes(all, {{1, 0}}) == std::vector{kLong});
  CHECK(sizes(all, roots) == std::vector<int>(kLong, 1));
}

TEST("where no descriptors are left there is no list, and not one in which nobody is") {
  for (const int left : {0, 1}) {
    const FullTable full(left);
    const auto all = list_processes();
    const auto* fault = std::get_if<Fault>(&all);
    CHECK(fault && fault->error == EMFILE);
  }
}
