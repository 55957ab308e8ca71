// How an exit is seen, and who is signalled.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <map>

#include "check.h"
#include "contract.h"
#include "stranger.h"

using namespace contract;

// This system call fails from now on in all threads of this process, where that argument has that value.
bool refuse(int call, int argument, uint32_t value, int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offsetof(seccomp_data, args) + sizeof(uint64_t) * argument)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof code / sizeof *code, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

TEST("code, signal and core flag are told apart") {
  CHECK(no_leaks([] {
    Pair pair;
    const auto code = pair.run_to_end(shell(1, "exit 3"));
    const auto killed = pair.run_to_end(shell(2, "kill -KILL $$"));
    const auto fell = pair.run_to_end(shell(3, "kill -SEGV $$"));
    REQUIRE(code && killed && fell);
    CHECK(code->code == 3 && code->signal == 0 && !code->core_dumped);
    CHECK(killed->code == -1 && killed->signal == SIGKILL && !killed->core_dumped);
    CHECK(fell->code == -1 && fell->signal == SIGSEGV);
  }));
}

TEST("an exit carries its moment and what it cost") {
  CHECK(no_leaks([] {
    Pair pair;
    const Stamp before = now();
    pair.spawn(shell(1, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"));
    const auto spawned = pair.facts.await<SpawnedFact>(1);
    const auto exit = pair.facts.await<ExitFact>(1);
    pair.reap(1);
    const Stamp after = now();
    REQUIRE(spawned && exit);
    CHECK(before.mono_us <= spawned->at.mono_us && spawned->at.mono_us < exit->exit.at.mono_us);
    CHECK(exit->exit.at.mono_us <= after.mono_us);
    CHECK(exit->exit.at.wall_us <= after.wall_us);
    CHECK(exit->exit.user_us > 0);
    CHECK(exit->exit.pid == spawned->pid);
  }));
}

TEST("a peak of memory that may be the parent's is not given as the child's") {
  CHECK(no_leaks([] {
    std::vector<char> large(64 << 20, 'x');
    Pair pair;
    const auto small = pair.run_to_end(request(1, {"/bin/true"}));
    const auto big = pair.run_to_end(request(2, {"/usr/bin/perl", "-e", "my $x = 'x' x 300_000_000;"}));
    REQUIRE(small && big);
    CHECK(small->max_rss == -1);
    CHECK(big->max_rss > 300'000'000);
  }));
}

TEST("a thousand exits are a thousand facts, each once, each with its own code") {
  CHECK(no_leaks([] {
    Pair pair(4);
    constexpr int kMany = 1000;
    for (RunId run = 1; run <= kMany; ++run) pair.spawn(shell(run, "exit " + std::to_string(run % 256)));
    CHECK(pair.facts.await_count<ExitFact>(kMany));
    std::map<RunId, int> seen;
    std::map<RunId, bool> born;
    for (const Fact& fact : pair.facts.all()) {
      if (const auto* spawned = std::get_if<SpawnedFact>(&fact)) born[spawned->run] = true;
      const auto* exit = std::get_if<ExitFact>(&fact);
      if (!exit) continue;
      ++seen[exit->run];
      CHECK(born[exit->run]);
      CHECK(exit->exit.code == exit->run % 256);
      pair.reap(exit->run);
    }
    CHECK(seen.size() == kMany);
    for (const auto& [run, times] : seen) CHECK(times == 1);
  }));
}

TEST("children that others have made keep their exits") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spare(true);
    std::vector<int> others;
    for (int n = 0; n < 300; ++n) {
      pair.spawn(shell(n + 1, "exit 1"));
      const int pid = fork();
      if (pid == 0) _exit(n % 256);
      others.push_back(pid);
    }
    CHECK(pair.facts.await_count<ExitFact>(300));
    for (int n = 0; n < 300; ++n) {
      int status = 0;
      CHECK(waitpid(others[static_cast<size_t>(n)], &status, 0) == others[static_cast<size_t>(n)]);
      CHECK(WIFEXITED(status) && WEXITSTATUS(status) == n % 256);
      pair.reap(n + 1);
    }
  }));
}

TEST("the zombie stays until the exit has been recorded, and what was left has been ended") {
  CHECK(no_leaks([] {
    Pair pair;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    Fd ours(ends[0]), theirs(ends[1]);
    Request asked = shell(1, "sleep 1000 & exit 5");
    asked.pass = {theirs.get()};
    pair.spawn(asked);
    theirs.reset();
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.code == 5 && !exit->alone);
    pair.end(1, SIGTERM);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    char byte;
    CHECK(read(ours.get(), &byte, 1) == 0);  // the last holder, the sleep, is gone
    CHECK(state_of(exit->exit.pid) == 'Z');
    pair.reap(1);
    CHECK(until([&] { return state_of(exit->exit.pid) == 0; }));
  }));
}

TEST("a signal reaches the process, or its whole group") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(shell(1, "trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done"));
    pair.spawn(shell(2, "sleep 1000 & wait $!; exit $?"));
    REQUIRE(pair.facts.await<SpawnedFact>(1));
    REQUIRE(pair.facts.await<SpawnedFact>(2));
    CHECK(until([&] { return !pair.output(1).empty(); }));
    pair.signal(1, SIGTERM);
    pair.end(2, SIGTERM, Scope::group);
    const auto trapped = pair.facts.await<ExitFact>(1);
    const auto group = pair.facts.await<ExitFact>(2);
    REQUIRE(trapped && group);
    CHECK(trapped->exit.code == 4);
    CHECK(group->exit.signal == SIGTERM);
    pair.reap(1);
    pair.reap(2);
    pair.end(2, SIGTERM, Scope::group);  // gone: nothing happens
  }));
}

TEST("of a child that something else in this process has reaped the status is told, if anybody knows it") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(shell(1, "read line < /dev/zero; exit 3"));
    const auto spawned = pair.facts.await<SpawnedFact>(1);
    REQUIRE(spawned);
    std::thread thief([&] { waitpid(spawned->pid, nullptr, 0); });
    kill(spawned->pid, SIGKILL);
    thief.join();
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    // Before Linux 6.15 it may be unknown; but never an invented code.
    CHECK(exit->exit.code == -1 && (exit->exit.signal == SIGKILL || exit->exit.signal == 0));
    pair.reap(1);
  }));
}

TEST("no exit is missed where epoll has no room for a process") {
  CHECK(no_leaks([] {
    CHECK(stranger::elsewhere([] {
      Pair pair;
      if (!refuse(SYS_epoll_ctl, 1, EPOLL_CTL_ADD, ENOSPC)) return 77;
      for (RunId run = 1; run <= 20; ++run) pair.spawn(shell(run, "exit " + std::to_string(run)));
      if (!pair.facts.await_count<ExitFact>(20)) return 1;
      for (RunId run = 1; run <= 20; ++run) {
        if (pair.facts.await<ExitFact>(run)->exit.code != run) return 2;
        pair.reap(run);
      }
      return pair.facts.count<ExitFact>() == 20 ? 0 : 3;
    }) == 0);
  }));
}

// In a pid namespace whose numbers run out after a few hundred, a number comes again at once.
int with_few_pids() {
  std::FILE* file = std::fopen("/proc/sys/kernel/pid_max", "we");
  if (!file || std::fputs("400", file) < 0 || std::fclose(file) != 0) return 77;
  // Numbers below 300 are given out once only, for daemons that start early (kernel/pid.c, RESERVED_PIDS).
  for (int pid = 0; pid < 300; waitpid(pid, nullptr, 0))
    if ((pid = fork()) == 0) _exit(0);
  Pair pair(1);
  pair.spare(true);
  pair.spawn(shell(1, "exit 0"));
  const auto exit = pair.facts.await<ExitFact>(1);
  if (!exit) return 1;
  const int number = exit->exit.pid;

  // Forks until the number comes round, or has had every chance to.
  const auto stranger_with = [&](int wanted) {
    for (int n = 0; n < 1500; ++n) {
      const int pid = fork();
      if (pid == 0) {
        setsid();
        if (getpid() == wanted) pause();
        _exit(0);
      }
      if (pid == wanted) return pid;
      waitpid(pid, nullptr, 0);
    }
    return 0;
  };
  if (stranger_with(number) != 0) return 2;  // the zombie still holds its number
  pair.reap(1);
  if (!until([&] { return state_of(number) == 0; })) return 3;
  const int stranger = stranger_with(number);
  if (stranger != number) return 4;
  if (!until([&] { return getpgid(stranger) == stranger; })) return 5;
  // Everything that could reach the old group, now that a stranger leads one of that number.
  for (const Scope scope : {Scope::process, Scope::group, Scope::tree}) pair.end(1, SIGKILL, scope);
  pair.signal(1, SIGKILL);
  pair.reap(1);
  pair.run_to_end(request(2, {"/bin/true"}));  // done in order: what was asked before is over
  if (state_of(stranger) == 'Z' || state_of(stranger) == 0) return 6;
  kill(stranger, SIGKILL);
  waitpid(stranger, nullptr, 0);
  return 0;
}

TEST("a group number that has been given to a stranger is never signalled") {
  const int outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) _exit(77);
    const int inner = fork();
    if (inner == 0) {
      if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) _exit(77);
      if (mount("proc", "/proc", "proc", 0, nullptr) < 0) _exit(77);
      _exit(with_few_pids());
    }
    int status = 0;
    waitpid(inner, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
  }
  int status = 0;
  waitpid(outer, &status, 0);
  if (WEXITSTATUS(status) == 77) SKIP("no pid namespace with a pid_max of its own (root, Linux 6.14)");
  CHECK(WEXITSTATUS(status) == 0);
}
