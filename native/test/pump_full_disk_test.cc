// A disk that is full, and gets room again: a small one of the test's own.
#include <sys/mount.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <sched.h>

#include "../pump.h"
#include "check.h"
#include "folder.h"
#include "printing.h"

using namespace printing;

namespace {

constexpr int kNoDisk = 77;

// In a process of its own, which sees a disk of 256 KiB at the folder. What the body gives is whether all was right.
int on_small_disk(const std::function<bool(const std::string& folder)>& body) {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) {
    alarm(120);
    const bool own = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!own || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(kNoDisk);
    if (mount("none", folder.path.c_str(), "tmpfs", 0, "size=256k") != 0) _exit(kNoDisk);
    _exit(body(folder.path) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What fills the disk, until it is removed.
void fill(const std::string& path) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string page(4096, 'x');
  while (write(file.get(), page.data(), page.size()) > 0) continue;
}

int queued(const Fd& pipe) {
  int bytes = 0;
  ioctl(pipe.get(), FIONREAD, &bytes);
  return bytes;
}

bool loses_nothing(const std::string& folder, Format format) {
  Facts facts;
  Pump pump(facts.post());
  const std::string path = folder + "/log";
  const int sink = std::get<int>(pump.open_file({path, format}));
  Fd out = run_of(pump, 1, sink);
  say(pump, pump.open_terminal(-1), "Started", 1);
  fill(folder + "/ballast");
  const std::string printed = numbered(5000);  // more than a pipe has at first, and less than it grows to
  if (!print(out, printed) || queued(out) < 100'000) return false;
  unlink((folder + "/ballast").c_str());
  if (!until([&] { return text_of(path).ends_with("line number 4999\n"); })) return false;
  const std::string text = text_of(path);
  return facts.lost() == 0 && (format == Format::raw ? text == printed : unlabelled(text) == lines_of(printed));
}

}  // namespace

TEST("while a disk is full all stays in the pipe, up to 1 MiB, and is written when there is room") {
  for (const Format format : {Format::raw, Format::prefixed}) {
    const int outcome = on_small_disk([format](const std::string& folder) { return loses_nothing(folder, format); });
    if (outcome == kNoDisk) SKIP("no disk of our own");
    CHECK(outcome == 0);
  }
}

TEST("a full disk holds nobody up: of a pipe that is full too, whole lines are dropped, and told of before there is room") {
  const int outcome = on_small_disk([](const std::string& folder) {
    Facts facts;
    Pump pump(facts.post());
    const std::string path = folder + "/log";
    const int sink = std::get<int>(pump.open_file({path, Format::prefixed}));
    const Fd out = run_of(pump, 1, sink);
    say(pump, pump.open_terminal(-1), "Started", 1);
    fill(folder + "/ballast");
    if (!print(out, numbered(100'000)) || !until([&] { return facts.lost() > 0; })) return false;
    unlink((folder + "/ballast").c_str());
    if (!until([&] { return text_of(path).find("(ENOSPC)") != std::string::npos; })) return false;
    const auto lines = unlabelled(text_of(path));
    return lines[0].starts_with("Sentry dropped ");
  });
  if (outcome == kNoDisk) SKIP("no disk of our own");
  CHECK(outcome == 0);
}

TEST("another file is not held up by one on a full disk, nor is the end of its run") {
  const int outcome = on_small_disk([](const std::string& folder) {
    Facts facts;
    File other;
    Pump pump(facts.post());
    const int full = std::get<int>(pump.open_file({folder + "/log", Format::raw})), sink = other.open(pump);
    const Fd first = run_of(pump, 1, full), second = run_of(pump, 2, sink);
    fill(folder + "/ballast");
    say(pump, sink, "Started", 1);
    print(first, numbered(1000));
    say(pump, sink, "Exited", 0, 1);
    say(pump, sink, "Started", 2);
    print(second, "line\n");
    say(pump, sink, "Exited", 0, 2);
    if (!facts.flush(pump)) return false;
    const auto lines = unlabelled(other.text());
    if (lines != std::vector<std::string>{"Started", "Exited", "Started", "line", "Exited"}) return false;
    unlink((folder + "/ballast").c_str());
    return until([&] { return text_of(folder + "/log") == numbered(1000); }) && facts.lost() == 0;
  });
  if (outcome == kNoDisk) SKIP("no disk of our own");
  CHECK(outcome == 0);
}

TEST("the end of Sentry uses room that there is again, though nobody has looked since") {
  for (const Format format : {Format::raw, Format::prefixed}) {
    const int outcome = on_small_disk([format](const std::string& folder) {
      Facts facts;
      Pump pump(facts.post());
      const std::string path = folder + "/log";
      const int sink = std::get<int>(pump.open_file({path, format})), elsewhere = pump.open_terminal(-1);
      const Fd out = run_of(pump, 1, sink);
      fill(folder + "/ballast");
      say(pump, elsewhere, "Started", 1);
      print(out, numbered(1000));
      say(pump, elsewhere, "Exited", 0, 1);
      if (!facts.flush(pump)) return false;
      unlink((folder + "/ballast").c_str());
      if (!facts.flush(pump)) return false;
      return unlabelled(text_of(path)) == lines_of(numbered(1000)) && facts.lost() == 0;
    });
    if (outcome == kNoDisk) SKIP("no disk of our own");
    CHECK(outcome == 0);
  }
}

TEST("of runs that end while the disk is full only so many wait, and the others are counted") {
  const int outcome = on_small_disk([](const std::string& folder) {
    Facts facts;
    Pump pump(facts.post());
    const int full = std::get<int>(pump.open_file({folder + "/log", Format::raw})), elsewhere = pump.open_terminal(-1);
    fill(folder + "/ballast");
    for (RunId run = 1; run <= 100; ++run) {
      Fd out = run_of(pump, run, full);
      say(pump, elsewhere, "Started", run);
      print(out, "one line\n");
      out.reset();
      say(pump, elsewhere, "Exited", 0, run);
    }
    if (!until([&] { return facts.lost() == 36; })) return false;
    unlink((folder + "/ballast").c_str());
    return until([&] { return lines_of(text_of(folder + "/log")).size() == 64; });
  });
  if (outcome == kNoDisk) SKIP("no disk of our own");
  CHECK(outcome == 0);
}
