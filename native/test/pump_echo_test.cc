// Files whose lines a terminal shows as well.
#include <sys/resource.h>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;
using Texts = std::vector<std::string>;

namespace {

int open_with_echo(Pump& pump, const File& file, Format format, int terminal) {
  return file.open(pump, LogFile{"", format, 0, 0, terminal});
}

}  // namespace

TEST("a terminal shows the lines of a file with labels, and the line that closes the run comes after them") {
  for (const Format format : {Format::raw, Format::prefixed, Format::json}) {
    Facts facts;
    File file, shown;
    Pump pump(facts.post());
    const int terminal = shown.open(pump, Format::shown);  // a file stands for one
    const int sink = open_with_echo(pump, file, format, terminal);
    const Fd out = run_of(pump, 1, sink, "a.1", "36");
    const std::string printed = numbered(1000) + "last words";
    CHECK(print(out, printed));
    say(pump, terminal, "Started", 1);
    say(pump, terminal, "Exited", 0, 1);
    REQUIRE(facts.flush(pump));
    auto lines = lines_of(shown.text());
    REQUIRE(lines.size() == 1003);
    CHECK(lines.front() == "Started" && lines.back() == "Exited");
    CHECK(lines[1].starts_with("\x1b[36m") && lines[1001].ends_with("last words"));
    if (format == Format::raw) CHECK(file.text() == printed);
    else CHECK(lines_of(file.text()).size() == 1001);
  }
}

TEST("a terminal that nobody reads holds its file up for a second at most, and nobody who prints for longer") {
  for (const Format format : {Format::raw, Format::prefixed}) {
    Facts facts;
    File file;
    Pipe unread;
    Pump pump(facts.post());
    const int terminal = pump.open_terminal(unread.in.get());
    const int sink = open_with_echo(pump, file, format, terminal);
    const Fd out = run_of(pump, 1, sink);
    say(pump, terminal, "Started", 1);
    CHECK(print(out, numbered(100'000)));
    REQUIRE(until([&] { return file.text().ends_with("line number 99999\n"); }));
    CHECK(unlabelled(file.text()) == lines_of(numbered(100'000)));
    const std::string seen = read_at_last(unread.out, pump, terminal, 1);
    CHECK(gaps(unlabelled(seen), 100'000) == facts.lost());
  }
}

TEST("a slow terminal gets every line of the file") {
  Facts facts;
  File file;
  Pipe slow;
  Pump pump(facts.post());
  const int terminal = pump.open_terminal(slow.in.get());
  const int sink = open_with_echo(pump, file, Format::raw, terminal);
  const Fd out = run_of(pump, 1, sink);
  say(pump, terminal, "Started", 1);
  std::string seen;
  std::thread reader([&] { seen = read_until(slow.out, "Exited\n", 100); });
  CHECK(print(out, numbered(20'000)));
  say(pump, terminal, "Exited", 0, 1);
  CHECK(facts.flush(pump));
  reader.join();
  CHECK(gaps(unlabelled(seen), 20'000) == 0 && file.text() == numbered(20'000));
}

TEST("a file that fails holds up no line of the terminal's own") {
  Facts facts;
  File shown;
  Pump pump(facts.post());
  const int terminal = shown.open(pump);
  const int sink = std::get<int>(pump.open_file({"/dev/full", Format::prefixed, 0, 0, terminal}));
  const Fd out = run_of(pump, 1, sink);
  say(pump, terminal, "Started", 1);
  CHECK(print(out, numbered(10)));
  say(pump, terminal, "Exited", 0, 1);
  say(pump, terminal, "Bye.");
  REQUIRE(facts.flush(pump));
  CHECK(shown.text() == "Started\nExited\nBye.\n");
}

TEST("what a terminal has still to show is owed to it by the next pump") {
  Facts facts;
  File file;
  Pipe reader;
  fcntl(reader.in.get(), F_SETPIPE_SZ, 4096);
  Fd out;
  Pump::Left left;
  {
    Pump pump(facts.post());
    const int terminal = pump.open_terminal(reader.in.get());
    out = run_of(pump, 1, open_with_echo(pump, file, Format::prefixed, terminal));
    say(pump, pump.open_terminal(-1), "Started", 1);
    CHECK(print(out, numbered(500)));  // one batch
    REQUIRE(until([&] { return lines_of(file.text()).size() == 500; }));
    left = pump.detach();
  }
  REQUIRE(left.owed.size() == 1);
  Pump pump(facts.post());
  const int terminal = pump.open_terminal(reader.in.get());
  pump.owe(terminal, std::move(left.owed[0].text));
  say(pump, terminal, "next");
  std::string seen;
  char bytes[4096];
  while (!seen.ends_with("next\n")) seen.append(bytes, static_cast<size_t>(std::max<ssize_t>(read(reader.out.get(), bytes, sizeof bytes), 0)));
  const Texts lines = unlabelled(seen);
  CHECK(lines.size() == 501 && lines[499] == "this is line number 499");
}
