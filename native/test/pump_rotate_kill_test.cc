// A SIGKILL of the whole process, again and again, while a raw file is rotated under load and somebody else (here the test,
// later the keeper) holds the pipe: each line is once in one of the files, and whole.
#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "../pump.h"
#include "check.h"
#include "folder.h"
#include "printing.h"

using namespace printing;

namespace {

constexpr int last_line = 400'000;

constexpr off_t max_size = 20'000;

std::string rotated(const std::string& path, int number) { return path + "." + std::to_string(number); }

// The process that is killed. Before its first thread, so that it is an ordinary process and no copy of half a one.
pid_t start_pump(const std::string& path, const Pipe& out) {
  const pid_t pump_process = fork();
  if (pump_process != 0) return pump_process;
  Facts facts;
  Pump pump(facts.post());
  const int sink = std::get<int>(pump.open_file({path, Format::raw, max_size, 10'000, 0}));
  pump.adopt({1, 0, Fd(out.out.get()), sink, "a.1", 0, "", true, ""});
  for (;;) pause();
}

}  // namespace

TEST("a raw file that is rotated under load has every line once over all files, however often the pump is killed") {
  const Folder folder;
  const std::string path = folder.path + "/log";
  Pipe out;
  std::mt19937 chance(20120713);
  const pid_t printer = start_printer(out.in, last_line);
  int kills = 0;
  for (bool printing = true; printing; ++kills) {
    const pid_t pump = start_pump(path, out);
    const auto enough = std::chrono::steady_clock::now() + std::chrono::microseconds(chance() % 4'000);
    until([&] {
      int status;
      printing = printing && waitpid(printer, &status, WNOHANG) == 0;
      return !printing || std::chrono::steady_clock::now() > enough;
    });
    if (!printing) CHECK(until([&] { return text_of(path).ends_with(number(last_line) + "\n"); }));
    kill(pump, SIGKILL);
    waitpid(pump, nullptr, 0);
  }
  int last = 0;
  while (access(rotated(path, last + 1).c_str(), F_OK) == 0) ++last;
  std::string all;
  for (int i = last; i >= 0; --i) {
    const std::string text = text_of(i > 0 ? rotated(path, i) : path);
    CHECK(text.size() <= max_size && text.ends_with("\n"));
    all += text;
  }
  std::string expected;
  for (int i = 0; i <= last_line; ++i) expected += number(i) + "\n";
  CHECK(all == expected);
  CHECK(kills > 10 && last > 10);
  std::printf("     %d kills, %d files\n", kills, last + 1);
}
