// What runs say of themselves is told, of whom it is believed, and before it is over; and nobody can drown the rest.
#include "../notices.h"

#include <signal.h>

#include <algorithm>

#include "check.h"
#include "speaking.h"
#include "stranger.h"

using namespace speaking;
using stranger::elsewhere;
using stranger::kNobody;

namespace {

using Texts = std::vector<std::string>;

// That user sends this from somewhere else.
bool say_as(unsigned user, const std::string& name, const std::string& text) {
  return elsewhere([&] { return say(name, text) ? 0 : 1; }, user) == 0;
}

}  // namespace

TEST("what a run says is told in order, after its start, with who has said it") {
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name();
    whole->spawn(speaker(1, name, "STATUS=one\nREADY=1|STATUS=two|!wait"));
    REQUIRE(whole.await_said(1, "STATUS=two"));
    const auto spawned = whole.facts.await<SpawnedFact>(1);
    const auto notice = whole.facts.await<NotifiedFact>(1);
    CHECK(spawned->notify == name);
    CHECK(notice->pid == spawned->pid && notice->uid == geteuid());
    CHECK(whole.said(1) == Texts({"STATUS=one\nREADY=1", "STATUS=two"}));
    CHECK(std::holds_alternative<SpawnedFact>(whole.facts.all()[0]));
    whole.end(1);
    CHECK(until([&] { return send_notice("@" + name, "late") == ECONNREFUSED; }));  // the name is gone with its run
  }));
}

// What is told is taken late: so of most only the first is, until they have ended.
TEST("what it said just before its end is told before its exit, of whoever is left as well") {
  CHECK(no_leaks([] {
    Whole whole;
    whole.be_busy();
    constexpr RunId runs = 40;
    for (RunId run = 1; run <= runs; ++run) whole->spawn(speaker(run, fresh_name(), run % 2 ? "a|b|c" : "a|b|!leave|c"));
    REQUIRE(until([&] { return whole.take(), whole.facts.count<ExitFact>() == runs; }));
    for (RunId run = 1; run <= runs; ++run)
      REQUIRE(until([&] { return whole.take(), whole.said(run) == Texts({"a", "b", "c"}); }));
    std::vector<bool> over(runs + 1);
    for (const Fact& fact : whole.facts.all()) {
      if (const auto* exit = std::get_if<ExitFact>(&fact)) over[static_cast<size_t>(exit->run)] = true;
      const auto* notice = std::get_if<NotifiedFact>(&fact);
      if (notice && (notice->text != "c" || notice->run % 2)) CHECK(!over[static_cast<size_t>(notice->run)]);
    }
    for (RunId run = 1; run <= runs; ++run) whole->reap(run);
    siginfo_t status{};  // the orphans are reaped as well
    CHECK(until([&] { return waitid(P_ALL, 0, &status, WEXITED | WNOWAIT | WNOHANG) < 0; }));
  }));
}

TEST("root is believed, and the user that the run is of; nobody else") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name(), other = fresh_name();
    Request asked = speaker(1, name, "own|!wait");
    asked.user = std::to_string(kNobody);
    whole->spawn(std::move(asked));
    REQUIRE(whole.await_said(1, "own"));
    CHECK(whole.facts.await<NotifiedFact>(1)->uid == kNobody);
    whole->spawn(speaker(2, other, "root|!wait"));
    REQUIRE(whole.await_said(2, "root"));
    CHECK(say_as(kNobody - 1, name, "foreign") && say_as(kNobody, name, "its user's") && say(name, "root's"));
    CHECK(say_as(kNobody, other, "foreign") && say(other, "root's"));
    REQUIRE(whole.await_said(1, "root's") && whole.await_said(2, "root's"));
    CHECK(whole.said(1) == Texts({"own", "its user's", "root's"}));
    CHECK(whole.said(2) == Texts({"root", "root's"}));
    whole.end(1);
    whole.end(2);
  }));
}

TEST("a process that gives up being root is believed afterwards") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    Whole whole;
    whole->spawn(speaker(1, fresh_name(), "root|!nobody|READY=1|!wait"));
    REQUIRE(whole.await_said(1, "READY=1"));
    CHECK(whole.facts.await_that<NotifiedFact>([](const auto& fact) { return fact.text == "READY=1"; })->uid == kNobody);
    whole.end(1);
  }));
}

TEST("an ordinary user's Sentry hears its processes, and root") {
  if (geteuid() != 0) SKIP("not root");
  const std::string name = fresh_name();
  stranger::Pipe there, root_said, foreign_said;
  const int pid = fork();
  if (pid == 0) {
    if (setgroups(0, nullptr) < 0 || setresgid(kNobody, kNobody, kNobody) < 0) _exit(77);
    if (setresuid(kNobody, kNobody, kNobody) < 0) _exit(77);
    Whole whole;
    whole->spawn(speaker(1, name, "READY=1|!wait"));
    if (!whole.await_said(1, "READY=1")) _exit(1);
    there.say();
    if (!whole.await_said(1, "root's")) _exit(2);
    whole.end(1);
    _exit(whole.said(1) == Texts({"READY=1", "root's"}) ? 0 : 3);
  }
  there.await_word();
  CHECK(say_as(kNobody - 1, name, "foreign") && say(name, "root's"));
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
}

TEST("descriptors that come along are closed at once: a barrier is answered, and none is left open") {
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name();
    whole->spawn(speaker(1, name, "READY=1|!barrier|!barrier|passed|!wait"));
    REQUIRE(whole.await_said(1, "passed"));
    const int before = entries_of("/proc/self/fd");
    for (int n = 0; n < 50; ++n) CHECK(await_barrier(name));
    // Of those who are not believed as well.
    if (geteuid() == 0) CHECK(elsewhere([&] { return await_barrier(name) ? 0 : 1; }, kNobody) == 0);
    CHECK(until([&] { return entries_of("/proc/self/fd") == before; }));
    whole.end(1);
  }));
}

TEST("what is too long, empty or has a NUL in it is dropped; any other bytes are told as they are") {
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name(), longest(4096, 'x');
    whole->spawn(speaker(1, name, "first|!wait"));
    REQUIRE(whole.await_said(1, "first"));
    using namespace std::string_literals;
    for (const std::string& text : {""s, "\0"s, "a\0b"s, "a\0\0"s, longest + "y"}) CHECK(say(name, text));
    for (const std::string& text : {longest, "ended\0"s, "\xff\xfe="s, "last"s}) CHECK(say(name, text));
    REQUIRE(whole.await_said(1, "last"));
    CHECK(whole.said(1) == Texts({"first", longest, "ended", "\xff\xfe=", "last"}));
    whole.end(1);
  }));
}

TEST("a flood waits in its own sender until what was told of it is delivered, and keeps nobody busy") {
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name();
    whole.be_busy();
    whole->spawn(speaker(1, name, "!flood"));
    std::this_thread::sleep_for(200ms);
    const int64_t before_ms = used_ms();
    CHECK(all_sleep());  // though it goes on
    CHECK(used_ms() - before_ms < 100);
    CHECK(whole.take() <= 1 + Notices::kBatch);
    REQUIRE(until([&] { return whole.take() > 0; }));
    // Taken as fast as it comes, it is so much in a tenth of a second and not more.
    const auto start = std::chrono::steady_clock::now();
    int taken = 0;
    while (std::chrono::steady_clock::now() - start < 500ms) {
      taken += whole.take();
      std::this_thread::sleep_for(1ms);
    }
    const auto tenths = (std::chrono::steady_clock::now() - start) / 100ms;
    CHECK(taken <= (tenths + 2) * (Notices::kBurst + Notices::kBatch));
    CHECK(taken > 0);
    whole->end(1, SIGKILL, Scope::tree);
    REQUIRE(until([&] { return whole.take(), whole.facts.count<ExitFact>() == 1; }));
    whole->reap(1);
  }));
}

TEST("a flood from somebody who is not believed keeps nobody busy either") {
  if (geteuid() != 0) SKIP("not root");
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name();
    whole->spawn(speaker(1, name, "READY=1|!wait"));
    REQUIRE(whole.await_said(1, "READY=1"));
    const int pid = fork();
    if (pid == 0) {
      if (setresuid(kNobody, kNobody, kNobody) == 0) while (say(name, "foreign")) continue;
      _exit(0);
    }
    whole->spare(true);  // this one is no stranger
    const int64_t before_ms = used_ms();
    std::this_thread::sleep_for(500ms);
    CHECK(used_ms() - before_ms < 100);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    whole->spare(false);
    CHECK(say(name, "root's"));
    REQUIRE(whole.await_said(1, "root's"));
    CHECK(whole.said(1) == Texts({"READY=1", "root's"}));
    whole.end(1);
  }));
}

TEST("a name that is taken, or too long, is a start that has failed") {
  CHECK(no_leaks([] {
    Whole whole;
    const std::string name = fresh_name();
    auto taken = bind_notify(name);
    whole->spawn(speaker(1, name, "READY=1"));
    whole->spawn(speaker(2, std::string(108, 'n'), "READY=1"));
    const auto in_use = whole.facts.await<FaultFact>(1), longer = whole.facts.await<FaultFact>(2);
    REQUIRE(in_use && longer);
    CHECK(in_use->fault.error == EADDRINUSE && in_use->fault.subject == "@" + name);
    CHECK(std::string(in_use->fault.step) == "notify");
    CHECK(longer->fault.error == ENAMETOOLONG);
  }));
}

TEST("a run that has a socket and is silent wakes nobody") {
  Whole whole;
  whole->spawn(speaker(1, fresh_name(), "READY=1|!wait"));
  REQUIRE(whole.await_said(1, "READY=1"));
  CHECK(all_sleep());
  whole.end(1);
}
