#include "../identity.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>

#include <cerrno>
#include <string>

#include "../proc_stat.h"
#include "check.h"
#include "stranger.h"
#include "until.h"

using namespace sentry;
using namespace stranger;

namespace {

std::string stat_of(const std::string& name, int fields) {
  std::string text = "42 (" + name + ") Z";
  for (int field = 4; field <= fields; ++field) text += " " + std::to_string(field == 5 ? -1 : field * 100);
  return text + "\n";
}

int forked(const std::function<void()>& body) {
  const int pid = fork();
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

bool zombie(int pid) {
  siginfo_t status{};
  return waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOWAIT) == 0;
}

// The system calls of a kernel that does not know the flags of pidfd_send_signal(2), for this process from now on.
bool before_6_9() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_send_signal, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[3])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof code / sizeof *code, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// A leader with another process in its group. The pipe ends when all of the group have.
struct Group {
  Group() {
    Pipe ready;
    leader = forked([&] {
      setsid();
      members.from.reset();
      forked([&] {
        ready.say();
        for (;;) pause();
      });
      for (;;) pause();
    });
    members.to.reset();
    ready.await_word();
    pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, leader, 0)));
  }
  void end_leader() {
    kill(leader, SIGKILL);
    zombie(leader);
  }
  Pipe members;
  int leader;
  Fd pidfd;
};

}  // namespace

TEST("a stat line is counted from the last bracket, whatever a program calls itself") {
  for (const char* name : {"sleep", "a) R 1 2 3 (b", "", "\n)", "((("}) {
    const auto stat = parse_stat(stat_of(name, 52));
    REQUIRE(stat);
    CHECK(stat->state == 'Z' && stat->user_ticks == 1400 && stat->system_ticks == 1500);
    CHECK(stat->parent == 400 && stat->session == 600);
    CHECK(stat->children_user_ticks == 1600 && stat->children_system_ticks == 1700);
    CHECK(stat->start_ticks == 2200 && stat->resident_pages == 2400 && stat->wait_status == 5200);
  }
}

TEST("a stat line with more fields is fine, and one with fewer is nothing") {
  CHECK(parse_stat(stat_of("sleep", 60)));
  for (int fields = 3; fields < 52; ++fields) CHECK(!parse_stat(stat_of("sleep", fields)));
  const std::string whole = stat_of("sleep", 52);
  const size_t last_field = whole.rfind(' ') + 1;
  for (size_t length = 0; length <= last_field; ++length) CHECK(!parse_stat(std::string_view(whole).substr(0, length)));
}

TEST("a process keeps its start time to the end, and a later one does not have it") {
  const int pid = forked([] {
    prctl(PR_SET_NAME, "a) Z 1 2 (b");
    for (;;) pause();
  });
  const auto living = start_ticks(pid);
  REQUIRE(living);
  CHECK(*living >= *start_ticks(getpid()));
  kill(pid, SIGKILL);
  REQUIRE(zombie(pid));
  CHECK(start_ticks(pid) == living);
  const Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  CHECK(start_ticks(pid, pidfd) == living);
  waitpid(pid, nullptr, 0);
  CHECK(!start_ticks(pid));
  CHECK(!start_ticks(pid, pidfd));
  CHECK(!start_ticks(getpid(), pidfd));  // as if the number had been given to another
}

TEST("a process is opened by its number and its own start time, alive or as a zombie") {
  const int pid = forked([] {
    for (;;) pause();
  });
  const uint64_t ticks = start_ticks(pid).value_or(0);
  CHECK(std::holds_alternative<Fd>(open_process(pid, ticks)));
  auto other = open_process(pid, ticks + 1);
  REQUIRE(std::holds_alternative<Fault>(other));
  CHECK(std::get<Fault>(other).error == ESRCH);
  kill(pid, SIGKILL);
  REQUIRE(zombie(pid));
  CHECK(std::holds_alternative<Fd>(open_process(pid, ticks)));
  waitpid(pid, nullptr, 0);
  auto gone = open_process(pid, ticks);
  REQUIRE(std::holds_alternative<Fault>(gone));
  CHECK(std::get<Fault>(gone).error == ESRCH);
}

TEST("a process of another user's is there, though it may not be signalled") {
  Stranger roots([] {});
  CHECK(elsewhere([&] { return unreaped(roots.pidfd) ? 0 : 1; }, kNobody) == 0);
  roots.go();
  roots.reap();
  CHECK(!unreaped(roots.pidfd));
  CHECK(elsewhere([&] { return unreaped(roots.pidfd) ? 1 : 0; }, kNobody) == 0);
}

TEST("a number is its process's own while that, or a process of its group, is there") {
  Group group;
  CHECK(keeps_number(group.pidfd));
  group.end_leader();
  CHECK(keeps_number(group.pidfd));
  waitpid(group.leader, nullptr, 0);
  CHECK(keeps_number(group.pidfd));
  kill(-group.leader, SIGKILL);
  group.members.await_end();
  CHECK(until([&] { return !keeps_number(group.pidfd); }));  // it waits for whoever reaps it
}

TEST("before Linux 6.9 a number is known to be its process's own until that has been reaped") {
  Group group;
  const auto keeps = [&] { return elsewhere([&] { return !before_6_9() ? 77 : keeps_number(group.pidfd) ? 0 : 1; }); };
  CHECK(keeps() == 0);
  group.end_leader();
  CHECK(keeps() == 0);
  waitpid(group.leader, nullptr, 0);
  CHECK(keeps() == 1);
  CHECK(kill(-group.leader, SIGKILL) == 0);  // the other process was still there
  group.members.await_end();
}

TEST("a pidfd says who it means, until that one has been reaped") {
  const int pid = forked([] {
    for (;;) pause();
  });
  const Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  CHECK(pid_of(pidfd.get()) == pid);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  CHECK(pid_of(pidfd.get()) == 0);
}

TEST("what is born now has the ticks of now, or one more") {
  const uint64_t before = ticks_now();
  const int pid = forked([] { pause(); });
  const uint64_t born = start_ticks(pid).value_or(0);
  CHECK(before <= born && born <= ticks_now() + 1);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}
