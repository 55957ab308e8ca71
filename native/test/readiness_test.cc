// The pipe on which a newline says "ready".
#include "../notices.h"

#include "check.h"
#include "speaking.h"

using namespace speaking;

namespace {

Request readying(RunId run, const std::string& script, int fd = 3) {
  Request asked = shell(run, script);
  asked.ready_fd = fd;
  asked.out_sink.reset();
  asked.err_sink.reset();
  return asked;
}

}  // namespace

TEST("a newline is told once, wherever it comes, and before the exit; an end without one is nothing") {
  CHECK(no_leaks([] {
    Whole whole;
    whole->spawn(readying(1, "echo >&3; echo >&3; exec 3>&-; echo late"));
    whole->spawn(readying(2, "printf 'I am\\nready' >&3; exec sleep 1000"));
    whole->spawn(readying(3, "printf no >&3"));
    whole->spawn(readying(4, "exec 3>&-; exec sleep 1000"));
    whole->spawn(readying(5, "(sleep 1000; echo) & echo >&3"));
    for (const RunId run : {1, 2, 5}) REQUIRE(whole.facts.await<NewlineFact>(run));
    for (const RunId run : {1, 3, 5}) REQUIRE(whole.facts.await<ExitFact>(run));
    for (const RunId run : {1, 3}) whole->reap(run);
    for (const RunId run : {2, 4}) whole.end(run);
    whole->end(5, SIGKILL, Scope::tree);
    REQUIRE(whole.facts.await<ClearedFact>(5));
    whole->reap(5);
    CHECK(whole.facts.count<NewlineFact>() == 3);
    std::vector<bool> over(6);
    for (const Fact& fact : whole.facts.all()) {
      if (const auto* exit = std::get_if<ExitFact>(&fact)) over[static_cast<size_t>(exit->run)] = true;
      if (const auto* newline = std::get_if<NewlineFact>(&fact)) CHECK(!over[static_cast<size_t>(newline->run)]);
    }
  }));
}

TEST("it has the number that was asked for, beside what is passed, and the numbers between are free") {
  CHECK(no_leaks([] {
    Whole whole;
    const Fd passed(open("/dev/null", O_RDWR | O_CLOEXEC));
    Request asked = readying(1, "cd /proc/self/fd; [ -e 3 ] && ! [ -e 4 ] && ! [ -e 6 ] && ! [ -e 8 ] && echo >&7", 7);
    asked.pass = {passed.get()};
    whole->spawn(std::move(asked));
    REQUIRE(whole.facts.await<ExitFact>(1));
    CHECK(whole.facts.count<NewlineFact>() == 1);
    whole->reap(1);

    Request far = readying(2, "eval \"echo >&200\"", 200);
    far.command = far.argv[0] = "/bin/bash";
    whole->spawn(std::move(far));
    REQUIRE(whole.facts.await<ExitFact>(2));
    CHECK(whole.facts.count<NewlineFact>() == 2);
    whole->reap(2);

    Request taken = readying(3, "true", 3);
    taken.pass = {passed.get()};
    whole->spawn(std::move(taken));
    const auto fault = whole.facts.await<FaultFact>(3);
    REQUIRE(fault);
    CHECK(std::string(fault->fault.step) == "readyFd" && fault->fault.subject == "3");
  }));
}

TEST("with thousands of descriptors open it still gets a low one") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit more{before.rlim_max, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &more);
  CHECK(no_leaks([] {
    Whole whole;
    std::vector<Fd> open;
    while (open.size() < 500) open.emplace_back(dup(0));
    whole->spawn(readying(1, "echo >&3; exec sleep 1000"));
    REQUIRE(whole.facts.await<NewlineFact>(1));
    whole.end(1);
  }));
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST("whoever goes on writing is neither ended nor held up, and wakes nobody for what is not told") {
  CHECK(no_leaks([] {
    Whole whole;
    whole->spawn(readying(1, "echo >&3; head -c 1000000 /dev/zero >&3 && exit 7"));
    const auto exit = whole.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->exit.code == 7 && whole.facts.count<NewlineFact>() == 1);
    whole->reap(1);
    const int64_t before = used_ms();
    whole->spawn(readying(2, "echo >&3; exec cat /dev/zero >&3"));
    REQUIRE(whole.facts.await<NewlineFact>(2));
    std::this_thread::sleep_for(500ms);
    CHECK(used_ms() - before < 150);
    whole.end(2);
    whole->spawn(readying(3, "echo >&3; exec sleep 1000"));
    REQUIRE(whole.facts.await<NewlineFact>(3));
    CHECK(all_sleep());
    whole.end(3);
  }));
}
