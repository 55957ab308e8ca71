#include "../tree.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <set>

#include "../identity.h"
#include "check.h"
#include "made.h"
#include "stranger.h"
#include "until.h"

using namespace sentry;
using made_up::run_of;

namespace {

void await_word(const Fd& from) {
  char byte = 0;
  [[maybe_unused]] const auto heard = read(from.get(), &byte, 1);
}

}  // namespace

TEST("a process's mark and pipes are read, also where there are none, and keep no descriptor") {
  const Witnesses witnesses = proc_witnesses();
  stranger::Pipe told, out;
  const int pid = fork();
  if (pid == 0) {
    dup2(out.to.get(), 1);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    dup2(told.to.get(), 9);
    // In a subshell: otherwise its own stdout leads elsewhere for a moment.
    const char* const arguments[] = {"sh", "-c", "(echo >&9); exec sleep 1000", nullptr};
    const std::string before = "LONG=" + std::string(10'000, 'x');
    const char* const environment[] = {"XSENTRY_RUN=no", before.c_str(), "SENTRY_RUN=i.77", "SENTRY_RUNS=no", nullptr};
    execve("/bin/sh", const_cast<char**>(arguments), const_cast<char**>(environment));
    _exit(127);
  }
  await_word(told.from);
  struct stat pipe {};
  fstat(out.to.get(), &pipe);
  const int before = dup(0);
  close(before);
  CHECK(witnesses.mark(pid) == "i.77");
  CHECK(witnesses.pipes(pid) == std::pair(pipe.st_ino, ino_t{0}));
  CHECK(!witnesses.mark(1 << 30).has_value() && witnesses.pipes(1 << 30) == std::pair(ino_t{0}, ino_t{0}));
  const int after = dup(0);
  close(after);
  CHECK(before == after);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST("the mark of a process is read in the middle of an exec too") {
  const Witnesses witnesses = proc_witnesses();
  stranger::Pipe told;
  const int pid = fork();
  if (pid == 0) {
    dup2(told.to.get(), 9);
    // A shell that does nothing but begin anew.
    const char* const script = "[ $1 = 0 ] && echo >&9; exec sh -c \"$0\" \"$0\" $(($1 + 1))";
    const char* const arguments[] = {"sh", "-c", script, script, "0", nullptr};
    const char* const environment[] = {"SENTRY_RUN=i.77", nullptr};
    execve("/bin/sh", const_cast<char**>(arguments), const_cast<char**>(environment));
    _exit(127);
  }
  await_word(told.from);
  constexpr int kReads = 50'000;
  int read = 0;
  for (int n = 0; n < kReads; ++n) read += witnesses.mark(pid) == "i.77" ? 1 : 0;
  CHECK(read > kReads - kReads / 1000);  // on a busy machine an exec may take longer than it is waited for
  kill(pid, SIGKILL);
  siginfo_t ended{};
  waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
  CHECK(!witnesses.mark(pid).has_value());
  waitpid(pid, nullptr, 0);
}

TEST("a shell's background jobs, and a daemon that was forked twice into its own session, are found by /proc") {
  // In a process of its own, which becomes a subreaper.
  const int answer = stranger::elsewhere([] {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    stranger::Pipe told, out;
    const int run = fork();
    if (run == 0) {
      setsid();
      setenv("SENTRY_RUN", "i.1", 1);
      dup2(out.to.get(), 1);
      dup2(told.to.get(), 9);
      // 1: in the session; 2: its own session and no mark, but the pipe; 3: no pipe, but the mark; 4: neither.
      execl("/bin/sh", "sh", "-c",
            "sh -c '(echo $$ >&9); exec sleep 1000' &"
            "env -i /usr/bin/setsid sh -c 'sh -c \"(echo \\$\\$ >&9); exec sleep 1000\" & exit' &"
            "/usr/bin/setsid sh -c 'sh -c \"(echo \\$\\$ >&9); exec sleep 1000\" & exit' >/dev/null 2>&1 &"
            "env -i /usr/bin/setsid sh -c 'sh -c \"(echo \\$\\$ >&9); exec sleep 1000\" & exit' >/dev/null 2>&1 & wait",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    told.to.reset();
    std::set<int> pids;
    std::FILE* lines = fdopen(told.from.release(), "r");
    for (int n = 0, pid = 0; n < 4 && std::fscanf(lines, "%d", &pid) == 1; ++n) pids.insert(pid);
    std::fclose(lines);
    kill(run, SIGKILL);
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(run), &ended, WEXITED | WNOWAIT);
    Family family = run_of(run, *start_ticks(run));
    family.mark = "i.1";
    struct stat pipe {};
    fstat(out.from.get(), &pipe);
    family.out_pipe = pipe.st_ino;
    std::set<int> found, strays;
    // What lies between them and the run may still be ending.
    while (found.size() + strays.size() != 4) {
      auto listed = list_processes();
      const Forest forest = attribute(std::get<std::vector<Process>>(listed), {family}, getpid(), {}, proc_witnesses());
      found.clear(), strays.clear();
      for (const Process& one : forest.trees[0]) if (pids.contains(one.pid)) found.insert(one.pid);
      for (const Process& one : forest.strays) if (pids.contains(one.pid)) strays.insert(one.pid);
    }
    for (const int pid : pids) kill(pid, SIGKILL);
    while (wait(nullptr) > 0) {
    }
    return pids.size() == 4 && found.size() == 3 && strays.size() == 1 ? 0 : 1;
  });
  CHECK(answer == 0);
}
