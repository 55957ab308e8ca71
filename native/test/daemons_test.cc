// The daemon of the textbooks forks, makes a session of its own and forks again, and those before it end at once: so each
// of them ends while it is looked at. Whether the last one is found is a question of microseconds, so there are many of them.
#include <sys/stat.h>

#include "check.h"
#include "tree_programs.h"

using namespace contract;

namespace {

constexpr int kRuns = 200;

void become_daemon() {
  setsid();
  if (fork() != 0) _exit(0);
  setsid();
  if (fork() != 0) _exit(0);
  for (;;) pause();
}

// Of each it is said that something is left, and then that nothing is.
void check_daemons(std::optional<Descent> descent) {
  Facts facts;
  KeeperLink keeper;
  Reaper reaper([&](Fact fact) { facts.add(std::move(fact)); }, std::nullopt, std::nullopt, keeper, std::move(descent));
  reaper.spare(Strangers::Why::node, false);
  int missed = 0, left = 0;
  std::thread spawner([&] {  // whose children are not in the list
    for (RunId run = 1; run <= kRuns; ++run) {
      stranger::Pipe held, go;
      struct stat pipe{};
      fstat(held.from.get(), &pipe);
      Child child;
      child.run = run;
      child.out_pipe = pipe.st_ino;
      child.pid = fork();
      if (child.pid == 0) {
        dup2(held.to.get(), 1);
        go.await_word();
        become_daemon();
      }
      child.start_ticks = start_ticks(child.pid).value_or(0);
      reaper.watch(child, Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0))));
      go.say();
      const auto exit = facts.await<ExitFact>(run);
      if (!exit || exit->alone) ++missed;
      reaper.end(run, SIGKILL, Scope::tree);
      facts.await<ClearedFact>(run);
      // A descriptor goes before its process is over, and all of them were over.
      held.to.reset();
      pollfd end{held.from.get(), 0, 0};
      if (poll(&end, 1, 0) != 1) ++left;
      reaper.reap(run);
    }
  });
  spawner.join();
  CHECK(missed == 0);
  CHECK(left == 0);
}

}  // namespace

TEST("the daemon of the textbooks is found, by whom has come to us") {
  CHECK(no_leaks([] { check_daemons(std::nullopt); }));
}

TEST("the daemon of the textbooks is found, by the process events") {
  auto opened = ProcEvents::open(ProcEvents::Scope::forks);
  if (!std::holds_alternative<ProcEvents>(opened)) SKIP("no process events here");
  check_daemons(Descent(std::move(std::get<ProcEvents>(opened))));
}
