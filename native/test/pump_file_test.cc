// Files that refuse what is written to them.
#include <sys/resource.h>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

TEST("a full device drops what it is given, and says so at the end") {
  Facts facts;
  {
    Pump pump(facts.post());
    const auto full = pump.open_file("/dev/full", false);
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

TEST("a file that cannot grow drops whole lines, and goes on with the half one and a notice when it can") {
  // EFBIG stands for ENOSPC, which needs a file system of its own.
  for (const bool raw : {false, true}) {
    Facts facts;
    File file;
    Pump pump(facts.post());
    const int sink = file.open(pump, raw), elsewhere = pump.open_terminal(-1);
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
    if (!raw) CHECK(gaps(unlabelled(file.text()), 100'001) == facts.lost());
  }
}

TEST("a file that cannot be opened is a fault with its path") {
  Facts facts;
  Pump pump(facts.post());
  const auto missing = pump.open_file("/nonexistent/folder/log", false);
  REQUIRE(std::holds_alternative<Fault>(missing));
  CHECK(std::get<Fault>(missing).error == ENOENT && std::get<Fault>(missing).subject == "/nonexistent/folder/log");
  File target;
  const std::string link = target.path() + ".link";
  REQUIRE(symlink(target.path().c_str(), link.c_str()) == 0);
  const auto followed = pump.open_file(link, false);
  unlink(link.c_str());
  CHECK(std::holds_alternative<Fault>(followed) && std::get<Fault>(followed).error == ELOOP);
}
