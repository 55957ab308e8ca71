// A kernel without CONFIG_PROC_CHILDREN: nobody says which of our children came to us, and which we are just starting.
#include <errno.h>
#include <stdarg.h>

#include <string_view>

#include "check.h"
#include "tree_programs.h"

using namespace contract;

// In place of the C library's.
extern "C" int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  if (!std::string_view(path).ends_with("/children")) return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  errno = ENOENT;
  return -1;
}

namespace {

// A run that leaves one behind is watched, and said to be alone; and then cleared. Both are true, or not said.
void check_leftover(Reaper& reaper, Facts& facts, RunId run) {
  stranger::Pipe held, told;
  reaper.expect_birth();
  const int pid = fork();
  if (pid == 0) {
    setsid();
    setenv("SENTRY_RUN", "mark", 1);
    dup2(told.to.get(), 3);
    dup2(held.to.get(), 5);
    execl("/bin/sh", "sh", "-c", "setsid sh -c 'echo >&3; exec sleep 1000' &", nullptr);
    _exit(9);
  }
  Child child;
  child.run = run;
  child.pid = pid;
  child.start_ticks = start_ticks(pid).value_or(0);
  child.mark = "mark";
  char byte;
  REQUIRE(read(told.from.get(), &byte, 1) == 1);
  reaper.watch(child, Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
  reaper.end_birth();
  const auto exit = facts.await<ExitFact>(run);
  REQUIRE(exit);
  CHECK(!exit->alone);
  reaper.end(run, SIGKILL, Scope::tree);
  REQUIRE(facts.await<ClearedFact>(run));
  held.await_end();
  reaper.reap(run);
  CHECK(until([&] { return state_of(pid) == 0; }));
}

}  // namespace

TEST("what a run has left behind is found without a list of our children, also while another one is being started") {
  CHECK(no_leaks([] {
    Facts facts;
    KeeperLink keeper;
    Reaper reaper([&](Fact fact) { facts.add(std::move(fact)); }, std::nullopt, std::nullopt, keeper);
    reaper.spare(Strangers::Why::node, false);
    check_leftover(reaper, facts, 1);
    reaper.expect_birth();
    check_leftover(reaper, facts, 2);
    reaper.end_birth();
    reaper.spare(Strangers::Why::keeper, false);  // look again: those that were left to us are to be reaped
  }));
}
