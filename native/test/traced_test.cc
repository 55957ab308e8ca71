// Processes that are traced (strace, a debugger): their tracer hears of their end before we do, and until it has waited for
// them they are neither alive nor over.
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "check.h"
#include "tree_programs.h"

using namespace contract;

namespace {

// Traces one process, and does not look when it ends.
class Tracer {
 public:
  explicit Tracer(int traced) {
    stranger::Pipe told;
    pid_ = fork();
    if (pid_ == 0) {
      if (ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) != 0) _exit(1);
      told.say();
      for (;;) pause();
    }
    told.to.reset();
    char byte;
    is_there = read(told.from.get(), &byte, 1) == 1;
  }
  ~Tracer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool is_there = false;

 private:
  int pid_ = 0;
};

// What this process has used of a CPU in that time, as a part of it.
double load_in(std::chrono::milliseconds time) {
  const auto used = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  const double before = used();
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(time);
  return (used() - before) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST("a run that has ended and is traced keeps nobody awake, and its exit is told when its tracer has gone") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(shell(1, "exec sleep 1000"));
    const int pid = pair.facts.await<SpawnedFact>(1)->pid;
    pair.spare(true);
    {
      const Tracer tracer(pid);
      if (!tracer.is_there) SKIP("nothing may be traced here");
      kill(pid, SIGKILL);
      REQUIRE(until([&] { return state_of(pid) == 'Z'; }));
      CHECK(load_in(500ms) < 0.2);
      CHECK(pair.facts.count<ExitFact>() == 0);
    }
    pair.spare(false);
    const auto exit = pair.facts.await<ExitFact>(1);
    CHECK(exit && exit->exit.signal == SIGKILL);
    pair.reap(1);
  }));
}

TEST("an orphan that has ended and is traced keeps nobody awake, and is reaped when its tracer has gone") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "(sh -c 'echo $$ >&3; exec sleep 1000' &); exec sleep 1000")));
    const int orphan = witness.number();
    REQUIRE(until([&] { return read_stat(orphan).value_or(ProcStat{}).parent == getpid(); }));
    pair.run_to_end(request(50, {"/bin/true"}));  // now it is known
    pair.spare(true);
    {
      const Tracer tracer(orphan);
      if (!tracer.is_there) SKIP("nothing may be traced here");
      kill(orphan, SIGKILL);
      REQUIRE(until([&] { return state_of(orphan) == 'Z'; }));
      CHECK(load_in(500ms) < 0.2);
    }
    pair.spare(false);
    CHECK(until([&] { return state_of(orphan) == 0; }));
    CHECK(clear(pair, 1, SIGKILL));
  }));
}
