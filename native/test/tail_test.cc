// What is kept of output that goes to a terminal.
#include "../tail.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;
using Texts = std::vector<std::string>;

namespace {

off_t size_of(const Fd& tail) {
  struct stat about{};
  return fstat(tail.get(), &about) == 0 ? about.st_size : -1;
}

off_t memory_of(const Fd& tail) {
  struct stat about{};
  return fstat(tail.get(), &about) == 0 ? about.st_blocks * 512 : -1;
}

std::string text_of(const Fd& tail, off_t from = 0) {
  std::string text(static_cast<size_t>(size_of(tail) - from), 0);
  const ssize_t n = pread(tail.get(), text.data(), text.size(), from);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

Fd another(const Fd& fd) { return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)); }

Fd new_tail() {
  auto opened = open_tail();
  return std::holds_alternative<Fd>(opened) ? std::get<Fd>(std::move(opened)) : Fd();
}

}  // namespace

TEST("a tail has what was appended, and goes on where an earlier one has ended") {
  const Fd fd = new_tail();
  REQUIRE(fd);
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  Tail(another(fd)).append("one\n");
  Tail(another(fd)).append("two\n");
  CHECK(text_of(fd) == "one\ntwo\n");
}

TEST("a torn line, as a SIGKILL may leave it, is ended, and a whole one is not") {
  const Fd fd = new_tail();
  REQUIRE(pwrite(fd.get(), "torn", 4, 0) == 4);
  Tail(another(fd)).append("next\n");
  CHECK(text_of(fd) == "torn\nnext\n");
  Tail(another(fd));
  CHECK(text_of(fd) == "torn\nnext\n");
}

TEST("of more than 256 KiB the beginning is given back, and every byte keeps its offset") {
  const Fd fd = new_tail();
  Tail tail(another(fd));
  const std::string printed = numbered(200'000);
  for (size_t at = 0; at < printed.size(); at += 1000) tail.append(std::string_view(printed).substr(at, 1000));
  CHECK(size_of(fd) == static_cast<off_t>(printed.size()));
  CHECK(memory_of(fd) >= kKeptTail && memory_of(fd) <= kKeptTail + 128 * 1024);
  const off_t kept = size_of(fd) - kKeptTail;
  CHECK(text_of(fd, kept) == printed.substr(static_cast<size_t>(kept)));
  CHECK(text_of(fd).front() == 0);
}

TEST("one that cannot grow any more begins anew") {
  const Fd fd = new_tail();
  Tail tail(another(fd));
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  sigset_t signal, mask;
  sigemptyset(&signal);
  sigaddset(&signal, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &signal, &mask);
  rlimit small = before;
  small.rlim_cur = 10;
  setrlimit(RLIMIT_FSIZE, &small);
  for (const char* line : {"first\n", "second\n", "third\n"}) tail.append(line);
  CHECK(text_of(fd) == "third\n");
  tail.append("too long a line\n");
  CHECK(size_of(fd) == 0);
  tail.append("last\n");
  setrlimit(RLIMIT_FSIZE, &before);
  timespec at_once{};
  while (sigtimedwait(&signal, nullptr, &at_once) > 0) {}
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  CHECK(text_of(fd) == "last\n");
}

TEST("what entries print into one terminal is kept apart, in order with the lines about them, and without colours") {
  Facts facts;
  File file;
  const Fd terminal(open(file.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)), first = new_tail(), second = new_tail();
  Pump pump(facts.post());
  const int own = pump.open_terminal(terminal.get());
  const int a = pump.open_tailed(own, another(first)), b = pump.open_tailed(own, another(second));
  const Fd to_a = run_of(pump, 1, a, "a.1", "36"), to_b = run_of(pump, 2, b, "b.2");
  pump.say({a, 0, "a.1", "36", "Started", 1, 0});
  pump.say({b, 0, "b.2", "", "Started", 2, 0});
  CHECK(print(to_a, "one\nhalf") && print(to_b, "other\n"));
  CHECK(until([&] { return unlabelled(text_of(second)).size() == 2; }));
  pump.say({a, 0, "a.1", "36", "Exited", 0, 1});
  say(pump, own, "Bye.");
  REQUIRE(facts.flush(pump));
  CHECK(unlabelled(text_of(first)) == Texts{"Started", "one", "half", "Exited"});
  CHECK(unlabelled(text_of(second)) == Texts{"Started", "other"});
  CHECK(text_of(first).find('\x1b') == std::string::npos);
  CHECK(lines_of(file.text()).size() == 7);
  CHECK(file.text().ends_with("Bye.\n"));
}

TEST("of a terminal that shows JSON the tails are JSON too, without an escape sequence") {
  Facts facts;
  File file;
  const Fd terminal(open(file.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)), tail = new_tail();
  Pump pump(facts.post());
  const int own = pump.open_terminal(terminal.get(), Format::json), sink = pump.open_tailed(own, another(tail));
  const Fd out = run_of(pump, 1, sink, "a.1", "36");
  pump.say({sink, 0, std::nullopt, "", "{\"text\":\"Started\"}", 1, 0});
  CHECK(print(out, "one\n"));
  pump.say({sink, 0, std::nullopt, "", "{\"text\":\"Exited\"}", 0, 1});
  REQUIRE(facts.flush(pump));
  const Texts lines = lines_of(text_of(tail));
  REQUIRE(lines.size() == 3 && lines_of(file.text()).size() == 3);
  CHECK(lines[0] == "{\"text\":\"Started\"}" && lines[2] == "{\"text\":\"Exited\"}");
  CHECK(lines[1].starts_with("{\"at\":\"") && lines[1].ends_with("\"stream\":\"stdout\",\"text\":\"one\"}"));
}

TEST("what goes through a branch of a branch goes to the terminal, and is kept in its own tail") {
  Facts facts;
  File file;
  const Fd terminal(open(file.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)), first = new_tail(), second = new_tail();
  Pump pump(facts.post());
  const int branch = pump.open_tailed(pump.open_terminal(terminal.get()), another(first));
  const int twig = pump.open_tailed(branch, another(second));
  say(pump, branch, "one");
  say(pump, twig, "two");
  REQUIRE(facts.flush(pump));
  CHECK(file.text() == "one\ntwo\n");
  CHECK(text_of(first) == "one\n" && text_of(second) == "two\n");
}

TEST("half a line is kept once it is whole, and a long line whole") {
  Facts facts;
  const Fd tail = new_tail();
  Pump pump(facts.post());
  const int sink = pump.open_tailed(pump.open_terminal(-1), another(tail));
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, "one\nha"));
  CHECK(until([&] { return unlabelled(text_of(tail)) == Texts{"Started", "one"}; }));
  CHECK(print(out, "lf\n"));
  CHECK(until([&] { return unlabelled(text_of(tail)) == Texts{"Started", "one", "half"}; }));
  const std::string longer(100'000, 'x');
  CHECK(print(out, longer + "\n"));
  CHECK(until([&] { return unlabelled(text_of(tail)) == Texts{"Started", "one", "half", longer}; }));
}

TEST("of a terminal that nobody reads every line is kept, once") {
  for (const char* colour : {"", "36"}) {
    Facts facts;
    Pipe pipe;
    const Fd tail = new_tail();
    Pump pump(facts.post());
    const int sink = pump.open_tailed(pump.open_terminal(pipe.in.get()), another(tail));
    const Fd out = run_of(pump, 1, sink, "a.1", colour);
    pump.say({sink, 0, {}, colour, "Started", 1, 0});
    // Read as it grows: what is kept is less than all of it.
    std::string kept;
    const std::string printed = numbered(20'000);
    for (size_t at = 0; at < printed.size(); at += 1000) {
      CHECK(print(out, std::string_view(printed).substr(at, 1000)));
      if (size_of(tail) - static_cast<off_t>(kept.size()) > kKeptTail / 4) kept += text_of(tail, static_cast<off_t>(kept.size()));
    }
    say(pump, sink, "Exited", 0, 1);
    REQUIRE(facts.flush(pump));
    kept += text_of(tail, static_cast<off_t>(kept.size()));
    const Texts lines = unlabelled(kept);
    REQUIRE(lines.size() == 20'002);
    CHECK(lines.front() == "Started" && lines.back() == "Exited");
    CHECK(gaps(lines, 20'000) == 0);
  }
}

TEST("lines that were dropped before their turn are kept, also those that still waited when the pump was left") {
  Facts facts;
  Pipe pipe;
  const Fd tail = new_tail();
  {
    Pump pump(facts.post());
    const int sink = pump.open_tailed(pump.open_terminal(pipe.in.get()), another(tail));
    for (int i = 0; i < 10'000; ++i) say(pump, sink, "this is line number " + std::to_string(i));
    pump.detach();
  }
  CHECK(gaps(lines_of(text_of(tail)), 10'000) == 0);
}

TEST("over a change of the pump every line is kept once") {
  Facts facts;
  const Fd tail = new_tail();
  auto pump = std::make_unique<Pump>(facts.post());
  int sink = pump->open_tailed(pump->open_terminal(-1), another(tail));
  const Fd out = run_of(*pump, 1, sink);
  say(*pump, sink, "Started", 1);
  for (int n = 0; n < 50; ++n) {
    CHECK(print(out, "this is line number " + std::to_string(2 * n) + "\nthis is line "));
    Pump::Left left = pump->detach();
    pump = std::make_unique<Pump>(facts.post());
    sink = pump->open_tailed(pump->open_terminal(-1), another(tail));
    for (Intake& intake : left.intakes) {
      intake.sink = sink;
      pump->adopt(std::move(intake));
    }
    CHECK(print(out, "number " + std::to_string(2 * n + 1) + "\n"));
  }
  say(*pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(*pump));
  CHECK(gaps(unlabelled(text_of(tail)), 100) == 0);
}
