// Children that we have not started: each is reaped, and nobody else's is.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>

#include "check.h"
#include "tree_programs.h"

using namespace contract;

namespace {

// All that was asked before is done.
bool settled(Pair& pair) {
  static RunId run = 1000;
  return pair.run_to_end(request(++run, {"/bin/true"})).has_value();
}

int forked(const std::function<void()>& body) {
  const int pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

// A run that leaves one of whom nothing says whose it is: another session, no environment, no pipe of the run's. It ends once
// that one has hidden.
int leave_lost(Pair& pair, Witness& witness, RunId run) {
  stranger::Pipe go;
  Request asked = shell(run, "(env -i setsid sh -c 'exec >/dev/null 2>&1 4<&-; echo $$ >&3; exec sleep 1000' &); read line <&4");
  asked = witness.given_to(asked);
  asked.pass.push_back(go.from.get());
  pair.spawn(asked);
  const int pid = witness.number();
  go.to.reset();
  return pid;
}

void handler_of_others(int) {}

}  // namespace

TEST("orphans that come to us are reaped, also two hundred at once") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(
        shell(1, "i=0; while [ $i -lt 200 ]; do (sleep 0.2 &); i=$((i+1)); done; exec sleep 1000")));
    REQUIRE(pair.facts.await<SpawnedFact>(1));
    pair.spawn(shell(2, "exit 0"));
    const auto other = pair.facts.await<ExitFact>(2);
    REQUIRE(other);
    CHECK(other->alone);  // they are not of this one
    pair.reap(2);
    CHECK(clear(pair, 1, SIGKILL));
    CHECK(witness.await_over());
  }));
}

TEST("an orphan whose parent lives on beside it is reaped as soon as it has ended, with nobody looking") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    // The one in between ends, and is waited for by the run; the orphan ends later.
    pair.spawn(witness.given_to(shell(1, "(sh -c 'echo $$ >&3; read line < /dev/zero' &); sleep 1000")));
    const int orphan = witness.number();
    CHECK(until([&] { return read_stat(orphan).value_or(ProcStat{}).parent == getpid(); }));
    kill(orphan, SIGKILL);
    CHECK(until([&] { return state_of(orphan) == 0; }));
    CHECK(clear(pair, 1, SIGKILL));
  }));
}

TEST("children of others are left alone while they are spared, and what came to us meanwhile is reaped afterwards") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spare(true);
    std::vector<int> others;
    for (int n = 0; n < 50; ++n) others.push_back(forked([n] { _exit(n); }));
    pair.spawn(witness.given_to(shell(1, "sh -c 'echo $$ >&3; exit 3' & exit 0")));
    const int orphan = witness.number();
    REQUIRE(pair.facts.await<ExitFact>(1));
    pair.reap(1);
    CHECK(settled(pair));
    for (int n = 0; n < 50; ++n) {
      int status = 0;
      CHECK(waitpid(others[static_cast<size_t>(n)], &status, 0) > 0 && WEXITSTATUS(status) == n);
    }
    pair.spare(false);
    CHECK(until([&] { return state_of(orphan) == 0; }));
  }));
}

TEST("what a run leaves behind is told from the children of others") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spare(true);
    const int other = forked([] {
      for (;;) pause();
    });
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "exit 0")));
    const auto alone = pair.facts.await<ExitFact>(1);
    REQUIRE(alone);
    CHECK(alone->alone);
    pair.spawn(witness.given_to(shell(2, "sleep 1000 & exit 0")));
    const auto exit = pair.facts.await<ExitFact>(2);
    REQUIRE(exit);
    CHECK(!exit->alone);
    pair.end(2, SIGKILL);
    REQUIRE(pair.facts.await<ClearedFact>(2));
    CHECK(witness.await_over());
    CHECK(state_of(other) != 'Z' && pair.strays().empty());
    kill(other, SIGKILL);
    CHECK(waitpid(other, nullptr, 0) == other);
    pair.reap(1);
    pair.reap(2);
    pair.spare(false);
  }));
}

TEST("a handler of others is called as well, and ours is there again after it was lost") {
  CHECK(no_leaks([] {
    static std::atomic<int> called = 0;
    struct sigaction theirs{}, found{};
    theirs.sa_handler = [](int) { ++called; };
    sigaction(SIGCHLD, &theirs, nullptr);
    {
      Pair pair;
      CHECK(settled(pair));
      CHECK(until([] { return called > 0; }));
      // As libuv does with its first child, and after its last.
      theirs.sa_handler = handler_of_others;
      for (const bool last : {false, true}) {
        sigaction(SIGCHLD, &theirs, nullptr);
        if (last) signal(SIGCHLD, SIG_DFL);
        pair.spare(false);
        sigaction(SIGCHLD, nullptr, &found);
        CHECK((found.sa_flags & SA_SIGINFO) != 0);
      }
      CHECK(settled(pair));
    }
    sigaction(SIGCHLD, nullptr, &found);
    CHECK((found.sa_flags & SA_SIGINFO) == 0 && found.sa_handler == SIG_DFL);
  }));
}

TEST("of what cannot be attributed nobody is signalled, and it is listed") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    const int pid = leave_lost(pair, witness, 1);
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->alone);
    pair.end(1, SIGKILL);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    pair.reap(1);
    const auto strays = pair.strays();
    REQUIRE(strays.size() == 1);
    CHECK(strays[0].pid == pid && strays[0].start_ticks == start_ticks(pid));
    CHECK(!witness.is_over());
    kill(pid, SIGKILL);
    CHECK(witness.await_over());
    CHECK(until([&] { return state_of(pid) == 0; }));
    CHECK(pair.strays().empty());
  }));
}

// A reaper to which runs are given late, as by a thread that has lost the CPU.
TEST("an orphan that was nobody's is its run's as soon as that is known") {
  CHECK(no_leaks([] {
    Facts facts;
    KeeperLink keeper;
    Reaper reaper([&](Fact fact) { facts.add(std::move(fact)); }, std::nullopt, std::nullopt, keeper);
    reaper.spare(Strangers::Why::node, false);
    stranger::Pipe held, go, orphans;
    std::atomic<int> late = 0;
    std::atomic<bool> over = false;
    // Children of another thread are not in the list.
    std::thread spawner([&] {
      late = forked([&] {
        setsid();
        if (fork() == 0) {
          setsid();
          dup2(held.to.get(), 1);
          const int own = fork() == 0 ? getpid() : 0;
          if (own == 0) _exit(0);
          [[maybe_unused]] const auto said = write(orphans.to.get(), &own, sizeof own);
          for (;;) pause();
        }
        go.await_word();
      });
      until([&] { return over.load(); });
    });
    const auto watch = [&](RunId run, int pid, ino_t pipe) {
      Child child;
      child.run = run;
      child.pid = pid;
      child.start_ticks = start_ticks(pid).value_or(0);
      child.out_pipe = pipe;
      reaper.watch(child, Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
    };
    int orphan = 0;
    REQUIRE(read(orphans.from.get(), &orphan, sizeof orphan) == sizeof orphan);
    REQUIRE(until([&] { return read_stat(orphan).value_or(ProcStat{}).parent == getpid(); }));
    const int other = forked([] { setsid(); });
    watch(1, other, 0);
    REQUIRE(facts.await<ExitFact>(1));  // so the orphan was asked after
    struct stat pipe{};
    fstat(held.from.get(), &pipe);
    watch(2, late, pipe.st_ino);
    go.say();
    const auto exit = facts.await<ExitFact>(2);
    REQUIRE(exit);
    CHECK(!exit->alone);
    reaper.end(2, SIGKILL, Scope::tree);
    CHECK(facts.await<ClearedFact>(2).has_value());
    CHECK(until([&] { return state_of(orphan) == 0; }));
    reaper.reap(1);
    reaper.reap(2);
    over = true;
    spawner.join();
    CHECK(until([&] { return state_of(other) == 0 && state_of(late) == 0; }));
  }));
}

TEST("the process events know whose it is that hides from all others") {
  CHECK(no_leaks([&] {
    auto opened = ProcEvents::open(ProcEvents::Scope::forks);
    if (!std::holds_alternative<ProcEvents>(opened)) SKIP("no process events here");
    Pair pair(2, std::nullopt, Descent(std::move(std::get<ProcEvents>(opened))));
    Witness witness;
    leave_lost(pair, witness, 1);
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(!exit->alone);
    CHECK(pair.strays().empty());
    pair.end(1, SIGTERM);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    pair.reap(1);
    CHECK(witness.await_over());
  }));
}

// As PID 1 of a namespace. What is left over anywhere comes to it.
int as_init() {
  Pair pair;
  Witness witness;
  pair.spare(true);
  const int parent = forked([] {
    if (fork() == 0) _exit(0);
  });
  waitpid(parent, nullptr, 0);
  pair.spare(false);
  for (RunId run = 1; run <= 20; ++run) pair.spawn(witness.given_to(shell(run, daemon_of("exit 0") + "exit 3")));
  for (RunId run = 1; run <= 20; ++run) {
    const auto exit = pair.facts.await<ExitFact>(run);
    if (!exit || exit->exit.code != 3) return 1;
    if (!clear(pair, run, SIGKILL)) return 2;
  }
  if (!settled(pair)) return 3;
  siginfo_t status{};
  return until([&] { return waitid(P_ALL, 0, &status, WEXITED | WNOWAIT | WNOHANG) < 0; }) ? 0 : 4;
}

TEST("as PID 1 it reaps whatever comes to it, and nothing of its own is lost for that") {
  const int outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) _exit(77);
    const int inner = fork();
    if (inner == 0) {
      if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) _exit(77);
      if (mount("proc", "/proc", "proc", 0, nullptr) < 0) _exit(77);
      _exit(as_init());
    }
    int status = 0;
    waitpid(inner, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
  }
  int status = 0;
  waitpid(outer, &status, 0);
  if (WEXITSTATUS(status) == 77) SKIP("no pid namespace");
  CHECK(WEXITSTATUS(status) == 0);
}
