#include "../witness.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <cstdio>

#include "../exit.h"
#include "check.h"
#include "stranger.h"

using namespace sentry;
using namespace stranger;

namespace {

bool readable(const Fd& pidfd) {
  pollfd ended{pidfd.get(), POLLIN, 0};
  return poll(&ended, 1, 60'000) == 1;
}

Testimony end_of(Stranger& one, std::optional<uint32_t> told = std::nullopt) {
  one.go();
  CHECK(readable(one.pidfd));
  return testify(one.pid, one.start_ticks, one.pidfd, told);
}

// The first thread ends with code 0, and a while later the process with code 3.
void end_leader_first() {
  pthread_t thread;
  pthread_create(&thread, nullptr, [](void*) -> void* {
    usleep(20'000);
    _exit(3);
  }, nullptr);
  syscall(SYS_exit, 0);
}

void burn() {
  rusage usage{};
  do getrusage(RUSAGE_SELF, &usage);
  while (usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 50'000);
}

}  // namespace

TEST("a wait status is decoded into a code, or a signal and whether there was a core dump") {
  CHECK(decode_exit(0x0300).code == 3 && decode_exit(0x0300).signal == 0);
  CHECK(decode_exit(0).code == 0);
  CHECK(decode_exit(9).code == -1 && decode_exit(9).signal == SIGKILL && !decode_exit(9).core_dumped);
  CHECK(decode_exit(0x80 | 11).signal == SIGSEGV && decode_exit(0x80 | 11).core_dumped);
  CHECK(decode_exit(0xff00).code == 255);
}

TEST("a zombie that may be read has its status, and what it cost, before anybody reaps it") {
  Stranger one([] {
    burn();
    _exit(5);
  });
  const Testimony testimony = end_of(one, 0x600);
  CHECK(testimony.wait_status == 0x500);  // rather than what was told
  CHECK(!testimony.yet_to_come);
  CHECK(testimony.user_us + testimony.system_us >= 30'000);
}

TEST("what ended by a signal is told so") {
  Stranger one([] { kill(getpid(), SIGKILL); });
  CHECK(end_of(one).wait_status == SIGKILL);
  one.reap();
  const auto later = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt).wait_status;
  CHECK(later == SIGKILL || !pidfds_tell());
}

TEST("after the reap the pidfd tells, since Linux 6.15; before, only what was told") {
  const bool tells = pidfds_tell();
  Stranger one([] { _exit(5); });
  one.go();
  one.reap();
  const auto told = testify(one.pid, one.start_ticks, one.pidfd, 0x600);
  CHECK(told.wait_status == (tells ? 0x500 : 0x600) && !told.yet_to_come);
  const auto untold = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt);
  CHECK(untold.wait_status.has_value() == tells && !untold.yet_to_come);
}

TEST("a zombie that may not be read is never taken to have ended with 0: its status comes with the reap") {
  if (!pidfds_tell()) SKIP("no PIDFD_INFO_EXIT before Linux 6.15");
  Stranger one([] {
    burn();
    _exit(5);
  });
  CHECK(elsewhere([&] {
    const Testimony early = end_of(one);
    if (early.wait_status || !early.yet_to_come) return 1;
    if (early.user_us + early.system_us < 30'000) return 2;  // that anybody may know
    return 0;
  }, kNobody) == 0);
  one.reap();
  CHECK(elsewhere([&] {
    const Testimony late = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt);
    return late.wait_status == 0x500 && !late.yet_to_come ? 0 : 1;
  }, kNobody) == 0);
}

TEST("of a zombie that may not be read, what was told is believed at once") {
  Stranger one([] { _exit(5); });
  CHECK(elsewhere([&] {
    const Testimony testimony = end_of(one, 0x500);
    return testimony.wait_status == 0x500 && !testimony.yet_to_come ? 0 : 1;
  }, kNobody) == 0);
}

TEST("who may read a zombie: its own user, but not where it had another one, could become one, or hid its memory") {
  const auto seen = [](unsigned real, unsigned effective, unsigned saved, bool dumpable) {
    Stranger one([=] {
      if (setgroups(0, nullptr) < 0 || setresgid(real, effective, saved) < 0 || setresuid(real, effective, saved) < 0)
        _exit(99);
      prctl(PR_SET_DUMPABLE, dumpable);  // as after an exec; a change of user takes it away
      _exit(5);
    });
    one.go();
    return elsewhere([&] {
      readable(one.pidfd);
      const auto status = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt).wait_status;
      return !status ? 1 : status == 0x500 ? 5 : 2;
    }, kNobody);
  };
  constexpr int kUnseen = 1;
  CHECK(seen(kNobody, kNobody, kNobody, true) == 5);
  CHECK(seen(kNobody, kNobody, 0, true) == kUnseen);
  CHECK(seen(kNobody, 0, kNobody, true) == kUnseen);
  CHECK(seen(1, 1, 1, true) == kUnseen);
  const int hidden = seen(kNobody, kNobody, kNobody, false);  // older kernels show it: the memory is gone by then
  CHECK(hidden == kUnseen || hidden == 5);
}

TEST("what /proc shows is not believed of a process with another start time") {
  Stranger one([] { _exit(5); });
  one.go();
  REQUIRE(readable(one.pidfd));
  for (const uint64_t ticks : {uint64_t{0}, one.start_ticks + 1}) {
    const Testimony testimony = testify(one.pid, ticks, one.pidfd, std::nullopt);
    CHECK(!testimony.wait_status && testimony.user_us == 0);
  }
}

TEST("where the pidfd will never tell, nothing is waited for") {
  Stranger one([] { _exit(5); });
  CHECK(elsewhere([&] {
    personality(0x0020000);  // UNAME26: this kernel says that it is a 2.6
    const Testimony testimony = end_of(one);
    return !testimony.wait_status && !testimony.yet_to_come ? 0 : 1;
  }, kNobody) == 0);
}

TEST("a process whose first thread ended before the others has the status with which it ended") {
  Stranger one(end_leader_first);
  CHECK(end_of(one).wait_status == 0x300);
  one.reap();
  const auto later = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt).wait_status;
  CHECK(later == 0x300 || !pidfds_tell());
}

TEST("a parent that reaps while it is asked is no reason not to know") {
  if (!pidfds_tell()) SKIP("no PIDFD_INFO_EXIT before Linux 6.15");
  for (int n = 1; n <= 300; ++n) {
    Stranger one([n] { _exit(n % 256); });
    one.let_reap();
    const auto expected = static_cast<uint32_t>(n % 256) << 8;
    const auto answer = [&] {
      Testimony testimony = end_of(one);
      while (testimony.yet_to_come) testimony = testify(one.pid, one.start_ticks, one.pidfd, std::nullopt);
      if (testimony.wait_status == expected) return 0;
      std::printf("     %d: %#x\n", n, testimony.wait_status.value_or(~0u));
      return 1;
    };
    CHECK((n % 2 ? elsewhere(answer, kNobody) : answer()) == 0);
  }
}
