// What the pump writes, and in which order.
#include "../pump.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "check.h"
#include "printing.h"

using namespace printing;
using Texts = std::vector<std::string>;

TEST("a label has the local time and 25 columns, a longer one gets one space; a colour leaves the padding out") {
  setenv("TZ", "CEST-2", 1);
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  pump.say({sink, 1'334'081'871'000'000, "dummy.1514", "", "Started.", 0, 0});
  pump.say({sink, 1'334'081'871'000'000, "dummy.1514", "36", "Started.", 0, 0});
  pump.say({sink, 1'334'081'871'000'000, "quite-a-name.1514", "", "Started.", 0, 0});
  pump.say({sink, 1'334'081'871'000'000, "a-longer-name.1514", "", "Started.", 0, 0});
  pump.say({sink, 0, {}, "", "Bye.", 0, 0});
  REQUIRE(facts.flush(pump));
  CHECK(lines_of(file.text()) == Texts{"20:17:51 dummy.1514      Started.",
                                       "\x1b[36m20:17:51 dummy.1514\x1b[0m      Started.",
                                       "20:17:51 quite-a-name.1514 Started.",
                                       "20:17:51 a-longer-name.1514 Started.", "Bye."});
}

TEST("what a run prints is read from the line that opens it, and written before the line that closes it") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  CHECK(print(out, "one\ntwo\nthr"));
  say(pump, sink, "Started", 1);
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  CHECK(unlabelled(file.text()) == Texts{"Started", "one", "two", "thr", "Exited"});
}

TEST("stdout and stderr each go to their own sink") {
  Facts facts;
  File first, second;
  Pump pump(facts.post());
  Pipe out, err;
  const int raw = first.open(pump, Format::raw), labelled = second.open(pump);
  pump.adopt({1, 0, std::move(out.out), raw, "a.1", 0, "", false, ""});
  pump.adopt({1, 1, std::move(err.out), labelled, "a.1", 0, "", false, ""});
  say(pump, raw, "", 1);
  CHECK(print(out.in, "out\n") && print(err.in, "err\n"));
  CHECK(until([&] { return first.text() == "\nout\n" && unlabelled(second.text()) == Texts{"err"}; }));
}

TEST("a grandchild that holds the pipe delays no line, and what it prints later keeps the label") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  Fd out = run_of(pump, 1, sink);
  const Fd grandchild(fcntl(out.get(), F_DUPFD_CLOEXEC, 3));
  say(pump, sink, "Started", 1);
  CHECK(print(out, "last words"));
  out.reset();
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  CHECK(print(grandchild, "still here\n"));
  CHECK(until([&] { return unlabelled(file.text()) == Texts{"Started", "last words", "Exited", "still here"}; }));
}

TEST("half a line that goes to another sink than the closing line is ended too") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump), elsewhere = pump.open_terminal(-1);
  const Fd out = run_of(pump, 1, sink);
  say(pump, elsewhere, "Started", 1);
  CHECK(print(out, "last words"));
  say(pump, elsewhere, "Exited", 0, 1);
  CHECK(until([&] { return unlabelled(file.text()) == Texts{"last words"} && file.text().ends_with("\n"); }));
}

TEST("a line that a SIGKILL tore stays on a line of its own") {
  Facts facts;
  File file;
  CHECK(print(Fd(open(file.path().c_str(), O_WRONLY | O_CLOEXEC)), "whole\ntor"));
  Pump pump(facts.post());
  say(pump, file.open(pump), "Started");
  REQUIRE(facts.flush(pump));
  CHECK(file.text() == "whole\ntor\nStarted\n");
}

TEST("half a line is written when nobody is left who could end it") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, "no newline"));
  out.reset();
  CHECK(until([&] { return unlabelled(file.text()) == Texts{"Started", "no newline"}; }));
}

TEST("any bytes pass unchanged") {
  using namespace std::string_literals;
  const std::string bytes = "\0NUL\0\r"s + "\xff\xfe\xc3 \x1b[31mred\x1b[0m\t\x80"s;
  Facts facts;
  File labelled, raw;
  Pump pump(facts.post());
  const int sink = labelled.open(pump), raw_sink = raw.open(pump, Format::raw);
  const Fd out = run_of(pump, 1, sink), raw_out = run_of(pump, 2, raw_sink);
  say(pump, sink, "Started", 1);
  say(pump, sink, "Started", 2);
  CHECK(print(out, bytes + "\n\n" + bytes) && print(raw_out, bytes + "\n\n" + bytes));
  say(pump, sink, "Exited", 0, 1);
  say(pump, sink, "Exited", 0, 2);
  REQUIRE(facts.flush(pump));
  CHECK(unlabelled(labelled.text()) == Texts{"Started", "Started", bytes, "", bytes, "Exited", "Exited"});
  CHECK(until([&] { return raw.text() == bytes + "\n\n" + bytes; }));
}

TEST("a line of 3 MiB is written in pieces of its own, each with the label") {
  const std::string huge(3 << 20, 'x');
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, "before\n" + huge + "\nafter\n"));
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  const Texts lines = unlabelled(file.text());
  REQUIRE(lines.size() > 5);
  CHECK(lines[1] == "before");
  std::string pieces;
  for (size_t i = 2; i < lines.size() - 2; ++i) pieces += lines[i];
  CHECK(pieces == huge);
  CHECK(lines[lines.size() - 2] == "after");
  // Pieces of 1 MiB, less where the pipe's first page was partly used.
  CHECK(lines.size() <= 4 + 4);
}

TEST("a write that begins behind half a line, and is longer than the room left, is read to its end") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  const std::string long_line(200'000, 'y');
  for (int i = 0; i < 20; ++i) {
    CHECK(print(out, "line\nhalf"));
    CHECK(until([&] { return file.text().ends_with("line\n"); }));
    CHECK(print(out, long_line + "\n"));
  }
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  const Texts lines = unlabelled(file.text());
  REQUIRE(lines.size() == 42);
  CHECK(lines[40] == "half" + long_line);
}

TEST("writes of little more than half a page, which fill a pipe before its bytes do, are read") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  const std::string piece(2049, 'z');
  for (int i = 0; i < 100; ++i) CHECK(print(out, piece));
  CHECK(print(out, "\n"));
  CHECK(until([&] { return unlabelled(file.text()).back().size() == 204'900; }));
}

TEST("the thread that writes is nicer by ten than whoever starts it, who may be nice already") {
  std::thread([] {
    setpriority(PRIO_PROCESS, 0, 7);
    Facts facts;
    File file;
    Pump pump(facts.post());
    const int sink = file.open(pump);
    say(pump, sink, "Started", 0);
    REQUIRE(facts.flush(pump));  // by now it runs
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      if (name == "sentry-output")
        CHECK(getpriority(PRIO_PROCESS, static_cast<id_t>(std::stoi(task.path().filename()))) == 17);
    }
  }).join();
}
