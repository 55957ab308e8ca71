// Nobody is held up by what somebody else has attached to a datagram.
#include "../removal.h"

#include <sys/eventfd.h>

#include "check.h"
#include "lingering.h"
#include "stranger.h"

using namespace lingering;

namespace {

bool lasts_short(const std::function<void()>& what) {
  const auto start = std::chrono::steady_clock::now();
  what();
  return std::chrono::steady_clock::now() - start < 5s;
}

// What is told is taken only when it is asked for.
struct Late {
  Whole whole;

  Late() { whole.be_busy(); }
  std::string start(RunId run) {
    const std::string name = fresh_name();
    whole->spawn(speaker(run, name, "READY=1|!wait"));
    CHECK(hears(run, "READY=1"));
    return name;
  }
  // Nothing more is read of it until that is taken: so whoever sends a descriptor lets go of it before anybody else does.
  static bool keep_unread(const std::string& name) { return say(name, "not taken") && all_sleep(); }
  bool hears(RunId run, const std::string& text) {
    return until([&] { return whole.take(), last(run) == text; });
  }
  std::string last(RunId run) {
    const auto all = whole.said(run);
    return all.empty() ? "" : all.back();
  }
  void end(RunId run) {
    const int before = whole.facts.count<ExitFact>();
    whole->end(run, SIGKILL, Scope::tree);
    CHECK(until([&] { return whole.take(), whole.facts.count<ExitFact>() > before; }));
    whole->reap(run);
  }
};

}  // namespace

TEST("a datagram whose descriptor cannot be closed is read at once, and removed when it can be") {
  CHECK(no_leaks([] {
    const std::string name = fresh_name();
    auto bound = bind_notify(name);
    const Fd& socket = std::get<Fd>(bound);
    const Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    Fd peer = say_lingering(name, "one");
    REQUIRE(peer && say(name, "two"));
    Notice notice;
    eventfd_t wakings;
    REQUIRE(receive_notice(socket, notice) == Received::notice);
    CHECK(notice.text == "one" && notice.attached);
    CHECK(lasts_short([&] {
      const Removal removal(socket, wake.get());
      CHECK(!removal.done(Removal::Clock::now() + 50ms) && eventfd_read(wake.get(), &wakings) != 0);
      peer.reset();
      CHECK(removal.done(Removal::Clock::now() + 60s));
    }));
    CHECK(until([&] { return eventfd_read(wake.get(), &wakings) == 0; }));
    REQUIRE(receive_notice(socket, notice) == Received::notice);
    CHECK(notice.text == "two" && !notice.attached);
  }));
}

TEST("a run that sends what cannot be closed is heard no more until it is; the others are, and it can be ended") {
  CHECK(no_leaks([] {
    Late late;
    const std::string name = late.start(1), other = late.start(2);
    REQUIRE(Late::keep_unread(name));
    CHECK(lasts_short([&] {
      Fd peer = say_lingering(name, "held");
      REQUIRE(peer && say(name, "after") && late.hears(1, "held"));
      CHECK(say(other, "well") && late.hears(2, "well"));
      CHECK(all_sleep());
      CHECK(late.last(1) == "held");
      peer.reset();
      CHECK(late.hears(1, "after"));
      REQUIRE(Late::keep_unread(name));
      peer = say_lingering(name, "last words");
      const Fd other_peer = say_lingering(name, "not read");
      late.end(1);
      CHECK(late.last(1) == "last words");
      CHECK(until([&] { return !say(name, "too late"); }));
      late.end(2);
    }));
  }));
}

TEST("nobody has to be believed to be kept from holding others up") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    Late late;
    const std::string name = late.start(1);
    REQUIRE(Late::keep_unread(name));
    stranger::Pipe sent, enough;
    const int pid = fork();
    if (pid == 0) {
      if (setresuid(stranger::kNobody, stranger::kNobody, stranger::kNobody) != 0) _exit(1);
      const Fd peer = say_lingering(name, "foreign");
      sent.say();
      enough.await_word();
      _exit(0);
    }
    late.whole->spare(true);  // this one is no stranger
    sent.await_word();
    CHECK(lasts_short([&] { late.end(1); }));
    CHECK(late.last(1) == "not taken");
    enough.say();
    waitpid(pid, nullptr, 0);
    late.whole->spare(false);
  }));
}
