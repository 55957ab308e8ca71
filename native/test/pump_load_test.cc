// Much output, many pipes, and none at all.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

// A million; where each access to memory is looked at, a tenth of it takes as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kLines = 100'000;
#else
constexpr int kLines = 1'000'000;
#endif

std::string numbered_line(int i) { return "line " + std::to_string(i) + " of what a busy program prints into its log"; }

// Prints numbered lines, in blocks that are cut anywhere or a write for each line.
void count_up(const Fd& to, int lines, size_t block) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text += numbered_line(i) + "\n";
    if (text.size() < block && i + 1 < lines) continue;
    const size_t size = block > 0 && i + 1 < lines ? block : text.size();
    print(to, std::string_view(text).substr(0, size));
    text.erase(0, size);
  }
}

bool counts_up(const std::vector<std::string>& lines, int expected) {
  if (lines.size() != static_cast<size_t>(expected)) return false;
  int next = 0;
  return std::all_of(lines.begin(), lines.end(), [&next](const std::string& line) { return line == numbered_line(next++); });
}

bool arrives_whole(bool raw, size_t block) {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump, raw ? Format::raw : Format::prefixed), elsewhere = pump.open_terminal(-1);
  Fd out = run_of(pump, 1, sink);
  say(pump, elsewhere, "Started", 1);
  count_up(out, kLines, block);
  out.reset();
  say(pump, sink, "Exited", 0, 1);
  if (!facts.flush(pump)) return false;
  std::vector<std::string> lines = raw ? lines_of(file.text()) : unlabelled(file.text());
  if (lines.empty() || lines.back() != "Exited") return false;
  lines.pop_back();
  return counts_up(lines, kLines);
}

// What the thread of this name is waiting in: "epoll_wait for ever" has -1 as its fourth argument. proc_pid_syscall(5).
std::string system_call_of(const std::string& thread) {
  std::string call;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) {
    const std::string folder = std::string("/proc/self/task/") + task->d_name;
    std::string name;
    std::getline(std::ifstream(folder + "/comm"), name);
    if (name == thread) std::getline(std::ifstream(folder + "/syscall"), call);
  }
  closedir(tasks);
  return call;
}

int entries_of(const char* folder) {
  int count = 0;
  DIR* open = opendir(folder);
  while (readdir(open) != nullptr) ++count;
  closedir(open);
  return count;
}

}  // namespace

TEST("very many lines, a write each, arrive in order with a label") { CHECK(arrives_whole(false, 0)); }

TEST("very many lines, a write each, arrive in order in a raw file") { CHECK(arrives_whole(true, 0)); }

TEST("very many lines in blocks of 64 KiB arrive in order with a label") { CHECK(arrives_whole(false, 65536)); }

TEST("very many lines in blocks that fit no page arrive in order with a label") { CHECK(arrives_whole(false, 5000)); }

TEST("one that prints without end holds up none of 200 others") {
  Facts facts;
  File file;
  std::atomic<bool> enough{false};
  Fd endless;
  std::thread printer;
  {
    Pump pump(facts.post());
    const int sink = file.open(pump), nowhere = pump.open_terminal(-1);
    endless = run_of(pump, 1, nowhere);
    say(pump, nowhere, "Started", 1);
    printer = std::thread([&] {
      while (!enough) print(endless, std::string(1 << 16, 'e') + "\n");
    });
    std::vector<Fd> others;
    for (RunId run = 2; run < 202; ++run) {
      others.push_back(run_of(pump, run, sink));
      say(pump, nowhere, "Started", run);
    }
    for (int round = 1; round <= 20; ++round) {
      for (const Fd& other : others) CHECK(print(other, "a line\n"));
      CHECK(until([&] { return lines_of(file.text()).size() == static_cast<size_t>(200 * round); }));
    }
    enough = true;
    printer.join();
  }
}

TEST("half a line in a pipe leaves the thread asleep without a timer") {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump);
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, "whole\nhalf"));
  CHECK(until([&] { return unlabelled(file.text()).size() == 2; }));
  CHECK(until([] {
    const std::string call = system_call_of("sentry-output");
    return call.find(" 0xffffffff ") != std::string::npos || call.find(" 0xffffffffffffffff ") != std::string::npos;
  }));
}

TEST("where the user may not enlarge pipes, a long line is written in smaller pieces") {
  if (geteuid() != 0) SKIP("needs root, to become a user without pipes");
  File file;
  REQUIRE(chmod(file.path().c_str(), 0666) == 0);
  const pid_t other_user = fork();
  if (other_user == 0) {
    alarm(120);
    Facts facts;
    if (setresuid(65534, 65534, 65534) != 0) _exit(2);
    // pipe(7): beyond pipe-user-pages-soft, which is a thousand pipes, new ones are small and stay so.
    std::vector<Pipe> many(1100);
    Pump pump(facts.post());
    const int sink = file.open(pump);
    const Fd out = run_of(pump, 1, sink);
    say(pump, sink, "Started", 1);
    const std::string long_line(300'000, 'l');
    bool whole = fcntl(out.get(), F_SETPIPE_SZ, 1 << 17) < 0 && print(out, long_line + "\nafter\n");
    say(pump, sink, "Exited", 0, 1);
    whole = whole && facts.flush(pump);
    const std::vector<std::string> lines = unlabelled(file.text());
    std::string pieces;
    for (size_t i = 1; i + 2 < lines.size(); ++i) pieces += lines[i];
    _exit(whole && pieces == long_line && lines[lines.size() - 2] == "after" ? 0 : 1);
  }
  int status = 0;
  CHECK(waitpid(other_user, &status, 0) == other_user && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST("a pump leaves no descriptor and no thread behind") {
  Facts facts;
  File file;
  const int descriptors = entries_of("/proc/self/fd");
  const int threads = entries_of("/proc/self/task");
  {
    Pump pump(facts.post());
    const int sink = file.open(pump), terminal = pump.open_terminal(1);
    std::vector<Fd> outs;
    for (RunId run = 1; run <= 100; ++run) {
      outs.push_back(run_of(pump, run, sink));
      say(pump, sink, "Started", run);
      if (run % 2 == 0) outs.back().reset();
      if (run % 3 == 0) say(pump, sink, "Exited", 0, run);
    }
    CHECK(terminal > sink && facts.flush(pump));
    outs.clear();
    // Its own: epoll, eventfd, signalfd, the scratch pipe, /dev/null and the two sinks. A run's pipes are closed at their end.
    CHECK(until([&] { return entries_of("/proc/self/fd") == descriptors + 8; }));
  }
  CHECK(entries_of("/proc/self/fd") == descriptors);
  CHECK(until([&] { return entries_of("/proc/self/task") == threads; }));
}
