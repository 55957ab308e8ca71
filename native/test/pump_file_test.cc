// Files that refuse what is written to them.
#include <sys/ioctl.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

TEST("a full device drops what it is given, and says so at the end") {
  Facts facts;
  {
    Pump pump(facts.post());
    const auto full = pump.open_file({"/dev/full", Format::prefixed});
    REQUIRE(std::holds_alternative<int>(full));
    const int sink = std::get<int>(full);
    const Fd out = run_of(pump, 1, sink);
    say(pump, sink, "Started", 1);
    CHECK(print(out, numbered(10'000)));
    say(pump, sink, "Exited", 0, 1);
    CHECK(facts.flush(pump));
  }
  CHECK(facts.lost() == 10'002);
}

TEST("a file that cannot grow drops whole lines of a full pipe, and goes on with the half one and a notice when it can") {
  // EFBIG stands for ENOSPC, which needs a file system of its own.
  for (const bool raw : {false, true}) {
    Facts facts;
    File file;
    Pump pump(facts.post());
    const int sink = file.open(pump, raw ? Format::raw : Format::prefixed), elsewhere = pump.open_terminal(-1);
    const Fd out = run_of(pump, 1, sink);
    rlimit before;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 10'000;
    setrlimit(RLIMIT_FSIZE, &small);
    say(pump, elsewhere, "Started", 1);
    CHECK(print(out, numbered(100'000)));
    const int64_t printed = static_cast<int64_t>(numbered(100'000).size());
    CHECK(file.size() <= 10'000);
    say(pump, sink, "Exited", 0, 1);
    CHECK(facts.flush(pump));
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(print(out, "Started\n"));
    CHECK(until([&] { return file.text().ends_with("Started\n"); }));
    CHECK(facts.lost() > 0);
    if (raw) CHECK(static_cast<int64_t>(file.size()) < printed);
    if (!raw) CHECK(gaps(unlabelled(file.text()), 100'000) == facts.lost());
  }
}

TEST("a device that stays full holds nobody up, whoever else prints there without end") {
  Facts facts;
  std::atomic<bool> over{false}, done{false};
  Pump pump(facts.post());
  const int sink = std::get<int>(pump.open_file({"/dev/full", Format::json})), elsewhere = pump.open_terminal(-1);
  const Fd chatty = run_of(pump, 1, sink), quiet = run_of(pump, 2, sink);
  say(pump, elsewhere, "Started", 1);
  say(pump, elsewhere, "Started", 2);
  const std::string many = numbered(10'000);
  std::thread first([&] { while (!over && print(chatty, many)) continue; });
  CHECK(until([&] { return facts.lost() > 0; }));
  CHECK(print(quiet, "one\n"));
  std::thread second([&] { done = print(quiet, many); });  // longer than the room that is left
  CHECK(until([&] { return done.load(); }));
  over = true;
  first.join();
  second.join();
}

TEST("of a pipe that is full nothing is dropped for a full device where nobody is left who prints into it") {
  Facts facts;
  Pump pump(facts.post());
  const int sink = std::get<int>(pump.open_file({"/dev/full", Format::prefixed})), elsewhere = pump.open_terminal(-1);
  Fd last_words = run_of(pump, 1, sink);
  const Fd chatty = run_of(pump, 2, sink);
  REQUIRE(fcntl(last_words.get(), F_SETPIPE_SZ, 1 << 20) == 1 << 20);
  REQUIRE(print(last_words, std::string((1 << 20) - 1, 'x') + "\n"));
  last_words.reset();
  say(pump, elsewhere, "Started", 1);
  say(pump, elsewhere, "Started", 2);
  REQUIRE(print(chatty, numbered(100'000)));
  REQUIRE(until([&] { return facts.lost() > 0; }));
  size_t whole = 0;
  for (const Intake& intake : pump.detach().intakes) {
    int bytes = 0;
    whole += intake.run == 1 && ioctl(intake.pipe.get(), FIONREAD, &bytes) == 0 && bytes == 1 << 20;
  }
  CHECK(whole == 1);
}

TEST("runs that end without a word leave no pipe behind at a full device") {
  Facts facts;
  Pump pump(facts.post());
  const int sink = std::get<int>(pump.open_file({"/dev/full", Format::raw})), elsewhere = pump.open_terminal(-1);
  const auto descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const Fd first = run_of(pump, 1, sink);
  say(pump, elsewhere, "Started", 1);
  CHECK(print(first, "one line\n") && facts.flush(pump));
  const auto before = descriptors();
  for (RunId run = 2; run <= 100; ++run) {
    run_of(pump, run, sink);
    say(pump, elsewhere, "Started", run);
    say(pump, elsewhere, "Exited", 0, run);
  }
  CHECK(until([&] { return descriptors() <= before; }));
}

TEST("a file that cannot be opened is a fault with its path") {
  Facts facts;
  Pump pump(facts.post());
  const auto missing = pump.open_file({"/nonexistent/folder/log", Format::prefixed});
  REQUIRE(std::holds_alternative<Fault>(missing));
  CHECK(std::get<Fault>(missing).error == ENOENT && std::get<Fault>(missing).subject == "/nonexistent/folder/log");
  File target;
  const std::string link = target.path() + ".link";
  REQUIRE(symlink(target.path().c_str(), link.c_str()) == 0);
  const auto followed = pump.open_file({link, Format::prefixed});
  unlink(link.c_str());
  CHECK(std::holds_alternative<Fault>(followed) && std::get<Fault>(followed).error == ELOOP);
}
