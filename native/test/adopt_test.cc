// Processes that are taken up: after an exec our own children, after a SIGKILL somebody else's.
#include <poll.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "../message.h"
#include "check.h"
#include "contract.h"
#include "stranger.h"

using namespace contract;
using stranger::elsewhere;
using stranger::kNobody;
using stranger::pidfds_tell;
using stranger::Stranger;

namespace {

std::optional<ExitTimes> process_events() {
  auto opened = ProcEvents::open(ProcEvents::Scope::exits);
  if (auto* events = std::get_if<ProcEvents>(&opened)) return ExitTimes{std::move(*events)};
  return std::nullopt;
}

Adopted adopted(RunId run, int pid, Fd pidfd) {
  Adopted process;
  process.run = run;
  process.pid = pid;
  process.start_ticks = start_ticks(pid).value_or(0);
  process.pidfd = std::move(pidfd);
  process.kept = "mark." + std::to_string(run) + " dummy:0";
  return process;
}

Adopted adopted(RunId run, const Stranger& one) { return adopted(run, one.pid, Fd(fcntl(one.pidfd.get(), F_DUPFD_CLOEXEC, 0))); }

Adopted adopted(RunId run, int pid) {
  return adopted(run, pid, Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
}

bool readable(const Fd& fd) {
  pollfd ready{fd.get(), POLLIN, 0};
  return poll(&ready, 1, 60'000) == 1;
}

// Whether this process leaves the processor alone. A thread that epoll wakes again and again would take all of it.
bool idle() {
  const auto used_ms = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
  };
  const auto before = used_ms();
  usleep(100'000);
  return used_ms() - before < 50;
}

// A child of ours that waits for a word, and ends with that code.
struct Own {
  explicit Own(int code) {
    pid = fork();
    if (pid == 0) {
      go.await_word();
      _exit(code);
    }
  }
  int pid;
  stranger::Pipe go;
};

// A reaper of its own, that leaves what it has, and the facts of both.
struct Image {
  explicit Image(Facts& facts, std::optional<ExitTimes> times = std::nullopt, KeeperLink keeper = {})
      : reaper([&facts](Fact fact) { facts.add(std::move(fact)); }, std::nullopt, std::move(times), keeper) {}
  Reaper reaper;
};

// The other end of a link, in this process.
struct Keeper {
  Keeper() {
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
    theirs.reset(ends[1]);
    link.inherit(Fd(ends[0]), Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  }
  Fd duplicate() const { return Fd(fcntl(link.descriptor(), F_DUPFD_CLOEXEC, 0)); }
  KeeperLink link;
  Fd theirs;
};

}  // namespace

TEST("somebody else's child is waited for, and its exit is told once, with what it cost") {
  CHECK(no_leaks([] {
    Pair pair;
    Stranger one([] {
      rusage usage{};
      do getrusage(RUSAGE_SELF, &usage);
      while (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 50'000);
      _exit(7);
    });
    pair.adopt(adopted(1, one));
    const Stamp before = now();
    one.go();
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.code == 7 && exit->exit.pid == one.pid && exit->exit.max_rss == -1);
    CHECK(exit->exit.user_us + exit->exit.system_us >= 30'000);
    CHECK(exit->exit.at.mono_us > before.mono_us && exit->exit.at.mono_us <= now().mono_us);
    pair.reap(1);
    one.reap();
    pair.run_to_end(shell(2, "exit 0"));  // all that was asked before is done
    CHECK(pair.facts.count<ExitFact>() == 2);
  }));
}

TEST("an orphan that PID 1 reaps is told of with its status") {
  CHECK(no_leaks([] {
    stranger::Pipe told;
    stranger::Pipe go;
    const int parent = fork();
    if (parent == 0) {
      const int orphan = fork();
      if (orphan == 0) {
        go.await_word();
        _exit(7);
      }
      _exit(write(told.to.get(), &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    int pid = 0;
    REQUIRE(read(told.from.get(), &pid, sizeof pid) == sizeof pid);
    waitpid(parent, nullptr, 0);
    Pair pair;
    pair.adopt(adopted(1, pid));
    go.say();
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.code == 7);
    pair.reap(1);
  }));
}

TEST("a status that cannot be read is waited for, but the moment is that of the end") {
  if (!pidfds_tell()) SKIP("no PIDFD_INFO_EXIT before Linux 6.15");
  CHECK(no_leaks([] {
    Stranger one([] { _exit(7); });
    CHECK(elsewhere([&] {
      Pair pair;
      pair.adopt(adopted(1, one));
      one.go();
      if (!readable(one.pidfd)) return 1;
      const auto other = pair.run_to_end(shell(2, "exit 0"));  // it has been looked at by now, and nothing was told
      if (!other || pair.facts.count<ExitFact>() != 1) return 2;
      const int64_t reaped_us = now().mono_us;
      one.let_reap();
      const auto exit = pair.facts.await<ExitFact>(1);
      return exit && exit->exit.code == 7 && exit->exit.at.mono_us < reaped_us ? 0 : 3;
    }, kNobody) == 0);
  }));
}

TEST("a zombie whose status cannot be read keeps nobody busy while it waits") {
  if (!pidfds_tell()) SKIP("no PIDFD_INFO_EXIT before Linux 6.15");
  CHECK(no_leaks([] {
    Stranger one([] { _exit(7); });
    CHECK(elsewhere([&] {
      Pair pair;
      pair.adopt(adopted(1, one));
      one.go();
      if (!readable(one.pidfd) || !pair.run_to_end(shell(2, "exit 0"))) return 1;
      return idle() ? 0 : 2;
    }, kNobody) == 0);
  }));
}

TEST("before 6.15 a status that cannot be read is told at once by process events, with the kernel's own time") {
  if (!process_events()) SKIP("no process events here");
  CHECK(no_leaks([] {
    // Where others keep the processors busy an event may come too late: then the next one.
    int answer = 1;
    for (int tries = 0; answer == 1 && tries < 100; ++tries) {
      Stranger one([] { _exit(7); });
      answer = elsewhere([&] {
        personality(UNAME26);  // then uname(2) names an older kernel
        auto events = process_events();
        if (!events) return 0;  // not for an ordinary user of this kernel
        Pair pair(1, std::move(events));
        pair.adopt(adopted(1, one));
        pair.run_to_end(shell(2, "exit 0"));
        one.go();
        if (!readable(one.pidfd)) return 2;
        pair.run_to_end(shell(3, "exit 0"));
        if (pair.facts.count<ExitFact>() != 3) return 1;
        const auto exit = pair.facts.await<ExitFact>(1);
        if (exit->exit.code < 0 && exit->exit.signal == 0) return 1;  // it was too late: nobody else knows
        return exit->exit.code == 7 && exit->exit.kernel_time ? 0 : 3;
      }, kNobody);
    }
    CHECK(answer == 0);
  }));
}

TEST("one that was reaped long before it was taken up has its status all the same") {
  if (!pidfds_tell()) SKIP("no PIDFD_INFO_EXIT before Linux 6.15");
  CHECK(no_leaks([] {
    Stranger one([] { kill(getpid(), SIGKILL); });
    one.go();
    one.reap();
    Pair pair;
    pair.adopt(adopted(1, one));
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.code == -1 && exit->exit.signal == SIGKILL && !exit->exit.kernel_time);
    pair.reap(1);
  }));
}

TEST("one whose exit was told before is told of no more, and is reaped") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spare(true);  // it is a child like any other until it is taken up
    Own own(7);
    own.go.say();
    siginfo_t status{};
    waitid(P_PID, static_cast<id_t>(own.pid), &status, WEXITED | WNOWAIT);
    Adopted process = adopted(1, own.pid);
    process.ended = true;
    pair.adopt(std::move(process));
    pair.run_to_end(shell(2, "exit 0"));
    CHECK(pair.facts.count<ExitFact>() == 1);
    CHECK(state_of(own.pid) == 'Z');
    CHECK(idle());
    pair.reap(1);
    CHECK(until([&] { return state_of(own.pid) == 0; }));
  }));
}

TEST("what somebody else's child left behind in its group is ended, though it has been reaped") {
  CHECK(no_leaks([] {
    stranger::Pipe left_behind;
    Stranger one([&] {
      if (fork() == 0) pause();
      _exit(0);
    });
    one.go();
    one.reap();
    left_behind.to.reset();
    Pair pair;
    pair.adopt(adopted(1, one));
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit && !exit->alone);
    CHECK(kill(-one.pid, 0) == 0);
    pair.end(1, SIGKILL);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    left_behind.await_end();  // the last that had the pipe is gone
    pair.reap(1);
  }));
}

TEST("a group of somebody else's is signalled with its leader alive") {
  CHECK(no_leaks([] {
    Stranger one([] {
      if (fork() == 0) pause();
      for (;;) pause();
    });
    one.go();
    Pair pair;
    pair.adopt(adopted(1, one));
    pair.end(1, SIGTERM, Scope::group);
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.signal == SIGTERM);
    pair.end(1, SIGTERM, Scope::group);  // one that was forked in the very moment is only seen now
    REQUIRE(pair.facts.await<ClearedFact>(1));
    one.reap();
    pair.reap(1);
  }));
}

TEST("what one image leaves, the next one has: nothing is told twice, and nothing is lost in between") {
  CHECK(no_leaks([] {
    Facts facts;
    auto times = process_events();
    const bool events = times.has_value();
    const int64_t born_ns = now().mono_us * 1000 + 1000;  // after the subscription
    Own told(1), meanwhile(2), later(3);
    Image first(facts, std::move(times));
    for (const Own* own : {&told, &meanwhile, &later}) {
      Adopted process = adopted(own->pid, own->pid);
      process.threads = Threads{born_ns};
      process.inherited_rss = 1 << 20;
      first.reaper.adopt(std::move(process));
    }
    told.go.say();
    REQUIRE(facts.await<ExitFact>(told.pid));
    Reaper::Left left = first.reaper.detach();
    REQUIRE(left.processes.size() == 3);
    CHECK(left.events.has_value() == events);
    for (const Adopted& process : left.processes) {
      CHECK(process.ended == (process.pid == told.pid));
      CHECK(process.threads.has_value() == (events && !process.ended));
      CHECK(process.inherited_rss == 1 << 20 && process.start_ticks == start_ticks(process.pid));
      CHECK(process.kept == "mark." + std::to_string(process.pid) + " dummy:0");
    }
    CHECK(state_of(told.pid) == 'Z');

    meanwhile.go.say();
    siginfo_t status{};
    waitid(P_PID, static_cast<id_t>(meanwhile.pid), &status, WEXITED | WNOWAIT);
    const Stamp booted = now();
    std::optional<ExitTimes> inherited;
    if (left.events) {
      const uint32_t drops = left.events->drops();
      inherited.emplace(ProcEvents::inherit(left.events->release(), drops));
    }
    {
      Image second(facts, std::move(inherited));
      for (Adopted& process : left.processes) second.reaper.adopt(std::move(process));
      later.go.say();
      const auto first_exit = facts.await<ExitFact>(meanwhile.pid);
      const auto second_exit = facts.await<ExitFact>(later.pid);
      REQUIRE(first_exit && second_exit);
      CHECK(first_exit->exit.code == 2 && second_exit->exit.code == 3);
      if (events) CHECK(first_exit->exit.kernel_time && first_exit->exit.at.mono_us < booted.mono_us);
      for (const Own* own : {&told, &meanwhile, &later}) second.reaper.reap(own->pid);
    }
    CHECK(facts.count<ExitFact>() == 3);
  }));
}

TEST("the end of the keeper is told once, and only of the one that there is") {
  CHECK(no_leaks([] {
    Facts facts;
    Keeper former, present;
    Image image(facts);
    image.reaper.watch_keeper(former.duplicate(), 0);
    image.reaper.watch_keeper(present.duplicate(), 0);
    former.theirs.reset();
    Own own(0);
    image.reaper.adopt(adopted(1, own.pid));
    own.go.say();
    REQUIRE(facts.await<ExitFact>(1));
    image.reaper.reap(1);
    CHECK(facts.count<KeeperGoneFact>() == 0);
    present.theirs.reset();
    CHECK(facts.await_count<KeeperGoneFact>(1));
    Own other(0);
    image.reaper.adopt(adopted(2, other.pid));
    other.go.say();
    REQUIRE(facts.await<ExitFact>(2));
    image.reaper.reap(2);
    image.reaper.detach();
    CHECK(facts.count<KeeperGoneFact>() == 1);
  }));
}

TEST("a connection to the keeper that we have given up is its end as well") {
  CHECK(no_leaks([] {
    Facts facts;
    Keeper keeper;
    Image image(facts);
    image.reaper.watch_keeper(keeper.duplicate(), 0);
    shutdown(keeper.link.descriptor(), SHUT_RDWR);
    CHECK(facts.await_count<KeeperGoneFact>(1));
  }));
}

TEST("a new keeper is given every process, and lets go of each that has been reaped") {
  CHECK(no_leaks([] {
    Facts facts;
    Keeper keeper;
    Image image(facts, std::nullopt, keeper.link);
    Own one(0), other(0);
    image.reaper.adopt(adopted(1, one.pid));
    image.reaper.adopt(adopted(2, other.pid));
    image.reaper.hold_all();
    std::vector<std::string> labels;
    for (int n = 0; n < 2; ++n) {
      const Message message = receive(keeper.theirs.get());
      CHECK(message.letter == 'H' && message.fds.size() == 1);
      labels.push_back(message.text);
    }
    std::sort(labels.begin(), labels.end());
    const std::string first = process_label("mark.1 dummy:0", one.pid);
    CHECK(labels == std::vector<std::string>{first, process_label("mark.2 dummy:0", other.pid)});
    one.go.say();
    other.go.say();
    REQUIRE(facts.await<ExitFact>(1) && facts.await<ExitFact>(2));
    image.reaper.reap(1);
    const Message message = receive(keeper.theirs.get());
    CHECK(message.letter == 'R' && message.text == first);
    CHECK(state_of(one.pid) == 0);  // not before it has been reaped
    image.reaper.reap(2);
  }));
}
