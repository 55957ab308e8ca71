// Files that are opened anew, by their paths, after somebody has moved them away.
#include <sys/resource.h>
#include <sys/stat.h>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

// Moves a file away, and gives what is in it then. Gone with the test.
struct Moved {
  explicit Moved(const File& file) : path(file.path() + ".1") { rename(file.path().c_str(), path.c_str()); }
  ~Moved() { unlink(path.c_str()); }
  std::string text() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string path;
};

// No file may grow beyond this: EFBIG stands for ENOSPC, which needs a file system of its own.
struct Limit {
  explicit Limit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~Limit() { setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

Fd reader_of(const File& fifo) { return Fd(open(fifo.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)); }

// A new FIFO in the place of what is there, with its reader.
Fd put_fifo(const File& place) {
  unlink(place.path().c_str());
  CHECK(mkfifo(place.path().c_str(), 0600) == 0);
  return reader_of(place);
}

bool gives(const Fd& reader, std::string_view expected) {
  std::string text;
  return until([&] {
    char bytes[100];
    const ssize_t n = read(reader.get(), bytes, sizeof bytes);
    if (n > 0) text.append(bytes, static_cast<size_t>(n));
    return text == expected;
  });
}

int reopened(Pump& pump) {
  int files = 0;
  CHECK(pump.reopen_files(files).empty());
  return files;
}

}  // namespace

TEST("files that were moved away are opened anew, and no line is lost or torn") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  pump.open_terminal(-1);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  std::thread printer([&] { CHECK(print(out, numbered(100'000))); });
  CHECK(until([&] { return file.size() > 100'000; }));
  const Moved old(file);
  CHECK(reopened(pump) == 1);
  printer.join();
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  struct stat about{};
  CHECK(stat(file.path().c_str(), &about) == 0 && (about.st_mode & 0777) == 0600);
  CHECK(old.text().ends_with("\n") && !file.text().empty());
  CHECK(gaps(unlabelled(old.text() + file.text()), 100'000) == 0);
  CHECK(facts.lost() == 0);
}

TEST("a file that cannot be opened anew goes on as it was, does not count, and the fault names it") {
  Facts facts;
  File file, other;
  const std::string target = file.path() + ".2";
  Pump pump(facts.post());
  const int sink = file.open(pump);
  other.open(pump);
  say(pump, sink, "one");
  const Moved old(file);
  REQUIRE(symlink(target.c_str(), file.path().c_str()) == 0);
  int files = 0;
  const auto faults = pump.reopen_files(files);
  CHECK(files == 1);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].error == ELOOP && faults[0].subject == file.path());
  say(pump, sink, "two");
  REQUIRE(facts.flush(pump));
  CHECK(old.text() == "one\ntwo\n");
  CHECK(access(target.c_str(), F_OK) != 0);
}

TEST("half a line that the full disk has taken is ended in the old file, if that takes it, before the new one begins") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  {
    const Limit full(10);
    say(pump, sink, "this is line number 0");
    REQUIRE(facts.flush(pump));
  }
  const Moved old(file);
  reopened(pump);
  say(pump, sink, "this is line number 1");
  REQUIRE(facts.flush(pump));
  CHECK(old.text() == "this is line number 0\n");
  CHECK(file.text() == "this is line number 1\n");
}

TEST("where the disk stays full, the old file is let go of with half a line, and the new one tells what is missing") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Limit full(70);
  for (int n = 0; n < 5; ++n) say(pump, sink, "this is line number " + std::to_string(n));
  REQUIRE(facts.flush(pump));
  CHECK(file.size() == 70);
  const Moved old(file);
  CHECK(reopened(pump) == 1);
  REQUIRE(facts.flush(pump));
  CHECK(old.text().ends_with("\nthis"));
  CHECK(file.text() == "Sentry dropped 1 line here (EFBIG).\nthis is line number 4\n");
  CHECK(facts.lost() == 1);
}

TEST("a file that nobody has moved goes on, also in the middle of a line") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  {
    const Limit full(10);
    say(pump, sink, "this is line number 0");
    REQUIRE(facts.flush(pump));
    CHECK(reopened(pump) == 1);
    REQUIRE(facts.flush(pump));
  }
  CHECK(reopened(pump) == 1);
  say(pump, sink, "this is line number 1");
  REQUIRE(facts.flush(pump));
  CHECK(file.text() == "this is line number 0\nthis is line number 1\n");
}

TEST("opened anew while it is being written, a file gets no empty line") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  std::atomic<bool> printed{false};
  std::thread printer([&] {
    CHECK(print(out, numbered(200'000)));
    printed = true;
  });
  // One after the other: each has opened a file already, and on a busy machine more would wait than there are descriptors.
  while (!printed) {
    reopened(pump);
    if (!CHECK(facts.flush(pump))) break;
  }
  printer.join();
  say(pump, sink, "Exited", 0, 1);
  REQUIRE(facts.flush(pump));
  CHECK(gaps(unlabelled(file.text()), 200'000) == 0);
}

TEST("a torn line that stands in the new file stays on a line of its own") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  say(pump, sink, "one");
  REQUIRE(facts.flush(pump));
  const Moved old(file);
  std::ofstream(file.path()) << "torn";
  reopened(pump);
  say(pump, sink, "two");
  REQUIRE(facts.flush(pump));
  CHECK(old.text() == "one\n");
  CHECK(file.text() == "torn\ntwo\n");
}

TEST("a FIFO that nobody reads is not waited for, and one that has a reader again goes on") {
  Facts facts;
  File file;
  Fd unread = put_fifo(file);
  Pump pump(facts.post());
  const int sink = file.open(pump);
  say(pump, sink, std::string(100'000, 'x'));  // half of it is taken
  const Fd next = put_fifo(file);
  reopened(pump);
  say(pump, sink, "one");
  CHECK(gives(next, "Sentry dropped 1 line here that nobody read.\none\n"));

  Fd gone = put_fifo(file);
  reopened(pump);
  REQUIRE(facts.flush(pump));
  gone.reset();
  say(pump, sink, "nobody reads this");
  REQUIRE(facts.flush(pump));
  const Fd again = reader_of(file);
  reopened(pump);
  say(pump, sink, "two");
  CHECK(gives(again, "two\n"));
}

TEST("a pump that is left before a FIFO was read leaves no half line to the one that has its path by now") {
  Facts facts;
  File file;
  const Fd unread = put_fifo(file);
  Pump pump(facts.post());
  say(pump, file.open(pump), std::string(100'000, 'x'));
  const Fd next = put_fifo(file);
  reopened(pump);
  CHECK(pump.detach().owed.empty());
  CHECK(gives(next, "Sentry dropped 1 line here that nobody read.\n"));
}
