// One pump ends in order, and another goes on with what it left: as over an exec, but in one process.
#include <fcntl.h>
#include <sys/ioctl.h>

#include <atomic>
#include <memory>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

constexpr RunId kRun = 7;

// One pump after the other, with one sink: what is left by one is given to the next.
class Relay {
 public:
  explicit Relay(std::function<int(Pump&)> open) : open_(std::move(open)) { begin({}); }

  // The thread ends, and all that it had is here.
  Pump::Left stop() {
    Pump::Left left = pump_->detach();
    pump_.reset();
    return left;
  }
  void begin(Pump::Left left) {
    pump_ = std::make_unique<Pump>(facts.post());
    sink = open_(*pump_);
    for (Owing& owing : left.owed) pump_->owe(sink, std::move(owing.text));
    for (Intake& intake : left.intakes) {
      intake.sink = sink;
      pump_->adopt(std::move(intake));
    }
  }
  void next() { begin(stop()); }
  Pump& pump() { return *pump_; }

  Facts facts;
  int sink = 0;

 private:
  std::function<int(Pump&)> open_;
  std::unique_ptr<Pump> pump_;
};

std::function<int(Pump&)> into(const File& file, bool raw) {
  return [&file, raw](Pump& pump) { return file.open(pump, raw ? Format::raw : Format::prefixed); };
}

int queued(const Fd& pipe) {
  int bytes = 0;
  ioctl(pipe.get(), FIONREAD, &bytes);
  return bytes;
}

std::string read_all(const Fd& from, size_t size) {
  std::string text(size, 0);
  size_t done = 0;
  while (done < size) {
    const ssize_t n = read(from.get(), text.data() + done, size - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return text.substr(0, done);
}

// What a file has after 50 changes of the pump, each while somebody prints a fiftieth of it as fast as the pipe takes it.
std::string after_many(bool raw, const std::string& printed) {
  File file;
  Relay relay(into(file, raw));
  Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.pump().open_terminal(-1), "Started", kRun);
  const size_t share = printed.size() / 50 + 1;
  std::atomic<size_t> turn = 0;
  std::thread printer([&] {
    for (size_t at = 0, n = 1; at < printed.size(); at += n, n = n * 7 % 20'011) {
      until([&] { return at <= (turn + 1) * share; });
      if (!print(out, std::string_view(printed).substr(at, n))) return;
    }
    out.reset();
  });
  for (; turn < 50; ++turn) {
    until([&] { return file.size() > turn * share; });
    relay.next();
  }
  printer.join();
  const auto last = printed.substr(printed.size() - 20);
  until([&] { return file.text().ends_with(last); });
  return file.text();
}

}  // namespace

TEST("a raw file has every byte once, however often the pump is followed by another") {
  const std::string printed = numbered(400'000);
  CHECK(after_many(true, printed) == printed);
}

TEST("a file with labels has every line once, and whole, however often the pump is followed by another") {
  const std::string printed = numbered(400'000);
  CHECK(unlabelled(after_many(false, printed)) == lines_of(printed));
}

TEST("half a line is written once, and whole, when its end comes to the next pump") {
  File file;
  Relay relay(into(file, false));
  const Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.sink, "Started", kRun);
  print(out, "a whole line\nhalf of a ");
  REQUIRE(until([&] { return file.text().ends_with("whole line\n"); }));
  relay.next();
  REQUIRE(print(out, "line\n"));
  REQUIRE(until([&] { return file.text().ends_with("line\n") && lines_of(file.text()).size() == 3; }));
  CHECK(unlabelled(file.text()) == std::vector<std::string>{"Started", "a whole line", "half of a line"});
}

TEST("a line that does not fit behind the half that was left is read by the next pump while it is being written") {
  File file;
  Relay relay(into(file, false));
  const Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.sink, "Started", kRun);
  print(out, "one\nx");
  REQUIRE(until([&] { return file.text().ends_with("one\n"); }));
  relay.next();
  REQUIRE(relay.facts.flush(relay.pump()));  // it has been adopted
  const std::string rest = std::string(200'000, 'x') + "\n";
  REQUIRE(print(out, rest));  // in one write: it comes back when the pipe has been emptied meanwhile
  REQUIRE(until([&] { return file.text().ends_with("x\n"); }));
  CHECK(unlabelled(file.text()).back() == std::string(200'001, 'x'));
}

TEST("the last words of a run that ended between two pumps are written") {
  File file;
  Relay relay(into(file, false));
  Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.sink, "Started", kRun);
  Pump::Left left = relay.stop();
  print(out, "last words");
  out.reset();
  relay.begin(std::move(left));
  REQUIRE(until([&] { return file.text().ends_with("last words\n"); }));
  CHECK(until([&] {
    left = relay.stop();
    const bool ended = left.intakes.empty();
    relay.begin(std::move(left));
    return ended;
  }));
}

TEST("a run that was not read yet is not read by the next pump either, until a line opens it") {
  File file;
  Relay relay(into(file, false));
  const Fd out = run_of(relay.pump(), kRun, relay.sink);
  print(out, "early\n");
  relay.next();
  say(relay.pump(), relay.sink, "before");
  REQUIRE(relay.facts.flush(relay.pump()));
  CHECK(unlabelled(file.text()) == std::vector<std::string>{"before"});
  say(relay.pump(), relay.sink, "Started", kRun);
  REQUIRE(until([&] { return file.text().ends_with("early\n"); }));
  CHECK(unlabelled(file.text()) == std::vector<std::string>{"before", "Started", "early"});
}

TEST("a line that a slow reader has taken a part of is ended by the next pump, before anything else") {
  Pipe reader;
  Relay relay([&](Pump& pump) { return pump.open_terminal(reader.in.get()); });
  const Fd out = run_of(relay.pump(), kRun, relay.sink, "a.1");
  say(relay.pump(), relay.pump().open_terminal(-1), "Started", kRun);
  const std::string line(100'000, 'x');
  REQUIRE(print(out, line + "\nafterwards\n"));
  REQUIRE(until([&] { return queued(reader.out) == 65'536; }));
  say(relay.pump(), relay.sink, "never shown");
  Pump::Left left = relay.stop();
  const std::string notice = "Sentry dropped 1 line here that nobody read.\n";
  CHECK(left.owed.size() == 1 && left.owed[0].text.size() == 25 + line.size() + 1 + notice.size() - 65'536);
  CHECK(relay.facts.lost() == 1);
  relay.begin(std::move(left));
  const std::string expected = line + "\n" + notice + "afterwards\n";
  const std::string text = read_all(reader.out, 25 + expected.size() + 25);
  CHECK(unlabelled(text) == lines_of(expected));
}

TEST("what a file that refuses all has lost is told there by the next pump, where it is missing") {
  File file;
  std::string path = "/dev/full";
  Relay relay([&](Pump& pump) { return std::get<int>(pump.open_file({path, Format::prefixed})); });
  Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.pump().open_terminal(-1), "Started", kRun);
  REQUIRE(print(out, numbered(100'000)));
  REQUIRE(until([&] { return relay.facts.lost() > 0; }));
  Pump::Left left = relay.stop();
  path = file.path();
  relay.begin(std::move(left));
  out.reset();
  REQUIRE(until([&] { return file.text().ends_with("line number 99999\n"); }));
  CHECK(gaps(unlabelled(file.text()), 100'000) == relay.facts.lost());
}

TEST("a torn line that an earlier image had begun in a file is ended by what is owed, and not by a newline") {
  File file;
  print(Fd(open(file.path().c_str(), O_WRONLY)), "what was beg");
  Facts facts;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  pump.owe(sink, "un\n");
  say(pump, sink, "next");
  REQUIRE(facts.flush(pump));
  CHECK(file.text() == "what was begun\nnext\n");
}

TEST("a pipe that a long line has made to grow is shrunk by the next pump") {
  File file;
  Relay relay(into(file, false));
  const Fd out = run_of(relay.pump(), kRun, relay.sink);
  say(relay.pump(), relay.sink, "Started", kRun);
  const int usual = fcntl(out.get(), F_GETPIPE_SZ);
  REQUIRE(print(out, std::string(200'000, 'x')));
  CHECK(fcntl(out.get(), F_GETPIPE_SZ) > usual);
  relay.next();
  REQUIRE(print(out, "\n"));
  CHECK(until([&] { return fcntl(out.get(), F_GETPIPE_SZ) == usual; }));
  CHECK(unlabelled(file.text()).back().size() == 200'000);
}
