// Files that are rotated before they become too large: each line in one of them, and whole.
#include <sys/stat.h>

#include "../pump.h"
#include "check.h"
#include "folder.h"
#include "printing.h"

using namespace printing;

namespace {

// A log in a folder of its own, with all that it was before.
struct Log {
  Folder folder;
  std::string path() const { return folder.path + "/log"; }
  std::string rotated(int number) const { return path() + "." + std::to_string(number); }
  // From the oldest on.
  std::vector<std::string> files() const {
    std::vector<std::string> texts;
    int last = 0;
    while (access(rotated(last + 1).c_str(), F_OK) == 0) ++last;
    for (; last > 0; --last) texts.push_back(text_of(rotated(last)));
    texts.push_back(text_of(path()));
    return texts;
  }
  std::string all() const {
    std::string all;
    for (const std::string& text : files()) all += text;
    return all;
  }
  int open(Pump& pump, Format format, off_t max_size, int keep = 10'000) const {
    return std::get<int>(pump.open_file({path(), format, max_size, keep, 0}));
  }
};

// No file is larger, and none of them could have had the first line of the next one as well.
bool fit(const std::vector<std::string>& files, size_t max_size) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].size() > max_size || files[i].empty() || files[i].back() != '\n') return false;
    if (i + 1 < files.size() && files[i].size() + files[i + 1].find('\n') + 1 <= max_size) return false;
  }
  return true;
}

}  // namespace

TEST("no file is larger than it may be, none is smaller than it has to be, and each line is in one") {
  for (const Format format : {Format::raw, Format::prefixed}) {
    Facts facts;
    Log log;
    Pump pump(facts.post());
    const int sink = log.open(pump, format, 100'000), elsewhere = pump.open_terminal(-1);
    Fd out = run_of(pump, 1, sink);
    say(pump, elsewhere, "Started", 1);
    const std::string printed = numbered(100'000);
    CHECK(print(out, printed));
    out.reset();
    REQUIRE(until([&] { return text_of(log.path()).ends_with("line number 99999\n"); }));
    CHECK(fit(log.files(), 100'000));
    CHECK(unlabelled(log.all()) == lines_of(printed));
    CHECK(until([&] { return facts.rotations() + 1 == static_cast<int>(log.files().size()); }));
    CHECK(facts.faults() == 0 && facts.lost() == 0);
  }
}

TEST("one line that is longer than a file may be has one for itself") {
  for (const Format format : {Format::raw, Format::prefixed}) {
    Facts facts;
    Log log;
    Pump pump(facts.post());
    const int sink = log.open(pump, format, 1000);
    Fd out = run_of(pump, 1, sink);
    say(pump, pump.open_terminal(-1), "Started", 1);
    const std::string line(200'000, 'x');
    CHECK(print(out, "before\n" + line + "\nafter\n"));
    REQUIRE(until([&] { return text_of(log.path()).ends_with("after\n"); }));
    const auto files = log.files();
    REQUIRE(files.size() == 3);
    CHECK(unlabelled(files[0])[0] == "before" && unlabelled(files[1])[0] == line && unlabelled(files[2])[0] == "after");
  }
}

TEST("what Sentry itself says counts too, and only so many files are kept") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::prefixed, 100, 2);
  for (int i = 0; i < 20; ++i) say(pump, sink, "this is line number " + std::to_string(10 + i));  // four to a file
  REQUIRE(facts.flush(pump));
  const auto files = log.files();
  CHECK(files.size() == 3 && fit(files, 100));
  CHECK(lines_of(files[0])[0] == "this is line number 18" && facts.rotations() == 4);
}

TEST("a file that is too large from the start is rotated before anything is written") {
  Facts facts;
  Log log;
  std::ofstream(log.path()) << std::string(200, 'x') << "\n";
  Pump pump(facts.post());
  say(pump, log.open(pump, Format::prefixed, 100), "next");
  REQUIRE(facts.flush(pump));
  CHECK(text_of(log.path()) == "next\n" && text_of(log.rotated(1)).size() == 201);
}

TEST("a file that somebody else has moved away is not rotated: the path is opened anew") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::prefixed, 100);
  for (int i = 0; i < 4; ++i) say(pump, sink, "this is line number 1" + std::to_string(i));
  REQUIRE(facts.flush(pump));
  REQUIRE(rename(log.path().c_str(), (log.path() + ".moved").c_str()) == 0);
  std::ofstream(log.path()) << "of somebody else\n";
  say(pump, sink, "this is line number 14");
  REQUIRE(facts.flush(pump));
  CHECK(text_of(log.path()) == "of somebody else\nthis is line number 14\n");
  CHECK(access(log.rotated(1).c_str(), F_OK) != 0 && facts.rotations() == 0);
}

TEST("what cannot be rotated grows on, is told once, and is rotated when it can be after as much again") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::prefixed, 100, 1);
  const auto say_line = [&] { say(pump, sink, "this is line number 10"); };
  REQUIRE(mkdir(log.rotated(1).c_str(), 0700) == 0);
  for (int i = 0; i < 10; ++i) say_line();
  REQUIRE(facts.flush(pump));
  CHECK(text_of(log.path()).size() == 230 && facts.faults() == 1 && facts.rotations() == 0);
  REQUIRE(rmdir(log.rotated(1).c_str()) == 0);
  for (int i = 0; i < 10; ++i) say_line();
  REQUIRE(facts.flush(pump));
  CHECK(facts.faults() == 1 && facts.rotations() > 0);
  CHECK(text_of(log.path()).size() <= 100);
}

TEST("rotated and opened anew at once, again and again, no line is lost") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::raw, 50'000);
  Fd out = run_of(pump, 1, sink);
  say(pump, pump.open_terminal(-1), "Started", 1);
  const std::string printed = numbered(200'000);
  std::atomic<bool> done{false};
  std::thread printer([&] {
    CHECK(print(out, printed));
    done = true;
  });
  while (!done) {
    int files = 0;
    CHECK(pump.reopen_files(files).empty());
    if (!CHECK(facts.flush(pump))) break;
  }
  printer.join();
  REQUIRE(until([&] { return text_of(log.path()).ends_with("line number 199999\n"); }));
  CHECK(log.all() == printed);
}

TEST("half a line of a raw file waits for its end, over a file that is opened anew") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::raw, 0);
  const Fd out = run_of(pump, 1, sink);
  say(pump, pump.open_terminal(-1), "Started", 1);
  print(out, "one\nhalf");
  REQUIRE(until([&] { return text_of(log.path()) == "one\n"; }));
  REQUIRE(rename(log.path().c_str(), log.rotated(1).c_str()) == 0);
  int files = 0;
  CHECK(pump.reopen_files(files).empty());
  print(out, " a line\n");
  REQUIRE(until([&] { return text_of(log.path()) == "half a line\n"; }));
  CHECK(text_of(log.rotated(1)) == "one\n");
}

TEST("a compressed file takes the place of the rotated one") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::prefixed, 100);
  for (int i = 0; i < 5; ++i) say(pump, sink, "this is line number 1" + std::to_string(i));
  REQUIRE(until([&] { return access(log.rotated(1).c_str(), F_OK) == 0; }));
  std::string compressed("compressed");
  compressed.append({static_cast<char>(text_of(log.rotated(1)).size()), 0, 0, 0});
  std::ofstream(log.path() + ".tmp") << compressed;
  pump.packed(sink, Fd(open(log.rotated(1).c_str(), O_RDONLY | O_CLOEXEC)), log.path() + ".tmp");
  REQUIRE(until([&] { return facts.packed() == sink; }));
  CHECK(access(log.rotated(1).c_str(), F_OK) != 0 && text_of(log.rotated(1) + ".gz") == compressed);
}

TEST("the file that is written to is not replaced by a compressed one, whatever its name is by now") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::prefixed, 1000);
  say(pump, sink, "one");
  REQUIRE(until([&] { return text_of(log.path()) == "one\n"; }));
  REQUIRE(rename(log.path().c_str(), log.rotated(1).c_str()) == 0);
  std::ofstream(log.path() + ".tmp") << std::string("compressed\4\0\0\0", 14);
  pump.packed(sink, Fd(open(log.rotated(1).c_str(), O_RDONLY | O_CLOEXEC)), log.path() + ".tmp");
  say(pump, sink, "two");
  REQUIRE(until([&] { return facts.packed() == sink && text_of(log.rotated(1)) == "one\ntwo\n"; }));
  CHECK(access((log.rotated(1) + ".gz").c_str(), F_OK) != 0 && access((log.path() + ".tmp").c_str(), F_OK) != 0);
}

TEST("somebody else may move the file away in the middle of a rotation") {
  Facts facts;
  Log log;
  Pump pump(facts.post());
  const int sink = log.open(pump, Format::raw, 300);
  const Fd out = run_of(pump, 1, sink);
  say(pump, pump.open_terminal(-1), "Started", 1);
  std::atomic<bool> over{false};
  int moved = 0;
  std::thread mover([&] {
    while (!over) moved += rename(log.path().c_str(), (log.path() + ".moved." + std::to_string(moved)).c_str()) == 0;
  });
  const std::string printed = numbered(20'000);
  CHECK(print(out, printed));
  say(pump, pump.open_terminal(-1), "Exited", 0, 1);
  CHECK(facts.flush(pump));
  over = true;
  mover.join();
  size_t written = 0;
  for (const auto& file : std::filesystem::directory_iterator(log.folder.path)) written += file.file_size();
  CHECK(facts.faults() == 0 && moved > 0 && written == printed.size());
}
